"""Threads for what would block the event loop: writing, hashing, renaming.

Two threads of one interpreter that both work in small steps spend most of their time handing its lock to each other:
ten thousand small files took four times as long that way as on one thread alone. So small jobs are collected until
every running download waits for one, and are then done in one burst while the loop has nothing else to do; the loop is
woken once at its end. A long job (a mebibyte to write or to hash) releases the lock for nearly all of its time and goes
to a thread at once.

One thread is enough for a fast disk. A burst that takes long is broken up among more of them, and one is added whenever
jobs wait while the others are stuck, in a slow disk or in a caller's file object.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    Job = Callable[[], Any]
    Then = Callable[[], None]

__all__ = ["Lane", "Workers"]

T = TypeVar("T")

_MOST_THREADS = 32
_PATIENCE = 0.05  # seconds a job may wait before another thread is added
_COLLECTING = 0.001  # seconds for which small jobs are collected at most
_LONG_BURST = 0.005  # seconds after which a burst is broken up


class Workers:
    """The threads of one event loop. Made on that loop; closed by whoever made it.

    Args:
        loop: The loop that submits jobs and receives their results.

    Attributes:
        callers: Downloads that may bring a small job; a burst begins when all of them have.
        backlog: Bytes handed over by all downloads and not yet done.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.callers = 0
        self.backlog = 0
        self._collected: list[tuple[Job, Then]] = []
        self._collecting: asyncio.TimerHandle | None = None
        self._queue: SimpleQueue[list[tuple[Job, Then]] | None] = SimpleQueue()
        self._threads = 0
        self._started: list[threading.Thread] = []
        self._taken = 0
        self._taken_before = -1
        self._watch: asyncio.TimerHandle | None = None
        self._done: deque[Then] = deque()
        self._waking = False
        self._closed: asyncio.Future[None] | None = None

    def submit(self, job: Callable[[], T]) -> asyncio.Future[T]:
        """Run *job* in a thread, at once; called on the loop.

        Cancelling the future does not stop a job that has begun.
        """
        future: asyncio.Future[T] = self._loop.create_future()
        outcome: list[Any] = []

        def work() -> None:
            try:
                outcome.append(job())
            except BaseException as error:  # noqa: BLE001 - it belongs to the waiter, whatever it is
                outcome.extend((None, error))

        def settle() -> None:
            if future.done():
                return
            if len(outcome) == 1:
                future.set_result(outcome[0])
            elif isinstance(outcome[1], StopIteration):
                failure = RuntimeError("a job raised StopIteration")  # which a future cannot hold
                failure.__cause__ = outcome[1]
                future.set_exception(failure)
            else:
                future.set_exception(outcome[1])

        self.put(work, settle)
        return future

    def put(self, job: Job, then: Then) -> None:
        """Run *job*, which does not raise, in a thread at once, and *then* on the loop. Called on the loop."""
        self._queue_up([(job, then)])

    def collect(self, job: Job, then: Then) -> None:
        """As `put`, for a job of microseconds: it is run together with those of the other callers."""
        collected = self._collected
        collected.append((job, then))
        if len(collected) >= self.callers:
            self._burst()
        elif self._collecting is None:
            self._collecting = self._loop.call_later(_COLLECTING, self._burst)

    def want(self, threads: int) -> None:
        """See to it that there are at least so many *threads*. Called on the loop."""
        while self._closed is None and self._threads < min(threads, _MOST_THREADS):
            self._start_thread()

    async def aclose(self) -> None:
        """End the threads after the jobs that are queued, and wait until they have ended."""
        if self._closed is not None:
            return
        self._burst()
        self._closed = self._loop.create_future()
        if self._watch is not None:
            self._watch.cancel()
        # A burst that is being broken up may put its rest behind the marks that end the threads.
        while self._threads or not self._queue.empty():
            if not self._threads:
                self._start_thread()
            for _ in range(self._threads):
                self._queue.put(None)
            await self._closed
            self._closed = self._loop.create_future()
        while any(thread.is_alive() for thread in self._started):  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0)  # they have said their last word and need but a moment

    def _start_thread(self) -> None:
        self._threads += 1
        thread = threading.Thread(target=self._run, name=f"haulage-worker-{self._threads}", daemon=True)
        self._started.append(thread)
        thread.start()

    def _burst(self) -> None:
        if self._collecting is not None:
            self._collecting.cancel()
            self._collecting = None
        if self._collected:
            burst, self._collected = self._collected, []
            self._queue_up(burst)

    def _queue_up(self, burst: list[tuple[Job, Then]]) -> None:
        if self._closed is not None:
            msg = "these workers are closed"
            raise RuntimeError(msg)
        self._queue.put(burst)
        if not self._threads:
            self.want(1)
        elif self._watch is None:
            self._taken_before = self._taken
            self._watch = self._loop.call_later(_PATIENCE, self._look_after_the_queue)

    def _look_after_the_queue(self) -> None:
        self._watch = None
        if self._queue.empty() or self._closed is not None:
            return
        if self._taken == self._taken_before:
            self.want(self._threads + 1)
        self._taken_before = self._taken
        self._watch = self._loop.call_later(_PATIENCE, self._look_after_the_queue)

    # --- in the threads ------------------------------------------------------------------------------------------

    def post(self, callback: Then) -> None:
        """Run *callback* on the loop."""
        self._done.append(callback)
        self._wake()

    def _wake(self) -> None:
        if not self._waking:
            # Two threads may both come here; an empty run of _deliver is harmless.
            self._waking = True
            self._loop.call_soon_threadsafe(self._deliver)

    def _run(self) -> None:
        get = self._queue.get
        while (burst := get()) is not None:
            self._taken += 1  # only ever compared; a lost count between two threads does no harm
            self._do(burst)
            del burst
        self.post(self._thread_ended)

    def _do(self, burst: list[tuple[Job, Then]]) -> None:
        long = time.monotonic() + _LONG_BURST
        for number, (job, then) in enumerate(burst, 1):
            job()
            self._done.append(then)
            if number < len(burst) and time.monotonic() > long:
                for rest in burst[number:]:
                    self._queue.put([rest])
                self.post(lambda: self.want(self._threads + len(burst) - number))  # noqa: B023 - the loop ends here
                return
        self._wake()

    # --- on the loop again ---------------------------------------------------------------------------------------

    def _deliver(self) -> None:
        self._waking = False
        done = self._done
        while done:
            done.popleft()()

    def _thread_ended(self) -> None:
        self._threads -= 1
        if not self._threads and self._closed is not None and not self._closed.done():
            self._closed.set_result(None)


class Lane:
    """Long jobs that must run one after the other, in any thread of the workers.

    After a job has raised, the rest of the lane is skipped and the error kept. Jobs are put on the loop and taken in a
    worker without a lock between them: `_busy` is only ever tried, never waited for, and who gives it up looks once
    more for what was put meanwhile.

    Args:
        workers: Where the jobs run.
    """

    __slots__ = ("_busy", "_jobs", "_workers", "error")

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._jobs: deque[tuple[Job, Then]] = deque()
        self._busy = threading.Lock()
        self.error: BaseException | None = None

    def put(self, job: Job, then: Then) -> None:
        """Queue *job*; *then* runs on the loop after it, also when it was skipped."""
        self._jobs.append((job, then))
        if self._busy.acquire(blocking=False):
            self._workers.put(self._run, _nothing)

    def _run(self) -> None:
        jobs = self._jobs
        while True:
            while jobs:
                job, then = jobs.popleft()
                if self.error is None:
                    try:
                        job()
                    except BaseException as error:  # noqa: BLE001 - kept for the one who waits
                        self.error = error
                self._workers.post(then)
                del job, then
            self._busy.release()
            if not jobs or not self._busy.acquire(blocking=False):
                return


def _nothing() -> None:
    """Nobody waits for the end of a lane's run, only for its jobs."""

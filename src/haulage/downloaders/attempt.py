"""The bytes of one attempt on their way to the disk, and what they prove.

The attempt owns its sink, its digests and its size; the next attempt starts with new ones. The event loop only collects
chunks. Batches of them go to two lanes of worker threads, one writing and one hashing, so that both run beside the
loop; a small body, complete before the first batch is, goes there once for everything. What is handed over and not yet
done is bounded, so a fast server waits for a slow disk instead of filling the memory.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from haulage.rules.digests import Hashers
from haulage.steadfast import to_the_end
from haulage.workers import Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from haulage.sinks import Sink
    from haulage.workers import Workers

__all__ = ["Attempt"]

# What may be handed over and not yet done: enough to keep both lanes of one download busy, and not more for hundreds.
_MOST_BATCHES = 3
_MOST_BACKLOG = 4 << 20  # bytes, all downloads of a loop together
_WORTH_OPENING = 1 << 20  # announced bytes from which the sink is opened before the first comes


class Attempt:
    """One attempt at one download; lives on the event loop.

    Args:
        sink: Where the bytes go.
        algorithms: Digests to compute.
        workers: The threads that write and hash.
        batch: Bytes to collect before they are handed over.
        announced: Bytes that are to come, where that is known.

    Attributes:
        size: Bytes that came.
        digests: Name → hex, once all bytes are hashed.
        finished: Whether the bytes were proved and published.
    """

    __slots__ = (
        *("_batch", "_dropped", "_error", "_hashers", "_in_work", "_lanes", "_pending", "_pending_bytes", "_sink"),
        *("_touched", "_waiter", "_workers", "announced", "digests", "finished", "size"),
    )

    def __init__(
        self, sink: Sink, algorithms: Iterable[str], workers: Workers, *, batch: int, announced: int | None = None
    ) -> None:
        self._sink = sink
        self._hashers = Hashers(algorithms)
        self._workers = workers
        self._batch = batch
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._in_work = 0
        self._lanes: tuple[Lane, Lane] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._error: BaseException | None = None
        self._touched = False
        self._dropped = False
        self.announced = announced
        self.size = 0
        self.digests: dict[str, str] = {}
        self.finished = False

    async def open(self) -> None:
        """Open the sink now, where so much is announced that there may be no room for it.

        Raises:
            StorageError: There is none.
        """
        if self.announced is not None and self.announced >= _WORTH_OPENING:
            self._open_lanes()
            await self._idle()
            self._raise_error()

    def feed(self, data: bytes) -> asyncio.Future[None] | None:
        """Take the next bytes of the body.

        Returns:
            None, or a future to wait for before more is fed.

        Raises:
            StorageError: Earlier bytes could not be written.
        """
        self.size += len(data)
        self._pending.append(data)
        self._pending_bytes += len(data)
        if self._pending_bytes < self._batch:
            return None
        self._hand_over()
        self._raise_error()
        is_ahead = self._in_work > _MOST_BATCHES or (self._in_work and self._workers.backlog > _MOST_BACKLOG)
        return self._next_done() if is_ahead else None

    async def finish(self, verdict: Callable[[], None]) -> None:
        """Write the rest, pass the verdict and publish.

        Args:
            verdict: Called in a worker thread when all digests are known; raises to refuse the bytes.

        Raises:
            StorageError: They could not be written or published.
            Exception: What *verdict* raised; nothing was published.
        """
        if self._lanes is not None and self._pending:
            self._hand_over()
        await self._idle()
        self._raise_error()
        self._in_burst(lambda: self._conclude(verdict))
        try:
            await self._idle()
        except asyncio.CancelledError:
            # Whether this came in time is known when the thread has ended.
            self._dropped = True
            await to_the_end(self._idle())
            raise
        self._raise_error()

    async def abort(self) -> None:
        """Undo the attempt: wait until no thread touches the sink, then clean it up. Finishes even when cancelled."""
        self._dropped = True
        self._pending.clear()
        if not self._touched:
            return
        await to_the_end(self._undo())

    def _hand_over(self) -> None:
        """Put what is pending on both lanes."""
        chunks, count = self._pending, self._pending_bytes
        self._pending, self._pending_bytes = [], 0
        self._workers.backlog += count
        writing, hashing = self._lanes or self._open_lanes()
        self._in_work += 1
        left = 2

        def lane_done() -> None:
            nonlocal left
            left -= 1
            if not left:
                self._workers.backlog -= count
                self._one_done()

        writing.put(lambda: self._unless_dropped(self._sink.write, chunks), lane_done)
        hashing.put(lambda: self._unless_dropped(self._hashers.update, chunks), lane_done)

    def _open_lanes(self) -> tuple[Lane, Lane]:
        self._touched = True
        lanes = self._lanes = (Lane(self._workers), Lane(self._workers))
        self._workers.want(len(lanes))
        self._in_work += 1
        lanes[0].put(lambda: self._sink.open(self.announced), self._one_done)
        return lanes

    def _unless_dropped(self, take: Callable[[list[bytes]], None], chunks: list[bytes]) -> None:
        """In a worker: hand *chunks* on, or forget them when nobody wants them any more."""
        if not self._dropped:
            take(chunks)

    def _in_burst(self, job: Callable[[], None]) -> None:
        self._touched = True
        self._in_work += 1

        def work() -> None:
            try:
                job()
            except BaseException as error:  # noqa: BLE001 - raised again on the loop
                self._error = error

        self._workers.collect(work, self._one_done)

    def _conclude(self, verdict: Callable[[], None]) -> None:
        """In a worker: whatever is left to do, in order, and nothing after a drop."""
        small = self._lanes is None
        if small:
            self._hashers.update(self._pending)
        self.digests = self._hashers.digests()
        verdict()
        if small and not self._dropped:
            self._sink.open(self.size)
            self._sink.write(self._pending)
        if not self._dropped:
            self._sink.commit()
            self.finished = True

    async def _undo(self) -> None:
        await self._idle()
        self._in_burst(self._sink.abort)
        await self._idle()

    async def _idle(self) -> None:
        """Wait until no thread works for this attempt."""
        while self._in_work:
            await self._next_done()

    def _next_done(self) -> asyncio.Future[None]:
        self._waiter = asyncio.get_running_loop().create_future()
        return self._waiter

    def _one_done(self) -> None:
        self._in_work -= 1
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _raise_error(self) -> None:
        error = self._error
        if error is None and self._lanes is not None:
            error = self._lanes[0].error or self._lanes[1].error
        if error is not None:
            raise error

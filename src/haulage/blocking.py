"""The synchronous door: run a coroutine to its end from code that is not asynchronous.

In a plain thread the coroutine runs there, so that Ctrl-C reaches it. In a thread whose loop is running (Jupyter, a
web server's handler) it runs on a loop of its own in a thread of its own.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import os
import threading
from typing import TYPE_CHECKING, Any, Self, TypeVar

from haulage.errors import DownloaderMisuseError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ["LoopThread", "loop_factory", "run_blocking"]

T = TypeVar("T")

_BLINK = 0.2  # seconds


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes the loops of the synchronous doors: uvloop's, where it is installed."""
    try:
        import uvloop  # noqa: PLC0415 - optional
    except ImportError:
        # Not None: without a factory asyncio.Runner would take away the loop the caller has set for this thread.
        return asyncio.new_event_loop
    return uvloop.new_event_loop  # type: ignore[no-any-return, unused-ignore]


def run_blocking(function: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Call *function* and run its coroutine to the end, whatever this thread is doing."""
    if _is_loop_running():
        with LoopThread() as thread:
            return thread.run(function)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(function())


class LoopThread:
    """An event loop in a thread of its own, for as long as the context is open."""

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._is_stopping = False
        self._thread = threading.Thread(target=self._main, name="haulage-loop", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *exc_info: object) -> None:
        if os.getpid() != self._pid:
            return  # the thread stayed with the parent
        assert self._loop is not None
        assert self._stop is not None
        self._is_stopping = True
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def run(self, function: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Call *function* on the loop and wait here for the end of its coroutine.

        When the wait is interrupted, the coroutine is cancelled and seen to its end first.
        """
        assert self._loop is not None
        if os.getpid() != self._pid:
            msg = "this was opened in another process; a forked child has to open its own"
            raise DownloaderMisuseError(msg)
        context = contextvars.copy_context()

        async def main() -> T:
            return await asyncio.get_running_loop().create_task(function(), context=context)

        future = asyncio.run_coroutine_threadsafe(main(), self._loop)
        try:
            return _waited_for(future)
        except concurrent.futures.CancelledError:
            if not self._is_stopping:
                raise
            msg = "the factory was closed while this download was running"
            raise DownloaderMisuseError(msg) from None
        except BaseException:
            if not future.done():
                future.cancel()
                # Cleaning up takes a moment, and must be over before we return.
                asyncio.run_coroutine_threadsafe(_settled(), self._loop).result()
            raise

    def _main(self) -> None:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            self._loop = runner.get_loop()
            runner.run(self._wait())

    async def _wait(self) -> None:
        self._stop = asyncio.Event()
        self._ready.set()
        await self._stop.wait()


def _waited_for(future: concurrent.futures.Future[T]) -> T:
    """Wait for *future*; inside a running loop look up now and then whether our own task was cancelled.

    A first Ctrl-C does just that, and the task, which is waiting here, could not notice otherwise.
    """
    task = asyncio.current_task() if _is_loop_running() else None
    if task is not None:
        cancellations = task.cancelling()
        while not concurrent.futures.wait((future,), _BLINK).done:
            if task.cancelling() > cancellations:
                raise asyncio.CancelledError
    return future.result()


async def _settled() -> None:
    """Wait for all tasks that are being cancelled."""
    me = asyncio.current_task()
    tasks = [task for task in asyncio.all_tasks() if task is not me and task.cancelling()]
    if tasks:
        await asyncio.wait(tasks)


def _is_loop_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True

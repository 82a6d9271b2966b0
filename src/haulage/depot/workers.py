"""Blocking calls, off the loop, without losing what they open.

Strategy: a depot owns a small pool of threads. When the request that waits for a call is cancelled, the call
goes on in its thread; what it returns would be lost, and with it an open file. So a result nobody waits
for any more is closed where it appears.
"""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Workers"]

_P = ParamSpec("_P")
_T = TypeVar("_T")

_THREADS = 8
"""Enough to keep a disk and a few network file systems busy; a depot serves tests and demos, not the world."""


class Workers:
    """A pool of threads that belongs to one depot."""

    def __init__(self) -> None:
        """Prepare the pool; threads start when they are needed."""
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="haulage-depot")

    async def run(self, call: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Run a blocking call on a thread and wait for it.

        Args:
            call: What to call.
            *args: Its positional arguments.
            **kwargs: Its keyword arguments.

        Returns:
            What it returns. If the waiting is cancelled, a result that can be closed is closed.
        """
        future = self._pool.submit(call, *args, **kwargs)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            future.add_done_callback(_discard)
            raise

    def close(self) -> None:
        """Wait for the running calls and end the threads. Blocks."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _discard(future: Future[_T]) -> None:
    """Close an orphaned result."""
    if future.cancelled() or future.exception() is not None:
        return
    close = getattr(future.result(), "close", None)
    if close is not None:
        with contextlib.suppress(OSError):
            close()

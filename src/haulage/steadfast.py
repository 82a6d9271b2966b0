"""Cleaning up that is not to be interrupted.

Who awaits it may be cancelled, and so may every task of the loop at once, as `asyncio.run` does at its end with those
that are still running: the download that was cancelled, and the task that cleans up after it, which nobody else knows.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

__all__ = ["steadfast", "to_the_end"]

T = TypeVar("T")


class _Steadfast(asyncio.Task[T]):
    """A task that cannot be cancelled, only waited for."""

    def cancel(self, msg: Any | None = None) -> bool:  # noqa: ARG002 - a task's
        """Do nothing."""
        return False


def steadfast(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Return a task for *work* that goes on whatever happens to the others. It must end by itself."""
    return _Steadfast(work, loop=asyncio.get_running_loop())


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Await *work* to its end, however often the caller is cancelled meanwhile, and only then be cancelled."""
    task = steadfast(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    return task.result()

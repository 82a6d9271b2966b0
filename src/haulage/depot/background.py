"""A loop on a thread of its own, for as long as something is open.

Strategy: opening and closing are coroutines given by the owner; both run on the new loop. What opening raises
comes out of :meth:`Background.start`, in the thread that asked for it.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ["Background"]


class Background:
    """Keeps something open on another thread."""

    def __init__(
        self,
        open_up: Callable[[], Coroutine[None, None, None]],
        close_down: Callable[[], Coroutine[None, None, None]],
    ) -> None:
        """Prepare a thread.

        Args:
            open_up: Opens the thing.
            close_down: Closes it; called only after it was opened.
        """
        self._open_up = open_up
        self._close_down = close_down
        self._ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        # A daemon, so that a caller who dies without closing is not kept alive by it.
        self._thread = threading.Thread(target=self._run, name="haulage-depot-loop", daemon=True)

    def start(self) -> None:
        """Open the thing and return when it is open.

        Raises:
            BaseException: Whatever opening raised.
        """
        self._thread.start()
        # An interrupt while waiting leaves a daemon behind, which is better than waiting for it again.
        error = self._ready.exception()
        if error is not None:
            self._thread.join()
            raise error

    def stop(self) -> None:
        """Close the thing and wait for the thread to end."""
        loop, stop = self._ready.result()
        loop.call_soon_threadsafe(stop.set)
        self._thread.join()

    def _run(self) -> None:
        """Be the thread."""
        asyncio.run(self._live())

    async def _live(self) -> None:
        """Open, wait, close."""
        try:
            await self._open_up()
        except BaseException as error:  # noqa: BLE001 - it is re-raised, in the other thread
            self._ready.set_exception(error)
            return
        stop = asyncio.Event()
        self._ready.set_result((asyncio.get_running_loop(), stop))
        try:
            await stop.wait()
        finally:
            await self._close_down()

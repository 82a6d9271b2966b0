"""Giving up on a server that sends, but far too slowly."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Self

from haulage.errors import TooSlow
from haulage.rules.limits import LowSpeedWindow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

__all__ = ["SpeedWatch"]


class SpeedWatch:
    """A context in which bytes must arrive at a least speed; on the event loop.

    Args:
        limit: Bytes per second.
        time: Seconds for which the speed may be lower.
        url: For the error.
    """

    def __init__(self, limit: float, time: float, url: str) -> None:
        self._limit = limit
        self._time = time
        self._url = url

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._window = LowSpeedWindow(self._limit, self._time, self._loop.time())
        self._timeout = asyncio.timeout_at(self._window.deadline)
        await self._timeout.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self._timeout.__aexit__(kind, error, traceback)
        except TimeoutError:
            expired = True
        else:
            expired = False
        if expired:
            msg = f"slower than {self._limit:g} bytes/s for {self._time:g} s"
            raise TooSlow(msg, phase="speed", limit=self._time, url=self._url)

    def received(self, count: int) -> None:
        """Note that *count* bytes arrived."""
        self._window.received(count, self._loop.time())
        self._reschedule(self._window.deadline)

    def stop(self) -> None:
        """All bytes are here; what follows is our own work."""
        self._reschedule(None)

    @contextlib.contextmanager
    def excused(self) -> Iterator[None]:
        """Stop the clock while it is us who do not read."""
        self._reschedule(None)
        since = self._loop.time()
        try:
            yield
        finally:
            self._window.excuse(self._loop.time() - since)
            self._reschedule(self._window.deadline)

    def _reschedule(self, deadline: float | None) -> None:
        if self._timeout.when() != deadline and not self._timeout.expired():
            self._timeout.reschedule(deadline)

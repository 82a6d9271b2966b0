"""Per origin: how many at once, and until when it wants to be left alone.

When a server says "not before", that holds for every download of the factory, not only for the one that was told.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haulage.urls import ParsedUrl

__all__ = ["Hosts"]

_MOST_KEPT = 1000


class Hosts:
    """The origins of one loop.

    Args:
        concurrency: Downloads at once from one origin; None for no bound.

    Attributes:
        paused: Origin → the time until which it is to be left alone; empty as long as none ever was.
    """

    def __init__(self, concurrency: int | None) -> None:
        self._concurrency = concurrency
        self.paused: dict[object, float] = {}
        self._slots: dict[object, asyncio.Semaphore] = {}

    def slot(self, url: ParsedUrl) -> asyncio.Semaphore | None:
        """Return the semaphore of the origin of *url*, or None where there is no bound."""
        if self._concurrency is None:
            return None
        slot = self._slots.get(url.origin)
        if slot is None:
            if len(self._slots) >= _MOST_KEPT:
                self._slots = {origin: kept for origin, kept in self._slots.items() if self._in_use(kept)}
            slot = self._slots[url.origin] = asyncio.Semaphore(self._concurrency)
        return slot

    def pause(self, url: ParsedUrl, seconds: float, now: float) -> None:
        """Note that the origin of *url* wants no request for so many *seconds*."""
        if len(self.paused) >= _MOST_KEPT:
            self.paused = {origin: until for origin, until in self.paused.items() if until > now}
        self.paused[url.origin] = max(now + seconds, self.paused.get(url.origin, 0.0))

    def closed_for(self, url: ParsedUrl, now: float) -> float:
        """Return the seconds for which the origin of *url* is to be left alone; 0 when it is not."""
        return max(0.0, self.paused.get(url.origin, 0.0) - now)

    def _in_use(self, slot: asyncio.Semaphore) -> bool:
        return slot.locked() or slot._value != self._concurrency  # noqa: SLF001 - a semaphore has no other count

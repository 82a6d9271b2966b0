"""Whose turn it is: the pauses and bounds an attempt passes before it may begin."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haulage.downloaders.runtime import Runtime
    from haulage.urls import ParsedUrl

__all__ = ["Slots", "give_slots", "take_slots"]

Slots = tuple[asyncio.Semaphore, ...]


async def take_slots(runtime: Runtime, url: ParsedUrl, semaphore: asyncio.Semaphore | None) -> Slots:
    """Wait for a slot of the origin, of the factory and of the caller's *semaphore*, as far as there are bounds.

    A slot of the origin comes first, so that who waits for a busy origin does not keep the others from theirs. An
    origin that was paused while we waited is left alone, and the slots are given back meanwhile.

    Returns:
        What is to be given back with `give_slots`.
    """
    hosts = runtime.hosts
    while True:
        held: Slots = ()
        try:
            for bound in (hosts.slot(url), runtime.slots, semaphore):
                if bound is not None:
                    await bound.acquire()
                    held = (*held, bound)
        except BaseException:
            give_slots(held)
            raise
        closed = hosts.closed_for(url, time.monotonic()) if hosts.paused else 0.0
        if not closed:
            return held
        give_slots(held)
        await asyncio.sleep(closed)


def give_slots(held: Slots) -> Slots:
    """Give back what `take_slots` returned, and return what is still held: nothing."""
    for slot in held:
        slot.release()
    return ()

"""What a download has left behind, in a process in which depots run as well."""

from __future__ import annotations

import asyncio
import gc

from support.leaks import Belongings, left_in_loop

__all__ = ["assert_nothing_left"]

_GRACE = 3.0  # seconds for what cannot be called back to come to its end


async def assert_nothing_left(before: Belongings) -> None:
    """Fail when there is a task, or a thread or descriptor that there was not *before*."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _GRACE
    while True:
        gc.collect()
        now = Belongings.now()
        # The depots start threads of theirs when they need them.
        threads = [thread.name for thread in now.threads - before.threads if "depot" not in thread.name]
        left = [*left_in_loop(), *threads, *(now.descriptors - before.descriptors)]
        if not left:
            return
        assert loop.time() < deadline, f"left behind: {left}"
        await asyncio.sleep(0.001)

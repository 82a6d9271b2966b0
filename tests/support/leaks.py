"""What a process holds: threads of this library and open file descriptors."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import threading
from dataclasses import dataclass

_GRACE = 3.0  # seconds for the kernel and other loops to let go
_PROC = "/proc/self/fd"


@dataclass(frozen=True)
class Belongings:
    """Names of this library's threads, and descriptors with what they lead to."""

    threads: frozenset[threading.Thread]
    descriptors: frozenset[tuple[int, str]]

    @classmethod
    def now(cls) -> Belongings:
        """Look."""
        threads = frozenset(thread for thread in threading.enumerate() if thread.name.startswith("haulage-"))
        return cls(threads, frozenset(_descriptors()))

    async def assert_nothing_new(self) -> None:
        """Fail when there is more now than there was."""
        gc.collect()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _GRACE
        while True:
            now = Belongings.now()
            threads = [thread.name for thread in now.threads - self.threads]
            descriptors = sorted(now.descriptors - self.descriptors)
            if not threads and not descriptors:
                return
            shown = f"{threads[:5]}, {len(descriptors)} descriptors, the first {descriptors[:5]}"
            assert loop.time() < deadline, f"left behind: {len(threads)} threads {shown}"
            await asyncio.sleep(0.01)


def left_in_loop() -> list[asyncio.Task[object]]:
    """Return the tasks of the running loop except the current one."""
    return [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


def _descriptors() -> set[tuple[int, str]]:
    found = set()
    if os.path.isdir(_PROC):
        for name in os.listdir(_PROC):
            # The descriptor of the listing itself is gone by now.
            with contextlib.suppress(OSError):
                target = os.readlink(f"{_PROC}/{name}")
                # Once opened, the source of randomness stays open for the life of the process.
                if "random" not in target:
                    found.add((int(name), target))
    return found

"""What the downloads of one factory share, one set for each event loop.

A `Context` is words and can be made anywhere; on the first download inside a loop it opens a `Runtime` there. Downloads
lease it. With the last lease the runtime is closed, unless somebody holds the context open (``async with factory``), so
that nothing needs an exit handler and nothing outlives its loop.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from asyncio_throttle.throttler import Throttler

from haulage.downloaders.hosts import Hosts
from haulage.rules.limits import ByteBucket, read_buffer_size
from haulage.sinks.directories import Directories
from haulage.steadfast import to_the_end
from haulage.transport.client import Client
from haulage.workers import Workers

if TYPE_CHECKING:
    from haulage.blocking import LoopThread
    from haulage.settings import RemoteSettings

__all__ = ["Context", "Runtime"]

_MIB = 1 << 20


class Runtime:
    """The open resources of one loop.

    Args:
        settings: What to open them by.
        slots: Downloads at once; None for no bound.
    """

    def __init__(self, settings: RemoteSettings, *, slots: int | None) -> None:
        self.settings = settings
        self.loop = asyncio.get_running_loop()
        self.users = 0
        self.workers = Workers(self.loop)
        self.client = Client(settings, self.workers.submit)
        self.directories = Directories(self.workers)
        self.hosts = Hosts(settings.concurrency_per_host)
        self.slots = None if slots is None else asyncio.Semaphore(slots)
        self.throttler = None if settings.rate_limit is None else _throttler(settings.rate_limit)
        self.is_limited = self.throttler is not None or settings.total_timeout is not None
        self.bucket = None if settings.max_speed is None else ByteBucket(settings.max_speed)
        # A hundred downloads at once hand over smaller pieces than one alone: together they stay bounded.
        self.batch = min(_MIB, read_buffer_size(slots or 1))

    async def aclose(self) -> None:
        """Close everything."""
        await self.client.aclose()
        await self.directories.aclose()
        await self.workers.aclose()


class Context:
    """Settings, and the runtimes that were opened by them.

    Args:
        settings: The settings.
        bounded: Whether `download_concurrency` applies.
    """

    def __init__(self, settings: RemoteSettings, *, bounded: bool = False) -> None:
        self.settings = settings
        self.portal: LoopThread | None = None
        self._slots = settings.download_concurrency if bounded else None
        self._runtimes: dict[asyncio.AbstractEventLoop, Runtime] = {}

    def lease(self) -> Runtime:
        """Return the running loop's runtime, to be given back with `release`."""
        loop = asyncio.get_running_loop()
        runtime = self._runtimes.get(loop)
        if runtime is None:
            runtime = self._runtimes[loop] = Runtime(self.settings, slots=self._slots)
        runtime.users += 1
        return runtime

    async def release(self, runtime: Runtime) -> None:
        """Give *runtime* back; the last one closes it."""
        runtime.users -= 1
        if not runtime.users:
            await self.close(runtime)

    async def close(self, runtime: Runtime) -> None:
        """Close *runtime*, which nobody uses any more. Finishes even when cancelled."""
        self._runtimes.pop(runtime.loop, None)
        await to_the_end(runtime.aclose())


def _throttler(rate: float) -> Throttler:
    """Return a throttler for *rate* requests per second, spread evenly so that no second sees a burst at its edge."""
    # asyncio-throttle counts whole requests in a period. Periods of at least a tenth of a second keep the rate exact.
    count = max(1, round(rate / 10))
    period = count / rate
    return Throttler(rate_limit=count, period=period, retry_interval=min(0.01, period / 10))

"""How late the event loop is while a job runs: a task sleeps 1 ms and notes the overshoot."""

import asyncio
import time
from collections.abc import Sequence
from math import ceil

from benchmarks.peers._job import Job, run_async
from benchmarks.peers.haulage import work

NAP = 0.001
"""Seconds the probe asks to sleep."""


async def gauge(job: Job) -> dict[str, float]:
    """Do the job and return the overshoot in seconds: median, 99.9th percentile, worst."""
    late: list[float] = []
    probe = asyncio.create_task(_note(late))
    await asyncio.sleep(0)
    await work(job)
    probe.cancel()
    await asyncio.wait([probe])
    return {
        "p50": percentile(late, 0.5),
        "p999": percentile(late, 0.999),
        "worst": max(late),
        "samples": len(late),
    }


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that is not below ``share`` (0 to 1) of all values."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


async def _note(late: list[float]) -> None:
    while True:
        start = time.perf_counter()
        await asyncio.sleep(NAP)
        late.append(time.perf_counter() - start - NAP)


if __name__ == "__main__":
    run_async("haulage", gauge)

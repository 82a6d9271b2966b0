"""The floor: a bare aiohttp loop that reads every body and stores nothing, verifies nothing."""

# mypy: disable-error-code="import-not-found,import-untyped"

import asyncio
import ssl
from collections.abc import Iterator

import aiohttp

from benchmarks.peers._job import Item, Job, run_async


async def work(job: Job) -> None:
    """Read all bodies with as many tasks as the job's concurrency."""
    context = True if job.ca_file is None else ssl.create_default_context(cafile=job.ca_file)
    waiting = iter(job.items)
    connector = aiohttp.TCPConnector(limit=job.concurrency, ssl=context)
    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(_read(session, waiting) for _ in range(job.concurrency)))


async def _read(session: aiohttp.ClientSession, waiting: Iterator[Item]) -> None:
    for item in waiting:
        async with session.get(item.url) as response:
            response.raise_for_status()
            async for _ in response.content.iter_any():
                pass


if __name__ == "__main__":
    run_async("aiohttp", work)

"""HTTPX: one async client, each body streamed into a part file and a hash, then renamed."""

# mypy: disable-error-code="import-not-found,import-untyped"

import asyncio
import hashlib
import ssl
from collections.abc import Iterator

import httpx

from benchmarks.peers._job import CHUNK, Item, Job, run_async


async def work(job: Job) -> None:
    """Download with as many tasks as the job's concurrency."""
    context = True if job.ca_file is None else ssl.create_default_context(cafile=job.ca_file)
    waiting = iter(job.items)
    async with httpx.AsyncClient(verify=context) as client:
        await asyncio.gather(*(_bring(client, waiting) for _ in range(job.concurrency)))


async def _bring(client: httpx.AsyncClient, waiting: Iterator[Item]) -> None:
    for item in waiting:
        digest = hashlib.sha256()
        async with client.stream("GET", item.url) as response:
            response.raise_for_status()
            with item.part.open("wb") as file:
                async for chunk in response.aiter_bytes(CHUNK):
                    digest.update(chunk)
                    file.write(chunk)
        item.publish(digest.hexdigest())


if __name__ == "__main__":
    run_async("httpx", work)

"""Obstore (Rust) with a Python sha256: each body streamed as it arrives, then renamed."""

# mypy: disable-error-code="import-not-found,import-untyped"

import asyncio
import hashlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
from obstore.store import HTTPStore

from benchmarks.peers._job import Item, Job, run_async

if TYPE_CHECKING:
    from obstore.store import ClientConfig


async def work(job: Job) -> None:
    """Download with as many tasks as the job's concurrency."""
    options: ClientConfig = {"allow_http": True, "timeout": "10 minutes"}
    authority = job.authority()
    if authority is not None:
        options["root_certificate"] = authority
    origin = urlsplit(job.items[0].url)
    store = HTTPStore.from_url(f"{origin.scheme}://{origin.netloc}", client_options=options)
    waiting = iter(job.items)
    await asyncio.gather(*(_bring(store, waiting) for _ in range(job.concurrency)))


async def _bring(store: HTTPStore, waiting: Iterator[Item]) -> None:
    for item in waiting:
        digest = hashlib.sha256()
        result = await obstore.get_async(store, urlsplit(item.url).path.lstrip("/"))
        with item.part.open("wb") as file:
            async for chunk in result.stream():
                digest.update(chunk)
                file.write(chunk)
        item.publish(digest.hexdigest())


if __name__ == "__main__":
    run_async("obstore", work)
    # Obstore 0.12 sometimes aborts while the interpreter is torn down; the answer is out by now.
    os._exit(0)

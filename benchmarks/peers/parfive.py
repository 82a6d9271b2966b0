"""Parfive with its own sha-256 check and its default number of splits per file."""

# mypy: disable-error-code="import-not-found,import-untyped"

import asyncio
import ssl
from functools import partial

import aiohttp
import parfive

from benchmarks.peers._job import Job, run_async


async def work(job: Job) -> None:
    """Queue all files and run the queue with the job's concurrency."""
    session = parfive.SessionConfig(aiohttp_session_generator=partial(_session, job.ca_file))
    downloader = parfive.Downloader(max_conn=job.concurrency, progress=False, config=session)
    for item in job.items:
        downloader.enqueue_file(
            item.url,
            path=job.destination,
            filename=item.path.name,
            checksum=f"sha-256={item.sha256}",
        )
    results = await downloader.run_download()
    if results.errors:
        msg = f"{len(results.errors)} files failed, the first with {results.errors[0].exception!r}"
        raise RuntimeError(msg)
    await asyncio.sleep(0)


def _session(ca_file: str | None, config: parfive.SessionConfig) -> aiohttp.ClientSession:
    context = True if ca_file is None else ssl.create_default_context(cafile=ca_file)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context),
        headers=config.headers,
        requote_redirect_url=False,
    )


if __name__ == "__main__":
    run_async("parfive", work)

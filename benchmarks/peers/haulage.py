"""Haulage through its public door: one factory, one downloader per file."""

# mypy: disable-error-code="import-not-found,import-untyped"

import asyncio

import haulage
from benchmarks.peers._job import Job, run_async


async def work(job: Job) -> None:
    """Download all files at once; the factory's concurrency holds them back."""
    remote = haulage.Remote(download_concurrency=job.concurrency, ca_cert=job.ca_file)
    async with haulage.DownloaderFactory(remote) as factory:
        await asyncio.gather(
            *(
                factory.build(
                    item.url,
                    expected_digests={"sha256": item.sha256},
                    expected_size=item.size,
                    destination=item.path,
                ).run()
                for item in job.items
            )
        )


if __name__ == "__main__":
    run_async("haulage", work)

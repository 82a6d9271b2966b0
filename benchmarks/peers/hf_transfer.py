"""hf_transfer (Rust): one file in parallel ranges, many files in threads; hashed afterwards.

Its API gives files, not streams, so the digest is read back from the file, as its users do.
"""

# mypy: disable-error-code="import-not-found,import-untyped"

import os
from concurrent.futures import ThreadPoolExecutor

import hf_transfer

from benchmarks.peers._job import Item, Job, environment, file_sha256, run_sync

RANGE = 10 << 20
"""Bytes per range request: what huggingface_hub passes."""


def work(job: Job) -> None:
    """Share the job's concurrency between files first, then between ranges of a file."""
    os.environ |= environment(job)
    threads = min(job.concurrency, len(job.items))
    ranges = max(1, job.concurrency // threads)

    def bring(item: Item) -> None:
        hf_transfer.download(item.url, str(item.part), ranges, RANGE)
        item.publish(file_sha256(item.part))

    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(bring, job.items):
            pass


if __name__ == "__main__":
    run_sync("hf_transfer", work)

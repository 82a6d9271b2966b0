"""Requests in threads: one session per thread, each body streamed, hashed, then renamed."""

# mypy: disable-error-code="import-not-found,import-untyped"

import hashlib
from concurrent.futures import ThreadPoolExecutor
from threading import local

import requests

from benchmarks.peers._job import CHUNK, Item, Job, run_sync


def work(job: Job) -> None:
    """Download with as many threads as the job's concurrency."""
    kept = local()
    verify = True if job.ca_file is None else job.ca_file

    def bring(item: Item) -> None:
        if not hasattr(kept, "session"):
            kept.session = requests.Session()
        digest = hashlib.sha256()
        with kept.session.get(item.url, stream=True, timeout=60, verify=verify) as response:
            response.raise_for_status()
            with item.part.open("wb") as file:
                for chunk in response.iter_content(CHUNK):
                    digest.update(chunk)
                    file.write(chunk)
        item.publish(digest.hexdigest())

    with ThreadPoolExecutor(job.concurrency) as pool:
        for _ in pool.map(bring, job.items):
            pass


if __name__ == "__main__":
    run_sync("requests", work)

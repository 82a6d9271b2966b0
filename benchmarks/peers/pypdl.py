"""Pypdl with its own sha256 and its default number of segments per file.

It looks at its state twice a second and sleeps half a second at the end; that is part of its time.
"""

# mypy: disable-error-code="import-not-found,import-untyped"

import ssl

from pypdl import Pypdl

from benchmarks.peers._job import DigestMismatchError, Job, run_sync


def work(job: Job) -> None:
    """Give all tasks to one download manager and compare the digests it computed."""
    tasks = [{"url": item.url, "file_path": str(item.path)} for item in job.items]
    trust = {} if job.ca_file is None else {"ssl": ssl.create_default_context(cafile=job.ca_file)}
    manager = Pypdl(max_concurrent=job.concurrency)
    results = manager.start(tasks=tasks, hash_algorithms="sha256", display=False, retries=2, **trust)
    if len(results) != len(job.items):
        msg = f"{len(results)} of {len(job.items)} files succeeded"
        raise RuntimeError(msg)
    validators = dict(results)
    for item in job.items:
        if not validators[item.url].validate_hash(item.sha256, "sha256"):
            raise DigestMismatchError(item.path.name)


if __name__ == "__main__":
    run_sync("pypdl", work)

"""Parfive with one queued file; what it calls an error of its results is raised."""

# mypy: disable-error-code="import-not-found,import-untyped"

import ssl
from functools import partial

import aiohttp
import parfive

from benchmarks.scorecard.peers._task import Task


def main() -> None:
    """Bring the file."""
    task = Task.read()
    total = 0 if task.limits is None else task.limits.total
    headers = task.headers
    if task.user is not None:
        headers["Authorization"] = aiohttp.encode_basic_auth(*task.user)
    session = parfive.SessionConfig(
        headers=headers,
        timeouts=aiohttp.ClientTimeout(total=total, sock_read=task.silence),
        aiohttp_session_generator=partial(_session, task),
    )
    splits = {} if task.segments else {"max_splits": 1}
    downloader = parfive.Downloader(progress=False, overwrite=True, config=session, **splits)
    downloader.enqueue_file(
        task.url,
        path=task.directory,
        filename=task.name,
        checksum=None if task.sha256 is None else f"sha-256={task.sha256}",
    )
    results = downloader.download()
    if results.errors:
        raise RuntimeError(repr(results.errors[0].exception))


def _session(task: Task, config: parfive.SessionConfig) -> aiohttp.ClientSession:
    context = True if task.ca_file is None else ssl.create_default_context(cafile=task.ca_file)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context),
        headers=config.headers,
        requote_redirect_url=False,
    )


if __name__ == "__main__":
    main()

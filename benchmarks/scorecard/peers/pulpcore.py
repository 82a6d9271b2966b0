"""Pulp 3's downloader, built from a remote, without its start-up and its database.

Pulp leaves a file with a name of its own in the working directory. Like its storage does, the peer renames it when the
downloader has said that it is right.
"""

# mypy: disable-error-code="import-not-found,import-untyped"

import asyncio
import os
import uuid
from pathlib import Path

from benchmarks.peers.pulpcore import prepare
from benchmarks.scorecard.peers._task import Task

FEWEST = 1
"""Fewest retries that can be asked for: zero means Pulp's default."""


async def bring(task: Task) -> None:
    """Bring the file."""
    from pulpcore.plugin.download import DownloaderFactory  # noqa: PLC0415 - needs the settings
    from pulpcore.plugin.models import Remote  # noqa: PLC0415 - needs the settings

    remote = Remote(
        pulp_domain_id=uuid.uuid4(),
        url=task.url,
        ca_cert=None if task.ca_file is None else Path(task.ca_file).read_text(),  # noqa: ASYNC240 - nothing runs yet
        max_retries=max(FEWEST, task.retries),
        sock_connect_timeout=task.silence,
        sock_read_timeout=task.silence,
        total_timeout=None if task.limits is None else task.limits.total,
        username=None if task.user is None else task.user[0],
        password=None if task.user is None else task.user[1],
        headers=[task.headers] if task.headers else None,
    )
    factory = DownloaderFactory(remote)
    downloader = factory.build(
        task.url,
        expected_digests=None if task.sha256 is None else {"sha256": task.sha256},
        expected_size=task.size,
    )
    try:
        result = await downloader.run()
        os.replace(result.path, task.path)
    finally:
        await factory._session.close()  # noqa: SLF001 - Pulp has no public way; it waits for exit


if __name__ == "__main__":
    prepare()
    asked = Task.read()
    os.chdir(asked.directory)
    asyncio.run(bring(asked))

"""Haulage through its synchronous door."""

# mypy: disable-error-code="import-not-found,import-untyped"

import haulage
from benchmarks.scorecard.peers._task import Task


def main() -> None:
    """Bring the file."""
    task = Task.read()
    limits = task.limits
    remote = haulage.Remote(
        ca_cert=task.ca_file,
        max_retries=task.retries,
        sock_connect_timeout=task.silence,
        sock_read_timeout=task.silence,
        max_size=None if limits is None else limits.max_size,
        low_speed_limit=None if limits is None else limits.speed,
        low_speed_time=None if limits is None else limits.speed_time,
        total_timeout=None if limits is None else limits.total,
        username=None if task.user is None else task.user[0],
        password=None if task.user is None else task.user[1],
        headers=task.headers or None,
    )
    haulage.fetch(
        task.url,
        haulage.NamedByServer(task.directory) if task.name is None else task.path,
        expected_digests=None if task.sha256 is None else {"sha256": task.sha256},
        expected_size=task.size,
        remote=remote,
    )


if __name__ == "__main__":
    main()

"""Pooch as its documentation shows it: a registry of one file; for names from URLs, ``pooch.retrieve``."""

# mypy: disable-error-code="import-not-found,import-untyped"

import pooch

from benchmarks.scorecard.peers._task import Task


def main() -> None:
    """Bring the file."""
    task = Task.read()
    downloader = pooch.HTTPDownloader(
        timeout=task.silence,
        verify=True if task.ca_file is None else task.ca_file,
        auth=task.user,
        headers=task.headers,
    )
    known = None if task.sha256 is None else f"sha256:{task.sha256}"
    if task.name is None:
        pooch.retrieve(task.url, known_hash=known, path=task.directory, downloader=downloader)
        return
    registry = pooch.create(
        path=task.directory,
        base_url="",
        registry={task.name: known},
        urls={task.name: task.url},
        retry_if_failed=task.retries,
    )
    registry.fetch(task.name, downloader=downloader)


if __name__ == "__main__":
    main()

"""Requests as its quickstart shows it: a streamed response, written piece by piece to a file."""

# mypy: disable-error-code="import-not-found,import-untyped"

import requests

from benchmarks.scorecard.peers._task import Task


def main() -> None:
    """Bring the file."""
    task = Task.read()
    with requests.get(
        task.url,
        stream=True,
        timeout=task.silence,
        verify=True if task.ca_file is None else task.ca_file,
        auth=task.user,
        headers=task.headers,
    ) as response:
        response.raise_for_status()
        with task.path.open("wb") as file:
            for chunk in response.iter_content(chunk_size=8192):
                file.write(chunk)


if __name__ == "__main__":
    main()

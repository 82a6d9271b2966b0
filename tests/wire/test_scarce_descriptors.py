"""Out of file descriptors: each download ends with its file or with one clear error, and nothing hangs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from haulage.depot import Depot

PROGRAM = """
import asyncio, collections, json, resource, sys
import haulage

async def main(url, concurrency):
    outcomes = collections.Counter()
    remote = haulage.Remote(download_concurrency=concurrency, max_retries=0)
    async with haulage.DownloaderFactory(remote) as factory:
        async def one(number):
            url_of_one = f"{url}/_/slow?size=3000&chunk=1000&delay=0.02&of={number}"
            try:
                await factory.build(url_of_one, destination=f"{number}.bin").run()
            except Exception as error:
                outcomes[type(error).__name__] += 1
            else:
                outcomes["fine"] += 1
        before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (48, most))
        await asyncio.gather(*(one(number) for number in range(100)))
        first = dict(outcomes)
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, most))
        outcomes.clear()
        await asyncio.gather(*(one(number) for number in range(100, 110)))
    print(json.dumps([first, outcomes]))

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit on Windows")


def outcomes(depot: Depot, concurrency: int) -> dict[str, int]:
    """Run a hundred downloads in a process that may open 48 descriptors, and count how they end.

    When the process may open as many as before, ten more through the same factory have to come through.
    """
    command = [sys.executable, "-c", PROGRAM, depot.url, str(concurrency)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    scarce: dict[str, int]
    scarce, plenty = json.loads(done.stdout)
    assert plenty == {"fine": 10}
    assert sum(scarce.values()) == 100
    return scarce


def assert_whole(workplace: Path, count: int) -> None:
    """Check that there are so many files, all whole, and nothing else."""
    files = list(workplace.iterdir())
    assert len(files) == count
    assert all(path.stat().st_size == 3000 for path in files)


@pytest.mark.case("F08")
def test_too_many_at_once(depot: Depot, workplace: Path) -> None:
    """Those that got no descriptor say that this process is out of them, and do not blame the server."""
    counted = outcomes(depot, 100)
    assert set(counted) <= {"fine", "LocalResourceError"}
    assert counted["LocalResourceError"] > 0
    assert_whole(workplace, counted.get("fine", 0) + 10)


@pytest.mark.case("F08")
def test_few_enough(depot: Depot, workplace: Path) -> None:
    """A download needs few descriptors: ten at once find room among forty-eight."""
    assert outcomes(depot, 10) == {"fine": 100}
    assert_whole(workplace, 110)

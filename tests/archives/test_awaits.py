"""A cart that fails at any of its awaits ends exactly once: a complete tree or none, and nothing else anywhere."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.inject_awaits import FAULTS, Fault, Injection
from support.inject_leftovers import assert_nothing_left
from support.leaks import Belongings

import haulage
from archives.place import TREE, Place, tree_manifest
from archives.unpacking import files
from haulage import events
from haulage.cart import Downloader
from haulage.depot import Depot

MOST = 200  # awaits of one download
Told = Callable[[events.Event], None]


async def strike(fault: Fault, at: int, run: Callable[[Told], Any], location: Path, workplace: Path) -> bool:
    """Let one download fail at one await; return False when it ended before."""
    told: list[events.Event] = []
    before = Belongings.now()
    injection = Injection(fault, at, errno.EHOSTUNREACH)
    task = asyncio.create_task(injection.drive(run(told.append)))
    await asyncio.wait({task})
    error = asyncio.CancelledError() if task.cancelled() else task.exception()
    try:
        (last,) = (event for event in told if isinstance(event, events.Succeeded | events.Failed))
        assert last is told[-1]
        assert isinstance(error, asyncio.CancelledError | haulage.DownloadError | None) or error is injection.error
        if injection.error is None and injection.where:
            assert isinstance(error, asyncio.CancelledError)
        if isinstance(last, events.Succeeded):
            # Also what was cancelled too late: whoever keeps a list hears that it is there.
            assert files(location / "data") == TREE
            Place.remove(location / "data")
            assert list(location.iterdir()) == []
        else:
            assert error is not None
            assert [path.name for path in workplace.rglob("*")] == []
        await assert_nothing_left(before)
    except AssertionError as failure:
        failure.add_note(f"{fault} at await {at}, {injection.where}: {error!r}, {told}")
        raise
    return bool(injection.where)


@pytest.mark.parametrize("concurrency", [1, 256], ids=["at once", "in pieces"])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.case("T11", "C01")
async def test_each_await_of_an_unpacking(place: Place, fault: Fault, concurrency: int) -> None:
    """A cart that is there is waited for, downloaded and unpacked."""
    # A factory that is made for many downloads hands over small batches.
    remote = haulage.Remote(max_retries=0, download_concurrency=concurrency)

    async def run(told: Told) -> None:
        factory = haulage.DownloaderFactory(remote)
        await factory.build(place.url, destination=place.directory, observer=told).run()

    struck = 0
    while await strike(fault, struck + 1, run, place.directory, place.directory):
        struck += 1
        assert struck < MOST
    assert struck >= 5


@pytest.mark.parametrize("fault", ["cancel", "late cancel", "os error"])
@pytest.mark.case("T11", "C01")
async def test_each_await_of_a_whole_cart(depot: Depot, place: Place, fault: Fault) -> None:
    """It is asked for, and given back whatever happens; directories that were missing are missing again."""
    location = place.directory / "new" / "place"

    async def run(told: Told) -> None:
        extra = {"depot": {"tar": "a.tar"}}
        remote = haulage.Remote(max_retries=0)
        down = Downloader(location, depot.carts_url, observer=told, extra_args=extra, remote=remote)
        await down.atransactioninfo(tree_manifest())

    struck = 0
    depot.clear_requests()
    while await strike(fault, struck + 1, run, location, place.directory):
        struck += 1
        assert struck < MOST
        Place.remove(place.directory / "new")
        methods = [request.method for request in depot.requests]
        assert methods.count("DELETE") >= methods.count("POST")
        depot.clear_requests()
    assert struck > 10

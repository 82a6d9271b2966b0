"""Ten thousand downloads at once, of which some fail and some are cancelled: each ends exactly once."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.inject_depot import DepotProcess
from support.inject_leftovers import assert_nothing_left
from support.leaks import Belongings

import haulage
from haulage import events
from haulage.depot import generated_digest

ALL, AT_ONCE = 10_000, 200
FAULTY, CANCELLED = ALL // 100, ALL // 50
DURATION = 6.0  # seconds over which the cancellations are spread
SIZES = (*(0, 1, 100, 1000), *(5000,) * 12, *(70_000,) * 3, 600_000)
SEEDS = 10

# What the depot does → how that ends; NoneType is success, after another attempt or at once.
FAULTS: dict[str, type | tuple[type, ...]] = {
    "truncate?": haulage.PartialFile,
    "reset?": haulage.PartialFile,
    "chunked-cut?": haulage.PartialFile,
    "short?": haulage.SizeValidationError,
    "page?": haulage.ValidationError,
    "hang-up?": haulage.ConnectionFailed,
    "hang-up?reset=1&": haulage.ConnectionFailed,
    "garbage?kind=binary&": haulage.ProtocolError,
    "two-lengths?": haulage.ProtocolError,
    "length?": haulage.ProtocolError,
    "header-giant?": haulage.ProtocolError,
    "gzip?": haulage.ContentEncodingError,
    "stall?": haulage.ServerTimedOut,
    "silent?": haulage.ServerTimedOut,
    "no-location?": haulage.RedirectError,
    "unasked?status=304&": haulage.UnknownResponse,
    "redirect-loop?": haulage.TooManyRedirects,
    "refuse?status=404&kind=none&": haulage.HttpStatusError,
    "refuse?status=503&kind=none&": haulage.RemoteServerError,
    "refuse?status=503&kind=none&times=1&": type(None),
    "truncate?times=1&": type(None),
    "hang-up?times=1&": type(None),
    "stall?times=1&": type(None),
    "crumbs?piece=100&": type(None),
}


class Task(NamedTuple):
    """One of them.

    Attributes:
        path: Of its URL.
        size: Bytes of its content.
        digest: Of the content.
        ends: How it may end, unless it is cancelled.
    """

    path: str
    size: int
    digest: str
    ends: type | tuple[type, ...]


@pytest.fixture
def depot() -> Iterator[DepotProcess]:
    """A depot with its faults."""
    with DepotProcess() as opened:
        yield opened


def tasks(chance: random.Random) -> list[Task]:
    """Make up what is to be downloaded."""
    faulty = dict(zip(chance.sample(range(ALL), FAULTY), list(FAULTS) * FAULTY, strict=False))
    digests = {(size, seed): generated_digest(size, seed) for size in {*SIZES, 20_000} for seed in range(SEEDS)}
    made = []
    for number in range(ALL):
        size, seed = chance.choice(SIZES), chance.randrange(SEEDS)
        path, ends = f"bytes/{size}?seed={seed}", type(None)
        if number in faulty:
            size, ends = 20_000, FAULTS[faulty[number]]
            path = f"fault/{faulty[number]}size={size}&seed={seed}&key={number}"
        made.append(Task(f"/_/{path}", size, digests[size, seed], ends))
    return made


def check_end(task: Task, outcome: Any, target: Path, told: list[events.Event]) -> str:
    """Hold how one of them ended against what was told and what is on the disk; return that in a word."""
    (last,) = (event for event in told if isinstance(event, events.Succeeded | events.Failed))
    assert last is told[-1]
    published = isinstance(last, events.Succeeded)
    assert target.exists() == published
    if published:
        assert hashlib.sha256(target.read_bytes()).hexdigest() == task.digest
    if isinstance(outcome, asyncio.CancelledError):
        return "cancelled"
    if isinstance(outcome, haulage.DownloadResult):
        assert published
        assert issubclass(type(None), task.ends)
        return "succeeded"
    assert not published
    assert isinstance(outcome, task.ends)
    return "failed"


@pytest.mark.usefixtures("eager")
@pytest.mark.case("C04")
async def test_ten_thousand_at_once(depot: DepotProcess, workplace: Path) -> None:
    """One result, one typed error or one cancellation each, told once; and nothing is left when they are through."""
    chance = random.Random(4)
    wanted = tasks(chance)
    told: dict[int, list[events.Event]] = defaultdict(list)
    before = Belongings.now()
    semaphore = asyncio.Semaphore(AT_ONCE)
    remote = haulage.Remote(download_concurrency=AT_ONCE, max_retries=1, sock_read_timeout=2)
    loop = asyncio.get_running_loop()
    async with haulage.DownloaderFactory(remote) as factory:
        running = [
            loop.create_task(
                factory.build(
                    depot.url + task.path,
                    destination=workplace / str(number),
                    expected_size=task.size,
                    expected_digests={"sha256": task.digest},
                    semaphore=semaphore,
                    observer=told[number].append,
                ).run()
            )
            for number, task in enumerate(wanted)
        ]
        for number in chance.sample(range(ALL), CANCELLED):
            loop.call_later(chance.uniform(0, DURATION), running[number].cancel)
        outcomes = await asyncio.gather(*running, return_exceptions=True)
        slots = factory._held[0].slots
        assert slots is not None
        assert slots._value == AT_ONCE
    assert semaphore._value == AT_ONCE
    ends = Counter(
        check_end(task, outcomes[number], workplace / str(number), told[number]) for number, task in enumerate(wanted)
    )
    assert ends.total() == len(told) == ALL
    assert min(ends["cancelled"], ends["failed"]) > FAULTY // 4
    assert ends["succeeded"] > ALL - FAULTY - CANCELLED
    published = sum(isinstance(heard[-1], events.Succeeded) for heard in told.values())
    assert len(list(workplace.iterdir())) == published
    del running, outcomes
    await assert_nothing_left(before)

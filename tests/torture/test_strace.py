"""The same as with Python's own functions, with the system's: errors, delays, kills and the order of flushing."""

from __future__ import annotations

import errno
import itertools
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.inject_process import Ended, Nursery
from support.inject_strace import SystemCall, is_possible, traced

import haulage
from haulage.depot import Depot, generated

pytestmark = pytest.mark.skipif(not is_possible(), reason="strace is not installed, or may not trace")

OLD = b"what was there before"
SIZE = 100_000
WHOLE = generated(SIZE)

ERRORS = {
    errno.ENOSPC: "StorageFull",
    errno.EDQUOT: "StorageFull",
    errno.EACCES: "DestinationError",
    errno.EROFS: "DestinationError",
    errno.EIO: "StorageError",
}


class Way(NamedTuple):
    """A way to write a file.

    Attributes:
        old: What is there before.
        order: What the process is told.
    """

    old: bytes | None
    order: dict[str, Any]


WAYS = {
    "at once": Way(None, {}),
    "durable": Way(OLD, {"settings": {"durable": True, "max_retries": 3}}),
    "new": Way(None, {"if_exists": "fail", "settings": {"durable": True}}),
}
EACH_WAY = pytest.mark.parametrize("name", WAYS)


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """Where downloads are traced."""
    with Nursery() as opened:
        yield opened


@pytest.fixture(scope="module")
def depot() -> Iterator[Depot]:
    """A depot."""
    with Depot() as opened:
        yield opened


class Bench:
    """Where downloads are made, over an old file or none, and what is there afterwards."""

    def __init__(self, nursery: Nursery, depot: Depot, tmp_path: Path, workplace: Path) -> None:
        self.target = workplace / "target.bin"
        self.depot = depot
        self._nursery = nursery
        self._log = tmp_path / "log"

    def run(self, way: Way, inject: str | None = None, **order: Any) -> tuple[Ended, list[SystemCall]]:
        """Download with something injected."""
        self.target.unlink(missing_ok=True)
        if way.old is not None:
            self.target.write_bytes(way.old)
        self.depot.clear_requests()
        return traced(self._nursery, self.url, self.target, self._log, inject, **{**way.order, **order})

    @property
    def url(self) -> str:
        """What is downloaded."""
        return f"{self.depot.url}/_/bytes/{SIZE}"

    @property
    def content(self) -> bytes | None:
        """What is at the target."""
        return self.target.read_bytes() if self.target.exists() else None

    @property
    def parts(self) -> list[str]:
        """What is beside it."""
        return [path.name for path in self.target.parent.iterdir() if path != self.target]


@pytest.fixture
def bench(nursery: Nursery, depot: Depot, tmp_path: Path, workplace: Path) -> Bench:
    """An empty one."""
    return Bench(nursery, depot, tmp_path, workplace)


def points(calls: list[SystemCall]) -> list[tuple[str, int]]:
    """Return each of *calls* as strace counts them: by its name, in its own thread."""
    seen: list[tuple[str, str]] = []
    found = []
    for call in calls:
        seen.append((call.name.split()[0], call.thread))
        found.append((seen[-1][0], seen.count(seen[-1])))
    return sorted(set(found))


@EACH_WAY
@pytest.mark.case("F06", "F07")
def test_an_error_of_each_call(bench: Bench, name: str) -> None:
    """The right error at once, after one request; the old file, and nothing beside it."""
    way = WAYS[name]
    _, plain = bench.run(way)
    struck = set()
    for (call, nth), number in itertools.product(points(plain), ERRORS):
        ended, calls = bench.run(way, f"{call}:error={errno.errorcode[number]}:when={nth}")
        injected = [one.name for one in calls if one.is_injected]
        struck.update(injected)
        try:
            check(bench, way, injected, number, ended)
            assert len(bench.depot.requests) <= 1
            assert [one.name for one in calls].count("fsync") <= 1
            if call != "close":  # which strace did not let happen
                assert ended.left_open == ()
        except AssertionError as failure:
            failure.add_note(f"{call} {nth}, {errno.errorcode[number]}: {ended}")
            failure.add_note("\n".join(one.text for one in calls))
            raise
    assert struck == {one.name for one in plain}


def check(bench: Bench, way: Way, injected: list[str], number: int, ended: Ended) -> None:
    """Hold an outcome against where the error was injected."""
    (call,) = injected
    parts = bench.parts
    if call in ("close directory", "unlinkat") or (call == "linkat" and number == errno.EACCES):
        # Nothing depends on the first, the next process does the second, and instead of links there is another way.
        assert ended.error == ()
        assert bench.content == WHOLE
        assert len(parts) == (call == "unlinkat")
        return
    assert ended.error[0] == ERRORS[number]
    assert "StorageError" in ended.error
    assert ended.errno == number
    assert parts == []
    # By then the file is there, and complete; that it will survive a power cut is what cannot be promised.
    assert bench.content == (WHOLE if call == "fsync directory" else way.old)


@EACH_WAY
@pytest.mark.case("F09", "F13")
def test_a_kill_at_each_call(bench: Bench, name: str) -> None:
    """The old bytes or the new ones, at most one part, and the next run succeeds and clears up."""
    way = WAYS[name]
    _, plain = bench.run(way)
    found = set()
    for call, nth in points(plain):
        ended, calls = bench.run(way, f"{call}:signal=KILL:when={nth}")
        assert ended.signal == signal.SIGKILL, calls
        found.add(bench.content)
        assert found <= {way.old, WHOLE}, calls[-1]
        assert len(bench.parts) <= 1
        haulage.fetch(bench.url, bench.target)
        assert bench.content == WHOLE
        assert bench.parts == []
    assert found == {way.old, WHOLE}


@pytest.mark.parametrize("name", ["durable", "new"])
@pytest.mark.case("F10")
def test_the_order_of_flushing(bench: Bench, name: str) -> None:
    """What is in the file, then its name, then the directory: so it survives a power cut, and only then is it told."""
    ended, calls = bench.run(WAYS[name])
    assert ended.error == ()
    names = [call.name for call in calls]
    publishing = {"durable": ["renameat"], "new": ["linkat", "unlinkat"]}[name]
    assert names[names.index("writev") :] == [
        *("writev", "fsync", "close"),
        *publishing,
        *("fsync directory", "close directory"),
    ]


@pytest.mark.parametrize(
    ("call", "after", "content"),
    [("writev", ["close", "unlinkat"], OLD), ("fsync", ["close", "renameat"], WHOLE)],
)
@pytest.mark.case("C02")
def test_cancelled_in_a_slow_call(bench: Bench, call: str, after: list[str], content: bytes) -> None:
    """The thread that is in the call is waited for, and what it has begun to publish is published."""
    ended, calls = bench.run(WAYS["durable"], f"{call}:delay_enter=1000000:when=1", cancel_after=0.05)
    names = [one.name for one in calls]
    assert next(one.name for one in calls if one.is_injected) == call
    assert ended.error[0] == "CancelledError"
    assert ended.left_open == ()
    assert names[names.index(call) + 1 :][:2] == after
    assert bench.content == content
    assert bench.parts == []

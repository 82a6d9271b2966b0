"""Killed at any call to the file system: the old bytes or the complete new ones, and the next run clears up."""

from __future__ import annotations

import errno
import itertools
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.inject_process import Nursery
from support.inject_routes import chunked

import haulage
from haulage.depot import Depot, generated

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL here")

OLD = b"what was there before"
SIZE, PIECE = 100_000, 20_000
PATIENCE = 20.0  # seconds for a process to come to its first part
WHOLE = generated(SIZE)
# A factory that is made for many downloads hands over small batches.
SMALL_BATCHES = {"download_concurrency": 256}


class Mode(NamedTuple):
    """A way to write a file.

    Attributes:
        path: Of the URL.
        old: What is there before.
        order: What the killed process is told.
    """

    path: str
    old: bytes | None
    order: dict[str, Any]


AT_ONCE, IN_PIECES = f"/_/bytes/{SIZE}", f"/_/chunked/{SIZE}/{PIECE}"
MODES = {
    "fresh": Mode(AT_ONCE, None, {}),
    "fresh in pieces": Mode(IN_PIECES, None, {"settings": SMALL_BATCHES}),
    "replacing": Mode(AT_ONCE, OLD, {}),
    "replacing in pieces": Mode(IN_PIECES, OLD, {"settings": SMALL_BATCHES}),
    "durable": Mode(AT_ONCE, OLD, {"settings": {"durable": True}}),
    "durable in pieces": Mode(IN_PIECES, OLD, {"settings": {"durable": True, **SMALL_BATCHES}}),
    "new": Mode(AT_ONCE, None, {"if_exists": "fail"}),
    "new without links": Mode(AT_ONCE, None, {"if_exists": "fail", "errors": [("link", 1, errno.EPERM)]}),
    "new and durable": Mode(AT_ONCE, None, {"if_exists": "fail", "settings": {"durable": True}}),
}


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """Where downloads are killed."""
    with Nursery() as opened:
        yield opened


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A depot that can send in pieces."""
    with Depot(routes={"chunked": chunked}) as depot:
        yield depot.url


def content(target: Path) -> bytes | None:
    """Return what is at the target."""
    return target.read_bytes() if target.exists() else None


def parts(target: Path) -> list[Path]:
    """Return what is beside it."""
    return [path for path in target.parent.iterdir() if path != target]


def check_the_next_run(url: str, target: Path) -> None:
    """A download that follows succeeds, and nothing is beside it any more."""
    haulage.fetch(url, target)
    assert content(target) == WHOLE
    assert parts(target) == []


@pytest.mark.parametrize("torn", [False, True], ids=["before", "within"])
@pytest.mark.parametrize("name", MODES)
@pytest.mark.case("F09", "F13")
def test_at_each_call(nursery: Nursery, url: str, workplace: Path, name: str, torn: bool) -> None:
    """One process after the other dies before its first call, its second, and so on, until one survives."""
    mode, target = MODES[name], workplace / "target.bin"
    found = []
    for number in range(1, 100):
        target.unlink(missing_ok=True)
        if mode.old is not None:
            target.write_bytes(mode.old)
        ended = nursery.run(url + mode.path, target, kill_at=number, torn=torn, **mode.order)
        if not ended.signal:
            break
        assert ended.signal == signal.SIGKILL
        found.append(content(target))
        assert found[-1] in (mode.old, WHOLE), f"killed at call {number}"
        assert len(parts(target)) <= 1
        check_the_next_run(url + mode.path, target)
    assert ended.error == ()
    assert content(target) == WHOLE
    assert parts(target) == []
    # The old ones up to some call, and the new ones from there on.
    assert found == sorted(found, key=lambda held: held == WHOLE)
    assert set(found) == {mode.old, WHOLE}


@pytest.mark.parametrize("path", [f"/_/bytes/{SIZE}", f"/_/chunked/{SIZE}/{PIECE}"])
@pytest.mark.case("F09", "F13")
def test_at_any_moment(nursery: Nursery, url: str, workplace: Path, path: str) -> None:
    """Also between the calls, and in the midst of them."""
    chance, target = random.Random(7), workplace / "target.bin"
    for _ in range(40):
        target.write_bytes(OLD)
        ended = nursery.run(url + path, target, kill_after=chance.uniform(0.002, 0.03))
        assert ended.error == ()
        assert content(target) in (OLD, WHOLE)
        assert len(parts(target)) <= 1
    check_the_next_run(url + path, target)


@pytest.mark.case("F09", "F13")
def test_many_downloads_at_once(nursery: Nursery, url: str, workplace: Path) -> None:
    """Each target is as it was, or complete; there are no more parts than targets, and the next run removes them."""
    copies = 8
    targets = [workplace / f"target.{number}" for number in range(copies)]
    order = {"copies": copies, "settings": SMALL_BATCHES}
    for number in itertools.count(1, 5):
        for target in targets:
            target.write_bytes(OLD)
        ended = nursery.run(url + f"/_/chunked/{SIZE}/{PIECE}", workplace / "target", kill_at=number, **order)
        assert {content(target) for target in targets} <= {OLD, WHOLE}
        beside = set(workplace.iterdir()) - set(targets)
        assert len(beside) <= copies
        if not ended.signal:
            break
    assert number > 50
    assert not beside
    assert {content(target) for target in targets} == {WHOLE}


@pytest.mark.case("F06", "F13")
def test_a_part_that_could_not_be_removed(nursery: Nursery, url: str, workplace: Path) -> None:
    """The error is the first one, nothing stays open, and the next process removes what is left."""
    target = workplace / "target.bin"
    target.write_bytes(OLD)
    errors = [("writev", 1, errno.ENOSPC), ("close", 1, errno.EIO), ("unlink", 1, errno.EIO)]
    ended = nursery.run(f"{url}/_/bytes/{SIZE}", target, errors=errors)
    assert ended.error[0] == "StorageFull"
    assert ended.left_open == ()
    assert ended.calls[-4:] == ("writev", "close", "unlink", "close directory")
    assert content(target) == OLD
    assert len(parts(target)) == 1
    check_the_next_run(f"{url}/_/bytes/{SIZE}", target)


@pytest.mark.case("F03")
def test_a_link_that_kept_its_part(nursery: Nursery, url: str, workplace: Path) -> None:
    """A new file is complete under its name, although its part could not be removed; the next process does that."""
    target = workplace / "target.bin"
    ended = nursery.run(f"{url}/_/bytes/{SIZE}", target, if_exists="fail", errors=[("unlink", 1, errno.EIO)])
    assert ended.error == ()
    assert content(target) == WHOLE
    assert len(parts(target)) == 1
    haulage.fetch(f"{url}/_/bytes/10", workplace / "another")
    assert content(target) == WHOLE
    assert [path.name for path in parts(target)] == ["another"]


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="this system does not say whether a process is dead")
@pytest.mark.case("F13")
def test_one_that_nobody_has_waited_for(url: str, workplace: Path) -> None:
    """A dead process keeps its number until its parent asks for it; its part is an orphan all the same."""
    target = workplace / "target.bin"
    program = "import sys, haulage; haulage.fetch(*sys.argv[1:])"
    slow = f"{url}/_/slow?size={4 << 20}&chunk={2 << 20}&delay=60"
    with subprocess.Popen([sys.executable, "-c", program, slow, str(target)]) as process:
        deadline = time.monotonic() + PATIENCE
        while not parts(target):
            assert process.poll() is None
            assert time.monotonic() < deadline, "no part appeared"
            time.sleep(0.005)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        check_the_next_run(f"{url}/_/bytes/{SIZE}", target)

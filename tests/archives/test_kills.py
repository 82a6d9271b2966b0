"""Killed at any call to the file system while unpacking: no tree or the complete one, and the next run clears up."""

from __future__ import annotations

import errno
import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.inject_process import Nursery
from support.inject_unpack import UnpackNursery

import haulage
from archives.place import Place

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL here")

# All that can be called is called so.
DURABLE = {"settings": {"durable": True, "download_concurrency": 256}}


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """Where those are that are killed."""
    with UnpackNursery() as opened:
        yield opened


def check_the_next_run(place: Place) -> None:
    """A download that follows succeeds, and nothing is beside its tree any more."""
    place.clear()
    assert len(place.beside()) <= 1
    haulage.fetch(place.url, place.directory)
    assert place.is_there()
    assert place.beside() == []
    place.clear()


@pytest.mark.case("T11", "F09", "F13")
def test_at_each_call(nursery: Nursery, place: Place) -> None:
    """One process after the other dies before its first call, its second, and so on, until one survives."""
    found = []
    for number in range(1, 100):
        ended = nursery.run(place.url, place.directory, kill_at=number, torn=bool(number % 2), **DURABLE)
        if not ended.signal:
            break
        assert ended.signal == signal.SIGKILL
        found.append(place.is_there())
        check_the_next_run(place)
    assert ended.error == ()
    assert place.is_there()
    assert place.beside() == []
    # None up to some call, and the whole from there on.
    assert len(found) > 30
    assert found == sorted(found)
    assert set(found) == {False, True}


@pytest.mark.case("T11", "F09", "F13")
def test_at_any_moment(nursery: Nursery, place: Place) -> None:
    """Also between the calls, and in the midst of them."""
    chance = random.Random(7)
    for _ in range(20):
        ended = nursery.run(place.url, place.directory, kill_after=chance.uniform(0.002, 0.03))
        assert ended.error == ()
        place.is_there()
        place.clear()
        assert len(place.beside()) <= 1
    check_the_next_run(place)


@pytest.mark.case("T11", "F13")
def test_what_cannot_be_removed(nursery: Nursery, place: Place) -> None:
    """The error is the first one, nothing stays open, and the next process removes what is left."""
    errors = [("write", 1, errno.ENOSPC), *(("unlink", nth, errno.EIO) for nth in (1, 2)), ("rmdir", 1, errno.EIO)]
    ended = nursery.run(place.url, place.directory, errors=errors)
    assert ended.error[0] == "StorageFull"
    assert ended.left_open == ()
    assert not place.is_there()
    assert len(place.beside()) == 1
    check_the_next_run(place)


@pytest.mark.case("T11", "F13")
def test_what_others_own(nursery: Nursery, place: Place, tmp_path: Path) -> None:
    """The tree that somebody else is still at is left alone; a link of that name is removed, not what it leads to."""
    aside = tmp_path / "aside"
    (aside / "kept").mkdir(parents=True)
    nursery.run(place.url, place.directory, kill_at=12)
    (left,) = place.beside()
    dead = place.directory / left
    _, machine, *_ = left.split("-")
    alive = place.directory / f".haulage-{machine}-{os.getppid():x}-0-1.part"
    (dead / "tree" / "link").symlink_to(aside)
    link = place.directory / f"{left.removesuffix('.part')}0.part"
    link.symlink_to(aside)
    alive.mkdir()
    haulage.fetch(place.url, place.directory)
    assert place.beside() == [alive.name]
    assert (aside / "kept").exists()
    alive.rmdir()

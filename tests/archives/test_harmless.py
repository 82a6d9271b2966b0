"""Odd archives give the tree that they say, with the modes and times that any new files have."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

import haulage
from archives.corpus_places import TWINS
from archives.harmless import Harmless, harmless_archives
from archives.making import archive, directory, file
from archives.unpacking import by_bytes, cut_at_random, descriptors, files, keep, unpack
from haulage.archives.contents import Contents
from haulage.cart import CartFile, Manifest

EMPTY, ONE, TWO = (
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "356a192b7913b04c54574d18c28d46e6395428ab",
    "da4b9237bacccdf19c0760cab7aec4a8359010b0",
)
EACH = pytest.mark.parametrize(
    "harmless",
    [pytest.param(each, marks=pytest.mark.case(*each.cases), id=name) for name, each in harmless_archives()],
)


def cuts(data: bytes) -> Iterable[Iterable[bytes]]:
    """Cut *data* in all the ways that it may come."""
    yield [data]
    yield cut_at_random(data)
    if len(data) < 10_000:
        yield by_bytes(data)


@EACH
def test_the_tree(harmless: Harmless, tmp_path: Path) -> None:
    """However it comes, the tree is the same; nothing is beside it, and nothing stays open."""
    before = descriptors()
    for number, pieces in enumerate(cuts(harmless.data)):
        place = tmp_path / str(number)
        place.mkdir()
        top = unpack(pieces, place, Contents())
        assert files(top) == harmless.tree
        assert os.listdir(place) == [top.name]
        assert descriptors() == before
        kept = keep([harmless.data], place, Contents())
        assert kept.read_bytes() == harmless.data


@EACH
def test_modes_and_times(harmless: Harmless, tmp_path: Path) -> None:
    """Modes, owners and times are those of any new file, whatever the archive says; no link, and nothing special."""
    since = time.time() - 60
    old = os.umask(0o027)
    try:
        top = unpack([harmless.data], tmp_path, Contents(), durable=True)
    finally:
        os.umask(old)
    for path in (top, *top.rglob("*")):
        found = path.lstat()
        assert stat.S_IFMT(found.st_mode) in (stat.S_IFREG, stat.S_IFDIR)
        if os.name != "nt":
            assert stat.S_IMODE(found.st_mode) == (0o750 if stat.S_ISDIR(found.st_mode) else 0o640)
            assert (found.st_uid, found.st_gid) == (os.geteuid(), os.getegid())
        assert since < found.st_mtime < time.time() + 60


@pytest.mark.parametrize("about", TWINS)
@pytest.mark.case("T05")
def test_twins_that_were_asked_for(about: str, tmp_path: Path) -> None:
    """Who names both gets both, byte for byte, where the file system can."""
    one, other = TWINS[about]
    names = [name.removeprefix("data/") for name in (one, other)]
    manifest = Manifest(
        CartFile(number, *entry, "sha1") for number, entry in enumerate(zip(names, (ONE, TWO), strict=True))
    )
    data = archive(directory("data"), file(one, b"1"), file(other, b"2"))
    try:
        top = unpack([data], tmp_path, Contents(manifest))
    except haulage.ArchiveUnsafe as error:
        assert "on this file system" in str(error)  # noqa: PT017 - where it cannot
        assert os.listdir(tmp_path) == []
    else:
        assert files(top) == dict(zip(names, (b"1", b"2"), strict=True))


@pytest.mark.parametrize("about", TWINS)
@pytest.mark.case("T05")
def test_a_twin_of_what_was_asked_for(about: str, tmp_path: Path) -> None:
    """Who names one does not get the other in its place."""
    one, other = TWINS[about]
    manifest = Manifest([CartFile(1, one.removeprefix("data/"), ONE, "sha1")])
    with pytest.raises(haulage.ArchiveUnsafe, match="nobody asked"):
        unpack([archive(file(other, b"1"))], tmp_path, Contents(manifest))
    assert os.listdir(tmp_path) == []

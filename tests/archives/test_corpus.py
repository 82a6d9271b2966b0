"""Hundreds of hostile archives: the right error, nothing under the target, nothing beside it, nothing open."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from fuzz.laws import check_refusal

import haulage
from archives.corpus import hostile_archives
from archives.hostile import Hostile
from archives.unpacking import by_bytes, cut_at_random, descriptors, keep, prove, unpack
from haulage.archives.contents import Contents
from haulage.archives.tar import MOST_MEMBERS
from haulage.cart import CartFile, Manifest

ARCHIVES = hostile_archives()
EACH = pytest.mark.parametrize(
    "hostile",
    [pytest.param(hostile, marks=pytest.mark.case(*hostile.cases), id=name) for name, hostile in ARCHIVES.items()],
)
MD5_OF_FIRST, MD5_OF_LAST = "8b04d5e3775d298e78455efc5ca404d5", "98bd1c45684cf587ac2347a92dd7bb51"
MANIFEST = Manifest([CartFile(1, "first", MD5_OF_FIRST, "md5"), CartFile(2, "last", MD5_OF_LAST, "md5")])
SMALL, GOOD = 5000, 1536  # bytes that may come one by one, behind what is good in most of them


def contents(hostile: Hostile, manifest: Manifest | None = None) -> Contents:
    """Return the proof of an archive."""
    most = MOST_MEMBERS if hostile.most_members is None else hostile.most_members
    return Contents(manifest, max_size=hostile.max_size, most_members=most, algorithms=("sha256",))


def fail(way: Callable[..., Any], pieces: Iterable[bytes], hostile: Hostile, place: Path) -> haulage.DownloadError:
    """Let the archive come in *pieces*, and return the error; nothing is left."""
    before = descriptors()
    with pytest.raises(haulage.DownloadError) as caught:
        way(pieces, place, contents(hostile))
    assert list(place.iterdir()) == []
    assert descriptors() == before
    return caught.value


def test_there_are_enough() -> None:
    """More than a hundred, and each is one of its kind."""
    assert len(ARCHIVES) >= 500
    assert len({(each.data, each.max_size) for each in ARCHIVES.values()}) == len(ARCHIVES)


@EACH
@pytest.mark.case("T11")
def test_a_hostile_archive(hostile: Hostile, tmp_path: Path) -> None:
    """Unpacked, kept as it is, or held against a manifest, it fails as it should, and leaves nothing."""
    for pieces in ([hostile.data], cut_at_random(hostile.data, len(hostile.data))):
        error = fail(unpack, pieces, hostile, tmp_path)
        assert type(error) is hostile.error, repr(error)
        assert re.search(hostile.says, str(error)), str(error)
        assert error.transient == isinstance(error, haulage.ArchiveCorrupt | haulage.ArchiveIncomplete)
        check_refusal(error)
        assert len(str(error)) < 1000
    # Nor is it kept, to be unpacked by somebody else.
    error = fail(keep, cut_at_random(hostile.data), hostile, tmp_path)
    assert type(error) is (hostile.kept or hostile.error), repr(error)
    if len(hostile.data) <= SMALL:
        with pytest.raises(hostile.kept or hostile.error, match=re.escape(str(error))):
            prove([hostile.data[:GOOD], *by_bytes(hostile.data[GOOD:])], contents(hostile))
    check_with_a_manifest(hostile)


def check_with_a_manifest(hostile: Hostile) -> None:
    """Who says what is to be in it gets an error as well, and the class is not a milder one."""
    if hostile is ARCHIVES["a member more"]:  # which is right for those who ask for its members
        prove([hostile.data], contents(hostile, MANIFEST))
        return
    with pytest.raises(haulage.DownloadError) as caught:
        prove([hostile.data], contents(hostile, MANIFEST))
    if hostile.error is haulage.ArchiveUnsafe:
        assert type(caught.value) is haulage.ArchiveUnsafe

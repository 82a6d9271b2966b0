"""A good archive with one bit turned over.

A header carries a sum of its own bytes, so every bit of it is noticed, except where the sum itself may be written in
two ways. Nothing in a tar covers the contents of files and the records of extended headers: there, only whoever knows
the digests, by a manifest, notices every bit; without one, a file may come under another name or with other bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

import pytest

import haulage
from archives.making import BLOCK
from archives.writers import manifest_of, written_by_python
from haulage.archives.contents import Contents, End, Start
from haulage.cart import Manifest

CHECKSUM = range(148, 156)
TREES = {
    "ustar": {"d": None, "d/x": b"content"},
    "gnu": {"d/" + "n" * 120: b"content"},
    "pax": {"d/" + "n" * 100 + "é": b"content"},
}
EACH = pytest.mark.parametrize("form", TREES)

Members = list[tuple[tuple[str, ...], str]]
"""Path and digest of each file, and path of each directory."""


class Layout(NamedTuple):
    """Where what is in an archive: positions of bytes."""

    headers: list[int]
    records: list[int]
    contents: list[int]
    padding: list[int]
    ending: list[int]


def layout(data: bytes) -> Layout:
    """Look where what is; *data* is a good archive, cut behind its end marker."""
    found = Layout([], [], [], [], [])
    place = 0
    while data[place]:
        kind, size = data[place + 156 : place + 157], int(data[place + 124 : place + 135], 8)
        found.headers.extend(range(place, place + BLOCK))
        place += BLOCK
        (found.contents if kind in b"05" else found.records).extend(range(place, place + size))
        found.padding.extend(range(place + size, place + size - size % -BLOCK))
        place += size - size % -BLOCK
    found.ending.extend(range(place, len(data)))
    return found


def written(form: str) -> bytes:
    """Return an archive with its end marker and nothing behind it."""
    data = written_by_python(TREES[form], form)
    return data.rstrip(b"\0") + bytes(-len(data.rstrip(b"\0")) % BLOCK + 2 * BLOCK)


def read(data: bytes | bytearray, manifest: Manifest | None = None) -> Members | haulage.DownloadError:
    """Return what comes of an archive."""
    contents, found, part = Contents(manifest), [], hashlib.sha256()
    try:
        for step in contents.feed(bytes(data)):
            if isinstance(step, Start) and step.is_directory:
                found.append((step.parts, ""))
            elif isinstance(step, End):
                found.append((tuple(step.member.name.split("/")), part.hexdigest()))
                part = hashlib.sha256()
            elif not isinstance(step, Start):
                part.update(step)
        contents.close()
    except (haulage.ArchiveError, haulage.MemberDigestError) as error:
        return error
    return found


def flipped(data: bytes, places: list[int], bits: range = range(8)) -> Iterator[tuple[int, bytearray]]:
    """Yield *data* with each of the *bits* of the bytes at *places* turned over, one at a time."""
    changed = bytearray(data)
    for place in places:
        for bit in bits:
            changed[place] ^= 1 << bit
            yield place, changed
            changed[place] ^= 1 << bit


@pytest.mark.parametrize(("form", "asked"), [*((form, False) for form in TREES), ("pax", True)])
@pytest.mark.case("T09")
def test_every_bit_of_every_header(form: str, asked: bool) -> None:
    """It is an error, or no other result; and that only where the sum has another way to be written."""
    data, manifest = written(form), manifest_of(TREES[form]) if asked else None
    right, same = read(data, manifest), []
    for place, changed in flipped(data, layout(data).headers):
        outcome = read(changed, manifest)
        if not isinstance(outcome, haulage.ArchiveError):
            assert outcome == right, place
            same.append(place % BLOCK)
        else:
            assert isinstance(outcome, haulage.ArchiveCorrupt)
    assert set(same) <= set(CHECKSUM)
    # A blank for the zero in front, and a NUL and a blank for each other at the end.
    assert len(same) == 3 * len(layout(data).headers) // BLOCK


@EACH
@pytest.mark.case("T09", "T10")
def test_every_bit_with_a_manifest(form: str) -> None:
    """Every bit of a content is noticed by its digest; every other bit gives an error or the same tree."""
    data, manifest = written(form), manifest_of(TREES[form])
    right, places = read(data, manifest), layout(data)
    for _, changed in flipped(data, places.contents):
        assert isinstance(read(changed, manifest), haulage.MemberDigestError)
    for place, changed in flipped(data, places.records):
        outcome = read(changed, manifest)
        assert isinstance(outcome, haulage.ArchiveError) or outcome == right, place
    for _, changed in flipped(data, places.padding, range(0, 8, 3)):
        assert read(changed, manifest) == right
    for _, changed in flipped(data, places.ending, range(0, 8, 3)):
        assert isinstance(read(changed, manifest), haulage.ArchiveCorrupt)


@EACH
@pytest.mark.case("T09")
def test_every_bit_of_a_record_without_a_manifest(form: str) -> None:
    """Nothing covers a long name but itself: it may become another one, and nothing else may happen."""
    data = written(form)
    right = read(data)
    assert isinstance(right, list)
    for place, changed in flipped(data, layout(data).records):
        outcome = read(changed)
        if not isinstance(outcome, haulage.ArchiveError):
            (name, digest), (right_name, right_digest) = outcome[-1], right[-1]
            assert digest == right_digest
            # A letter of the name; or a slash for a letter, or a letter for a slash.
            assert len("/".join(name)) == len("/".join(right_name)), place
            assert not {"..", ""} & set(name)

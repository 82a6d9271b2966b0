"""A good archive that ends too early is never taken for a whole one, wherever it ends."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable
from pathlib import Path

import pytest

import haulage
from archives.making import BLOCK
from archives.unpacking import descriptors, files, keep, prove, unpack
from archives.writers import FORMATS, GNU_TAR, manifest_of, written_by_gnu_tar, written_by_python
from haulage.archives.contents import Contents

TREE = {
    "empty": b"",
    "one": b"1",
    "block": b"b" * 512,
    "more": b"m" * 1300,
    "inner": None,
    "inner/é": b"unicode",
    "inner/" + "d" * 60: None,
    "inner/" + "d" * 60 + "/" + "n" * 60: b"a name for a prefix",
}
LONG = {**TREE, "inner/" + "n" * 150: b"a long name", "inner/" + "ü" * 80: b"a long one in Unicode"}
WRITERS = [*FORMATS, *(f"GNU tar's {form}" for form in ("gnu", "pax", "ustar"))]


@pytest.fixture(params=WRITERS)
def written(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[bytes, dict[str, bytes | None]]:
    """A good archive in each format, and its tree."""
    _, by_gnu, form = request.param.rpartition("GNU tar's ")
    tree = TREE if form == "ustar" else LONG
    if not by_gnu:
        return written_by_python(tree, form), tree
    if GNU_TAR is None:
        pytest.skip("there is no GNU tar")
    data = written_by_gnu_tar(tree, form, tmp_path_factory.mktemp("written"), "--sort=name")
    assert data is not None
    return data, tree


def end_of(data: bytes) -> int:
    """Return the length of an archive up to its end marker, and that included."""
    return -(-len(data.rstrip(b"\0")) // BLOCK) * BLOCK + 2 * BLOCK


def prove_in(pieces: Iterable[bytes], _: Path, contents: Contents) -> None:
    """Prove an archive and put it nowhere."""
    prove(pieces, contents)


@pytest.mark.case("T08")
def test_each_cut(written: tuple[bytes, dict[str, bytes | None]], tmp_path: Path) -> None:
    """It is incomplete up to the last byte of the end marker, and whole from there on; nothing appears before."""
    data, tree = written
    end, chance = end_of(data), random.Random(7)
    places = {*range(0, len(data) + 1, BLOCK), *chance.sample(range(len(data)), 20), end - 1, end + 1, 1, 511, 513}
    before = descriptors()
    for manifest in (None, manifest_of(tree)):
        for number, cut in enumerate(sorted(places)):
            if cut >= end:
                prove([data[:cut]], Contents(manifest))
                continue
            for way in (prove_in, unpack, keep) if manifest is None and not number % 3 else (prove_in,):
                with pytest.raises(haulage.ArchiveIncomplete, match="without its end marker") as caught:
                    way([data[:cut]], tmp_path, Contents(manifest))
                assert caught.value.transient
                assert os.listdir(tmp_path) == [], cut
    assert descriptors() == before
    assert files(unpack([data[:end]], tmp_path, Contents(manifest_of(tree)))) == tree


@pytest.mark.case("T08")
def test_what_is_cut_out(written: tuple[bytes, dict[str, bytes | None]]) -> None:
    """Bytes that are lost inside are missed as well by whoever asked for the files; a directory may be implied."""
    data, tree = written
    end, manifest, lost = end_of(data), manifest_of(tree), 0
    for place in range(0, end - 2 * BLOCK, BLOCK):
        for length in (1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK):
            try:
                proved = prove([data[:place], data[place + length :]], Contents(manifest))
            except (haulage.ArchiveError, haulage.MemberDigestError):
                lost += 1
            else:
                assert {member.name for member in proved.members} == {path for path in tree if tree[path] is not None}
    assert lost > 50

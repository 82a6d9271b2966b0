"""What was archived is what is unpacked: any tree, any format, any writer, however the bytes come."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import haulage
from archives.strategies import names, short_names, trees
from archives.unpacking import cut_at_random, files, keep, unpack
from archives.writers import FORMATS, GNU_TAR, manifest_of, written_by_gnu_tar, written_by_python
from haulage.archives.contents import Contents

Tree = dict[str, bytes | None]

needs_gnu_tar = pytest.mark.skipif(GNU_TAR is None, reason="there is no GNU tar")


def check(data: bytes, tree: Tree, seed: int, *, asked: bool) -> None:
    """Unpack *data*, cut at random; it gives *tree*, names byte for byte, and the digests of its files."""
    contents = Contents(manifest_of(tree) if asked else None, algorithms=("sha1",))
    with tempfile.TemporaryDirectory() as place:
        top = unpack(cut_at_random(data, seed), Path(place), contents)
        assert {os.fsencode(path): content for path, content in files(top).items()} == {
            path.encode(): content for path, content in tree.items()
        }
        assert os.listdir(place) == [top.name]
    told = {member.name: (member.size, member.digests) for member in contents.members}
    assert told == {
        path: (len(content), {"sha1": hashlib.sha1(content).hexdigest()})
        for path, content in tree.items()
        if content is not None
    }


def without_what_nobody_asked_for(tree: Tree) -> Tree:
    """Return *tree* without the directories that no file lies in."""
    kept = {path: content for path, content in tree.items() if content is not None}
    above = {path[:place] for path in kept for place, sign in enumerate(path) if sign == "/"}
    return {path: content for path, content in tree.items() if path in kept or path in above}


@pytest.mark.parametrize("form", FORMATS)
@given(data=st.data())
@settings(settings.default, max_examples=settings.default.max_examples // 2)
@pytest.mark.case("T06", "T10")
def test_what_python_writes(form: str, data: st.DataObject) -> None:
    """Its members in any order, directories after what is in them or not at all."""
    tree = data.draw(trees(short_names if form == "ustar" else names))
    asked = data.draw(st.booleans())
    if asked:
        tree = without_what_nobody_asked_for(tree)
        assume(tree)
    order = data.draw(st.permutations(sorted(tree)))
    archive = written_by_python(tree, form, top=data.draw(short_names), order=order)
    check(archive, tree, data.draw(st.integers(0, 99)), asked=asked)


@needs_gnu_tar
@pytest.mark.parametrize("form", ["gnu", "oldgnu", "pax", "posix", "ustar"])
@given(data=st.data())
@settings(settings.default, max_examples=settings.default.max_examples // 4)  # each is a process
@pytest.mark.case("T06", "T10")
def test_what_gnu_tar_writes(form: str, data: st.DataObject) -> None:
    """In all of its formats."""
    tree = data.draw(trees(short_names if form == "ustar" else names, most=5))
    with tempfile.TemporaryDirectory() as place:
        archive = written_by_gnu_tar(tree, form, Path(place))
    assert archive is not None
    check(archive, tree, data.draw(st.integers(0, 99)), asked=False)


@needs_gnu_tar
@pytest.mark.parametrize(
    ("options", "error"),
    [
        pytest.param(("--format=gnu", "--sparse"), haulage.ArchiveUnsafe, id="sparse, gnu"),
        pytest.param(("--format=oldgnu", "--sparse"), haulage.ArchiveUnsafe, id="sparse, oldgnu"),
        pytest.param(("--format=pax", "--sparse", "--sparse-version=0.0"), haulage.ArchiveError, id="sparse, pax 0.0"),
        pytest.param(("--format=pax", "--sparse", "--sparse-version=0.1"), haulage.ArchiveUnsafe, id="sparse, pax 0.1"),
        pytest.param(("--format=pax", "--sparse", "--sparse-version=1.0"), haulage.ArchiveUnsafe, id="sparse, pax 1.0"),
        pytest.param(("--format=v7",), haulage.ArchiveCorrupt, id="the seventh edition"),
        pytest.param(("--format=gnu", "--incremental"), haulage.ArchiveUnsafe, id="incremental"),
        pytest.param(("--format=gnu", "--label=x"), haulage.ArchiveCorrupt, id="with a label"),
        pytest.param(("--format=gnu", "--gzip"), haulage.ArchiveCorrupt, id="gzip"),
        pytest.param(("--format=gnu", "-P", "--transform=s,^,/,"), haulage.ArchiveUnsafe, id="absolute"),
        pytest.param(("--format=gnu", "-P", "--transform=s,^,../,"), haulage.ArchiveUnsafe, id="upwards"),
        pytest.param(("--format=pax", "--pax-option=path:=../x"), haulage.ArchiveUnsafe, id="upwards by an option"),
        pytest.param(("--format=pax", "--pax-option=size=1"), haulage.ArchiveCorrupt, id="a size for all"),
    ],
)
@pytest.mark.case("T02", "T06")
def test_what_gnu_tar_can_do_else(options: tuple[str, ...], error: type[haulage.DownloadError], tmp_path: Path) -> None:
    """Of its other talents none passes."""
    place, target = tmp_path / "place", tmp_path / "target"
    (place / "data").mkdir(parents=True)
    target.mkdir()
    with (place / "data" / "sparse").open("wb") as file:
        file.seek(1 << 20)
        file.write(b"x" * 4096)
    archive = written_by_gnu_tar({"x": os.urandom(10_000)}, options[0].partition("=")[2], place, *options[1:])
    assert archive is not None
    for way in (unpack, keep):
        with pytest.raises(error):
            way([archive], target, Contents())
        assert os.listdir(target) == []


@needs_gnu_tar
@pytest.mark.parametrize("form", ["gnu", "pax", "ustar"])
@pytest.mark.case("T02", "T04")
def test_what_gnu_tar_finds(form: str, tmp_path: Path) -> None:
    """Links and pipes of the tree it archives are refused."""
    makers = {
        "a hard link": lambda path: os.link(path.with_name("x"), path),
        "a symbolic link": lambda path: path.symlink_to("x"),
        "a pipe": os.mkfifo,
    }
    for what, make in makers.items():
        place = tmp_path / what
        (place / "data").mkdir(parents=True)
        (place / "data" / "x").write_bytes(b"x")
        make(place / "data" / "y")
        archive = written_by_gnu_tar({}, form, place, "--sort=name")
        assert archive is not None
        with pytest.raises(haulage.ArchiveUnsafe, match=what):
            unpack([archive], tmp_path, Contents())

"""A tree becomes public at once and whole, under a name that is free, whoever else wants it."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from support.inject_disk import Strike, at_call
from support.inject_unpack import UnpackingOs

import haulage
from archives.place import TREE, Place
from archives.unpacking import descriptors, files, unpack
from archives.writers import written_by_python
from haulage.archives.contents import Contents
from haulage.archives.sinks import TreeTarget
from haulage.archives.tree import Tree
from haulage.sinks.directory import Directory

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the calls are others on Windows")

PUBLISHING = "rename new"


def build(directory: Directory, *, durable: bool = True) -> Tree:
    """Return a tree of one file, ready to be published."""
    tree = Tree(directory, durable=durable)
    tree.begin()
    descriptor = tree.create(("d", "x"))
    os.write(descriptor, b"x")
    os.close(descriptor)
    return tree


def publish(place: Path, name: str, monkeypatch: pytest.MonkeyPatch, *strikes: Strike) -> tuple[Any, list[str]]:
    """Publish a tree while something happens; return the error, and the calls by name."""
    faulty, error = UnpackingOs(*strikes), None
    directory = Directory(str(place))
    tree = build(directory)
    with monkeypatch.context() as patched:
        faulty.install(patched.setattr)
        try:
            tree.publish(name)
        except OSError as caught:
            error = caught
        finally:
            tree.remove()
    directory.close()
    return error, [call.name for call in faulty.calls]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.ENOENT], ids=errno.errorcode.get)
@pytest.mark.case("T11", "F06")
def test_directories_that_are_missing_above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """They appear with the tree, or not at all, whatever fails meanwhile."""
    before, name = descriptors(), os.path.join("a", "b", "c")
    _, names = publish(tmp_path, name, monkeypatch)
    # Each directory that was made above it, and the one that they are in.
    assert [call for call in names[names.index(PUBLISHING) :] if "fsync" in call] == ["fsync directory"] * 2 + ["fsync"]
    for order, call in enumerate(names):
        if (tmp_path / name).exists():
            assert files(tmp_path / "a") == {"b": None, "b/c": None, "b/c/d": None, "b/c/d/x": b"x"}
            Place.remove(tmp_path / "a")
        error, calls = publish(tmp_path, name, monkeypatch, at_call(call, names[: order + 1].count(call), number))
        # What is gone for a moment is made again; what cannot be flushed is there all the same.
        is_public = error is None or PUBLISHING in names[:order]
        assert error is None or number != errno.ENOENT or "directory" in call or call == "fsync"
        assert (tmp_path / name).exists() == is_public, (call, calls, error)
        assert error is None or error.errno == number
        for path in tmp_path.glob(".haulage-*"):
            path.rmdir()  # empty; the next process removes it
        assert os.listdir(tmp_path) == (["a"] if is_public else [])
        assert descriptors() == before


async def test_two_at_once(place: Place) -> None:
    """Of two for one name, one unpacks its archive and the other one is told."""
    outcomes = await asyncio.gather(place.download(), place.download(), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["CartResult", "DestinationExists"]
    assert place.is_there()
    assert place.beside() == []


@pytest.mark.case("F03", "T11")
async def test_where_no_name_can_be_kept_free(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system cannot rename without replacing, it is looked first; what is there stays there."""
    from haulage.archives import tree

    monkeypatch.setattr(tree, "rename_new", lambda *_: False)
    await place.download()
    assert place.is_there()
    with pytest.raises(haulage.DestinationExists):
        await place.download()


@pytest.mark.parametrize("has_call", [True, False], ids=["with renameat2", "without"])
@pytest.mark.parametrize("kind", ["directory", "empty directory", "file", "link", "link to nothing"])
@pytest.mark.case("F03", "T11")
def test_a_name_that_is_taken_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, has_call: bool
) -> None:
    """Whatever appears at the target while an archive is unpacked stays as it is."""
    from haulage.archives import tree

    if not has_call:
        monkeypatch.setattr(tree, "rename_new", lambda *_: False)
    top = tmp_path / "place" / "tree"
    top.parent.mkdir()

    def pieces() -> Any:
        yield written_by_python(TREE, "pax")
        match kind:
            case "directory":
                top.mkdir()
                (top / "old").write_bytes(b"old")
            case "empty directory":
                top.mkdir()
            case "file":
                top.write_bytes(b"old")
            case "link":
                top.symlink_to(tmp_path)
            case "link to nothing":
                top.symlink_to("nowhere")

    with pytest.raises(haulage.DestinationExists):
        unpack(pieces(), top.parent, Contents())
    assert os.listdir(top.parent) == ["tree"]
    assert top.is_symlink() == ("link" in kind)
    if kind == "directory":
        assert files(top) == {"old": b"old"}


@pytest.mark.parametrize("kind", ["directory", "file"])
@pytest.mark.case("F03", "T11")
def test_a_name_that_is_taken_after_the_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Also where it was looked first, and something came between."""
    from haulage.archives import tree

    monkeypatch.setattr(tree, "rename_new", lambda *_: False)
    monkeypatch.setattr(Directory, "has", lambda *_: False)
    (tmp_path / "tree").mkdir() if kind == "directory" else (tmp_path / "tree").write_bytes(b"old")
    if kind == "directory":
        (tmp_path / "tree" / "old").write_bytes(b"old")
    with pytest.raises(haulage.DestinationExists):
        unpack([written_by_python(TREE, "pax")], tmp_path, Contents())
    assert os.listdir(tmp_path) == ["tree"]
    assert (tmp_path / "tree" / ("old" if kind == "directory" else "")).read_bytes() == b"old"


@pytest.mark.case("T11", "F13")
def test_a_long_unpacking_is_not_forgotten(tmp_path: Path) -> None:
    """Other machines, which take what is a day old for forgotten, see that somebody is at work."""
    target = TreeTarget(str(tmp_path / "tree"), Contents)
    target.directory = Directory(str(tmp_path))
    sink = target.sink()
    data = written_by_python(TREE, "gnu")
    try:
        sink.open(None)
        (part,) = tmp_path.iterdir()
        assert stat.S_IMODE(part.stat().st_mode) == 0o700  # what is unproved is nobody's
        os.utime(part, (0, 0))
        sink.write([data[:1000]])
        assert part.stat().st_mtime == 0
        sink._tree._shown -= 7200
        sink.write([data[1000:2000]])
        assert part.stat().st_mtime > 1e9
    finally:
        sink.abort()
        target.directory.close()

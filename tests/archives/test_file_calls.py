"""Whatever a call to the file system says while an archive is unpacked: one clear error, no tree, nothing beside."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from support.inject_disk import Call, Strike, at_call
from support.inject_leftovers import assert_nothing_left
from support.inject_unpack import UnpackingOs
from support.leaks import Belongings

import haulage
from archives.place import TREE, Place
from archives.unpacking import descriptors, files, unpack
from archives.writers import written_by_python
from haulage.archives.contents import Contents
from haulage.archives.sinks import TreeTarget
from haulage.archives.tree import Tree
from haulage.sinks.directory import Directory

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the calls are others on Windows")

WAYS: dict[str, dict[str, Any]] = {
    "at once": {},
    # A factory that is made for many downloads hands over small batches.
    "durable, in pieces": {"durable": True, "download_concurrency": 256},
}
ERRORS: dict[int, type[haulage.DownloadError]] = {
    errno.ENOSPC: haulage.StorageFull,
    errno.EIO: haulage.StorageError,
    errno.EACCES: haulage.DestinationError,
    errno.EMFILE: haulage.LocalResourceError,
}
PUBLISHING = "rename new"
# What is in the directory need not be known, and what was flushed before need not be closed well.
HARMLESS = {"scandir directory", "close directory"}


async def download(place: Place, monkeypatch: pytest.MonkeyPatch, way: str, *strikes: Strike) -> tuple[Any, list[str]]:
    """Unpack while something happens; return the error, and the calls by name."""
    place.clear()
    faulty = UnpackingOs(*strikes)
    with monkeypatch.context() as patched:
        faulty.install(patched.setattr)
        try:
            await place.download(**WAYS[way])
        except haulage.DownloadError as caught:
            return caught, [call.name for call in faulty.calls]
    return None, [call.name for call in faulty.calls]


@pytest.mark.parametrize(
    ("way", "number"),
    [
        ("at once", errno.ENOSPC),
        ("at once", errno.EMFILE),
        ("durable, in pieces", errno.EIO),
    ],
    ids=str,
)
@pytest.mark.case("T11", "F06", "F07")
async def test_an_error_of_each_call(place: Place, monkeypatch: pytest.MonkeyPatch, way: str, number: int) -> None:
    """The error has its class and comes at once; the tree is absent or complete, and nothing is beside it."""
    _, names = await download(place, monkeypatch, way)
    assert place.is_there()
    assert names.count("mkdir") == 4
    assert names.count("fsync") == (5 if "durable" in way else 0)
    published = names.index(PUBLISHING)
    # The directories of the tree before it is public, and the one that it is in after that.
    flushed = [names[:published].count("fsync directory"), names[published:].count("fsync directory")]
    assert flushed == ([3, 1] if "durable" in way else [0, 0])
    for order, name in enumerate(names):
        before = Belongings.now()
        nth = names[: order + 1].count(name)
        error, calls = await download(place, monkeypatch, way, at_call(name, nth, number))
        if calls.count(name) < nth:
            continue  # the pieces came in another way, and it took a write less
        try:
            check(place, name, number, error, is_public=PUBLISHING in names[:order])
            await assert_nothing_left(before)
        except AssertionError as failure:
            failure.add_note(f"{name} {nth}: {error!r}, {calls}")
            raise


def check(place: Place, name: str, number: int, error: haulage.DownloadError | None, *, is_public: bool) -> None:
    """Hold an outcome, and what is at the target, against the call that failed."""
    assert place.is_there() == (is_public or name in HARMLESS)
    if name in HARMLESS or (is_public and name != "fsync directory"):
        assert error is None
        if is_public:
            # An empty directory that could not be removed; the next process removes it.
            for path in place.directory.glob(".haulage-*.part"):
                path.rmdir()
    else:
        # That what is there survives a power cut is what cannot be promised when the directory cannot be flushed.
        assert type(error) is ERRORS[number]
        assert isinstance(error, haulage.StorageError)
        assert (error.errno, error.attempts <= 1) == (number, True)
    assert place.beside() == []


def fail_always(call: Call) -> OSError | None:
    """Let no directory be closed without an error."""
    return OSError(errno.EIO, "injected") if call.name == "close directory" else None


@pytest.mark.case("T11", "F08")
def test_directories_that_do_not_close_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was written to them; so that is no error, and none stays open."""
    deep = "/".join(["d"] * 100)
    tree: dict[str, bytes | None] = {deep[:place]: None for place in range(1, len(deep), 2)}
    tree |= {deep: None, f"{deep}/x": b"x", "y": b"y"}
    data, before = written_by_python(tree, "pax"), descriptors()
    with monkeypatch.context() as patched:
        UnpackingOs(fail_always).install(patched.setattr)
        top = unpack([data], tmp_path, Contents())
    assert files(top) == tree
    assert descriptors() == before
    assert os.listdir(tmp_path) == ["tree"]


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


@pytest.mark.parametrize("call", ["mkdir", "open"])
@pytest.mark.case("T05", "T11")
async def test_a_name_that_is_taken(place: Place, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """What the rules took for two names and the file system takes for one is the archive's fault, not the disk's."""
    for nth in (3, 4) if call == "mkdir" else (1, 5):  # of directories, the first two are ours
        error, _ = await download(place, monkeypatch, "at once", at_call(call, nth, errno.EEXIST))
        assert type(error) is haulage.ArchiveUnsafe
        assert "on this file system" in str(error)
        assert list(place.directory.iterdir()) == []


def in_halves(call: Call) -> int | None:
    """Let every write take half of its bytes only, as a disk does that is nearly full."""
    if call.name != "write":
        return None
    descriptor, piece = call.arguments
    return os.write(descriptor, piece[: -(-len(piece) // 2)])


@pytest.mark.case("T11", "F06")
async def test_writes_that_are_cut_short(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest is written, and nothing twice; a disk that fills up meanwhile is as it was."""
    error, calls = await download(place, monkeypatch, "at once", in_halves)
    assert error is None
    assert place.is_there()
    assert calls.count("write") > 30
    error, _ = await download(place, monkeypatch, "at once", at_call("write", 20, errno.ENOSPC), in_halves)
    assert type(error) is haulage.StorageFull
    assert list(place.directory.iterdir()) == []


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
    error, _ = await download(place, monkeypatch, "at once")
    assert error is None
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

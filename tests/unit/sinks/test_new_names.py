"""Publishing under a name that nothing may have: decided by the file system, with and without hard links."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from haulage.errors import DestinationError, DestinationExists, StorageError
from haulage.sinks.directories import Directories
from haulage.sinks.directory import Directory
from haulage.sinks.file import FileSink, FileTarget
from haulage.sinks.named import NamedByServer, NamedTarget
from haulage.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class WithoutLinks(Directory):
    """A directory on FAT, where a file has one name."""

    def link(self, part: str, name: str) -> None:
        """Refuse as the system does there."""
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))


KINDS = [
    pytest.param(Directory, id="links", marks=pytest.mark.skipif(not hasattr(os, "link"), reason="no hard links here")),
    pytest.param(WithoutLinks, id="no links"),
]


@pytest.fixture(params=KINDS)
def directory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Directory]:
    """Open the test's own directory, as one of each kind."""
    opened = request.param(str(tmp_path))
    yield opened
    opened.close()


def new(directory: Directory, name: str = "data.bin", *, durable: bool = False) -> FileSink:
    """Return a sink that replaces nothing."""
    path = os.path.join(directory.path, name)
    return FileSink(FileTarget(path, replaces=False, durable=durable), directory)


@pytest.mark.case("F03", "F12")
@pytest.mark.parametrize("durable", [False, True])
def test_a_free_name_is_taken(directory: Directory, tmp_path: Path, durable: bool) -> None:
    """The file has one name in the end, and the mode of any new file."""
    (tmp_path / "plain").touch()
    sink = new(directory, durable=durable)
    sink.open(None)
    sink.write([b"new"])
    sink.commit()
    sink.abort()
    assert sorted(os.listdir(tmp_path)) == ["data.bin", "plain"]
    status = (tmp_path / "data.bin").stat()
    assert (tmp_path / "data.bin").read_bytes() == b"new"
    assert status.st_nlink == 1
    assert stat.S_IMODE(status.st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


@pytest.mark.case("F03")
@pytest.mark.parametrize("kind", ["file", "directory", "link", "dangling link", "link to a directory"])
def test_a_taken_name_is_left_alone(directory: Directory, tmp_path: Path, kind: str) -> None:
    """Whatever it is that came there meanwhile stays as it was, and the part is gone."""
    sink = new(directory)
    sink.open(None)
    sink.write([b"new"])
    target, elsewhere = tmp_path / "data.bin", tmp_path / "elsewhere"
    if kind == "file":
        target.write_bytes(b"old")
    elif kind == "directory":
        target.mkdir()
    else:
        if kind == "link":
            elsewhere.write_bytes(b"old")
        elif kind == "link to a directory":
            elsewhere.mkdir()
        target.symlink_to(elsewhere)
    before = target.lstat()
    with pytest.raises(DestinationExists) as caught:
        sink.commit()
    assert isinstance(caught.value, FileExistsError)
    assert (caught.value.errno, caught.value.filename) == (errno.EEXIST, str(target))
    sink.abort()
    assert os.path.samestat(target.lstat(), before)
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".haulage-")]
    if kind == "link":
        assert elsewhere.read_bytes() == b"old"
    if kind == "dangling link":
        assert not elsewhere.exists()


@pytest.mark.case("F03")
def test_one_of_many_gets_the_name(directory: Directory, tmp_path: Path) -> None:
    """Threads that publish at the same moment: one succeeds, all others are told, and the one's bytes are there."""
    count, rounds = 8, 40
    start = threading.Barrier(count)

    def publish(name: str, number: int) -> BaseException | None:
        sink = new(directory, name)
        sink.open(None)
        sink.write([b"%d" % number])
        start.wait()
        try:
            sink.commit()
        except StorageError as error:
            return error
        finally:
            sink.abort()
        return None

    with ThreadPoolExecutor(count) as threads:
        for name in map(str, range(rounds)):
            outcomes = list(threads.map(publish, [name] * count, range(count)))
            (winner,) = [number for number, error in enumerate(outcomes) if error is None]
            assert {type(error) for error in outcomes if error is not None} == {DestinationExists}
            assert (tmp_path / name).read_bytes() == b"%d" % winner
    assert len(os.listdir(tmp_path)) == rounds


def test_a_link_that_was_made_and_not_confirmed_is_a_success(tmp_path: Path) -> None:
    """A network file system that repeats a request finds the link it made itself."""

    class Repeating(Directory):
        def link(self, part: str, name: str) -> None:
            super().link(part, name)
            super().link(part, name)

    opened = Repeating(str(tmp_path))
    sink = new(opened)
    sink.open(None)
    sink.write([b"new"])
    sink.commit()
    opened.close()
    assert os.listdir(tmp_path) == ["data.bin"]


def test_another_refusal_is_no_reason_to_go_on(tmp_path: Path) -> None:
    """Only where there are no links is there another way."""

    class Broken(Directory):
        def link(self, part: str, name: str) -> None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    opened = Broken(str(tmp_path))
    sink = new(opened)
    sink.open(None)
    with pytest.raises(StorageError) as caught:
        sink.commit()
    sink.abort()
    opened.close()
    assert caught.value.errno == errno.EIO
    assert os.listdir(tmp_path) == []


def test_the_last_resort(tmp_path: Path) -> None:
    """With neither links nor a rename that replaces nothing: it looks, and then renames."""

    class WithNothing(WithoutLinks):
        def rename_new(self, part: str, name: str) -> bool:
            return False

    opened = WithNothing(str(tmp_path))
    for content in (b"first", b"second"):
        sink = new(opened)
        sink.open(None)
        sink.write([content])
        if content == b"first":
            sink.commit()
        else:
            with pytest.raises(DestinationExists):
                sink.commit()
            sink.abort()
    opened.close()
    assert os.listdir(tmp_path) == ["data.bin"]
    assert (tmp_path / "data.bin").read_bytes() == b"first"


# --- targets ---------------------------------------------------------------------------------------------------------


async def test_a_taken_name_is_seen_before_anything_is_written(tmp_path: Path) -> None:
    """Also one that was made after the directory was opened, and a link that leads nowhere."""
    workers = Workers(asyncio.get_running_loop())
    directories = Directories(workers)
    first = FileTarget(str(tmp_path / "first"), replaces=False)
    await first.prepare(directories)
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("file", "link"):
        target = FileTarget(str(tmp_path / name), replaces=False)
        with pytest.raises(DestinationExists) as caught:
            await target.prepare(directories)
        assert caught.value.filename == str(tmp_path / name)
        target.release()
        free = FileTarget(str(tmp_path / name))
        await free.prepare(directories)
        free.release()
    first.release()
    await directories.aclose()
    await workers.aclose()


async def test_a_server_names_a_file(tmp_path: Path) -> None:
    """The name comes later than the directory, and each attempt may bring another."""
    workers = Workers(asyncio.get_running_loop())
    directories = Directories(workers)
    target = NamedTarget(str(tmp_path))
    await target.prepare(directories)
    await target.settle("one")
    first = target.sink()
    await asyncio.to_thread(first.open, None)
    await asyncio.to_thread(first.abort)
    await target.settle("two")
    second = target.sink()
    await asyncio.to_thread(second.open, None)
    await asyncio.to_thread(second.commit)
    assert target.path == str(tmp_path / "two")
    with pytest.raises(DestinationExists):
        await target.settle("two")
    (tmp_path / "sub").mkdir()
    with pytest.raises(DestinationExists):
        await target.settle("sub")
    with pytest.raises(DestinationError):
        await target.settle("x" * 300)
    target.release()
    await directories.aclose()
    await workers.aclose()
    assert sorted(os.listdir(tmp_path)) == ["sub", "two"]


@pytest.mark.parametrize("directory", [5, b"/tmp", object()])
def test_a_directory_is_a_path(directory: object) -> None:
    """Said when the destination is made."""
    with pytest.raises(DestinationError, match="a directory is a path"):
        NamedByServer(directory)  # type: ignore[arg-type]

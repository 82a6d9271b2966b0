"""Directories that are being written to: opened once, swept, shared, closed."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from haulage.errors import DestinationError
from haulage.sinks.directories import Directories
from haulage.sinks.directory import Directory
from haulage.sinks.file import FileTarget
from haulage.workers import Workers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest_asyncio.fixture
async def directories() -> AsyncIterator[Directories]:
    """Return directories with workers of their own."""
    workers = Workers(asyncio.get_running_loop())
    opened = Directories(workers)
    yield opened
    opened.close()
    await workers.aclose()


def test_a_missing_directory_is_refused(tmp_path: Path) -> None:
    """It is not made: the caller may have mistyped it."""
    with pytest.raises(DestinationError, match="no such directory"):
        Directory(str(tmp_path / "missing"))
    assert not (tmp_path / "missing").exists()


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    """The error says what is wrong, and where."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DestinationError, match="not a directory") as caught:
        Directory(str(tmp_path / "file"))
    assert caught.value.filename == str(tmp_path / "file")


def test_a_directory_that_may_not_be_written_to_is_refused(tmp_path: Path, is_root: bool) -> None:
    """Before any byte moves."""
    if is_root:
        pytest.skip("permissions do not stop root")
    place = tmp_path / "place"
    place.mkdir(mode=0o500)
    with pytest.raises(DestinationError, match="permission"):
        Directory(str(place))


def test_opening_sweeps_orphans_only(tmp_path: Path) -> None:
    """A part nobody writes is removed; other files, and a directory with such a name, stay."""
    name = ".haulage-00000000-1-1-1.part"
    orphan, held = tmp_path / name, tmp_path / "held"
    orphan.write_bytes(b"")
    os.utime(orphan, (0, 0))
    held.write_bytes(b"")
    os.utime(held, (0, 0))
    (tmp_path / "sub").mkdir()
    opened = Directory(str(tmp_path))
    opened.close()
    assert sorted(os.listdir(tmp_path)) == ["held", "sub"]
    assert opened.occupied == {"sub": "is a directory"}


def test_a_link_to_a_directory_is_no_directory_to_refuse(tmp_path: Path) -> None:
    """A target that is a link is replaced, also when it leads to a directory."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "sub")
    opened = Directory(str(tmp_path))
    opened.close()
    assert opened.occupied == {"sub": "is a directory"}


def test_create_never_opens_what_is_there(tmp_path: Path) -> None:
    """Neither a file nor a link that somebody put in the way."""
    (tmp_path / "file").write_bytes(b"mine")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    opened = Directory(str(tmp_path))
    for name in ("file", "link"):
        with pytest.raises(FileExistsError):
            opened.create(name)
    opened.close()
    assert (tmp_path / "file").read_bytes() == b"mine"
    assert not (tmp_path / "elsewhere").exists()


def test_is_current_notices_a_replaced_directory(tmp_path: Path) -> None:
    """Removed, or another one under the same name."""
    place = tmp_path / "place"
    place.mkdir()
    opened = Directory(str(place))
    assert opened.is_current()
    place.rename(tmp_path / "moved")
    assert not opened.is_current()
    place.mkdir()
    assert opened.fd is None or not opened.is_current()
    opened.close()


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    """The descriptor is given back once."""
    opened = Directory(str(tmp_path))
    opened.flush()
    opened.close()
    opened.close()
    assert opened.fd is None


async def test_downloads_into_one_directory_share_it(directories: Directories, tmp_path: Path) -> None:
    """It is opened once for all that come at the same moment, and kept for the next ones."""
    one, two = await asyncio.gather(*(directories.acquire(str(tmp_path)) for _ in range(2)))
    assert one is two
    directories.release(str(tmp_path))
    directories.release(str(tmp_path))
    assert await directories.acquire(str(tmp_path)) is one
    directories.release(str(tmp_path))


async def test_a_replaced_directory_is_opened_anew(directories: Directories, tmp_path: Path) -> None:
    """One that was idle may be another one by now."""
    place = tmp_path / "place"
    place.mkdir()
    one = await directories.acquire(str(place))
    directories.release(str(place))
    place.rename(tmp_path / "moved")
    place.mkdir()
    two = await directories.acquire(str(place))
    directories.release(str(place))
    assert two is not one
    assert await asyncio.to_thread(two.is_current)


async def test_a_missing_directory_is_every_waiters_error(directories: Directories, tmp_path: Path) -> None:
    """Each gets an error of its own, and a later attempt looks again."""
    path = str(tmp_path / "later")
    errors = await asyncio.gather(*(directories.acquire(path) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(error, DestinationError) for error in errors)
    (tmp_path / "later").mkdir()
    assert (await directories.acquire(path)).path == path
    directories.release(path)


async def test_a_cancelled_waiter_does_not_harm_the_others(directories: Directories, tmp_path: Path) -> None:
    """The directory is opened for those that still wait."""
    tasks = [asyncio.create_task(directories.acquire(str(tmp_path))) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(done[0], asyncio.CancelledError)
    assert done[1] is done[2]
    for _ in range(2):
        directories.release(str(tmp_path))


async def test_idle_directories_do_not_pile_up(directories: Directories, tmp_path: Path) -> None:
    """A download into each of a hundred directories leaves a few open at most."""
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("this system does not list descriptors")
    paths = [tmp_path / str(number) for number in range(100)]
    for path in paths:
        path.mkdir()
    before = len(os.listdir("/proc/self/fd"))
    for path in paths:
        await directories.acquire(str(path))
        directories.release(str(path))
    assert len(os.listdir("/proc/self/fd")) - before <= 40


async def test_a_directory_in_use_is_not_closed(directories: Directories, tmp_path: Path) -> None:
    """Closing what is idle leaves the others alone."""
    held = await directories.acquire(str(tmp_path))
    directories.close()
    assert await asyncio.to_thread(held.is_current)
    directories.release(str(tmp_path))


async def test_a_target_looks_at_its_directory_and_name(directories: Directories, tmp_path: Path) -> None:
    """A directory where the file is to be is refused before any byte moves."""
    (tmp_path / "sub").mkdir()
    target = FileTarget(str(tmp_path / "sub"))
    with pytest.raises(DestinationError, match="is a directory"):
        await target.prepare(directories)
    target.release()
    good = FileTarget(str(tmp_path / "sub" / "data"))
    await good.prepare(directories)
    sink = good.sink()
    await asyncio.to_thread(sink.open, None)
    await asyncio.to_thread(sink.commit)
    good.release()
    good.release()
    assert (tmp_path / "sub" / "data").exists()


async def test_a_target_in_a_missing_directory_is_refused(directories: Directories, tmp_path: Path) -> None:
    """And leaves the disk as it was."""
    target = FileTarget(str(tmp_path / "missing" / "data"))
    with pytest.raises(DestinationError):
        await target.prepare(directories)
    target.release()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("path", [".", "..", "sub", "sub/.", "sub/.."])
async def test_a_target_that_is_a_directory_is_refused(
    directories: Directories, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """In whatever way it is written, and the disk is as it was."""
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DestinationError):
        target = FileTarget(path)
        try:
            await target.prepare(directories)
        finally:
            target.release()
    assert os.listdir(tmp_path) == ["sub"]

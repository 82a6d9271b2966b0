"""Files that are there already: which of them prove something."""

from __future__ import annotations

import asyncio
import hashlib
import os
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from haulage.downloaders.existing import existing_attributes
from haulage.sinks.directories import Directories
from haulage.sinks.existing import ExistingFile
from haulage.sinks.file import FileTarget
from haulage.workers import Workers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SIZES = [0, 1, 4096, (4 << 20) - 1, 4 << 20, (4 << 20) + 1, 9 << 20]


@pytest_asyncio.fixture
async def target(tmp_path: Path) -> AsyncIterator[FileTarget]:
    """Return a prepared target called ``data.bin``."""
    workers = Workers(asyncio.get_running_loop())
    directories = Directories(workers)
    prepared = FileTarget(str(tmp_path / "data.bin"))
    await prepared.prepare(directories)
    yield prepared
    prepared.release()
    await directories.aclose()
    await workers.aclose()


def read_all(existing: ExistingFile) -> int:
    """Read to the end, and return in how many goes."""
    goes = 1
    while existing.read():
        goes += 1
    return goes


@pytest.mark.case("F03")
@pytest.mark.parametrize("size", SIZES)
async def test_a_regular_file_is_read_to_its_end(target: FileTarget, size: int) -> None:
    """Size and digests are those of its bytes."""
    data = os.urandom(size)
    with open(target.path, "wb") as file:
        file.write(data)
    existing = ExistingFile(target, ("sha256", "md5"), None)
    # In several goes where it is long, so that others have their turn.
    assert size // (4 << 20) < read_all(existing) <= size // (4 << 20) + 2
    digests = {name: hashlib.new(name, data).hexdigest() for name in ("sha256", "md5")}
    assert existing.attributes == {"size": size, **digests}


@pytest.mark.case("F02", "F03")
@pytest.mark.parametrize("kind", ["nothing", "directory", "link", "dangling link", "pipe", "wrong size"])
async def test_nothing_else_proves_anything(target: FileTarget, tmp_path: Path, kind: str) -> None:
    """A link least of all: what it leads to may be somebody else's to change. Nothing is waited for."""
    path, elsewhere = tmp_path / "data.bin", tmp_path / "elsewhere"
    elsewhere.write_bytes(b"right")
    if kind == "directory":
        path.mkdir()
    elif kind == "link":
        path.symlink_to(elsewhere)
    elif kind == "dangling link":
        path.symlink_to(tmp_path / "nowhere")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "wrong size":
        path.write_bytes(b"right, and more")
    existing = ExistingFile(target, ("sha256",), 5)
    assert read_all(existing) == 1
    assert existing.attributes is None
    existing.close()


@pytest.mark.parametrize("change", [b"more", None])
async def test_a_file_in_change_proves_nothing(target: FileTarget, change: bytes | None) -> None:
    """One that grows or shrinks while it is read is being written by somebody."""
    with open(target.path, "wb") as file:
        file.write(bytes(5 << 20))
    existing = ExistingFile(target, ("sha256",), None)
    assert existing.read()
    if change is None:
        os.truncate(target.path, 4 << 20)
    else:
        with open(target.path, "ab") as file:
            file.write(change)
    assert not existing.read()
    assert existing.attributes is None


async def test_a_cancelled_reading_leaves_nothing_open(target: FileTarget) -> None:
    """The thread ends its piece, the file is closed, and the cancellation goes on."""
    with open(target.path, "wb") as file:
        file.truncate(1 << 30)
    workers = Workers(asyncio.get_running_loop())
    reading = asyncio.create_task(
        existing_attributes(target, workers, algorithms=("sha256",), expected_size=None, expected_digests={})
    )
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await workers.aclose()


async def test_all_expected_digests_must_be_right(target: FileTarget) -> None:
    """One that is wrong, or one that was not computed, and the file is not what is wanted."""
    with open(target.path, "wb") as file:
        file.write(b"right")
    right = {name: hashlib.new(name, b"right").hexdigest() for name in ("sha256", "md5")}
    workers = Workers(asyncio.get_running_loop())

    async def look(expected: dict[str, str], *algorithms: str) -> bool:
        found = await existing_attributes(
            target, workers, algorithms=algorithms, expected_size=5, expected_digests=expected
        )
        return found is not None

    assert await look(right, "sha256", "md5", "sha1")
    assert not await look({**right, "md5": "0" * 32}, "sha256", "md5")
    assert not await look(right, "sha256")
    await workers.aclose()

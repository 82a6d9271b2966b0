"""A disk that is too small for what is unpacked: a clear error at once, and the disk as it was."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from pathlib import Path

import pytest

import haulage
from archives.making import archive, directory, file, header
from archives.place import Place
from archives.unpacking import keep, unpack
from haulage.archives.contents import Contents
from haulage.depot import Depot

LARGE = archive(directory("data"), *(file(f"data/{number}", os.urandom(60_000)) for number in range(10)))


@pytest.fixture
def tiny_place(depot: Depot, tmp_path: Path, tiny_disk: Path) -> Place:
    """A cart whose archive does not fit."""
    made = Place(depot, tmp_path / "served", tiny_disk, LARGE)
    depot.clear_requests()
    return made


@pytest.mark.parametrize("concurrency", [1, 256], ids=["at once", "in pieces"])
@pytest.mark.case("T11", "F06")
async def test_it_fills_up(depot: Depot, tiny_place: Place, tiny_disk: Path, concurrency: int) -> None:
    """Files that do not fit any more end it; those that did are gone, and nobody asks again."""
    with pytest.raises(haulage.StorageFull) as caught:
        await tiny_place.download(max_retries=3, download_concurrency=concurrency)
    assert (caught.value.errno, caught.value.attempts) == (errno.ENOSPC, 1)
    assert os.listdir(tiny_disk) == []
    assert shutil.disk_usage(tiny_disk).used == 0
    assert [request.method for request in depot.requests].count("GET") == 1


@pytest.mark.case("T11", "F06", "S02")
def test_a_file_that_does_not_fit(tiny_disk: Path) -> None:
    """A file that is said to be larger than the room there is is refused before it is begun."""
    data = archive(directory("data"), file("data/a", b"a"), header("data/b", 2 << 20))
    with pytest.raises(haulage.StorageFull, match="2097152 bytes to come"):
        unpack([data], tiny_disk, Contents())
    assert os.listdir(tiny_disk) == []


@pytest.mark.case("T11", "F06")
def test_no_room_for_a_directory(tmp_path: Path, tiny_disk: Path) -> None:
    """The same where nothing but directories and empty files is unpacked."""
    del tiny_disk  # it says whether one can be mounted
    place = tmp_path / "crowded"
    place.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=20", "tmpfs", str(place)]
    subprocess.run(options, check=True)
    try:
        for make in (directory, file):
            data = archive(*(make(f"data/{number}") for number in range(50)))
            with pytest.raises(haulage.StorageFull):
                unpack([data], place, Contents())
            assert os.listdir(place) == []
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.case("T11", "F06")
def test_an_archive_that_is_kept(tiny_disk: Path) -> None:
    """A good archive that does not fit as it is."""
    with pytest.raises(haulage.StorageFull):
        keep([LARGE[place : place + 10_000] for place in range(0, len(LARGE), 10_000)], tiny_disk, Contents())
    assert os.listdir(tiny_disk) == []

"""Somebody who swaps the target, or its directory, for a link while files are written and published."""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from haulage.errors import DestinationExists
from haulage.sinks.directory import Directory
from haulage.sinks.file import FileSink, FileTarget

pytestmark = [
    pytest.mark.case("F02"),
    pytest.mark.skipif(os.open not in os.supports_dir_fd, reason="names are relative to no descriptor here"),
]

SWAPS = 3000


@contextlib.contextmanager
def swapping(swap: Callable[[int], None]) -> Iterator[Callable[[], bool]]:
    """Run *swap* again and again in a thread; yields whether it has run often enough."""
    stop = threading.Event()
    failures: list[BaseException] = []
    done = 0

    def run() -> None:
        nonlocal done
        try:
            for number in itertools.count():
                if stop.is_set():
                    return
                swap(number)
                done = number
        except BaseException as error:
            failures.append(error)

    def is_enough() -> bool:
        return done >= SWAPS or bool(failures)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield is_enough
    finally:
        stop.set()
        thread.join()
    assert not failures, failures
    assert done >= SWAPS


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A directory with a file that is nobody's business here."""
    directory = tmp_path / "outside"
    directory.mkdir()
    (directory / "data.bin").write_bytes(b"precious")
    return directory


def publish(directory: Directory, number: int, *, replaces: bool) -> bool:
    """Write a file and publish it; return whether it could be."""
    sink = FileSink(FileTarget(os.path.join(directory.path, "data.bin"), replaces=replaces), directory)
    sink.open(None)
    sink.write([b"%d" % number])
    try:
        sink.commit()
    except DestinationExists:
        return False
    finally:
        sink.abort()
    return True


@pytest.mark.parametrize("replaces", [True, False])
def test_a_target_that_becomes_a_link_is_not_followed(tmp_path: Path, outside: Path, replaces: bool) -> None:
    """What the link leads to is never written to: the link is replaced, or in the way."""
    place = tmp_path / "place"
    place.mkdir()
    target, spare = place / "data.bin", place / "spare"

    def swap(number: int) -> None:
        if number % 2:
            with contextlib.suppress(FileNotFoundError):
                target.unlink()
        else:
            spare.symlink_to(outside / "data.bin")
            spare.replace(target)

    opened = Directory(str(place))
    published = 0
    with swapping(swap) as is_enough:
        for number in itertools.count():
            published += publish(opened, number, replaces=replaces)
            if number > SWAPS and is_enough():
                break
    opened.close()
    assert published
    assert os.listdir(outside) == ["data.bin"]
    assert (outside / "data.bin").read_bytes() == b"precious"
    assert set(os.listdir(place)) <= {"data.bin", "spare"}


@pytest.mark.parametrize("replaces", [True, False])
def test_a_directory_that_becomes_a_link_leads_nowhere(tmp_path: Path, outside: Path, replaces: bool) -> None:
    """Parts and files land in the directory that was opened, whatever its name leads to at the moment."""
    place, moved = tmp_path / "place", tmp_path / "moved"
    place.mkdir()

    def swap(number: int) -> None:
        if number % 2:
            place.unlink()
            moved.rename(place)
        else:
            place.rename(moved)
            place.symlink_to(outside)

    opened = Directory(str(place))
    assert opened.fd is not None
    with swapping(swap) as is_enough:
        for number in itertools.count():
            assert publish(opened, number, replaces=replaces)
            with open(os.open("data.bin", os.O_RDONLY, dir_fd=opened.fd), "rb") as file:
                assert file.read() == b"%d" % number
            opened.remove("data.bin")
            if number > SWAPS and is_enough():
                break
    assert os.listdir(opened.fd) == []
    opened.close()
    assert os.listdir(outside) == ["data.bin"]
    assert (outside / "data.bin").read_bytes() == b"precious"

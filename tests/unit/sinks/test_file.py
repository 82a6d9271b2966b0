"""The file sink: a part beside the target, published by rename, or gone."""

from __future__ import annotations

import errno
import os
import stat
import warnings
from typing import TYPE_CHECKING

import pytest

from haulage.errors import DestinationError, StorageError, StorageFull
from haulage.sinks.directory import Directory
from haulage.sinks.file import FileSink, FileTarget

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Directory]:
    """Open the test's own directory."""
    opened = Directory(str(tmp_path))
    yield opened
    opened.close()


@pytest.fixture
def sink(tmp_path: Path, directory: Directory) -> FileSink:
    """Return a sink for ``data.bin``."""
    return FileSink(FileTarget(str(tmp_path / "data.bin")), directory)


def names(path: Path) -> list[str]:
    """Return what is in a directory."""
    return sorted(entry.name for entry in path.iterdir())


def test_nothing_is_there_before_it_is_opened(sink: FileSink, tmp_path: Path) -> None:
    """Making a sink touches no disk; aborting it is harmless."""
    assert names(tmp_path) == []
    sink.abort()
    assert names(tmp_path) == []


def test_commit_publishes_what_was_written(sink: FileSink, tmp_path: Path) -> None:
    """Until then there is only a part with another name."""
    sink.open(None)
    sink.write([b"hel", b"", b"lo"])
    sink.write([])
    sink.write([b"\n"])
    assert len(names(tmp_path)) == 1
    assert names(tmp_path)[0].startswith(".haulage-")
    assert sink.path == str(tmp_path / "data.bin")
    sink.commit()
    assert names(tmp_path) == ["data.bin"]
    assert (tmp_path / "data.bin").read_bytes() == b"hello\n"


def test_abort_leaves_nothing(sink: FileSink, tmp_path: Path) -> None:
    """The part is gone; aborting twice is harmless."""
    sink.open(3)
    sink.write([b"abc"])
    sink.abort()
    sink.abort()
    assert names(tmp_path) == []


def test_abort_after_commit_leaves_the_file(sink: FileSink, tmp_path: Path) -> None:
    """What was published stays."""
    sink.open(None)
    sink.write([b"abc"])
    sink.commit()
    sink.abort()
    assert (tmp_path / "data.bin").read_bytes() == b"abc"


def test_an_empty_file_is_a_file(sink: FileSink, tmp_path: Path) -> None:
    """No bytes are bytes enough."""
    sink.open(0)
    sink.commit()
    assert (tmp_path / "data.bin").read_bytes() == b""


def test_opening_twice_is_opening_once(sink: FileSink, tmp_path: Path) -> None:
    """There is never a second part."""
    sink.open(None)
    sink.open(5)
    assert len(names(tmp_path)) == 1
    sink.abort()


def test_the_old_file_is_untouched_until_commit(sink: FileSink, tmp_path: Path) -> None:
    """Readers see the old bytes or the new ones, never a mixture."""
    (tmp_path / "data.bin").write_bytes(b"old")
    sink.open(None)
    sink.write([b"new bytes"])
    assert (tmp_path / "data.bin").read_bytes() == b"old"
    with open(tmp_path / "data.bin", "rb") as reader:
        sink.commit()
        assert reader.read() == b"old"
    assert (tmp_path / "data.bin").read_bytes() == b"new bytes"


def test_the_old_file_is_untouched_after_abort(sink: FileSink, tmp_path: Path) -> None:
    """A failed attempt changes nothing, not even a time stamp."""
    (tmp_path / "data.bin").write_bytes(b"old")
    before = (tmp_path / "data.bin").stat()
    sink.open(None)
    sink.write([b"new"])
    sink.abort()
    after = (tmp_path / "data.bin").stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_size) == (before.st_ino, before.st_mtime_ns, before.st_size)


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no symbolic links here")
def test_a_link_is_replaced_and_not_followed(sink: FileSink, tmp_path: Path) -> None:
    """What the link led to is as before."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"secret")
    (tmp_path / "data.bin").symlink_to(elsewhere)
    sink.open(None)
    sink.write([b"new"])
    sink.commit()
    assert not (tmp_path / "data.bin").is_symlink()
    assert (tmp_path / "data.bin").read_bytes() == b"new"
    assert elsewhere.read_bytes() == b"secret"


def test_a_dangling_link_is_replaced(sink: FileSink, tmp_path: Path) -> None:
    """A link to nowhere does not become a file there."""
    (tmp_path / "data.bin").symlink_to(tmp_path / "nowhere")
    sink.open(None)
    sink.commit()
    assert names(tmp_path) == ["data.bin"]
    assert not (tmp_path / "data.bin").is_symlink()


def test_the_file_has_the_mode_of_any_new_file(sink: FileSink, tmp_path: Path) -> None:
    """0666 less the umask, whatever the old file had."""
    (tmp_path / "data.bin").write_bytes(b"old")
    (tmp_path / "data.bin").chmod(0o600)
    (tmp_path / "plain").write_bytes(b"")
    sink.open(None)
    sink.commit()
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("data.bin", "plain")}
    assert len(modes) == 1


def test_many_chunks_are_written_in_order(sink: FileSink, tmp_path: Path) -> None:
    """More pieces than one system call takes (IOV_MAX)."""
    chunks = [b"%07d" % number for number in range(5000)]
    sink.open(None)
    sink.write(chunks)
    sink.commit()
    assert (tmp_path / "data.bin").read_bytes() == b"".join(chunks)


def test_a_directory_in_the_way_is_an_error_and_nothing_is_published(sink: FileSink, tmp_path: Path) -> None:
    """One that appeared since the look at the destination."""
    sink.open(None)
    sink.write([b"abc"])
    (tmp_path / "data.bin").mkdir()
    with pytest.raises(DestinationError) as caught:
        sink.commit()
    assert caught.value.filename == str(tmp_path / "data.bin")
    sink.abort()
    assert names(tmp_path) == ["data.bin"]
    assert names(tmp_path / "data.bin") == []


def test_a_directory_that_is_gone_is_an_error(tmp_path: Path) -> None:
    """Removed after it was looked at."""
    place = tmp_path / "place"
    place.mkdir()
    opened = Directory(str(place))
    place.rmdir()
    sink = FileSink(FileTarget(str(place / "data.bin")), opened)
    with pytest.raises(StorageError):
        sink.open(None)
    sink.abort()
    opened.close()


@pytest.mark.skipif(os.open not in os.supports_dir_fd, reason="names are relative to no descriptor here")
def test_a_directory_swapped_for_a_link_leads_nobody_astray(tmp_path: Path) -> None:
    """The bytes land in the directory that was looked at, not in the one its name leads to now."""
    place, trap = tmp_path / "place", tmp_path / "trap"
    place.mkdir()
    trap.mkdir()
    opened = Directory(str(place))
    sink = FileSink(FileTarget(str(place / "data.bin")), opened)
    sink.open(None)
    place.rename(tmp_path / "moved")
    place.symlink_to(trap)
    sink.write([b"abc"])
    sink.commit()
    opened.close()
    assert names(trap) == []
    assert (tmp_path / "moved" / "data.bin").read_bytes() == b"abc"


@pytest.mark.skipif(not hasattr(os, "fstatvfs"), reason="free space is not known here")
def test_a_file_that_cannot_fit_is_refused_at_once(sink: FileSink, tmp_path: Path) -> None:
    """More bytes than there are free: before the first one is written, and without a trace."""
    with pytest.raises(StorageFull) as caught:
        sink.open(1 << 60)
    assert caught.value.errno == errno.ENOSPC
    sink.abort()
    assert names(tmp_path) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full device here")
def test_a_full_disk_is_said_to_be_full(tmp_path: Path) -> None:
    """The system's word comes through, with the path."""

    class Full(Directory):
        def create(self, name: str) -> int:
            return os.open("/dev/full", os.O_WRONLY)

    opened = Full(str(tmp_path))
    sink = FileSink(FileTarget(str(tmp_path / "data.bin")), opened)
    sink.open(None)
    with pytest.raises(StorageFull) as caught:
        sink.write([b"abc"])
    assert caught.value.filename == str(tmp_path / "data.bin")
    sink.abort()
    opened.close()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_short_write_is_completed(tmp_path: Path) -> None:
    """A device that takes less than it is given gets the rest, in order."""
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)

    class Short(Directory):
        def create(self, name: str) -> int:
            return os.open(tmp_path / "pipe", os.O_WRONLY)

        def publish(self, part: str, name: str) -> None:
            """Do nothing."""

    import threading

    opened = Short(str(tmp_path))
    sink = FileSink(FileTarget(str(tmp_path / "data.bin")), opened)
    sink.open(None)
    os.set_blocking(reader, True)
    chunks = [bytes([number % 256]) * 1000 for number in range(300)]
    received: list[bytes] = []

    def read() -> None:
        while data := os.read(reader, 7777):
            received.append(data)

    thread = threading.Thread(target=read)
    thread.start()
    sink.write(chunks)
    sink.commit()
    thread.join()
    os.close(reader)
    opened.close()
    assert b"".join(received) == b"".join(chunks)


def test_durable_files_are_published_too(tmp_path: Path, directory: Directory) -> None:
    """Flushing file and directory changes nothing else."""
    sink = FileSink(FileTarget(str(tmp_path / "data.bin"), durable=True), directory)
    sink.open(3)
    sink.write([b"abc"])
    sink.commit()
    assert names(tmp_path) == ["data.bin"]


def test_a_sink_that_was_dropped_cleans_up_and_says_so(tmp_path: Path, directory: Directory) -> None:
    """The last line of defence warns and leaves nothing."""
    sink = FileSink(FileTarget(str(tmp_path / "data.bin")), directory)
    sink.open(None)
    with pytest.warns(ResourceWarning, match="dropped"):
        del sink
    assert names(tmp_path) == []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        quiet = FileSink(FileTarget(str(tmp_path / "data.bin")), directory)
        del quiet


def test_descriptors_are_closed(sink: FileSink, tmp_path: Path) -> None:
    """Neither a commit nor an abort leaves one open."""
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("this system does not list descriptors")
    before = len(os.listdir("/proc/self/fd"))
    sink.open(None)
    sink.commit()
    other = FileSink(FileTarget(str(tmp_path / "other")), sink._directory)
    other.open(None)
    other.abort()
    assert len(os.listdir("/proc/self/fd")) == before


def test_two_attempts_have_two_parts(tmp_path: Path, directory: Directory) -> None:
    """Nothing of one is ever in the other."""
    target = FileTarget(str(tmp_path / "data.bin"))
    one, two = FileSink(target, directory), FileSink(target, directory)
    one.open(None)
    two.open(None)
    one.write([b"one"])
    two.write([b"second"])
    assert len(names(tmp_path)) == 2
    one.abort()
    two.commit()
    assert (tmp_path / "data.bin").read_bytes() == b"second"


# --- targets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "/", "dir/", "dir/.", "dir/..", "a\0b"])
def test_what_is_no_file_name_is_refused(path: str) -> None:
    """A trailing separator, a directory by its form, nothing at all, and a NUL."""
    with pytest.raises(DestinationError):
        FileTarget(path)


def test_a_relative_path_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the current directory at that moment that counts."""
    monkeypatch.chdir(tmp_path)
    target = FileTarget("a/../data.bin")
    assert target.path == str(tmp_path / "data.bin")
    assert target.name == "data.bin"


def test_without_a_path_there_is_a_new_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the working directory, or in the current one; never the same twice."""
    monkeypatch.chdir(tmp_path)
    one, two = FileTarget(None, working_directory="/srv"), FileTarget(None)
    assert os.path.dirname(one.path) == "/srv"
    assert os.path.dirname(two.path) == str(tmp_path)
    assert one.name != two.name
    assert len({FileTarget(None).path for _ in range(100)}) == 100


def test_a_file_target_can_begin_again() -> None:
    """An attempt at publishing can be undone completely."""
    assert FileTarget("x").can_restart

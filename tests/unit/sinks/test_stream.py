"""The sink for a file object of the caller's: written to, flushed, never closed."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import threading
from typing import TYPE_CHECKING, Any

import pytest

from haulage.errors import DestinationError, StorageError, StorageFull
from haulage.sinks.stream import StreamTarget, check_file_object

if TYPE_CHECKING:
    from pathlib import Path


def begun(file: Any, **kwargs: Any) -> StreamTarget:
    """Return a target for *file*, ready to be written to."""
    check_file_object(file)
    target = StreamTarget(file, **kwargs)
    target.remember()
    target.sink().open(None)
    return target


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (5, "int"),
        (None, "NoneType"),
        (b"path", "bytes"),
        (io.StringIO(), "text mode"),
        (io.TextIOWrapper(io.BytesIO()), "text mode"),
        (io.BufferedReader(io.BytesIO()), "not open for writing"),
    ],
    ids=["number", "nothing", "bytes", "text", "wrapper", "reader"],
)
def test_what_cannot_take_bytes_is_refused(file: Any, reason: str) -> None:
    """Before any byte moves, and with the reason."""
    with pytest.raises(DestinationError, match=reason):
        check_file_object(file)


def test_a_closed_file_is_refused() -> None:
    """It was the caller's mistake, and is said to be."""
    file = io.BytesIO()
    file.close()
    with pytest.raises(DestinationError, match="closed"):
        check_file_object(file)


def test_anything_with_write_will_do() -> None:
    """An object of the caller's own needs nothing but a write method."""
    chunks: list[bytes] = []

    class Own:
        def write(self, data: bytes) -> None:
            chunks.append(bytes(data))

    target = begun(Own())
    target.write([b"a", b"b"])
    target.commit()
    target.abort()
    assert b"".join(chunks) == b"ab"


def test_bytes_arrive_and_the_file_stays_open() -> None:
    """In memory, from where it stood."""
    file = io.BytesIO(b"head")
    file.seek(4)
    target = begun(file)
    target.write([b"a", b""])
    target.write([b"bc"])
    target.commit()
    target.release()
    assert not file.closed
    assert file.getvalue() == b"headabc"
    assert target.path is None


def test_an_aborted_attempt_is_wound_back() -> None:
    """The next one begins where the first one did, and leaves no tail of it."""
    file = io.BytesIO(b"head")
    file.seek(4)
    target = begun(file)
    target.write([b"a long first attempt"])
    assert not target.can_restart
    target.abort()
    assert target.can_restart
    assert file.getvalue() == b"head"
    sink = target.sink()
    sink.open(None)
    sink.write([b"ok"])
    sink.commit()
    assert file.getvalue() == b"headok"


def test_what_was_not_written_to_can_begin_again() -> None:
    """Also where nothing could be undone."""
    read, write = os.pipe()
    with os.fdopen(write, "wb") as file:
        target = begun(file)
        assert target.can_restart
        target.write([b"x"])
        assert not target.can_restart
        target.abort()
        assert not target.can_restart
    os.close(read)


@pytest.mark.parametrize("buffering", [-1, 0], ids=["buffered", "raw"])
def test_a_file_on_disk(tmp_path: Path, buffering: int) -> None:
    """Buffered or not, its bytes are there after the commit, and it is still open."""
    with open(tmp_path / "x", "wb", buffering=buffering) as file:
        target = begun(file, durable=True)
        target.write([b"ab", b"c" * 100_000])
        target.commit()
        assert (tmp_path / "x").read_bytes() == b"ab" + b"c" * 100_000
        assert not file.closed


@pytest.mark.parametrize("buffering", [-1, 0], ids=["buffered", "raw"])
def test_an_aborted_file_on_disk_is_as_long_as_before(tmp_path: Path, buffering: int) -> None:
    """Also when its bytes were still in a buffer."""
    (tmp_path / "x").write_bytes(b"head")
    with open(tmp_path / "x", "ab", buffering=buffering) as file:
        target = begun(file)
        target.write([b"tail"])
        target.abort()
    assert (tmp_path / "x").read_bytes() == b"head"


def test_a_raw_pipe_takes_everything() -> None:
    """A pipe that takes little at a time gets all of it, in order."""
    read, write = os.pipe()
    content = os.urandom(1 << 20)
    received: list[bytes] = []

    def reader() -> None:
        while data := os.read(read, 50_000):
            received.append(data)

    thread = threading.Thread(target=reader)
    thread.start()
    with os.fdopen(write, "wb", buffering=0) as file:
        target = begun(file)
        target.write([content[:700_000], content[700_000:]])
        target.commit()
    thread.join()
    os.close(read)
    assert b"".join(received) == content


class Nibbler(io.RawIOBase):
    """Takes at most three bytes at a time."""

    def __init__(self) -> None:
        self.taken = bytearray()

    def writable(self) -> bool:
        """Say yes."""
        return True

    def write(self, data: Any) -> int:  # type: ignore[override]
        """Take up to three bytes."""
        self.taken += bytes(data)[:3]
        return min(3, len(data))


class DuckNibbler:
    """The same without the base class, as wrappers around raw files are."""

    def __init__(self) -> None:
        self.raw = Nibbler()

    def write(self, data: Any) -> int:
        """Take up to three bytes."""
        return self.raw.write(data)

    @property
    def taken(self) -> bytearray:
        """What was taken."""
        return self.raw.taken


@pytest.mark.parametrize("kind", [Nibbler, DuckNibbler])
def test_short_writes_are_completed(kind: Any) -> None:
    """What says it took less gets the rest; no byte is lost in silence."""
    file = kind()
    target = begun(file)
    target.write([b"abcdefgh", b"ij"])
    target.commit()
    assert bytes(file.taken) == b"abcdefghij"


def test_a_raw_file_that_takes_nothing_is_an_error() -> None:
    """A non-blocking one must not be asked for ever."""

    class Full(Nibbler):
        def write(self, data: Any) -> int | None:  # type: ignore[override]
            return None

    target = begun(Full())
    with pytest.raises(StorageError, match="took None of 1 bytes"):
        target.write([b"x"])


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full device here")
@pytest.mark.parametrize("buffering", [-1, 0], ids=["buffered", "raw"])
def test_a_full_disk_is_said_to_be_full(buffering: int) -> None:
    """Whether it shows on writing or on flushing; the system's error is the cause."""
    file = open("/dev/full", "wb", buffering=buffering)  # noqa: SIM115 - closing it fails, too
    try:
        target = begun(file)
        with pytest.raises(StorageFull) as caught:
            target.write([b"abc"])
            target.commit()
        assert isinstance(caught.value.__cause__, OSError)
    finally:
        with contextlib.suppress(OSError):
            file.close()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full device here")
def test_an_unbuffered_wrapper_loses_nothing(tmp_path: Path) -> None:
    """The wrapper of a named temporary file is no raw file by its class, and is one by its manners."""
    with tempfile.NamedTemporaryFile(dir=tmp_path, buffering=0) as file:
        target = begun(file)
        target.write([b"abc" * 1000])
        target.commit()
        assert os.path.getsize(file.name) == 3000


@pytest.mark.parametrize("error", [ValueError("closed"), RuntimeError("odd"), OSError(5, "io")])
def test_what_a_file_object_raises_is_the_cause(error: Exception) -> None:
    """The caller sees our error, and his own behind it."""

    class Broken:
        def write(self, data: bytes) -> int:
            raise error

    target = begun(Broken())
    with pytest.raises(StorageError) as caught:
        target.write([b"x"])
    assert caught.value.__cause__ is error
    assert not target.can_restart
    target.abort()


def test_a_file_that_only_says_it_is_seekable() -> None:
    """Winding back that fails is no error of its own."""

    class Liar(io.BytesIO):
        def truncate(self, size: int | None = None) -> int:
            raise OSError(22, "no")

    target = begun(Liar())
    target.write([b"x"])
    target.abort()
    assert not target.can_restart

"""The sink for a file object of the caller's: written to, flushed, never closed.

What has been written to a pipe or a socket cannot be taken back, so an attempt that has begun to write there is not
followed by another. A seekable file is wound back to where it stood.
"""

from __future__ import annotations

import contextlib
import io
import os
from typing import IO, Any

from haulage.errors import DestinationError, StorageError
from haulage.sinks.oserrors import storage_error

__all__ = ["StreamTarget", "check_file_object"]


def check_file_object(file: Any) -> None:
    """Say what is wrong with *file* as a place for bytes.

    Raises:
        DestinationError: It cannot be written to, is closed, or wants text.
    """
    reason = None
    if not callable(getattr(file, "write", None)):
        reason = f"a destination is a path or a binary file object, not {type(file).__name__}"
    elif getattr(file, "closed", False):
        reason = "the file object is closed"
    elif isinstance(file, io.TextIOBase) or hasattr(file, "encoding"):
        reason = "the file object is in text mode; open it with 'b'"
    elif callable(writable := getattr(file, "writable", None)) and not writable():
        reason = "the file object is not open for writing"
    if reason is not None:
        raise DestinationError(reason)


class StreamTarget:
    """A caller's file object; target and sink in one, since there is only one place to write to.

    Args:
        file: A binary file object that `check_file_object` accepts.
        durable: Whether to flush it to the disk before success is reported.
    """

    path = None

    def __init__(self, file: IO[bytes], *, durable: bool = False) -> None:
        self._file = file
        self._durable = durable
        self._start: int | None = None
        self._written = False

    @property
    def can_restart(self) -> bool:
        """Whether another attempt would begin where this one began."""
        return not self._written

    def remember(self) -> None:
        """Note where the file stands; in a worker thread."""
        with contextlib.suppress(OSError, ValueError, AttributeError):
            if self._file.seekable():
                self._start = self._file.tell()

    def release(self) -> None:
        """Leave the file open."""

    def sink(self) -> StreamTarget:
        """Return the sink of the next attempt."""
        return self

    def open(self, size: int | None) -> None:
        """Nothing to open."""

    def write(self, chunks: list[bytes]) -> None:
        """Write *chunks*.

        Raises:
            StorageError: The file object raised; its exception is the cause.
        """
        for chunk in chunks:
            self._written = True
            view = memoryview(chunk)
            while view:
                # Buffered files take a bytes object as it is; what is left of one goes as a view.
                count = self._call(self._file.write, chunk if len(view) == len(chunk) else view)
                if count is None and not isinstance(self._file, io.RawIOBase):
                    break
                if not isinstance(count, int) or not 0 < count <= len(view):
                    msg = f"the file object took {count!r} of {len(view)} bytes"
                    raise StorageError(msg)
                view = view[count:]

    def commit(self) -> None:
        """Flush.

        Raises:
            StorageError: It could not be flushed.
        """
        if callable(flush := getattr(self._file, "flush", None)):
            self._call(flush)
        if self._durable:
            with contextlib.suppress(AttributeError, io.UnsupportedOperation):
                self._call(os.fsync, self._file.fileno())

    def abort(self) -> None:
        """Wind a seekable file back; elsewhere nothing can be undone."""
        if self._start is None:
            return
        with contextlib.suppress(OSError, ValueError, AttributeError):
            self._file.seek(self._start)
            self._file.truncate()
            self._written = False

    @staticmethod
    def _call(function: Any, *args: Any) -> Any:
        try:
            return function(*args)
        except OSError as error:
            raise storage_error(error, None) from error
        except Exception as error:
            msg = f"the file object raised {type(error).__name__}"
            raise StorageError(msg) from error

"""A file that is there already: read and hashed, to see whether it is what is wanted.

Only a regular file proves anything. A link is not followed: what it leads to may be somebody else's to change.
"""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING, Any

from haulage.rules.digests import Hashers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from haulage.sinks.file import FileTarget

__all__ = ["ExistingFile"]

_CHUNK = 1 << 20  # bytes
_CHUNKS = 4  # in one go, so that others have their turn in between


class ExistingFile:
    """What may be at a target already. Its methods run in a worker thread, one call at a time.

    Args:
        target: The target, prepared.
        algorithms: Digests to compute.
        size: Bytes it must have, where that is known.

    Attributes:
        attributes: ``{"size": bytes, "sha256": hex, …}`` of a regular file that was read to its end; None of anything
            else.
    """

    def __init__(self, target: FileTarget, algorithms: Iterable[str], size: int | None) -> None:
        self._target = target
        self._hashers = Hashers(algorithms)
        self._expected = size
        self._fd: int | None = None
        self._left = 0
        self._size = 0
        self.attributes: dict[str, Any] | None = None

    def read(self) -> bool:
        """Read some more, and return whether that was not the end of it."""
        try:
            return (self._fd is not None or self._open()) and self._read()
        except OSError:
            self.close()
            return False

    def close(self) -> None:
        """Close it. It was only read, so nothing depends on what the system says to that."""
        fd, self._fd = self._fd, None
        if fd is not None:
            with contextlib.suppress(OSError):
                os.close(fd)

    def _open(self) -> bool:
        directory = self._target.directory
        assert directory is not None
        self._fd = directory.open(self._target.name)
        status = os.fstat(self._fd)
        self._size = self._left = status.st_size
        if stat.S_ISREG(status.st_mode) and self._expected in (None, status.st_size):
            return True
        self.close()
        return False

    def _read(self) -> bool:
        assert self._fd is not None
        for _ in range(_CHUNKS):
            data = os.read(self._fd, min(_CHUNK, self._left + 1))
            self._hashers.update((data,))
            self._left -= len(data)
            if not data or self._left < 0:
                self._conclude(self._fd)
                return False
        return True

    def _conclude(self, fd: int) -> None:
        # One that was cut or grew under our hands is being written by somebody.
        if self._left == 0:
            if self._target.durable and self._target.directory is not None:
                # Nobody knows whether who wrote it did.
                os.fsync(fd)
                self._target.directory.flush()
            self.attributes = {"size": self._size, **self._hashers.digests()}
        self.close()

"""This machine: its disk, its files, its limits."""

from __future__ import annotations

import errno
from typing import Any

from haulage.errors.base import DownloadError, restore

__all__ = [
    "DestinationError",
    "DestinationExists",
    "FileNotFound",
    "LocalResourceError",
    "ReadError",
    "StorageError",
    "StorageFull",
]

OWN_LIMITS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})
"""Error numbers that say that this process, or this machine, is out of something."""


class StorageError(DownloadError, OSError):
    """The destination could not be written. Never retried.

    Attributes:
        errno: The system's error number, or None.
        filename: The path concerned, or None.
    """

    def __init__(
        self, message: str, *, errno: int | None = None, filename: str | None = None, url: str | None = None
    ) -> None:
        super().__init__(message, url=url)
        self.errno = errno
        self.filename = filename

    def __reduce__(self) -> tuple[Any, ...]:
        # OSError keeps these two outside the instance's dictionary.
        state = {**self.__dict__, "errno": self.errno, "filename": self.filename}
        return (restore, (type(self), self.args, state))


class StorageFull(StorageError):
    """No space, or no quota, left on the destination's file system."""


class DestinationError(StorageError, ValueError):
    """A destination that cannot be written to: a directory, in a missing directory, read-only."""


class DestinationExists(DestinationError, FileExistsError):
    """There is something at the destination already, and nothing was to be replaced."""


class LocalResourceError(StorageError):
    """This process is out of file descriptors or memory; the server is not to blame."""

    transient = True


class ReadError(DownloadError, OSError):
    """A source file could not be read."""


class FileNotFound(ReadError, FileNotFoundError):
    """There is no such source file."""

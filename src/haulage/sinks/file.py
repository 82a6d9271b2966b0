"""The file sink: a part beside the target, published by rename when everything is proved.

Until the rename the target is untouched; a target that is a symbolic link is replaced, never followed. Where nothing is
to be replaced, the part gets the target's name by a link, which the file system refuses if the name is taken. The new
file has the mode of any new file (0666 less the umask), whatever the mode of the old one.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import warnings
from typing import TYPE_CHECKING

from haulage.errors import DestinationError, DestinationExists
from haulage.sinks.oserrors import storage_error, translated
from haulage.sinks.parts import part_name

if TYPE_CHECKING:
    from haulage.sinks.directories import Directories
    from haulage.sinks.directory import Directory

__all__ = ["FileSink", "FileTarget"]

_HAS_WRITEV = hasattr(os, "writev")
_WRITEV_MOST = 1024  # IOV_MAX on Linux and macOS
_WORTH_ASKING = 1 << 20  # bytes from which the free space is looked at first


class FileTarget:
    """A place for a file, checked before any byte moves, and the maker of the sinks of its attempts.

    Args:
        path: The file, or None for a new name in *working_directory*.
        working_directory: Directory for new names; None means the current one.
        durable: Whether to flush file and directory to the disk before publishing is reported.
        replaces: Whether the file takes the place of what is there.

    Attributes:
        path: The file's absolute path.
        directory: Where it lies, from `prepare` to `release`.

    Raises:
        DestinationError: Not the name of a file.
    """

    # An attempt to publish can be undone completely, so another may follow.
    can_restart = True

    def __init__(
        self, path: str | None, *, working_directory: str | None = None, durable: bool = False, replaces: bool = True
    ) -> None:
        if path is None:
            path = os.path.join(working_directory or os.curdir, f"haulage-{secrets.token_hex(8)}")
        self.path = os.path.abspath(path) if _can_be_named(path) else ""
        self._parent, self.name = os.path.split(self.path)
        if not self.name or os.path.basename(path) in ("", os.curdir, os.pardir):
            msg = f"cannot write {path!r}: not a file name"
            raise DestinationError(msg, filename=path)
        self.durable = durable
        self.replaces = replaces
        self._directories: Directories | None = None
        self.directory: Directory | None = None

    async def prepare(self, directories: Directories) -> None:
        """Look at the directory and the name; until `release` the directory is held open.

        Raises:
            DestinationExists: There is something already, and it is not to be replaced.
            DestinationError: It cannot be written to.
        """
        self._directories = directories
        self.directory = await directories.acquire(self._parent)
        await self.check()

    async def check(self) -> None:
        """Look at the name, as far as that can be done before it is published.

        Raises:
            DestinationExists: Something has it, and is not to be replaced.
            DestinationError: No file can have it here.
        """
        assert self.directory is not None
        reason = self.directory.occupied.get(self.name)
        if reason is not None:
            msg = f"cannot write {self.path!r}: {reason}"
            raise DestinationError(msg, errno=errno.EISDIR if "directory" in reason else None, filename=self.path)
        if not self.replaces:
            await self._check_free(self.directory)

    async def _check_free(self, directory: Directory) -> None:
        assert self._directories is not None
        try:
            is_taken = await self._directories.has(directory, self.name)
        except OSError as error:
            raise storage_error(error, self.path) from error
        if is_taken:
            raise self.taken()

    def taken(self) -> DestinationExists:
        """Return the error for a name that something has."""
        msg = f"cannot write {self.path!r}: there is something already"
        return DestinationExists(msg, errno=errno.EEXIST, filename=self.path)

    def release(self) -> None:
        """Let go of the directory."""
        if self._directories is not None and self.directory is not None:
            self._directories.release(self._parent)
            self.directory = None

    def sink(self) -> FileSink:
        """Return the sink of the next attempt."""
        assert self.directory is not None
        return FileSink(self, self.directory)


def _can_be_named(path: str) -> bool:
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        return False


class FileSink:
    """One part. Its methods run in a worker thread.

    Args:
        target: What it is to become.
        directory: Where it lies.
    """

    __slots__ = ("_directory", "_fd", "_part", "_target")

    def __init__(self, target: FileTarget, directory: Directory) -> None:
        self._target = target
        self._directory = directory
        self._fd: int | None = None
        self._part = ""

    @property
    def path(self) -> str | None:
        """Where the file is published."""
        return self._target.path

    @translated
    def open(self, size: int | None) -> None:
        """Create the part; look for room first when *size* bytes are many.

        Raises:
            StorageError: There is no room, or the part cannot be made.
        """
        if self._fd is not None:
            return
        part = part_name()
        self._fd = self._directory.create(part)
        self._part = part
        if size is not None and size >= _WORTH_ASKING:
            self._directory.check_room(size, self.path)

    @translated
    def write(self, chunks: list[bytes]) -> None:
        """Append *chunks*.

        Raises:
            StorageError: They cannot be written.
        """
        assert self._fd is not None
        _write_all(self._fd, chunks)

    @translated
    def commit(self) -> None:
        """Publish the part under the target's name.

        Raises:
            DestinationExists: Something has that name by now, and it is not to be replaced.
            StorageError: It cannot be published; the target is as it was, unless it is only the directory that cannot
                be flushed after the rename.
        """
        assert self._fd is not None
        if self._target.durable:
            os.fsync(self._fd)
        fd, self._fd = self._fd, None
        os.close(fd)
        if self._target.replaces:
            self._directory.publish(self._part, self._target.name)
        else:
            self._publish_new()
        self._part = ""
        if self._target.durable:
            self._directory.flush()

    def _publish_new(self) -> None:
        try:
            self._directory.publish_new(self._part, self._target.name)
        except FileExistsError:
            raise self._target.taken() from None

    def abort(self) -> None:
        """Close and remove the part."""
        fd, self._fd = self._fd, None
        part, self._part = self._part, ""
        with contextlib.suppress(OSError):
            if fd is not None:
                os.close(fd)
        with contextlib.suppress(OSError):
            if part:
                self._directory.remove(part)

    def __del__(self) -> None:
        # Only a subclass that runs its own loop and drops a download half-way comes here.
        if self._fd is not None:
            warnings.warn(f"unfinished download to {self.path!r} was dropped", ResourceWarning, stacklevel=2)
            self.abort()


def _write_all(fd: int, chunks: list[bytes]) -> None:
    if not _HAS_WRITEV:
        for chunk in chunks:
            view = memoryview(chunk)
            while view:
                view = view[os.write(fd, view) :]
        return
    start = 0
    while start < len(chunks):
        batch = chunks[start : start + _WRITEV_MOST]
        start += len(batch)
        missing = sum(map(len, batch)) - os.writev(fd, batch)
        if missing:
            # A short write: what is left is written piece by piece, and the next error says why.
            rest = memoryview(b"".join(batch))[-missing:]
            while rest:
                rest = rest[os.write(fd, rest) :]

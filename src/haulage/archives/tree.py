"""A directory tree that nobody sees until it is whole: built in private beside its place, published by one rename.

Directories are opened one from the other, never following a link, and files are made where nothing was. So whatever the
names say, nothing is written outside the tree, and nobody else's file is touched.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import time
from typing import TYPE_CHECKING

from haulage.errors import DestinationExists
from haulage.sinks.parts import part_name
from haulage.sinks.renaming import rename_new

if TYPE_CHECKING:
    from haulage.sinks.directory import Directory

__all__ = ["Tree"]

_HAS_DIR_FD = {os.open, os.mkdir, os.rmdir, os.rename} <= os.supports_dir_fd
_O_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_O_BINARY = getattr(os, "O_BINARY", 0)
_O_DIRECTORY = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_MOST_OPEN = 32  # directories that are kept open for the next file
_SHOWN_EVERY = 3600.0  # seconds; a part is taken for forgotten after a day
_TREE = "tree"
_TRIES = 3  # at publishing, when directories above the place vanish meanwhile


class Tree:
    """A tree in the making. Its methods run in a worker thread.

    Args:
        directory: Where it is to lie, open.
        durable: Whether everything is flushed to the disk before it is published.
    """

    def __init__(self, directory: Directory, *, durable: bool = False) -> None:
        self._directory = directory
        self._durable = durable
        self._part = ""
        self._private: int | None = None  # the directory that only we may enter
        self._made: set[str] = set()  # paths of directories; their top is ""
        self._open: dict[tuple[str, ...], int] = {}  # oldest first
        self._shown = 0.0  # when we last showed that we are at work

    def begin(self) -> None:
        """Make the private directory and the tree's own top in it.

        Raises:
            OSError: They cannot be made.
        """
        part = part_name()
        os.mkdir(self._beside(part), 0o700, dir_fd=self._directory.fd)
        self._part = part
        self._shown = time.monotonic()
        if _HAS_DIR_FD and self._directory.fd is not None:
            self._private = os.open(part, _O_DIRECTORY, dir_fd=self._directory.fd)
        self._make(())

    def make_directory(self, parts: tuple[str, ...]) -> None:
        """Make a directory, and those above it.

        Raises:
            FileExistsError: Something else has a name that the file system takes for the same.
            OSError: It cannot be made.
        """
        if "/".join(parts) in self._made:
            return
        for depth in range(1, len(parts) + 1):
            if "/".join(parts[:depth]) not in self._made:
                self._make(parts[:depth])

    def create(self, parts: tuple[str, ...]) -> int:
        """Make a new file, and the directories above it, and return its descriptor, open for writing.

        Raises:
            FileExistsError: Something has that name.
            OSError: It cannot be made.
        """
        self.make_directory(parts[:-1])
        name, parent = self._at(parts)
        return os.open(name, _O_FILE | _O_BINARY, 0o666, dir_fd=parent)

    def keep(self) -> None:
        """Show that somebody is at work here: other machines, which cannot see that, remove what looks forgotten."""
        now = time.monotonic()
        if now - self._shown >= _SHOWN_EVERY:
            self._shown = now
            with contextlib.suppress(OSError):
                os.utime(self._beside(self._part), dir_fd=self._directory.fd)

    def publish(self, name: str) -> None:
        """Give the tree its name in the directory, which nothing may have.

        Args:
            name: The name, or a path below the directory; what is missing above it is made now.

        Raises:
            DestinationExists: Something has it by now.
            OSError: It cannot be published; nothing was.
        """
        if self._durable:
            for path in sorted(self._made, reverse=True):
                self._flush(path)
        self._close()
        made: list[str] = []
        for tries_left in reversed(range(_TRIES)):
            try:
                self._make_above(name, made)
                self._rename_new(name)
                break
            except OSError as error:
                # Another tree may have failed, and have taken away what it had made above itself and we had found.
                while made:
                    with contextlib.suppress(OSError):
                        os.rmdir(self._beside(made.pop()), dir_fd=self._directory.fd)
                if not isinstance(error, FileNotFoundError) or not tries_left:
                    raise
        self._made.clear()
        if self._durable:
            for path in reversed(made):
                self._flush_above(path)
            self._directory.flush()
        self.remove()

    def remove(self) -> None:
        """Remove what there is and close what is open. Harmless when nothing was begun, or after publishing."""
        self._close()
        private, self._private = self._private, None
        part, self._part = self._part, ""
        if private is not None:
            with contextlib.suppress(OSError):
                os.close(private)
        if part:
            # What cannot be removed now is removed by the next process. Some errors are not among those ignored.
            with contextlib.suppress(OSError):
                shutil.rmtree(self._beside(part), ignore_errors=True, dir_fd=self._directory.fd)

    def _make(self, parts: tuple[str, ...]) -> None:
        name, parent = self._at(parts)
        os.mkdir(name, 0o777, dir_fd=parent)
        self._made.add("/".join(parts))

    def _at(self, parts: tuple[str, ...]) -> tuple[str, int | None]:
        """Return a name, and the descriptor of the directory it is relative to."""
        if self._private is None:
            return os.path.join(self._beside(self._part), _TREE, *parts), None
        if not parts:
            return _TREE, self._private
        return parts[-1], self._opened(parts[:-1])

    def _opened(self, parts: tuple[str, ...]) -> int:
        """Return the descriptor of a directory that was made."""
        depth = len(parts)
        while depth and parts[:depth] not in self._open:
            depth -= 1
        descriptor = self._open.get(parts[:depth])
        if descriptor is None:
            descriptor = self._kept((), os.open(_TREE, _O_DIRECTORY, dir_fd=self._private))
        for end in range(depth + 1, len(parts) + 1):
            descriptor = self._kept(parts[:end], os.open(parts[end - 1], _O_DIRECTORY, dir_fd=descriptor))
        return descriptor

    def _kept(self, parts: tuple[str, ...], descriptor: int) -> int:
        """Keep the *descriptor* of a directory for what comes next, in place of the oldest."""
        self._open[parts] = descriptor
        if len(self._open) > _MOST_OPEN:
            with contextlib.suppress(OSError):
                os.close(self._open.pop(next(iter(self._open))))
        return descriptor

    def _close(self) -> None:
        while self._open:
            with contextlib.suppress(OSError):
                os.close(self._open.popitem()[1])

    def _flush(self, path: str) -> None:
        if self._private is not None:
            os.fsync(self._opened(tuple(path.split("/")) if path else ()))

    def _make_above(self, name: str, made: list[str]) -> None:
        """Make the directories that are missing above *name*, and note them in *made*, the topmost first."""
        parts = name.split(os.sep)
        for depth in range(1, len(parts)):
            path = os.sep.join(parts[:depth])
            with contextlib.suppress(FileExistsError):
                os.mkdir(self._beside(path), dir_fd=self._directory.fd)
                made.append(path)

    def _flush_above(self, path: str) -> None:
        if self._directory.fd is not None:
            descriptor = os.open(path, _O_DIRECTORY, dir_fd=self._directory.fd)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _rename_new(self, name: str) -> None:
        path = os.path.join(self._directory.path, name)
        taken = DestinationExists(
            f"cannot write {path!r}: there is something already", errno=errno.EEXIST, filename=path
        )
        try:
            if self._private is None or not rename_new(self._private, _TREE, name, self._directory.fd):
                self._rename(name, taken)
        except FileExistsError:
            raise taken from None

    def _rename(self, name: str, taken: DestinationExists) -> None:
        """As renaming to a new name, where the system has no such call. A directory replaces at most an empty one."""
        if self._directory.has(name):
            raise taken
        source = os.path.join(self._beside(self._part), _TREE) if self._private is None else _TREE
        try:
            os.rename(source, self._beside(name), src_dir_fd=self._private, dst_dir_fd=self._directory.fd)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.ENOTDIR, errno.EEXIST):
                raise taken from None
            raise

    def _beside(self, name: str) -> str:
        return name if self._directory.fd is not None else os.path.join(self._directory.path, name)

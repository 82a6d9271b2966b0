"""The sinks for archives: one unpacks while the bytes pass, one keeps the tar; both publish only what is proved."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from haulage.archives.contents import Contents, End, Start
from haulage.archives.tree import Tree
from haulage.errors import ArchiveUnsafe
from haulage.sinks.file import FileTarget
from haulage.sinks.oserrors import translated

if TYPE_CHECKING:
    from collections.abc import Callable

    from haulage.sinks import Sink
    from haulage.sinks.directories import Directories

__all__ = ["ProvedSink", "TreeTarget", "UnpackSink"]

_WORTH_ASKING = 1 << 20  # bytes from which the free space is looked at first


class TreeTarget(FileTarget):
    """A place for a directory that nothing may be at yet, and the maker of the sinks of its attempts.

    Args:
        path: The directory to be.
        contents: Makes the proof of an archive, one for each attempt.
        durable: Whether everything is flushed to the disk before publishing is reported.
        makes_parents: Whether the directories above it may be missing. They appear together with it.

    Raises:
        DestinationError: Not the name of a directory.
    """

    def __init__(
        self, path: str, contents: Callable[[], Contents], *, durable: bool = False, makes_parents: bool = False
    ) -> None:
        super().__init__(path, durable=durable, replaces=False)
        self._new_contents = contents
        self._makes_parents = makes_parents

    async def prepare(self, directories: Directories) -> None:
        """Look at the directory, or the nearest one that is there, and the name; until `release` it is held open.

        Raises:
            DestinationExists: There is something already.
            DestinationError: It cannot be written to.
        """
        if self._makes_parents:
            self._parent, self.name = await directories.nearest(self.path)
        await super().prepare(directories)

    async def check(self) -> None:
        """Look at the name.

        Raises:
            DestinationExists: Something has it, be it an empty directory.
            StorageError: It cannot be looked at.
        """
        assert self.directory is not None
        await self._check_free(self.directory)

    def sink(self) -> UnpackSink:  # type: ignore[override]
        """Return the sink of the next attempt."""
        assert self.directory is not None
        return UnpackSink(self, self._new_contents(), Tree(self.directory, durable=self.durable))


class UnpackSink:
    """One attempt at a tree. Its methods run in a worker thread.

    Args:
        target: What it is to become.
        contents: Proves what passes.
        tree: Where it is built.
    """

    def __init__(self, target: TreeTarget, contents: Contents, tree: Tree) -> None:
        self._target = target
        self._contents = contents
        self._tree = tree
        self._fd: int | None = None
        self._is_open = False

    @property
    def path(self) -> str | None:
        """Where the tree is published."""
        return self._target.path

    @translated
    def open(self, size: int | None) -> None:
        """Begin the tree.

        Raises:
            StorageError: There is no room, or it cannot be made.
        """
        if self._is_open:
            return
        self._tree.begin()
        self._is_open = True
        if size is not None:
            self._look_for_room(size)

    @translated
    def write(self, chunks: list[bytes]) -> None:
        """Unpack the next *chunks* of the archive.

        Raises:
            ArchiveError: It is broken, or unsafe.
            ValidationError: A member is not what was asked for.
            TooLarge: More than allowed.
            StorageError: A member cannot be written.
        """
        self._tree.keep()
        for chunk in chunks:
            for step in self._contents.feed(chunk):
                if isinstance(step, Start):
                    self._begin(step)
                elif isinstance(step, End):
                    self._end()
                else:
                    self._write(step)

    @translated
    def commit(self) -> None:
        """Publish the tree.

        Raises:
            ArchiveIncomplete: The archive was cut, or members are missing.
            DestinationExists: Something is there by now.
            StorageError: It cannot be published; nothing was.
        """
        self._contents.close()
        self._tree.publish(self._target.name)

    def abort(self) -> None:
        """Remove everything."""
        fd, self._fd = self._fd, None
        if fd is not None:
            with contextlib.suppress(OSError):
                os.close(fd)
        self._tree.remove()

    def _begin(self, start: Start) -> None:
        try:
            if start.is_directory:
                self._tree.make_directory(start.parts)
            else:
                self._look_for_room(start.size)
                self._fd = self._tree.create(start.parts)
        except FileExistsError:
            # The rules saw two names where this file system sees one.
            msg = "unsafe member in the archive (a name twice, on this file system)"
            raise ArchiveUnsafe(msg, member="/".join(start.parts)) from None

    def _write(self, piece: memoryview) -> None:
        assert self._fd is not None
        while piece:
            piece = piece[os.write(self._fd, piece) :]

    def _end(self) -> None:
        fd, self._fd = self._fd, None
        assert fd is not None
        try:
            if self._target.durable:
                os.fsync(fd)
        finally:
            os.close(fd)

    def _look_for_room(self, size: int) -> None:
        if size >= _WORTH_ASKING and self._target.directory is not None:
            self._target.directory.check_room(size, self.path)


class ProvedSink:
    """A sink that keeps the archive as it is, and commits it only when its contents are proved.

    Args:
        inner: Where the bytes go.
        contents: Proves what passes.
    """

    def __init__(self, inner: Sink, contents: Contents) -> None:
        self._inner = inner
        self._contents = contents

    @property
    def path(self) -> str | None:
        """Where the archive is published."""
        return self._inner.path

    def open(self, size: int | None) -> None:
        """Open the inner sink."""
        self._inner.open(size)

    def write(self, chunks: list[bytes]) -> None:
        """Look at the next *chunks*, then hand them on.

        Raises:
            ArchiveError: The archive is broken, or unsafe.
            ValidationError: A member is not what was asked for.
        """
        for chunk in chunks:
            for _ in self._contents.feed(chunk):
                pass
        self._inner.write(chunks)

    def commit(self) -> None:
        """Commit the inner sink.

        Raises:
            ArchiveIncomplete: The archive was cut, or members are missing.
        """
        self._contents.close()
        self._inner.commit()

    def abort(self) -> None:
        """Abort the inner sink."""
        self._inner.abort()

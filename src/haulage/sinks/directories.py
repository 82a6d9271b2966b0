"""Directories that are being written to, opened once and shared by all downloads into them."""

from __future__ import annotations

import asyncio
import copy
import os
from typing import TYPE_CHECKING

from haulage.errors import DestinationError
from haulage.sinks.directory import Directory
from haulage.sinks.oserrors import storage_error
from haulage.steadfast import steadfast

if TYPE_CHECKING:
    from haulage.workers import Workers

__all__ = ["Directories"]

_IDLE_KEPT = 16


class Shared:
    """A directory and how many downloads write into it now, those that wait for its opening included."""

    __slots__ = ("directory", "opening", "users")

    def __init__(self) -> None:
        self.users = 0
        self.directory: Directory | None = None
        self.opening: asyncio.Task[None] | None = None


class Directories:
    """The directories in use, and a few that were. Lives on the event loop.

    Args:
        workers: Where directories are opened and closed.
    """

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._known: dict[str, Shared] = {}

    async def acquire(self, path: str) -> Directory:
        """Return the directory at *path*, to be given back with `release`.

        Raises:
            DestinationError: It cannot be written into.
        """
        shared = self._known.setdefault(path, Shared())
        shared.users += 1
        try:
            # Nobody looked after it while it was idle: it may have been replaced.
            if shared.users == 1 or shared.opening is not None or shared.directory is None:
                if shared.opening is None:
                    shared.opening = steadfast(self._open(path, shared))
                # One opens for all, and the cancellation of one is not the others'.
                await asyncio.shield(shared.opening)
            assert shared.directory is not None
        except BaseException as error:
            self.release(path)
            if isinstance(error, DestinationError):
                # Every waiter raises an error of its own, with its own traceback.
                raise copy.copy(error) from None
            raise
        return shared.directory

    async def has(self, directory: Directory, name: str) -> bool:
        """Whether something is there as *name* in *directory*, which is held."""
        return await self._workers.submit(lambda: directory.has(name))

    async def nearest(self, path: str) -> tuple[str, str]:
        """Return the nearest thing above *path* that is there, and the path from it."""
        return await self._workers.submit(lambda: _nearest(path))

    def release(self, path: str) -> None:
        """Give the directory at *path* back."""
        shared = self._known[path]
        shared.users -= 1
        if not shared.users and len(self._known) > _IDLE_KEPT:
            self.close()

    def close(self) -> None:
        """Close what nobody uses."""
        for path, shared in list(self._known.items()):
            if not shared.users and shared.opening is None:
                del self._known[path]
                if shared.directory is not None:
                    self._workers.submit(shared.directory.close)

    async def aclose(self) -> None:
        """Close everything, also what is only being opened for somebody who has gone."""
        opening = [shared.opening for shared in self._known.values() if shared.opening is not None]
        await asyncio.gather(*opening, return_exceptions=True)
        self.close()

    async def _open(self, path: str, shared: Shared) -> None:
        try:
            if shared.directory is not None:
                if await self._workers.submit(shared.directory.is_current):
                    return
                stale, shared.directory = shared.directory, None
                await self._workers.submit(stale.close)
            shared.directory = await self._workers.submit(lambda: _opened(path))
        finally:
            shared.opening = None


def _opened(path: str) -> Directory:
    try:
        return Directory(path)
    except DestinationError:
        raise
    except OSError as error:
        raise storage_error(error, path) from error


def _nearest(path: str) -> tuple[str, str]:
    parent, name = os.path.split(path)
    while not os.path.lexists(parent) and parent != os.path.dirname(parent):
        parent, above = os.path.split(parent)
        name = os.path.join(above, name)
    return parent, name

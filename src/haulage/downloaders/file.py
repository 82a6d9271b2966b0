"""Local files: the same digests, limits and publishing as for the network.

The path is judged once, after all links in it are followed, and what was judged is what is opened.
"""

from __future__ import annotations

import asyncio
import io
import os
import stat
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes
from urllib.request import url2pathname

import aiofiles.threadpool

from haulage import events
from haulage.downloaders.base import BaseDownloader
from haulage.errors import FileNotFound, LocalResourceError, MalformedRequest, PolicyError, ReadError
from haulage.errors.local import OWN_LIMITS
from haulage.steadfast import steadfast, to_the_end

if TYPE_CHECKING:
    from haulage.result import DownloadResult

__all__ = ["FileDownloader"]

_CHUNK = 1 << 20  # bytes


class FileDownloader(BaseDownloader):
    """Download from a ``file:`` URL: ``file:///path``, ``file:/path`` and ``file://localhost/path`` mean the same.

    Args:
        url: The URL, percent-encoded (RFC 8089).
        kwargs: Arguments of `BaseDownloader`.

    Raises:
        MalformedRequest: Another host, a relative path, a query or a NUL.

    Example:
        >>> FileDownloader(source.as_uri(), expected_size=6).fetch().artifact_attributes["size"]
        6
    """

    def __init__(self, url: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(url, *args, **kwargs)
        self._source = self._source_path()

    def _source_path(self) -> str:
        parsed = self._parsed
        problem = None
        if parsed.scheme != "file":
            problem = f"{type(self).__name__} serves file, not {parsed.scheme!r}"
        elif parsed.host not in ("", "localhost") or parsed.port is not None or parsed.user is not None:
            problem = "a file URL names a file on this machine, not on another host"
        elif parsed.query is not None:
            problem = "a file URL has no query; write '?' in a name as %3F"
        elif not parsed.path.startswith("/"):
            problem = "a file URL has an absolute path"
        elif b"\0" in unquote_to_bytes(parsed.path):
            problem = "NUL in a file name"
        if problem is not None:
            raise MalformedRequest(problem, url=self.url)
        return url2pathname(parsed.path) if os.name == "nt" else os.fsdecode(unquote_to_bytes(parsed.path))

    async def _run(self, extra_data: dict[str, Any] | None = None) -> DownloadResult | None:  # noqa: ARG002 - the contract's
        opening = steadfast(asyncio.to_thread(self._open))
        try:
            source, size = await self._reading(asyncio.shield(opening))
        except BaseException:
            # The thread cannot be called back; what it opens is closed when it has.
            await to_the_end(_close_unwanted(opening))
            raise
        file = aiofiles.threadpool.wrap(source)
        reading: asyncio.Future[bytes] | None = None
        try:
            self._announce(size)
            self._notify(events.HeadersReceived, {}, size)
            await self._begin(size)
            self._framed = size is not None
            while True:
                reading = steadfast(file.read(_CHUNK))
                if not (data := await self._reading(asyncio.shield(reading))):
                    break
                await self.handle_data(data)
        finally:
            await to_the_end(_close(file, reading))
        await self.finalize()
        return None

    def _open(self) -> tuple[io.FileIO, int | None]:
        """Open the source; in a thread. Returns it and its size, where that is known."""
        real = os.path.realpath(self._source)
        roots = self.settings.allowed_paths
        if roots is not None and not any(_is_below(real, os.path.realpath(root)) for root in roots):
            msg = "the file is not below an allowed path"
            raise PolicyError(msg, url=self.url)
        # realpath left no links, so one that is there now was put there meanwhile. A fifo must not block us.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        descriptor = os.open(real, flags | getattr(os, "O_CLOEXEC", 0))
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            msg = "not a regular file"
            raise ReadError(msg, url=self.url)
        # Files in /proc and the like say 0 and have content all the same.
        return io.FileIO(descriptor, "rb"), status.st_size or None

    async def _reading(self, work: Any) -> Any:
        """Await *work* and translate what the file system says."""
        try:
            return await work
        except (ReadError, PolicyError):
            raise
        except FileNotFoundError:
            failure: Exception = FileNotFound("no such file", url=self.url)
        except OSError as error:
            reason = os.strerror(error.errno).lower() if error.errno else "failed"
            if error.errno in OWN_LIMITS:
                failure = LocalResourceError(f"cannot read: {reason}", errno=error.errno, url=self.url)
            else:
                failure = ReadError(f"cannot read: {reason}", url=self.url)
        raise failure


async def _close(file: Any, reading: asyncio.Future[bytes] | None) -> None:
    """Close *file* when no thread reads it any more: the next file opened anywhere gets its descriptor."""
    if reading is not None:
        await asyncio.wait({reading})
        reading.exception()  # by now nobody else wants to know
    await file.close()


async def _close_unwanted(opening: asyncio.Future[tuple[io.FileIO, int | None]]) -> None:
    await asyncio.wait({opening})
    if opening.exception() is None:
        await asyncio.to_thread(opening.result()[0].close)


def _is_below(path: str, root: str) -> bool:
    try:
        return os.path.commonpath((path, root)) == root
    except ValueError:
        return False

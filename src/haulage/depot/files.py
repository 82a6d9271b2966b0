"""Finding and opening files under a root, and nothing outside it. Everything here blocks: worker threads only.

Strategy: four fences, each sufficient against its own kind of trick.

1. :func:`safe_names` refuses every segment that could mean anything but a plain name.
2. The path is resolved, links included, and must then lie in the resolved root.
3. The resolved path is opened without following a link in its last place and without waiting (a named pipe
   would wait for ever), and only regular files are served.
4. Size and validators are taken from the open descriptor, so they belong to the bytes that will be sent even if
   the name is given to another file in between.

Every refusal looks like a missing file. Whoever can rename directories inside the root while requests run can
win a race against fence 2; a depot is for files one owns.
"""

from __future__ import annotations

import os
import stat
import time
from pathlib import PurePath
from typing import TYPE_CHECKING

from haulage.depot.answers import Representation
from haulage.depot.sources import FileSource, MemorySource, describe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haulage.depot.sources import Source

__all__ = ["SMALL", "Directory", "open_path", "safe_names"]

SMALL = 1 << 16
"""Files up to this many bytes are read when they are opened: one trip to a thread instead of two."""

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
)

# A table of our own and not the mimetypes module, which reads the machine's files: the same depot should say the
# same everywhere.
_TYPES = {
    ".css": "text/css",
    ".csv": "text/csv",
    ".gif": "image/gif",
    ".gz": "application/gzip",
    ".htm": "text/html",
    ".html": "text/html",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript",
    ".json": "application/json",
    ".md": "text/markdown",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".tar": "application/x-tar",
    ".txt": "text/plain",
    ".xml": "application/xml",
    ".zip": "application/zip",
}
_WINDOWS_SPECIAL = set('\\:*?"<>|')


class Directory:
    """A directory under the root: its entries, ready to be shown."""

    def __init__(self, path: str) -> None:
        """List a directory.

        Args:
            path: A resolved path.

        Raises:
            OSError: It cannot be read.
        """
        with os.scandir(path) as entries:
            self.entries = tuple(sorted((entry.name, entry.is_dir()) for entry in entries))


def safe_names(segments: Sequence[bytes], *, windows: bool = os.name == "nt") -> tuple[str, ...] | None:
    """Turn decoded path segments into file names, or refuse.

    Args:
        segments: The segments, without the empty one that a trailing slash leaves.
        windows: Apply the naming rules of Windows as well.

    Returns:
        The names, or ``None`` if any segment is empty, climbs, holds a separator or NUL, or is special.
    """
    names: list[str] = []
    for segment in segments:
        if segment in {b"", b".", b".."} or b"/" in segment or b"\0" in segment:
            return None
        try:
            name = segment.decode("utf-8") if windows else os.fsdecode(segment)
        except UnicodeDecodeError:
            return None
        if windows and _is_special_on_windows(name):
            return None
        names.append(name)
    return tuple(names)


def open_path(root: str, segments: Sequence[bytes]) -> Source | Directory | None:
    """Open what a request path names.

    Args:
        root: The resolved root directory.
        segments: Decoded path segments; a last empty one asks for a directory.

    Returns:
        A source that the caller closes, a directory, or ``None`` if there is nothing that may be served.
    """
    wants_directory = segments[-1] == b""
    names = safe_names(segments[:-1] if wants_directory else segments)
    if names is None:
        return None
    try:
        path = os.path.realpath(os.path.join(root, *names), strict=True)
        if os.path.commonpath([root, path]) != root:
            return None
        if os.path.isdir(path):
            return Directory(path)
        return None if wants_directory else _open_file(path, names[-1])
    except (OSError, ValueError):
        return None


def _open_file(path: str, name: str) -> Source | None:
    """Open a regular file and describe it through its descriptor."""
    descriptor = os.open(path, _FLAGS)
    file = open(descriptor, "rb", buffering=0)  # noqa: SIM115 - the source closes it
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            file.close()
            return None
        what = describe(status, _content_type(name), now=time.time())
        source = FileSource(file, what)
        return _take_in(source) if what.size <= SMALL else source
    except BaseException:
        file.close()
        raise


def _take_in(source: FileSource) -> Source:
    """Read a small file at once, so that it needs neither a second trip nor an open descriptor."""
    what = source.representation
    content = source.read_at(0, what.size)
    source.close()
    if len(content) < what.size:
        # It shrank between fstat and read: what was read is a truth, but not one that these validators name.
        return MemorySource(content, Representation(len(content), what.content_type))
    return MemorySource(content, what)


def _content_type(name: str) -> str:
    """Guess from the last suffix; what is not known is octets."""
    return _TYPES.get(PurePath(name).suffix.lower(), "application/octet-stream")


def _is_special_on_windows(name: str) -> bool:
    """Devices, streams, and names that Windows silently changes."""
    if _WINDOWS_SPECIAL & set(name) or name[-1] in ". " or min(name) < " ":
        return True
    stem = name.partition(".")[0].rstrip(" ").upper()
    return stem in {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"} or (
        stem[:3] in {"COM", "LPT"} and len(stem) == len("COM1") and (stem[3].isdigit() or stem[3] in "¹²³")
    )

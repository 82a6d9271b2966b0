"""Where each URL's file goes: decided for all of them, and refused if two would meet, before any request."""

from __future__ import annotations

import os
import stat
import sys
import unicodedata
from typing import IO, TYPE_CHECKING

from haulage.cli.exits import UsageError
from haulage.errors import DestinationError
from haulage.sinks.named import NamedByServer
from haulage.urls import basename, redact

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import ExitStack

__all__ = ["STDOUT", "Place", "check_directories", "destinations", "opened"]

STDOUT = "-"

Place = str | NamedByServer


def destinations(urls: Sequence[str], *, output: str | None, directory: str | None, remote_name: bool) -> list[Place]:
    """Return a place for each of *urls*: a path, `STDOUT` for standard output, or one that the server names.

    Args:
        urls: The URLs.
        output: The file, for one URL; relative to *directory*.
        directory: Where files without a name of their own go; by default the current directory.
        remote_name: Whether servers name the files.

    Raises:
        UsageError: One file for several URLs, two URLs for one file, or two names for one file.
    """
    if remote_name and output is not None:
        msg = "-J and -o contradict each other"
        raise UsageError(msg)
    if remote_name:
        return [NamedByServer(directory)] * len(urls)
    if output is not None and len(urls) > 1:
        msg = "-o is for one URL; use -d for several"
        raise UsageError(msg)
    if output == STDOUT:
        return [STDOUT]
    if output == "":
        msg = "-o takes a file name"
        raise UsageError(msg)
    paths = [os.path.join(directory or "", basename(url) if output is None else output) for url in urls]
    _refuse_meetings(urls, paths)
    return [*paths]


def check_directories(places: Sequence[Place], *, create: bool) -> None:
    """Look at the directories of *places*.

    Args:
        places: What `destinations` returned.
        create: Whether to make what is missing.

    Raises:
        DestinationError: A directory is missing or cannot be made.
    """
    for parent in sorted({_parent(place) for place in places if place != STDOUT}):
        _check_directory(parent, create=create)


def _parent(place: Place) -> str:
    parent = os.fspath(place.directory or "") if isinstance(place, NamedByServer) else os.path.dirname(place)
    return parent or os.curdir


def opened(path: Place, stack: ExitStack) -> Place | IO[bytes]:
    """Return where to write what goes to *path*: itself, or a device or pipe that is there, opened.

    A device such as ``/dev/null`` is written to, as by every other command, and never replaced by a file.

    Args:
        path: A path, `STDOUT`, or a place that the server names.
        stack: Closes what is opened here.

    Raises:
        UsageError: There is no standard output.
        DestinationError: A device that cannot be opened, or something that is neither file nor device nor pipe.
    """
    if isinstance(path, NamedByServer):
        return path
    if path == STDOUT:
        if sys.stdout is None:
            msg = "there is no standard output"
            raise UsageError(msg)
        return sys.stdout.buffer
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return path
    # /dev/stdout and its like are links into /proc, and may lead to a file; the links are what must stay.
    is_descriptor = os.path.islink(path) and os.readlink(path).startswith("/proc/")
    if stat.S_ISDIR(mode) or (stat.S_ISREG(mode) and not is_descriptor):
        return path
    if not (is_descriptor or stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)):
        msg = f"cannot write {path!r}: not a file"
        raise DestinationError(msg, filename=path)
    try:
        return stack.enter_context(open(path, "wb", buffering=0))
    except OSError as error:
        reason = os.strerror(error.errno).lower() if error.errno else "failed"
        msg = f"cannot write {path!r}: {reason}"
        raise DestinationError(msg, errno=error.errno, filename=path) from None


def _refuse_meetings(urls: Sequence[str], paths: Sequence[str]) -> None:
    taken: dict[str, str] = {}
    for url, path in zip(urls, paths, strict=True):
        first = taken.setdefault(_identity(path), url)
        if first is not url:
            msg = f"{redact(first)} and {redact(url)} would both be saved as {path!r}; fetch one of them with -o"
            raise UsageError(msg)


def _identity(path: str) -> str:
    """Return the same text for all spellings of one file, as far as names tell."""
    directory, name = os.path.split(path)
    whole = os.path.normcase(os.path.join(os.path.realpath(directory), name))
    # The usual file system of macOS folds case and composition.
    return unicodedata.normalize("NFC", whole).casefold() if sys.platform == "darwin" else whole


def _check_directory(path: str, *, create: bool) -> None:
    try:
        if create:
            os.makedirs(path, exist_ok=True)
        os.stat(os.path.join(path, os.curdir))
    except OSError as error:
        reason = os.strerror(error.errno).lower() if error.errno else "failed"
        hint = "; --create-dirs makes it" if isinstance(error, FileNotFoundError) and not create else ""
        msg = f"directory {path!r}: {reason}{hint}"
        raise DestinationError(msg, errno=error.errno, filename=path) from None

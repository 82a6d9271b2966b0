"""Words for people: sizes, speeds, times, names, and the one line that tells of a failure.

What comes from a URL or a server is made printable first, so that it can neither move the cursor nor begin a new line.
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
from typing import TYPE_CHECKING

from haulage.errors import DownloadError, StorageError
from haulage.urls import basename, redact

if TYPE_CHECKING:
    from haulage.events import Staging

__all__ = [
    "amount",
    "duration",
    "escaped",
    "failure_line",
    "is_silent",
    "message_of",
    "name_of",
    "printable",
    "scrub",
    "size",
    "speed",
    "staging_words",
]

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_STEP = 1024
_MINUTE, _HOUR = 60, 3600
_LONGEST_WORDS = 120  # characters of what a cart service says
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://[^\s'\"<>]+")


def size(count: float) -> str:
    """Return *count* bytes in words, such as ``64.0 MiB``."""
    value, unit = float(count), 0
    while value >= _STEP - 0.05 and unit < len(_UNITS) - 1:
        value /= _STEP
        unit += 1
    return f"{value:.0f} B" if unit == 0 else f"{value:.1f} {_UNITS[unit]}"


def speed(rate: float) -> str:
    """Return *rate* bytes per second in words."""
    return f"{size(rate)}/s"


def duration(seconds: float) -> str:
    """Return *seconds* in words: ``0.25 s``, ``3.1 s``, ``42 s``, ``2:05``, ``1:00:00``."""
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < 9.95:  # noqa: PLR2004 - one digit before the point
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    hours, rest = divmod(whole, _HOUR)
    minutes, rest = divmod(rest, _MINUTE)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def printable(text: str) -> str:
    """Return *text* as one line without control characters, bidirectional marks and half characters."""
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() else " " if sign.isspace() else "\N{REPLACEMENT CHARACTER}" for sign in text
    )


def escaped(text: str) -> str:
    """Return *text* as one line from which it can be told what it was: escapes as in Python stand for the rest."""
    if text.isprintable() and "\\" not in text:
        return text
    return "".join(
        sign if sign.isprintable() and sign != "\\" else sign.encode("unicode_escape").decode() for sign in text
    )


def amount(count: int, what: str) -> str:
    """Return *count* of something: ``1 file``, ``2 files``."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def staging_words(event: Staging) -> str:
    """Return what a cart service says of a cart that is not ready, in one short line."""
    words = f"{event.status} ({event.message})" if event.message else event.status
    return printable(scrub(words[:_LONGEST_WORDS]))


def scrub(text: str) -> str:
    """Return *text* with every URL in it redacted."""
    return _URL.sub(lambda match: redact(match[0]), text)


def name_of(url: str) -> str:
    """Return a short name for *url*."""
    return printable(basename(url))


def is_silent(error: BaseException) -> bool:
    """Whether *error* is no failure of the download: somebody cancelled it, or stopped reading what we write."""
    if isinstance(error, StorageError):
        return error.errno == errno.EPIPE or isinstance(error.__cause__, BrokenPipeError)
    return isinstance(error, asyncio.CancelledError | KeyboardInterrupt)


def message_of(error: BaseException) -> str:
    """Return what *error* says, in one line, without its URL and without secrets."""
    message = str(error)
    if isinstance(error, DownloadError):
        message = message.removesuffix(f" [{error.url}]")
    return printable(scrub(message))


def failure_line(url: str, error: BaseException) -> str:
    """Return the line that tells of a failure: ``haulage: URL: message``, without secrets."""
    shown = redact(url)
    message = message_of(error)
    if not isinstance(error, DownloadError):
        return printable(f"haulage: {shown}: unexpected {type(error).__name__}: {message}")
    elsewhere = "" if error.url is None or _spoken(error.url) == _spoken(shown) else f" [{error.url}]"
    attempts = f", after {error.attempts} attempts" if error.attempts > 1 else ""
    return printable(f"haulage: {shown}: {message}{_place(error, message)}{elsewhere}{attempts}")


def _spoken(url: str) -> str:
    """Return *url*; that of a cart as it is asked over HTTP, where only the download has a query."""
    for scheme, spoken in (("cart:", "http:"), ("cart+https:", "https:")):
        if url.startswith(scheme):
            url = spoken + url.removeprefix(scheme)
            return url.partition("?")[0]
    return url


def _place(error: DownloadError, message: str) -> str:
    name = error.filename if isinstance(error, StorageError) else None
    return "" if name is None or os.fspath(name) in message else f": {os.fspath(name)!r}"

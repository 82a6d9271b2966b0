"""Byte ranges: what was asked for, and what an answer says it brings (RFC 9110, section 14)."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["ContentRange", "is_answered", "parse_content_range"]

# More digits than any file has bytes are garbage, and would cost time to read.
_CONTENT_RANGE = re.compile(r"bytes[ \t]+(?:(\d{1,19})-(\d{1,19})|\*)/(?:(\d{1,19})|\*)\Z", re.ASCII | re.IGNORECASE)
_ONE_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})\Z", re.ASCII | re.IGNORECASE)


class ContentRange(NamedTuple):
    """A Content-Range header.

    Attributes:
        first: Number of the first byte, from 0; None where the range could not be satisfied.
        last: Number of the last byte; None likewise.
        total: Bytes of the whole; None where the server does not say.
    """

    first: int | None
    last: int | None
    total: int | None


def parse_content_range(value: str | None) -> ContentRange | None:
    """Return what a Content-Range header says, or None where it is missing or contradicts itself."""
    match = _CONTENT_RANGE.match((value or "").strip(" \t"))
    if match is None:
        return None
    first, last, total = (None if digits is None else int(digits) for digits in match.groups())
    if first is None or last is None:
        return None if total is None else ContentRange(None, None, total)
    if first > last or (total is not None and last >= total):
        return None
    return ContentRange(first, last, total)


def is_answered(asked: str, content_range: str | None, length: int | None) -> bool:
    """Whether a 206 brings the beginning of what was asked for, and as many bytes as it says.

    Args:
        asked: The request's Range header. Several ranges at once, and other units than bytes, are not judged.
        content_range: The answer's Content-Range header.
        length: Its Content-Length in bytes, or None.
    """
    wanted = _ONE_RANGE.match(asked.replace(" ", ""))
    if wanted is None:
        return True
    got = parse_content_range(content_range)
    if got is None or got.first is None or got.last is None:
        return False
    if length is not None and length != got.last - got.first + 1:
        return False
    first, last = wanted.groups()
    if first:
        return got.first == int(first) and (not last or got.last <= int(last))
    # The last so many bytes: the start depends on the size, the end must be the end.
    return got.total is None or got.last == got.total - 1

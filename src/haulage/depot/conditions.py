"""Whether a conditional request goes ahead (RFC 9110, section 13): a pure decision, no I/O.

Strategy: :class:`Ask` holds the few fields that matter, each as one text. A field sent twice is joined with a
comma, which is right for lists and makes the others (a date, a single tag) unreadable, so that they fall
under the same rule as any malformed value. :func:`judge` applies the precedence of section 13.2.2 and nothing
else; :func:`range_applies` is its last step, kept apart because it decides between 206 and 200, not between
sending and refusing.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from haulage.depot.dates import parse_date

if TYPE_CHECKING:
    from multidict import CIMultiDictProxy

__all__ = ["Ask", "Validators", "Verdict", "judge", "range_applies"]

_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\U0010ffff]*"'
_ONE_TAG = re.compile(_TAG)
_TAGS = re.compile(rf"[ \t,]*{_TAG}(?:[ \t]*,[ \t,]*{_TAG})*[ \t,]*")


class Verdict(enum.Enum):
    """What the conditions of a request say."""

    PROCEED = "proceed"
    NOT_MODIFIED = "not modified"
    FAILED = "precondition failed"


@dataclass(frozen=True, slots=True)
class Validators:
    """What tells one version of a representation from another.

    Attributes:
        etag: The entity tag with its quotes, and ``W/`` in front when weak; ``None`` when there is none.
        last_modified: Seconds since the epoch; ``None`` when unknown.
    """

    etag: str | None = None
    last_modified: int | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """The parts of a request that decide how a representation is answered."""

    method: str = "GET"
    range: str | None = None
    if_range: str | None = None
    if_match: str | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None
    if_unmodified_since: str | None = None

    @classmethod
    def from_headers(cls, method: str, headers: CIMultiDictProxy[str]) -> Ask:
        """Take the deciding fields out of a request.

        Args:
            method: The request method.
            headers: All header fields of the request.

        Returns:
            The fields, each joined to one text, absent ones as ``None``.
        """

        def joined(name: str) -> str | None:
            values = headers.getall(name, ())
            return ", ".join(values) if values else None

        return cls(
            method=method,
            range=joined("Range"),
            if_range=joined("If-Range"),
            if_match=joined("If-Match"),
            if_none_match=joined("If-None-Match"),
            if_modified_since=joined("If-Modified-Since"),
            if_unmodified_since=joined("If-Unmodified-Since"),
        )


def judge(ask: Ask, current: Validators) -> Verdict:
    """Apply the preconditions in the order of RFC 9110, section 13.2.2.

    Args:
        ask: The request.
        current: The validators of the representation as it is now. It exists; for a missing one there is
            nothing to judge, because conditions never turn an error into something else.

    Returns:
        The verdict. ``NOT_MODIFIED`` is only ever given to GET and HEAD.
    """
    reading = ask.method in {"GET", "HEAD"}
    if ask.if_match is not None:
        if not _matches(ask.if_match, current.etag, weak=False):
            return Verdict.FAILED
    elif ask.if_unmodified_since is not None and _is_newer(current, ask.if_unmodified_since) is True:
        return Verdict.FAILED
    if ask.if_none_match is not None:
        if _matches(ask.if_none_match, current.etag, weak=True):
            return Verdict.NOT_MODIFIED if reading else Verdict.FAILED
    elif reading and ask.if_modified_since is not None and _is_newer(current, ask.if_modified_since) is False:
        return Verdict.NOT_MODIFIED
    return Verdict.PROCEED


def range_applies(ask: Ask, current: Validators, *, now: float) -> bool:
    """Tell whether the ``Range`` field of a request may be honoured (RFC 9110, sections 13.1.5 and 14.2).

    Args:
        ask: The request.
        current: The validators of the representation as it is now.
        now: Seconds since the epoch. A date is a strong validator only when its second is over: until then
            the file may change again without the date showing it (section 8.8.2.2).

    Returns:
        True for a GET whose ``If-Range``, if any, names exactly this version.
    """
    if ask.method != "GET" or ask.range is None:
        return False
    if ask.if_range is None:
        return True
    validator = ask.if_range.strip(" \t")
    if _ONE_TAG.fullmatch(validator):
        return _is_strong(validator) and validator == current.etag
    stamp = parse_date(validator)
    return stamp is not None and stamp == current.last_modified and now >= stamp + 1


def _matches(field: str, etag: str | None, *, weak: bool) -> bool:
    """Compare a list of tags, or ``*``, with the current tag; an unreadable list matches nothing."""
    if field.strip(" \t") == "*":
        return True
    if etag is None or not _TAGS.fullmatch(field):
        return False
    tags = _ONE_TAG.findall(field)
    if weak:
        return any(_opaque(tag) == _opaque(etag) for tag in tags)
    return _is_strong(etag) and etag in tags


def _is_strong(tag: str) -> bool:
    """A tag without the weakness mark (RFC 9110, section 8.8.3)."""
    return not tag.startswith("W/")


def _opaque(tag: str) -> str:
    """The tag without its weakness mark."""
    return tag.removeprefix("W/")


def _is_newer(current: Validators, field: str) -> bool | None:
    """Is the representation newer than a date field says? ``None`` when either date is unknown."""
    date = parse_date(field)
    if date is None or current.last_modified is None:
        return None
    return current.last_modified > date

"""What happens during a download, as frozen values.

The engine hands these to an observer, a plain callable; progress displays, logs and batches read them. Without an
observer none is made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from haulage.errors import DownloadError
    from haulage.result import DownloadResult

__all__ = [
    "AttemptStarted",
    "BytesReceived",
    "Event",
    "Failed",
    "HeadersReceived",
    "MemberUnpacked",
    "Observer",
    "Retrying",
    "Staging",
    "Succeeded",
]


@dataclass(frozen=True, slots=True)
class Event:
    """The base of all events.

    Attributes:
        key: The same object for every event of one download; by default its downloader's number.
        url: The URL, without query and user information.
    """

    key: object
    url: str


@dataclass(frozen=True, slots=True)
class AttemptStarted(Event):
    """An attempt begins; `attempt` counts from 1. Bytes received before belong to an attempt that failed."""

    attempt: int


@dataclass(frozen=True, slots=True)
class HeadersReceived(Event):
    """The response's head is here. `total` is the body's size in bytes, or None where it is not announced.

    `headers` may hold secrets (cookies, signed URLs) and are not in the repr.
    """

    headers: Mapping[str, str] = field(repr=False)
    total: int | None


@dataclass(frozen=True, slots=True)
class BytesReceived(Event):
    """`count` more bytes of the body arrived; `received` in this attempt so far."""

    count: int
    received: int


@dataclass(frozen=True, slots=True)
class Staging(Event):
    """A cart is not ready yet. `status` and `message` are the service's words; `elapsed` seconds were waited so far."""

    status: str
    message: str
    elapsed: float


@dataclass(frozen=True, slots=True)
class MemberUnpacked(Event):
    """A member of an archive is complete and is what it should be; it is seen when all of them are.

    `member` is its path below the target, `size` its bytes, `count` the members so far, `total` those that were asked
    for, or None where that is not known.
    """

    member: str
    size: int
    count: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Retrying(Event):
    """The attempt failed with `error`; the next one starts in `wait` seconds."""

    error: DownloadError
    wait: float


@dataclass(frozen=True, slots=True)
class Succeeded(Event):
    """Verified and published."""

    result: DownloadResult


@dataclass(frozen=True, slots=True)
class Failed(Event):
    """Given up; `error` is what `run` raises."""

    error: BaseException


Observer = Callable[[Event], None]
"""Whoever wants to know: called on the event loop, one event at a time; it must be quick and must not raise."""

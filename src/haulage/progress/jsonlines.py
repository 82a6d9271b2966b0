"""One JSON object per line, for programs.

Every line has ``event``, ``key`` (as given to the downloader; text unless it is a number), ``url`` (redacted) and
``time`` (seconds since 1970); further fields by event:

==============  ====================================================================================================
``staging``     ``status`` and ``message``, a cart service's words for a cart that is not ready; ``elapsed`` in seconds
``started``     ``attempt``, from 1
``headers``     ``total``: bytes to come, or null
``progress``    ``received`` in this attempt and ``total``; at most twice a second for one download
``unpacked``    ``member``, the name of the last one; ``count`` so far and ``total``, or null; as often as ``progress``
``retry``       ``error`` (class name), ``message``, ``wait`` in seconds
``succeeded``   ``path`` (null when written to a stream), ``size``, ``digests`` (name → hex), ``attempts``, ``seconds``;
                of a cart also ``members``, a list of objects with ``name`` (the path below the cart's directory),
                ``path`` (or null), ``size`` and ``digests``
``failed``      ``error``, ``message``, ``attempts``
``cancelled``   nothing more
``summary``     the last line, without key and url: ``succeeded``, ``failed``, ``retried``, ``bytes``, ``seconds``
==============  ====================================================================================================

Fields may be added in later versions; those above stay.
"""

from __future__ import annotations

import functools
import json
import sys
import time
from typing import TYPE_CHECKING, Any

from haulage.events import (
    AttemptStarted,
    BytesReceived,
    Event,
    Failed,
    HeadersReceived,
    MemberUnpacked,
    Retrying,
    Staging,
    Succeeded,
)
from haulage.progress import text
from haulage.progress.board import Board
from haulage.progress.reader import Reader
from haulage.result import CartResult
from haulage.urls import redact

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

__all__ = ["JsonProgress"]

_EVERY = 0.5  # seconds between two lines about the bytes of one download


class JsonProgress(Reader):
    """JSON lines about what happens.

    Args:
        stream: Where to; standard output by default.
        on_error: See `Reader`.
    """

    def __init__(self, stream: TextIO | None = None, *, on_error: Callable[[Exception], None] | None = None) -> None:
        super().__init__(on_error=on_error)
        self._stream = stream
        self._board = Board(None, time.monotonic())
        self._noted: list[tuple[Event, float]] = []
        self._totals: dict[object, int | None] = {}
        self._next: dict[tuple[type[Event], object], float] = {}

    def open(self) -> None:
        """Find the stream."""
        self._stream = self._stream or sys.stdout

    def take(self, event: Event) -> None:
        """Keep *event* if it gets a line."""
        now = time.monotonic()
        self._board.take(event, now)
        kind = type(event)
        if kind is BytesReceived or kind is MemberUnpacked:
            # The last member is news at any time.
            is_last = kind is MemberUnpacked and event.count == event.total  # type: ignore[attr-defined]
            if now < self._next.get((kind, event.key), 0) and not is_last:
                return
            self._next[kind, event.key] = now + _EVERY
        elif kind is AttemptStarted:
            # The first bytes are no news: small files have nothing else.
            self._next[BytesReceived, event.key] = self._next[MemberUnpacked, event.key] = now + _EVERY
        elif kind in (Succeeded, Failed):
            self._next.pop((BytesReceived, event.key), None)
            self._next.pop((MemberUnpacked, event.key), None)
        self._noted.append((event, time.time()))

    def draw(self, *, last: bool) -> None:
        """Write the lines that are due."""
        with self._lock:
            noted, self._noted = self._noted, []
        lines = [json.dumps(self._record(event, moment)) for event, moment in noted]
        if last:
            lines.append(json.dumps(self._summary()))
        if lines and self._stream is not None:
            self._stream.write("".join(f"{line}\n" for line in lines))
            self._stream.flush()

    def _record(self, event: Event, moment: float) -> dict[str, Any]:
        if isinstance(event, HeadersReceived):
            self._totals[event.key] = event.total
        elif isinstance(event, Succeeded | Failed):
            self._totals.pop(event.key, None)
        name, facts = _facts(event, self._totals.get(event.key))
        key = event.key if isinstance(event.key, int | str) else str(event.key)
        return {"event": name, "key": key, "url": _shown(event.url), "time": round(moment, 3), **facts}

    def _summary(self) -> dict[str, Any]:
        with self._lock:
            picture = self._board.picture(time.monotonic())
        return {
            "event": "summary",
            "time": round(time.time(), 3),
            "succeeded": picture.succeeded,
            "failed": picture.failed,
            "retried": picture.retried,
            "bytes": picture.received,
            "seconds": round(picture.seconds, 6),
        }


@functools.lru_cache(maxsize=256)
def _shown(url: str) -> str:
    # Every download says its URL several times.
    return redact(url)


def _facts(event: Event, total: int | None) -> tuple[str, dict[str, Any]]:
    """Return the event's name and its own fields."""
    name = type(event).__name__.lower()
    facts: dict[str, Any] = {}
    match event:
        case Staging():
            message = text.printable(text.scrub(event.message))
            facts = {"status": text.printable(event.status), "message": message, "elapsed": round(event.elapsed, 3)}
        case MemberUnpacked():
            name, facts = "unpacked", {"member": event.member, "count": event.count, "total": event.total}
        case AttemptStarted():
            name, facts = "started", {"attempt": event.attempt}
        case HeadersReceived():
            name, facts = "headers", {"total": event.total}
        case BytesReceived():
            name, facts = "progress", {"received": event.received, "total": total}
        case Retrying():
            name, facts = "retry", {**_problem(event.error), "wait": round(event.wait, 3)}
        case Succeeded():
            name, facts = "succeeded", _result(event)
        case Failed() if text.is_silent(event.error):
            name = "cancelled"
        case Failed():
            name, facts = "failed", {**_problem(event.error), "attempts": getattr(event.error, "attempts", 0)}
    return name, facts


def _problem(error: BaseException) -> dict[str, Any]:
    return {"error": type(error).__name__, "message": text.message_of(error)}


def _result(event: Succeeded) -> dict[str, Any]:
    result = event.result
    digests = dict(result.artifact_attributes)
    size = digests.pop("size", None)
    facts: dict[str, Any] = {"path": result.path, "size": size, "digests": digests}
    if isinstance(result, CartResult):
        facts["members"] = [member._asdict() for member in result.members]
    return {**facts, "attempts": result.attempts, "seconds": round(result.seconds, 6)}

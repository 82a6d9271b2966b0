"""Plain lines, for logs and for terminals without a live display.

A handful of downloads get a line each when they end, and one now and then while they are long; beyond that there is
one line for all of them every few seconds. A failure always gets its own line.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from haulage.events import AttemptStarted, Event, Failed, HeadersReceived, Retrying, Staging, Succeeded
from haulage.progress import text
from haulage.progress.board import Board
from haulage.progress.reader import Reader
from haulage.result import CartResult
from haulage.urls import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from haulage.progress.picture import Picture, Row

__all__ = ["PlainProgress", "success_line", "summary_line"]

_FEW = 100  # downloads that get a line each
_EVERY = 10.0  # seconds between two lines about something that takes long


class PlainProgress(Reader):
    """Lines of text about what happens.

    Args:
        stream: Where to; standard error by default.
        expected: Downloads there will be, or None.
        quiet: Failures only.
        verbose: Attempts, sizes and digests as well, and the files of carts.
        on_error: See `Reader`.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        expected: int | None = None,
        quiet: bool = False,
        verbose: bool = False,
        on_error: Callable[[Exception], None] | None = None,
    ) -> None:
        super().__init__(on_error=on_error)
        self._stream = stream
        self._quiet = quiet
        self._verbose = verbose
        self._is_few = expected is None or expected <= _FEW
        self._expected = expected
        self._board = Board(expected, time.monotonic())
        self._noted: list[Event] = []
        self._next_report = time.monotonic() + _EVERY

    def open(self) -> None:
        """Find the stream."""
        self._stream = self._stream or sys.stderr

    def take(self, event: Event) -> None:
        """Count *event*, and keep it if it gets a line."""
        if self._quiet:
            if type(event) is Failed:
                self._noted.append(event)
            return
        self._board.take(event, time.monotonic())
        kind = type(event)
        wanted = kind is Failed or (kind in (Succeeded, Retrying) and (self._is_few or self._verbose))
        if wanted or (self._verbose and kind in (AttemptStarted, HeadersReceived, Staging)):
            self._noted.append(event)

    def draw(self, *, last: bool) -> None:
        """Write the lines that are due."""
        lines = [*self._event_lines(), *self._status_lines(last=last)]
        # Without a standard error (pythonw) there is nobody to tell.
        if lines and self._stream is not None:
            self._stream.write("".join(f"{line}\n" for line in lines))
            self._stream.flush()

    def _event_lines(self) -> Iterator[str]:
        with self._lock:
            noted, self._noted = self._noted, []
        for event in noted:
            match event:
                case Succeeded():
                    if self._verbose:
                        yield from _member_lines(event)
                    yield success_line(event, with_digests=self._verbose)
                case Failed() if not text.is_silent(event.error):
                    yield text.failure_line(event.url, event.error)
                case Retrying():
                    again = f"trying again in {text.duration(event.wait)}"
                    yield f"haulage: {redact(event.url)}: {text.message_of(event.error)}; {again}"
                case Staging():
                    waited = f"waiting for {text.duration(event.elapsed)}"
                    yield f"haulage: {redact(event.url)}: {waited}: {text.staging_words(event)}"
                case AttemptStarted():
                    yield f"haulage: {redact(event.url)}: attempt {event.attempt}"
                case HeadersReceived():
                    yield f"haulage: {redact(event.url)}: {_announced(event.total)}"

    def _status_lines(self, *, last: bool) -> Iterator[str]:
        now = time.monotonic()
        if self._quiet or not (last or now >= self._next_report):
            return
        with self._lock:
            picture = self._board.picture(now)
        if last:
            if picture.ended > 1 or (self._expected or 0) > 1:
                yield f"haulage: {summary_line(picture)}"
            return
        self._next_report = now + _EVERY
        if self._is_few:
            for row in picture.rows:
                yield f"haulage: {redact(row.url)}: {_row_line(row)}"
        else:
            yield f"haulage: {summary_line(picture)}"


def success_line(event: Succeeded, *, with_url: bool = True, with_digests: bool = False) -> str:
    """Return the line that tells of a success."""
    result = event.result
    count = result.artifact_attributes.get("size", 0)
    pace = f" at {text.speed(count / result.seconds)}" if count and result.seconds > 0 and result.attempts else ""
    files = ""
    if isinstance(result, CartResult):
        files = f", {text.amount(len(result.members), 'file')}"
        # Most of the time it may have been waited for.
        pace = f" in {text.duration(result.seconds)}"
    attempts = f", attempt {result.attempts}" if result.attempts > 1 else ""
    source = f"{redact(event.url)}: " if with_url or result.path is None else ""
    # What was there already and has been verified took no attempt.
    where = "written" if result.path is None else f"{'saved' if result.attempts else 'found'} {result.path}"
    digests = [f"{name}:{value}" for name, value in result.artifact_attributes.items() if name != "size"]
    proof = f", {' '.join(digests)}" if with_digests and digests else ""
    return text.printable(f"haulage: {source}{where}{files}, {text.size(count)}{pace}{attempts}{proof}")


def _member_lines(event: Succeeded) -> Iterator[str]:
    result = event.result
    if isinstance(result, CartResult):
        for member in result.members:
            proof = "".join(f", {name}:{value}" for name, value in member.digests.items())
            yield f"haulage: {redact(event.url)}: {text.escaped(member.name)}, {text.size(member.size)}{proof}"


def summary_line(picture: Picture) -> str:
    """Return how things stand in one line."""
    of = "" if picture.expected is None else f" of {picture.expected}"
    parts = [f"{picture.succeeded}{of} done", text.size(picture.received), f"in {text.duration(picture.seconds)}"]
    if picture.seconds > 0:
        parts.append(text.speed(picture.received / picture.seconds))
    if picture.retried:
        parts.append(f"{picture.retried} retried")
    if picture.failed:
        parts.append(f"{picture.failed} failed")
    return ", ".join(parts)


def _announced(total: int | None) -> str:
    return "size not announced" if total is None else f"{text.size(total)} to come"


def _row_line(row: Row) -> str:
    if row.wait is not None:
        return f"waiting {text.duration(row.wait)} for attempt {row.attempt + 1}"
    if row.waited is not None:
        return f"waiting for {text.duration(row.waited)}: {row.staging}"
    of = "" if row.total is None else f" of {text.size(row.total)}"
    of_members = "" if row.members_total is None else f" of {row.members_total}"
    files = "" if row.members is None else f", {row.members}{of_members} files"
    left = "" if row.seconds_left is None else f", {text.duration(row.seconds_left)} left"
    return f"{text.size(row.received)}{of}{files}, {text.speed(row.speed)}{left}"

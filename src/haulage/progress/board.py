"""Where all downloads stand: events in, a picture out. No I/O; the clock is an argument.

Only what is under way is kept one by one; what has ended lives on as counts, so that ten thousand small files cost
no memory and hardly any time.
"""

from __future__ import annotations

from collections import deque

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
from haulage.progress.picture import Picture, Row
from haulage.progress.text import is_silent, message_of, name_of, staging_words

__all__ = ["Board"]

_WINDOW = 3.0  # seconds over which a speed is measured


class Board:
    """Takes events and gives pictures.

    Args:
        expected: Downloads there will be, or None.
        now: The time, in seconds of a monotonic clock.
    """

    def __init__(self, expected: int | None, now: float) -> None:
        self._expected = expected
        self._since = now
        self._items: dict[object, _Item] = {}
        self._meter = _Meter(now)
        self._moved = 0
        self._succeeded = self._failed = self._retried = self._proved = 0

    def take(self, event: Event, now: float) -> None:
        """Note *event*, which happened at *now*."""
        # Asked in the order of frequency: this is all that small files cost.
        kind = type(event)
        if kind is BytesReceived:
            self._on_bytes(event)  # type: ignore[arg-type]
        elif kind is AttemptStarted:
            self._items[event.key] = _Item(event, event.attempt, now)  # type: ignore[attr-defined]
        elif kind is MemberUnpacked:
            item = self._items.get(event.key)
            if item is not None:
                item.members, item.members_total = event.count, event.total  # type: ignore[attr-defined]
        elif kind is HeadersReceived:
            item = self._items.get(event.key)
            if item is not None:
                item.total = event.total  # type: ignore[attr-defined]
        elif kind is Succeeded:
            self._items.pop(event.key, None)
            self._succeeded += 1
            self._proved += event.result.artifact_attributes.get("size", 0)  # type: ignore[attr-defined]
        elif kind is Failed:
            self._items.pop(event.key, None)
            self._failed += not is_silent(event.error)  # type: ignore[attr-defined]
        else:
            self._take_rare(event, now)

    def _take_rare(self, event: Event, now: float) -> None:
        if isinstance(event, Retrying):
            self._on_retry(event, now)
        elif isinstance(event, Staging):
            self._on_staging(event, now)

    def _on_bytes(self, event: BytesReceived) -> None:
        self._moved += event.count
        item = self._items.get(event.key)
        if item is not None:
            item.received = event.received

    def _on_retry(self, event: Retrying, now: float) -> None:
        self._retried += 1
        item = self._items.get(event.key)
        if item is not None:
            item.until, item.problem = now + event.wait, message_of(event.error)

    def _on_staging(self, event: Staging, now: float) -> None:
        # It comes before the first attempt.
        item = self._items.setdefault(event.key, _Item(event, 0, now))
        item.staging, item.staged_since = staging_words(event), now - event.elapsed

    def picture(self, now: float) -> Picture:
        """Return how things stand at *now*. Speeds are measured from one picture to the next."""
        self._meter.mark(now, self._moved)
        rows = tuple(item.row(now) for item in self._items.values())
        received = self._proved + sum(row.received for row in rows)
        is_all_known = all(row.total is not None for row in rows)
        is_all_begun = self._expected is not None and self._succeeded + self._failed + len(rows) >= self._expected
        total = self._proved + sum(row.total or 0 for row in rows) if is_all_known and is_all_begun else None
        return Picture(
            rows=rows,
            expected=self._expected,
            succeeded=self._succeeded,
            failed=self._failed,
            retried=self._retried,
            received=received,
            total=total,
            speed=self._meter.speed,
            seconds=now - self._since,
        )


class _Meter:
    """Bytes per second over the last few seconds."""

    __slots__ = ("_samples",)

    def __init__(self, now: float) -> None:
        self._samples: deque[tuple[float, int]] = deque([(now, 0)])

    def mark(self, now: float, count: int) -> None:
        """Note that *count* bytes had come by *now*."""
        samples = self._samples
        if count < samples[-1][1]:
            # Another attempt began at nothing.
            samples.clear()
        samples.append((now, count))
        while len(samples) > 2 and samples[1][0] <= now - _WINDOW:  # noqa: PLR2004 - a speed has two ends
            samples.popleft()

    @property
    def speed(self) -> float:
        """Bytes per second."""
        (start, before), (end, after) = self._samples[0], self._samples[-1]
        return (after - before) / (end - start) if end > start else 0.0


class _Item:
    """A download under way: a cart that is waited for, or an attempt from its beginning."""

    __slots__ = (
        *("attempt", "key", "members", "members_total", "meter", "problem", "received", "since", "staged_since"),
        *("staging", "total", "until", "url"),
    )

    def __init__(self, event: Event, attempt: int, now: float) -> None:
        self.url = event.url
        self.key = event.key
        self.attempt = attempt
        self.since = now
        self.received = 0
        self.total: int | None = None
        self.until: float | None = None
        self.problem = ""
        self.staging = ""
        self.staged_since: float | None = None
        self.members: int | None = None
        self.members_total: int | None = None
        self.meter: _Meter | None = None

    def row(self, now: float) -> Row:
        """Return how it stands at *now*."""
        # Most small files are over before anybody looks, and need no meter and no name.
        if self.meter is None:
            self.meter = _Meter(self.since)
        self.meter.mark(now, self.received)
        return Row(
            url=self.url,
            name=self.key if isinstance(self.key, str) else name_of(self.url),
            attempt=self.attempt,
            received=self.received,
            total=self.total,
            speed=self.meter.speed,
            wait=None if self.until is None else max(0.0, self.until - now),
            problem=self.problem,
            staging=self.staging,
            waited=None if self.staged_since is None else max(0.0, now - self.staged_since),
            members=self.members,
            members_total=self.members_total,
        )

"""Where all downloads stand: events in, a picture out. No I/O; the clock is an argument.

Only what is under way is kept one by one; what has ended lives on as counts, so that ten thousand small files cost
no memory and hardly any time.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from haulage.events import AttemptStarted, BytesReceived, Event, Failed, HeadersReceived, Retrying, Succeeded
from haulage.progress.text import is_silent, message_of, name_of

__all__ = ["Board", "Picture", "Row"]

_WINDOW = 3.0  # seconds over which a speed is measured


@dataclass(frozen=True, slots=True)
class Row:
    """One download under way.

    Attributes:
        url: Its URL, to be redacted before it is shown.
        name: Its key where that is text, else the last part of its URL's path.
        attempt: The attempt's number, from 1.
        received: Bytes of this attempt.
        total: Bytes to come in all, or None.
        speed: Bytes per second.
        wait: Seconds until the next attempt, or None while one is under way.
        problem: Why the last attempt failed, or an empty text.
    """

    url: str
    name: str
    attempt: int
    received: int
    total: int | None
    speed: float
    wait: float | None
    problem: str

    @property
    def seconds_left(self) -> float | None:
        """Time left at this speed, or None where nobody can know."""
        if self.total is None or self.wait is not None or self.speed <= 0:
            return None
        return max(0, self.total - self.received) / self.speed


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything at one moment.

    Attributes:
        rows: What is under way, in the order of its beginning.
        expected: Downloads there will be in all, or None.
        succeeded: Downloads that ended well.
        failed: Downloads that were given up.
        retried: Attempts that failed and were followed by another.
        received: Bytes of good and running downloads.
        total: Bytes there will be in all, or None where that is not known.
        speed: Bytes per second, all together.
        seconds: Time since the beginning.
    """

    rows: tuple[Row, ...]
    expected: int | None
    succeeded: int
    failed: int
    retried: int
    received: int
    total: int | None
    speed: float
    seconds: float

    @property
    def ended(self) -> int:
        """Downloads that are over."""
        return self.succeeded + self.failed

    @property
    def fraction(self) -> float | None:
        """How much of the whole is done, from 0 to 1, or None where nobody can know."""
        if self.total:
            return min(1.0, self.received / self.total)
        return min(1.0, self.ended / self.expected) if self.expected else None

    @property
    def seconds_left(self) -> float | None:
        """Time left at this speed, or None where nobody can know."""
        if self.total is None or self.speed <= 0:
            return None
        return max(0, self.total - self.received) / self.speed


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
            self._items[event.key] = _Item(event, now)  # type: ignore[arg-type]
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
        elif kind is Retrying:
            self._on_retry(event, now)  # type: ignore[arg-type]

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
    """A download under way, from the beginning of an attempt."""

    __slots__ = ("attempt", "key", "meter", "problem", "received", "since", "total", "until", "url")

    def __init__(self, event: AttemptStarted, now: float) -> None:
        self.url = event.url
        self.key = event.key
        self.attempt = event.attempt
        self.since = now
        self.received = 0
        self.total: int | None = None
        self.until: float | None = None
        self.problem = ""
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
        )

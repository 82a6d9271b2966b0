"""Where all downloads stand at one moment, as frozen values for whoever draws them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Picture", "Row"]


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
        staging: What a cart service says of a cart that is not ready, or an empty text.
        waited: Seconds such a cart was waited for, or None where there is nothing to wait for.
        members: Members of an archive that are complete, or None where there is no archive.
        members_total: Members that were asked for, or None where that is not known.
    """

    url: str
    name: str
    attempt: int
    received: int
    total: int | None
    speed: float
    wait: float | None
    problem: str
    staging: str
    waited: float | None
    members: int | None
    members_total: int | None

    @property
    def fraction(self) -> float | None:
        """How much of it is done, from 0 to 1, in bytes or else in members; None where nobody can know."""
        if self.total:
            return min(1.0, self.received / self.total)
        return min(1.0, self.members / self.members_total) if self.members and self.members_total else None

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
        if not self.expected:
            return None
        # A cart is of unknown size and of a known number of files.
        under_way = sum(row.fraction or 0.0 for row in self.rows if row.members is not None)
        return min(1.0, (self.ended + under_way) / self.expected)

    @property
    def seconds_left(self) -> float | None:
        """Time left at this speed, or None where nobody can know."""
        if self.total is None or self.speed <= 0:
            return None
        return max(0, self.total - self.received) / self.speed

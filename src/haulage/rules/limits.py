"""Limits on bytes and on time, as arithmetic over a clock that is handed in.

All times are in seconds of one monotonic clock.
"""

from __future__ import annotations

__all__ = ["ByteBucket", "LowSpeedWindow", "read_buffer_size"]

_MIB = 1 << 20
_KIB = 1 << 10


class ByteBucket:
    """Bytes per second, shared by everybody who pays into the same bucket.

    Paying is never refused: who overdraws is told how long to wait until the debt is gone, so that over any longer
    time the rate holds, whatever the size of the pieces.

    Args:
        rate: Bytes per second.
        burst: Bytes that may be saved up while nobody pays, in seconds of rate.
    """

    __slots__ = ("_burst", "_free_at", "_rate")

    def __init__(self, rate: float, *, burst: float = 0.1) -> None:
        self._rate = rate
        self._burst = burst
        self._free_at = float("-inf")

    def pay(self, count: int, now: float) -> float:
        """Book *count* bytes and return the seconds to wait before reading more."""
        self._free_at = max(self._free_at, now - self._burst) + count / self._rate
        return max(0.0, self._free_at - now)


class LowSpeedWindow:
    """Every window of `time` seconds must bring `limit` times `time` bytes.

    Args:
        limit: Bytes per second.
        time: Length of a window in seconds.
        now: The time at which the first window opens.
    """

    __slots__ = ("_due", "_quota", "_time", "deadline")

    def __init__(self, limit: float, time: float, now: float) -> None:
        self._quota = limit * time
        self._time = time
        self._due = self._quota
        self.deadline = now + time

    def received(self, count: int, now: float) -> None:
        """Note *count* bytes; a window that has its bytes is followed by a new one."""
        self._due -= count
        if self._due <= 0:
            self._due = self._quota
            self.deadline = now + self._time

    def excuse(self, seconds: float) -> None:
        """Leave out *seconds* in which it was us who did not read."""
        self.deadline += seconds


def read_buffer_size(concurrency: int) -> int:
    """Return the bytes each of *concurrency* connections may hold unread.

    One connection alone is fastest with a mebibyte; a hundred together must stay within a few.
    """
    return max(16 * _KIB, min(_MIB, 4 * _MIB // max(1, concurrency)))

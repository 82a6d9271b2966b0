"""Whether a failed attempt is followed by another, and after how many seconds.

What may pass by itself is said by the error (`transient`, `retry_after`); this room only counts and computes.
429 has a budget of its own, because it says nothing about the health of a server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import backoff

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from haulage.errors import DownloadError

__all__ = ["RetryPolicy", "RetryState"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """The budget of one download.

    Attributes:
        max_retries: Further attempts after failures other than 429.
        max_throttled: Attempts in all that may be answered by 429 (seed: Pulp's ten tries).
        longest_wait: Upper bound of a computed wait, in seconds.
        longest_retry_after: A server that asks for more seconds than this is not waited for.
        jitter: From a wait to one at most as long; replaced by tests.
    """

    max_retries: int = 0
    max_throttled: int = 10
    longest_wait: float = 60.0
    longest_retry_after: float = 300.0
    jitter: Callable[[float], float] = backoff.full_jitter


class RetryState:
    """What one download has used of its budget.

    Args:
        policy: The budget.
    """

    __slots__ = ("_failures", "_policy", "_throttled", "_waits")

    def __init__(self, policy: RetryPolicy) -> None:
        self._policy = policy
        self._failures = 0
        self._throttled = 0
        self._waits: Generator[float, None, None] | None = None

    def wait_after(self, error: DownloadError) -> float | None:
        """Return the seconds to wait before the next attempt, or None to give up on *error*."""
        policy = self._policy
        if not error.transient:
            return None
        if error.throttled:
            self._throttled += 1
            if self._throttled >= policy.max_throttled:
                return None
        else:
            self._failures += 1
            if self._failures > policy.max_retries:
                return None
        wait = self._next_wait()
        if error.retry_after is None:
            return wait
        if error.retry_after > policy.longest_retry_after:
            return None
        # The jitter goes on top: nobody comes back before the window opens, and not all at the same moment.
        return error.retry_after + policy.jitter(min(1.0, wait + error.retry_after * 0.1))

    def _next_wait(self) -> float:
        if self._waits is None:
            self._waits = backoff.expo(base=2, factor=1, max_value=self._policy.longest_wait)
            next(self._waits)  # backoff's generators begin with an empty value
        return self._policy.jitter(next(self._waits))

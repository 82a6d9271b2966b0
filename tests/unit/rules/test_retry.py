"""The retry rule: it counts and computes, and never looks at a clock."""

from __future__ import annotations

import pytest

from haulage.errors import ConnectionFailed, DownloadError, MalformedRequest
from haulage.rules.retry import RetryPolicy, RetryState
from haulage.transport.status import HttpStatusError


def _all(wait: float) -> float:
    return wait


def _none(_wait: float) -> float:
    return 0.0


def busy(retry_after: float | None = None) -> HttpStatusError:
    """Return a 429."""
    return HttpStatusError(429, "Too Many Requests", retry_after=retry_after)


def test_the_default_is_no_retry() -> None:
    """Standing alone, a downloader tries once."""
    assert RetryState(RetryPolicy()).wait_after(ConnectionFailed("lost")) is None


def test_what_will_not_pass_is_never_tried_again() -> None:
    """A final error takes nothing from the budget and ends it."""
    state = RetryState(RetryPolicy(max_retries=5, jitter=_all))
    assert state.wait_after(MalformedRequest("bad")) is None
    assert state.wait_after(HttpStatusError(404, "Not Found", retry_after=3)) is None
    assert state.wait_after(ConnectionFailed("lost")) == 1.0


@pytest.mark.parametrize("budget", [0, 1, 3])
def test_the_budget_is_counted(budget: int) -> None:
    """So many further attempts, and no more."""
    state = RetryState(RetryPolicy(max_retries=budget, jitter=_none))
    waits = [state.wait_after(ConnectionFailed("lost")) for _ in range(budget + 2)]
    assert [wait is not None for wait in waits] == [True] * budget + [False] * 2


def test_429_has_ten_attempts_of_its_own() -> None:
    """Ten answers of 429 end it, whatever the other budget is."""
    state = RetryState(RetryPolicy(max_retries=0, jitter=_none))
    waits = [state.wait_after(busy()) for _ in range(10)]
    assert [wait is not None for wait in waits] == [True] * 9 + [False]


def test_the_two_budgets_are_apart() -> None:
    """A 429 takes nothing from the retries, nor the other way round."""
    state = RetryState(RetryPolicy(max_retries=2, jitter=_none))
    for _ in range(5):
        assert state.wait_after(busy()) is not None
    assert state.wait_after(ConnectionFailed("lost")) is not None
    assert state.wait_after(busy()) is not None
    assert state.wait_after(ConnectionFailed("lost")) is not None
    assert state.wait_after(ConnectionFailed("lost")) is None


def test_waits_double_up_to_a_bound() -> None:
    """One second, two, four, and never more than the longest wait."""
    state = RetryState(RetryPolicy(max_retries=9, longest_wait=10.0, jitter=_all))
    assert [state.wait_after(ConnectionFailed("lost")) for _ in range(6)] == [1, 2, 4, 8, 10, 10]


def test_a_server_that_asks_is_waited_for() -> None:
    """Nobody comes back before the window opens, and not everybody at once."""
    state = RetryState(RetryPolicy(jitter=_none))
    assert state.wait_after(busy(30.0)) == 30.0
    state = RetryState(RetryPolicy(jitter=_all))
    wait = state.wait_after(busy(30.0))
    assert wait is not None
    assert 30.0 < wait <= 31.0


def test_retry_after_counts_for_every_transient_error() -> None:
    """A 503 may ask for a pause as a 429 does."""
    state = RetryState(RetryPolicy(max_retries=1, jitter=_none))
    assert state.wait_after(HttpStatusError(503, "Busy", retry_after=12.0)) == 12.0


@pytest.mark.parametrize(("asked", "waits"), [(300.0, True), (300.1, False), (1e12, False)])
def test_a_server_that_asks_for_too_much_is_given_up_on(asked: float, waits: bool) -> None:
    """Beyond the cap it is better to fail now, with the number in the error."""
    state = RetryState(RetryPolicy(max_retries=1, jitter=_none))
    assert (state.wait_after(busy(asked)) is not None) is waits


def test_the_jitter_is_used() -> None:
    """Waits are spread by the policy's jitter, with the bound as its argument."""
    seen: list[float] = []

    def half(wait: float) -> float:
        seen.append(wait)
        return wait / 2

    state = RetryState(RetryPolicy(max_retries=3, jitter=half))
    assert [state.wait_after(ConnectionFailed("lost")) for _ in range(3)] == [0.5, 1.0, 2.0]
    assert seen == [1, 2, 4]


def test_the_default_jitter_spreads() -> None:
    """Many downloads that fail together do not come back together."""
    waits = {RetryState(RetryPolicy(max_retries=1)).wait_after(ConnectionFailed("lost")) for _ in range(20)}
    assert len(waits) > 10
    assert all(wait is not None and 0 <= wait <= 1 for wait in waits)


def test_a_policy_is_a_frozen_value() -> None:
    """A budget can be compared, and not changed by those who use it."""
    assert RetryPolicy(max_retries=3) == RetryPolicy(max_retries=3)
    with pytest.raises(AttributeError):
        RetryPolicy().max_retries = 5  # type: ignore[misc]


def test_an_error_that_says_transient_itself() -> None:
    """The rule asks the error, not its class."""
    state = RetryState(RetryPolicy(max_retries=1, jitter=_none))
    assert state.wait_after(DownloadError("x", transient=True)) == 0.0
    assert state.wait_after(ConnectionFailed("x", transient=False)) is None

"""The Retry-After header: seconds or a date."""

from __future__ import annotations

import pytest

from haulage.rules.retry_after import parse_retry_after

NOW = 784111777.0  # Sun, 06 Nov 1994 08:49:37 GMT


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("  ", None),
        ("120", 120.0),
        (" 120 ", 120.0),
        ("0", None),
        ("000", None),
        ("007", 7.0),
        ("1" * 400, 1e12),
        ("9" * 5000, 1e12),
        ("Sun, 06 Nov 1994 08:50:37 GMT", 60.0),
        ("Sunday, 06-Nov-94 08:50:37 GMT", 60.0),
        ("Sun Nov  6 08:50:37 1994", 60.0),
        ("Sun, 06 Nov 1994 09:50:37 +0100", 60.0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 1994 08:48:37 GMT", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 252618189022.0),
    ],
)
def test_seconds_and_dates_are_understood(value: str | None, seconds: float | None) -> None:
    """All three forms of an HTTP date, and a number of seconds; what is over is no wait."""
    assert parse_retry_after(value, now=NOW) == seconds


@pytest.mark.parametrize(
    "value",
    [
        *("soon", "-5", "+5", "5.5", "5s", "1e3", "٣", "0x10", "120, 60", "Sun, 99 Nov 1994 08:50:37 GMT", "GMT", ","),
        *("Sun, 06 Nov 1994", "Sun, 06 Nov 1994 25:61:61 GMT", "\x00", "Sun, 06 Nov 99999999 08:50:37 GMT", "é" * 1000),
        *("Sun, 06 Nov 1994 08:50:37 +9999", "Sun, 00 Nov 1994 00:00:00 GMT"),
    ],
)
def test_what_makes_no_sense_is_not_there(value: str) -> None:
    """Garbage gives no number and no error: the usual backoff is enough."""
    assert parse_retry_after(value, now=NOW) is None


def test_a_date_is_held_against_the_servers_clock() -> None:
    """A machine whose own clock is wrong by a day waits a minute all the same."""
    value, date = "Sun, 06 Nov 1994 08:50:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT"
    assert parse_retry_after(value, now=NOW + 86400, server_date=date) == 60.0
    assert parse_retry_after(value, now=NOW - 86400, server_date=date) == 60.0


@pytest.mark.parametrize("date", [None, "", "yesterday", "\x00", "120"])
def test_without_a_servers_clock_ours_must_do(date: str | None) -> None:
    """A Date header that makes no sense is as good as none."""
    assert parse_retry_after("Sun, 06 Nov 1994 08:50:37 GMT", now=NOW, server_date=date) == 60.0


def test_seconds_need_no_clock() -> None:
    """A number of seconds is counted from now, whatever the server's date is."""
    assert parse_retry_after("60", now=NOW, server_date="Fri, 31 Dec 1999 23:59:59 GMT") == 60.0

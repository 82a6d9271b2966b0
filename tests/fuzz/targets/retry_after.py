"""Retry-After: a line with its value, one with the Date beside it, one with this machine's clock."""

from __future__ import annotations

import contextlib

from fuzz.data import lines_of
from haulage.rules.retry_after import parse_retry_after

_LONGEST = 1e12  # seconds


def test_one(data: bytes) -> None:
    """There is a number above zero within bounds, or none; spaces around it and a later clock never make it longer."""
    value, date, clock = lines_of(data, 3)
    now = 0.0
    with contextlib.suppress(ValueError):
        now = float(clock)
    seconds = parse_retry_after(value, now=now, server_date=date)
    assert seconds is None or 0 < seconds <= _LONGEST
    assert parse_retry_after(f" {value}\t", now=now, server_date=date) == seconds
    if value.isascii() and value.isdigit():
        assert (seconds or 0) == min(int(value.lstrip("0")[:30] or 0), _LONGEST)
    later = parse_retry_after(value, now=now + 10, server_date=date)
    assert (later or 0) <= (seconds or 0)

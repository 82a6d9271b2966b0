"""HTTP dates in their three forms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haulage.depot.dates import format_date, parse_date

MOMENT = 784_111_777  # the example of RFC 9110, section 5.6.7


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        " Sun, 06 Nov 1994 08:49:37 GMT\t",
    ],
)
def test_three_forms(text: str) -> None:
    """All three forms of the standard name the same moment."""
    assert parse_date(text) == MOMENT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "784111777",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 00 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Son, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
    ],
)
def test_invalid(text: str) -> None:
    """What is not a date is None, so that the caller can ignore it."""
    assert parse_date(text) is None


@pytest.mark.parametrize(("short", "full"), [("26", 2026), ("76", 2076), ("77", 1977), ("99", 1999)])
def test_two_digit_years(short: str, full: int) -> None:
    """A two-digit year is never more than fifty years ahead."""
    assert parse_date(f"Sunday, 01-Jan-{short} 00:00:00 GMT", this_year=2026) == parse_date(
        f"Sun, 01 Jan {full} 00:00:00 GMT"
    )


@given(st.integers(min_value=-62_135_596_800, max_value=253_402_300_799))
def test_round_trip(moment: int) -> None:
    """Every moment of the years 1 to 9999 survives being written and read."""
    assert parse_date(format_date(moment)) == moment

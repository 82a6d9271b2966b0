"""HTTP dates as whole seconds: one way to write them, three ways to read them (RFC 9110, section 5.6.7).

Strategy: a date is an ``int`` of seconds since the epoch everywhere inside the depot, because that is all
the precision the wire has. Names of days and months are spelled here and not taken from ``strftime``,
which would speak the language of the machine. What cannot be read is ``None``, and the caller ignores the
field, as the RFC asks for every conditional date.
"""

from __future__ import annotations

import calendar
import re
import time

__all__ = ["format_date", "parse_date"]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LONG_DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_SHORT_DAY = f"(?:{'|'.join(_DAYS)})"
_MONTH = f"(?P<month>{'|'.join(_MONTHS)})"
_TIME = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"{_SHORT_DAY}, (?P<day>[0-9]{{2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_TIME} GMT",
        rf"(?:{_LONG_DAYS}), (?P<day>[0-9]{{2}})-{_MONTH}-(?P<year>[0-9]{{2}}) {_TIME} GMT",
        rf"{_SHORT_DAY} {_MONTH} (?P<day>[0-9]{{2}}| [0-9]) {_TIME} (?P<year>[0-9]{{4}})",
    )
)

_LAST_HOUR = 23
_LAST_MINUTE = 59
_LEAP_SECOND = 60
_SHORT_YEAR = 100
_HALF_CENTURY = 50


def format_date(seconds: int) -> str:
    """Write a moment in the one form a sender may use, IMF-fixdate.

    Args:
        seconds: Seconds since the epoch, UTC.

    Returns:
        Text such as ``Sun, 06 Nov 1994 08:49:37 GMT``.
    """
    at = time.gmtime(seconds)
    return (
        f"{_DAYS[at.tm_wday]}, {at.tm_mday:02} {_MONTHS[at.tm_mon - 1]} {at.tm_year:04} "
        f"{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} GMT"
    )


def parse_date(text: str, *, this_year: int | None = None) -> int | None:
    """Read a date in any of the three forms a recipient must accept.

    Args:
        text: The value of a header field.
        this_year: The year against which a two-digit year is understood; the present one by default.

    Returns:
        Seconds since the epoch, or ``None`` when the text is not a valid date.
    """
    found = next((match for form in _FORMS if (match := form.fullmatch(text.strip(" \t")))), None)
    if found is None:
        return None
    year, day = int(found["year"]), int(found["day"])
    if year < _SHORT_YEAR and len(found["year"]) == len("94"):
        year = _full_year(year, time.gmtime().tm_year if this_year is None else this_year)
    month = _MONTHS.index(found["month"]) + 1
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"])
    if year == 0 or not 1 <= day <= calendar.monthrange(year, month)[1]:
        return None
    if hour > _LAST_HOUR or minute > _LAST_MINUTE or second > _LEAP_SECOND:
        return None
    return calendar.timegm((year, month, day, hour, minute, second))


def _full_year(short: int, this_year: int) -> int:
    """Put a two-digit year in its century: never more than 50 years ahead (RFC 9110, section 5.6.7)."""
    year = this_year - this_year % _SHORT_YEAR + short
    return year - _SHORT_YEAR if year > this_year + _HALF_CENTURY else year

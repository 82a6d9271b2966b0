"""The Retry-After header (RFC 9110, section 10.2.3): seconds or a date."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime

__all__ = ["parse_retry_after"]

# Enough for any date a float can hold; what is more is only said to be long.
_FOREVER = 1e12


def parse_retry_after(value: str | None, *, now: float, server_date: str | None = None) -> float | None:
    """Return the seconds to wait, or None where the header is missing or makes no sense.

    Args:
        value: The header's value.
        now: This machine's time in seconds since 1970, for a date.
        server_date: The response's Date header. A date is compared with it where there is one, so that a wrong
            clock here does no harm.

    A date in the past means no wait, and is None as well: the usual backoff is the floor.
    """
    text = (value or "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return min(float(text.lstrip("0")[:20] or 0), _FOREVER) or None
    then = _timestamp(text)
    if then is None:
        return None
    seconds = then - (_timestamp(server_date or "") or now)
    return min(seconds, _FOREVER) if seconds > 0 else None


def _timestamp(text: str) -> float | None:
    try:
        date = parsedate_to_datetime(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None

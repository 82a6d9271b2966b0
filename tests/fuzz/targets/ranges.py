"""Content-Range: a line with its value, one with the Range that was asked for, one with the answer's length."""

from __future__ import annotations

from fuzz.data import lines_of, value_of
from haulage.rules.ranges import is_answered, parse_content_range

_MOST_DIGITS = 10**19


def test_one(data: bytes) -> None:
    """What is understood makes sense, is written back to itself, and answers only what was asked."""
    value, asked, digits = lines_of(data, 3)
    length = value_of(digits)
    if type(length) is not int:
        length = None
    got = parse_content_range(value)
    answered = is_answered(asked, value, length)
    if got is None:
        # What is not understood answers no single range of bytes.
        assert answered == is_answered(asked, None, length)
        return
    total = "*" if got.total is None else str(got.total)
    if got.first is None or got.last is None:
        assert (got.first, got.last) == (None, None)
        assert got.total is not None
        assert parse_content_range(f"bytes */{total}") == got
        return
    assert 0 <= got.first <= got.last < _MOST_DIGITS
    assert got.total is None or got.last < got.total
    assert parse_content_range(f"Bytes {got.first}-{got.last}/{total}") == got
    assert is_answered(f"bytes={got.first}-{got.last}", value, got.last - got.first + 1)
    assert is_answered(f"bytes={got.first}-", value, None)
    assert not is_answered(f"bytes={got.first + 1}-", value, None)
    assert not is_answered(f"bytes={got.first}-", value, got.last - got.first)

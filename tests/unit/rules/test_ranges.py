"""What Content-Range says, and whether a 206 answers what was asked."""

from __future__ import annotations

import pytest

from haulage.rules.ranges import ContentRange, is_answered, parse_content_range


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("bytes 0-9/10", ContentRange(0, 9, 10)),
        ("BYTES  5-5/*", ContentRange(5, 5, None)),
        (" bytes 1-2/3 ", ContentRange(1, 2, 3)),
        ("bytes */10", ContentRange(None, None, 10)),
        ("bytes 9223372036854775807-9223372036854775807/*", ContentRange(2**63 - 1, 2**63 - 1, None)),
        *((value, None) for value in ("", None, "bytes", "bytes */*", "items 0-9/10", "bytes 0-9", "bytes 5-4/10")),
        *(
            (value, None)
            for value in ("bytes 0-10/10", "bytes -1-9/10", "bytes 0-+9/10", "bytes=0-9/10", "bytes 0-9/1x")
        ),
        *((value, None) for value in ("bytes 0-9/10, bytes 0-9/10", "bytes ٠-٩/١٠", f"bytes 0-{'9' * 30}/*", "0-9/10")),
    ],
)
def test_content_range(value: str | None, expected: ContentRange | None) -> None:
    """Whole numbers in order, below the total; anything else says nothing."""
    assert parse_content_range(value) == expected


@pytest.mark.parametrize(
    ("asked", "content_range", "length", "answered"),
    [
        ("bytes=5-9", "bytes 5-9/100", 5, True),
        ("bytes=5-", "bytes 5-99/100", 95, True),
        ("bytes=5-", "bytes 5-99/100", None, True),
        # A server may send less than was asked for.
        ("bytes=5-9", "bytes 5-7/100", 3, True),
        ("bytes=-10", "bytes 90-99/100", 10, True),
        ("bytes=0-1,4-5", None, None, True),
        ("items=0-1", None, None, True),
        ("bytes=5-9", "bytes 6-9/100", 4, False),
        ("bytes=5-9", "bytes 5-10/100", 6, False),
        ("bytes=5-9", "bytes 5-9/100", 4, False),
        ("bytes=5-9", None, 5, False),
        ("bytes=5-9", "bytes */100", None, False),
        ("bytes=-10", "bytes 0-9/100", 10, False),
    ],
)
def test_a_partial_answer(asked: str, content_range: str | None, length: int | None, answered: bool) -> None:
    """It begins where it should, and has as many bytes as it says."""
    assert is_answered(asked, content_range, length) is answered

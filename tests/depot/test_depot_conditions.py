"""Conditional requests against the precedence of RFC 9110, section 13.2.2."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haulage.depot.conditions import Ask, Validators, Verdict, judge, range_applies
from haulage.depot.dates import format_date

MODIFIED = 1_000_000_000
EARLIER, SAME, LATER = (format_date(MODIFIED + shift) for shift in (-1, 0, 1))
CURRENT = Validators('"a"', MODIFIED)
WEAK = Validators('W/"a"', MODIFIED)
NOTHING = Validators()


@pytest.mark.parametrize(
    ("ask", "verdict"),
    [
        (Ask(), Verdict.PROCEED),
        (Ask(if_match='"a"'), Verdict.PROCEED),
        (Ask(if_match='"b", "a"'), Verdict.PROCEED),
        (Ask(if_match="*"), Verdict.PROCEED),
        (Ask(if_match='"b"'), Verdict.FAILED),
        (Ask(if_match='W/"a"'), Verdict.FAILED),
        (Ask(if_match="a"), Verdict.FAILED),
        (Ask(if_none_match='"b"'), Verdict.PROCEED),
        (Ask(if_none_match='"a"'), Verdict.NOT_MODIFIED),
        (Ask(if_none_match='"b" , W/"a"'), Verdict.NOT_MODIFIED),
        (Ask(if_none_match="*"), Verdict.NOT_MODIFIED),
        (Ask("HEAD", if_none_match='"a"'), Verdict.NOT_MODIFIED),
        (Ask("PUT", if_none_match='"a"'), Verdict.FAILED),
        (Ask("PUT", if_none_match="*"), Verdict.FAILED),
        (Ask(if_none_match='"a'), Verdict.PROCEED),
        (Ask(if_modified_since=SAME), Verdict.NOT_MODIFIED),
        (Ask(if_modified_since=LATER), Verdict.NOT_MODIFIED),
        (Ask(if_modified_since=EARLIER), Verdict.PROCEED),
        (Ask(if_modified_since="yesterday"), Verdict.PROCEED),
        (Ask("PUT", if_modified_since=SAME), Verdict.PROCEED),
        (Ask(if_unmodified_since=SAME), Verdict.PROCEED),
        (Ask(if_unmodified_since=LATER), Verdict.PROCEED),
        (Ask(if_unmodified_since=EARLIER), Verdict.FAILED),
        (Ask(if_unmodified_since="yesterday"), Verdict.PROCEED),
    ],
)
def test_one_condition(ask: Ask, verdict: Verdict) -> None:
    """Each condition alone gives its verdict."""
    assert judge(ask, CURRENT) is verdict


@pytest.mark.parametrize(
    ("ask", "verdict"),
    [
        (Ask(if_match='"a"', if_unmodified_since=EARLIER), Verdict.PROCEED),
        (Ask(if_none_match='"b"', if_modified_since=SAME), Verdict.PROCEED),
        (Ask(if_none_match='"a"', if_modified_since=EARLIER), Verdict.NOT_MODIFIED),
        (Ask(if_match='"b"', if_none_match='"a"'), Verdict.FAILED),
        (Ask(if_match='"a"', if_none_match='"a"'), Verdict.NOT_MODIFIED),
        (Ask(if_unmodified_since=EARLIER, if_modified_since=SAME), Verdict.FAILED),
    ],
)
def test_precedence(ask: Ask, verdict: Verdict) -> None:
    """Tags outrank dates, and refusing outranks not modified."""
    assert judge(ask, CURRENT) is verdict


def test_without_validators() -> None:
    """A representation without validators satisfies only what asks for mere existence."""
    assert judge(Ask(if_match='"a"'), NOTHING) is Verdict.FAILED
    assert judge(Ask(if_match="*"), NOTHING) is Verdict.PROCEED
    assert judge(Ask(if_none_match='"a"'), NOTHING) is Verdict.PROCEED
    assert judge(Ask(if_modified_since=SAME, if_unmodified_since=EARLIER), NOTHING) is Verdict.PROCEED


def test_weak_current_tag() -> None:
    """A weak tag of our own is good for If-None-Match and never for If-Match."""
    assert judge(Ask(if_match='W/"a"'), WEAK) is Verdict.FAILED
    assert judge(Ask(if_none_match='"a"'), WEAK) is Verdict.NOT_MODIFIED


@pytest.mark.parametrize(
    ("if_range", "applies"),
    [
        (None, True),
        ('"a"', True),
        ('"b"', False),
        ('W/"a"', False),
        ('"a", "a"', False),
        ("a", False),
        ("", False),
        (SAME, True),
        (EARLIER, False),
        (LATER, False),
    ],
)
def test_if_range(*, if_range: str | None, applies: bool) -> None:
    """If-Range wants exactly this strong tag or exactly this date."""
    ask = Ask(range="bytes=0-", if_range=if_range)
    assert range_applies(ask, CURRENT, now=MODIFIED + 1) is applies


def test_if_range_date_of_the_running_second() -> None:
    """A date whose second is not over is no strong validator."""
    assert not range_applies(Ask(range="bytes=0-", if_range=SAME), CURRENT, now=MODIFIED + 0.9)


def test_if_range_with_weak_current_tag() -> None:
    """Two equal weak tags do not make a range safe."""
    assert not range_applies(Ask(range="bytes=0-", if_range='W/"a"'), WEAK, now=MODIFIED + 9)


@pytest.mark.parametrize("ask", [Ask(), Ask("HEAD", range="bytes=0-"), Ask("PUT", range="bytes=0-")])
def test_range_is_for_get_only(ask: Ask) -> None:
    """Without a Range field, or with another method, there is no range."""
    assert not range_applies(ask, CURRENT, now=MODIFIED + 9)


@given(
    st.builds(
        Ask,
        method=st.sampled_from(["GET", "HEAD", "PUT"]),
        if_match=st.none() | st.text(max_size=12),
        if_none_match=st.none() | st.text(max_size=12),
        if_modified_since=st.none() | st.text(max_size=12),
        if_unmodified_since=st.none() | st.text(max_size=12),
    )
)
def test_any_fields_are_decided(ask: Ask) -> None:
    """No fields raise, and 304 is never the answer to a method that changes things."""
    verdict = judge(ask, CURRENT)
    assert verdict is not Verdict.NOT_MODIFIED or ask.method in {"GET", "HEAD"}
    assert judge(dataclasses.replace(ask, method="PUT"), NOTHING) is not Verdict.NOT_MODIFIED

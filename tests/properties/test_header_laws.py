"""Laws of headers and credentials."""

from __future__ import annotations

import base64

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from haulage.headers import HeaderError, basic_auth, header_pairs

CANARY = "s3cr3tCANARY"

ANY = st.one_of(st.text(max_size=20), st.none(), st.integers(), st.binary(max_size=5))
TEXT = st.text(st.characters(codec=None, exclude_categories=[]), max_size=20)


@given(
    st.one_of(
        st.dictionaries(TEXT, TEXT), st.lists(st.dictionaries(TEXT, TEXT), max_size=3), st.lists(st.tuples(TEXT, TEXT))
    )
)
@example({"A": "x\r\nB: y"})
@example({"A\n": "x"})
@example({"A": "\x0b"})
@example({"A": "\x7f"})
@example({"A": "\ud800"})
@example({"A": "\udc80"})
@pytest.mark.case("D11")
def test_no_line_break_or_nul_passes(headers: object) -> None:
    """Whatever is accepted holds no control character, in name or value, and can be sent as it is."""
    try:
        pairs = header_pairs(headers)  # type: ignore[arg-type]
    except HeaderError:
        return
    for name, value in pairs:
        assert name
        assert not set(name + value) & (set(map(chr, range(32))) - {"\t"} | {"\x7f"})
        assert value.encode().decode() == value
        assert not set(name) & set(' \t:()<>@,;\\"/[]?={}')
        assert name.isascii()


@given(TEXT, TEXT)
@example("Authorization: Bearer ", "")
@example("", "\ud800")
def test_what_is_refused_is_not_repeated(before: str, after: str) -> None:
    """A secret in a value, or by a slip of the pen in a name, is not in the refusal."""
    for pairs in ({f"{before} {CANARY}{after}": ""}, {"X-Token": f"{before}{CANARY}{after}"}):
        try:
            header_pairs(pairs)
        except HeaderError as error:
            assert CANARY not in f"{error} {error.args} {error.__cause__}"  # noqa: PT017 - both ends are fine


@given(st.dictionaries(st.text("abcXYZ-", min_size=1), st.text(st.characters(exclude_categories=["Cc", "Cs"]))))
def test_good_headers_pass_unchanged(headers: dict[str, str]) -> None:
    """Names and values are what the caller wrote, in his order."""
    assert header_pairs(headers) == tuple(headers.items())


@given(
    st.recursive(
        ANY, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    )
)
@example(5)
def test_other_things_are_refused_by_our_error(headers: object) -> None:
    """Numbers, bytes and nested lists give pairs or our error."""
    try:
        header_pairs(headers)  # type: ignore[arg-type]
    except HeaderError:
        return


@given(TEXT, st.none() | TEXT)
@example("\ud800", None)
def test_credentials_come_back_or_are_refused(user: str, password: str | None) -> None:
    """A header that was made is decoded to the same user and password."""
    try:
        value = basic_auth(user, password)
    except HeaderError:
        return
    name, _, secret = base64.b64decode(value.removeprefix("Basic ")).decode().partition(":")
    assert (name, secret) == (user, password or "")
    assert not set(name + secret) & set("\r\n\x00")

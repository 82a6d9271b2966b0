"""Laws of headers and credentials."""

from __future__ import annotations

import base64

from hypothesis import example, given
from hypothesis import strategies as st

from haulage.headers import HeaderError, basic_auth, header_pairs

ANY = st.one_of(st.text(max_size=20), st.none(), st.integers(), st.binary(max_size=5))
TEXT = st.text(st.characters(codec=None, exclude_categories=[]), max_size=20)


@given(
    st.one_of(
        st.dictionaries(TEXT, TEXT), st.lists(st.dictionaries(TEXT, TEXT), max_size=3), st.lists(st.tuples(TEXT, TEXT))
    )
)
@example({"A": "x\r\nB: y"})
@example({"A\n": "x"})
def test_no_line_break_or_nul_passes(headers: object) -> None:
    """Whatever is accepted holds no CR, LF or NUL, in name or value."""
    try:
        pairs = header_pairs(headers)  # type: ignore[arg-type]
    except HeaderError:
        return
    for name, value in pairs:
        assert name
        assert not set(name + value) & set("\r\n\x00")
        assert not set(name) & set(' \t:()<>@,;\\"/[]?={}')
        assert name.isascii()


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

"""Request headers: checked before they can reach a socket."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from haulage.headers import HeaderError, basic_auth, header_pairs


@pytest.mark.parametrize(
    ("headers", "pairs"),
    [
        (None, ()),
        ({}, ()),
        ([], ()),
        ({"A": "1", "B": "2"}, (("A", "1"), ("B", "2"))),
        ([{"A": "1"}, {"B": "2", "C": "3"}], (("A", "1"), ("B", "2"), ("C", "3"))),
        ([("A", "1"), ("A", "2")], (("A", "1"), ("A", "2"))),
        ((pair for pair in [("A", "1")]), (("A", "1"),)),
        ({"X": ""}, (("X", ""),)),
        ({"X": "ü\tx"}, (("X", "ü\tx"),)),
        ({"!#$%&'*+-.^_`|~09Az": "x"}, (("!#$%&'*+-.^_`|~09Az", "x"),)),
    ],
)
def test_all_forms_become_pairs(headers: Any, pairs: tuple[tuple[str, str], ...]) -> None:
    """A mapping, a list of mappings and a list of pairs mean one thing."""
    assert header_pairs(headers) == pairs


def test_the_callers_headers_are_not_changed() -> None:
    """What was handed in is as before."""
    groups = [{"A": "1"}, {"B": "2"}]
    header_pairs(groups)
    assert groups == [{"A": "1"}, {"B": "2"}]


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "\x00", "\r", "\n", "trailing\n"])
def test_a_value_cannot_start_another_header(value: str) -> None:
    """CR, LF and NUL are refused, and the value, which may be a secret, is not repeated."""
    with pytest.raises(HeaderError) as caught:
        header_pairs({"X-Token": "s3cret" + value})
    assert "X-Token" in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("name", ["", " ", "A B", "A:", "A\n", "A\r\nB", "Ä", "A\x00", "(x)", "a/b", '"a"', "\u212a"])
def test_a_name_is_a_token(name: str) -> None:
    """What RFC 9110 does not allow as a name is refused in one line."""
    with pytest.raises(HeaderError) as caught:
        header_pairs({name: "x"})
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "headers",
    [{"A": 1}, {"A": None}, {"A": b"x"}, {1: "x"}, {b"A": "x"}, ["AB"], [("A",)], [("A", "b", "c")], [5], "A: b"],
)
def test_headers_are_pairs_of_text(headers: Any) -> None:
    """Numbers, bytes and loose texts are refused."""
    with pytest.raises(HeaderError):
        header_pairs(headers)


@pytest.mark.parametrize("headers", [5, 1.5, True, object()])
def test_what_holds_no_pairs_is_refused_by_our_error(headers: Any) -> None:
    """A value that cannot even be looped over is no reason for another kind of error."""
    with pytest.raises(HeaderError):
        header_pairs(headers)


@pytest.mark.parametrize(
    ("user", "password", "text"),
    [
        ("user", "pass", "user:pass"),
        ("user", None, "user:"),
        ("user", "", "user:"),
        ("", "pass", ":pass"),
        ("user", "a:b", "user:a:b"),
        ("üser", "pä你", "üser:pä你"),
    ],
)
def test_basic_auth_is_rfc_7617(user: str, password: str | None, text: str) -> None:
    """User and password, joined by a colon, in UTF-8 and base64; a user alone is enough."""
    scheme, _, value = basic_auth(user, password).partition(" ")
    assert scheme == "Basic"
    assert base64.b64decode(value).decode() == text


@pytest.mark.parametrize(
    ("user", "password"),
    [("a:b", "x"), ("a\n", "x"), ("a", "s3cret\r"), ("a\x00", None), ("\ud800", "x"), ("a", "\udfff")],
)
def test_basic_auth_refuses_what_cannot_be_sent(user: str, password: str | None) -> None:
    """A colon in the name, control characters and half characters are refused without repeating them."""
    with pytest.raises(HeaderError) as caught:
        basic_auth(user, password)
    assert "s3cret" not in str(caught.value)

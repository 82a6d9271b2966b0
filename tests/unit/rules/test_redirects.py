"""Redirects: each hop judged."""

from __future__ import annotations

import pytest

from haulage.errors import PolicyError, RedirectError, TooManyRedirects
from haulage.rules.redirects import MOST_REDIRECTS, REDIRECT_STATUSES, next_hop
from haulage.urls import parse

HTTP = parse("http://host/a/b?sig=canary")
HTTPS = parse("https://host/a/b?sig=canary")


@pytest.mark.parametrize(
    ("location", "text"),
    [
        ("/x", "http://host/x"),
        ("x?y", "http://host/a/x?y"),
        ("http://other/x", "http://other/x"),
        ("https://host/x", "https://host/x"),
        ("//other:81/", "http://other:81/"),
        ("HTTPS://Other", "https://other/"),
    ],
)
def test_a_redirect_is_followed(location: str, text: str) -> None:
    """Relative and absolute targets, also upwards to https."""
    assert next_hop(HTTP, location, 0).text == text


@pytest.mark.parametrize("location", [None, ""])
def test_a_redirect_must_say_where(location: str | None) -> None:
    """Without a Location there is nothing to follow."""
    with pytest.raises(RedirectError, match="Location"):
        next_hop(HTTP, location, 0)


@pytest.mark.parametrize(
    "location",
    ["http://", "http://2130706433/", "http://h:port/", "//[::1", "//[x]/", "//℀/", "http://a@b@c/", "/a\nb"],
)
def test_a_redirect_to_nonsense_is_our_error(location: str) -> None:
    """Whatever a server writes into Location, the answer is one class of error, without the query."""
    with pytest.raises(RedirectError) as caught:
        next_hop(HTTP, location, 0)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://h/", "data:,x", "javascript:x", "cart://h/", "FILE:/x"]
)
@pytest.mark.case("D01")
def test_a_redirect_stays_with_http(location: str) -> None:
    """Other protocols are refused by policy (D01)."""
    with pytest.raises(PolicyError, match="scheme"):
        next_hop(HTTP, location, 0)


@pytest.mark.parametrize("location", ["http://host/x", "HTTP://other/", "http://host:443/"])
@pytest.mark.case("D02")
def test_a_redirect_is_not_downgraded(location: str) -> None:
    """From https there is no way to http (D02)."""
    with pytest.raises(PolicyError, match="https to http"):
        next_hop(HTTPS, location, 0)
    assert next_hop(HTTPS, "//other/x", 0).text == "https://other/x"


@pytest.mark.case("D07")
def test_hops_are_counted() -> None:
    """Ten are followed, the eleventh is not (D07)."""
    assert next_hop(HTTP, "/x", MOST_REDIRECTS - 1)
    with pytest.raises(TooManyRedirects):
        next_hop(HTTP, "/x", MOST_REDIRECTS)
    assert MOST_REDIRECTS == 10


def test_the_statuses_are_those_of_the_protocol() -> None:
    """300, 304, 305 and 306 are not followed."""
    assert {301, 302, 303, 307, 308} == REDIRECT_STATUSES


def test_credentials_in_a_location_stand_beside_the_url() -> None:
    """They are split off, so that nothing is shown or sent by accident."""
    hop = next_hop(HTTP, "http://user:pw@other/", 0)
    assert (hop.text, hop.user, hop.password) == ("http://other/", "user", "pw")

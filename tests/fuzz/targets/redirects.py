"""Redirects: a line with the URL that answered, then the Location it sent."""

from __future__ import annotations

from fuzz.data import CANARY, lines_of
from fuzz.laws import check_refusal
from haulage.errors import PolicyError, RedirectError
from haulage.rules.redirects import next_hop
from haulage.urls import ParsedUrl, UrlError, join, parse


def test_one(data: bytes) -> None:
    """A hop leads to http or https, never down from https, or is refused without showing either URL's secrets."""
    base, location = lines_of(data, 2)
    try:
        current = parse(base)
    except UrlError:
        current = parse("https://host/a/b?c")
    if current.scheme not in ("http", "https"):
        current = parse("http://host/a/b?c")
    current = parse(f"{current.text}{'&' if current.query else '?'}{CANARY}")
    for sent in (location, f"{location}?{CANARY}", f"{location}#{CANARY}", f"//a:{CANARY}@{location}"):
        try:
            target = next_hop(current, sent, 0)
        except (RedirectError, PolicyError) as error:
            check_refusal(error)
        else:
            _check_hop(current, target)


def _check_hop(current: ParsedUrl, target: ParsedUrl) -> None:
    assert target.scheme in ("http", "https")
    assert current.scheme == "http" or target.scheme == "https"
    assert target.host
    assert CANARY not in repr(target)
    assert parse(target.text)[:6] == target[:6]
    # A complete URL means the same from everywhere.
    assert join(current, target.text).text == target.text

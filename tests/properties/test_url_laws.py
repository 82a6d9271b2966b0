"""Laws of URLs."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from haulage.errors import PolicyError, RedirectError
from haulage.rules.redirects import next_hop
from haulage.urls import UrlError, basename, join, parse, redact
from properties.strategies import (
    hosts,
    legal_paths,
    legal_queries,
    legal_urls,
    odd_urls,
    ports,
    schemes,
    urls,
    userinfo,
)

# Nothing that could be part of the canary stands in the other parts.
CANARY = "s3cr3tCANARY"

LEGAL_TEXT = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@/?%\[\]]*\Z")


@given(legal_urls)
def test_a_legal_url_is_accepted(url: str) -> None:
    """What RFC 3986 allows with a usable host is a URL."""
    parse(url)


@given(urls)
@example("http://host")
@example("http://h?")
@example("file:////x")
@example("x://:80/")
@example("http://[::1%a b]/")
def test_parsing_is_idempotent(url: str) -> None:
    """The text of a parsed URL is parsed to itself, with the same parts."""
    try:
        once = parse(url)
    except UrlError:
        return
    twice = parse(once.text)
    assert twice.text == once.text
    assert twice[1:6] == once[1:6]


@given(urls)
@example("http://[::1%é]/")
def test_what_goes_on_the_wire_is_legal(url: str) -> None:
    """No space, control or non-ASCII character, no fragment and no backslash is left in a parsed URL."""
    try:
        text = parse(url).text
    except UrlError:
        return
    assert LEGAL_TEXT.match(text)
    assert "#" not in text


@given(st.sampled_from(["http", "https"]), st.sampled_from(["host", "a.b:81"]), legal_paths, st.none() | legal_queries)
def test_legal_bytes_are_never_changed(scheme: str, server: str, path: str, query: str | None) -> None:
    """A signed URL arrives byte for byte."""
    url = f"{scheme}://{server}{path}" + ("" if query is None else f"?{query}")
    assert parse(url).text == url


@given(legal_paths, st.text(max_size=20), legal_queries)
def test_escaping_is_undone_by_unquoting(path: str, odd: str, query: str) -> None:
    """What had to be escaped means the same afterwards."""
    assume(not set(odd) & set("?#%") and all(32 <= ord(char) != 127 for char in odd))
    parsed = parse(f"http://host{path}{odd}?{query}")
    assert unquote(parsed.path) == unquote(path + odd)
    assert parsed.query == query


@given(st.text(min_size=1, max_size=20), st.none() | st.text(max_size=20))
def test_credentials_arrive_whole(user: str, password: str | None) -> None:
    """Any name and password can be written into a URL, escaped, and come out as they were."""
    info = quote(user, safe="") + ("" if password is None else ":" + quote(password, safe=""))
    parsed = parse(f"https://{info}@host/a")
    assert (parsed.user, parsed.password, parsed.text) == (user, password, "https://host/a")


@given(odd_urls)
@example("http://h:" + "1" * 5000)
@example("http://h/\ud800")
@pytest.mark.case("D10", "D11")
def test_parsing_raises_nothing_else(url: str) -> None:
    """Whatever the text, there is a URL or our error."""
    try:
        parse(url)
    except UrlError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017 - both ends are fine


@given(schemes, userinfo, hosts, ports, legal_paths, legal_queries, legal_queries)
@example("http", "", "bücher.example", "", "/", "", "@")
def test_redacting_hides_every_secret(
    scheme: str, user: str, host: str, port: str, path: str, query: str, fragment: str
) -> None:
    """User name, password, query and fragment are never shown, and the rest is."""
    url = f"{scheme}://{user}{CANARY}@{host}{port}{path}?{query}{CANARY}#{fragment}{CANARY}"
    shown = redact(url)
    assert CANARY not in shown
    assert shown.startswith(f"{scheme}://{host}{port}{path}")


@pytest.mark.case("D10")
@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=10),
    st.sampled_from(["pa@ss\\wo/rd", "p?w", "p#w", "p/w", "p@q\\r@s", "ä/b", "[/", "a:b/c", "\\", "//"]),
)
def test_redacting_hides_passwords_with_odd_signs(odd: str, password: str) -> None:
    """Where it cannot be told where a password ends, nothing is shown that may be a part of one."""
    assume(CANARY not in odd)
    assert CANARY not in redact(f"http://bob:x{CANARY}{password}{odd}@host/")
    assert CANARY not in redact(f"http://bob:{password}{CANARY}@host/")


@given(urls)
@example("utu://s@t\\utu://s@t")
def test_redacting_never_raises_and_is_idempotent(url: str) -> None:
    """What is shown may be shown again, and is one line."""
    shown = redact(url)
    assert redact(shown) == shown
    assert len(shown.splitlines()) <= 1


@given(urls)
def test_a_parsed_url_is_redacted_like_its_source(url: str) -> None:
    """No query of an accepted URL is in its repr."""
    try:
        parsed = parse(url)
    except UrlError:
        return
    assert "?" not in repr(parsed) or repr(parsed).endswith("?…')") or '?…"' in repr(parsed)


@pytest.mark.case("F05")
@given(st.one_of(urls, legal_paths.map(lambda path: f"http://host{path}"), st.text(max_size=300)))
@example("http://host/" + "你" * 300)
@example("http://host/%2e%2e")
@example("http://host/a%2F..")
@example("http://host/\ud800")
def test_a_basename_is_always_a_file_name(url: str) -> None:
    """Never empty, no separators, no drive, no controls, not only dots, and at most 255 bytes."""
    name = basename(url)
    assert name
    assert not set(name) & set("/\\:\x00\r\n\t\x7f")
    assert name.strip(".")
    assert name.strip() == name or name.strip(" ") == name
    assert len(name.encode()) <= 255


@given(legal_urls, st.one_of(urls, legal_paths, st.text(max_size=20)))
@example("http://host/", "//[::1")
@example("http://host/", "//℀/")
def test_joining_raises_nothing_else(base: str, location: str) -> None:
    """Whatever a server writes into a Location, there is a URL or our error."""
    assume(base.lower().startswith("http"))
    try:
        join(parse(base), location)
    except UrlError:
        return


@given(legal_paths, st.none() | legal_queries)
def test_joining_keeps_legal_bytes(path: str, query: str | None) -> None:
    """An absolute path without dot segments arrives byte for byte."""
    assume(not path.startswith("//") and not {".", ".."} & set(path.split("/")))
    location = path + ("" if query is None else f"?{query}")
    assert join(parse("https://host/a"), location).text == "https://host" + location


@given(st.sampled_from(["http", "https"]), st.one_of(urls, legal_paths, st.text(max_size=20)), st.integers(0, 20))
@example("https", "HTTP://other/", 0)
@example("http", "//[::1", 0)
def test_a_hop_never_leaves_http_nor_goes_down(scheme: str, location: str, hops: int) -> None:
    """A redirect that is followed leads to http or https, and from https only to https."""
    try:
        target = next_hop(parse(f"{scheme}://host/a"), location, hops)
    except (RedirectError, PolicyError):
        return
    assert hops < 10
    assert target.scheme in ("http", "https")
    assert scheme == "http" or target.scheme == "https"
    assert target.host

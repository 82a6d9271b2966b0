"""URLs as opaque bytes: taken apart, joined, shown, and never put together anew."""

from __future__ import annotations

import pickle

import pytest

from haulage.urls import ParsedUrl, UrlError, basename, join, parse, redact, scheme_of


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("http://host/a/b?c=d", ("http", "host", 80, "/a/b", "c=d")),
        ("https://host", ("https", "host", 443, "/", None)),
        ("https://host:8443/", ("https", "host", 8443, "/", None)),
        ("HTTP://HOST.Example/A", ("http", "host.example", 80, "/A", None)),
        ("http://host:/", ("http", "host", 80, "/", None)),
        ("http://host?", ("http", "host", 80, "/", "")),
        ("http://host/a#frag?x", ("http", "host", 80, "/a", None)),
        ("http://[::1]:81/x", ("http", "::1", 81, "/x", None)),
        ("http://[2001:DB8::0:1]/x", ("http", "2001:db8::1", 80, "/x", None)),
        ("http://127.0.0.1:80/", ("http", "127.0.0.1", 80, "/", None)),
        ("http://host.example./", ("http", "host.example.", 80, "/", None)),
        ("http://a_b-c.d_e/", ("http", "a_b-c.d_e", 80, "/", None)),
        ("file:///a/b", ("file", "", None, "/a/b", None)),
        ("file:/a/b", ("file", "", None, "/a/b", None)),
        ("file://localhost/a", ("file", "localhost", None, "/a", None)),
        ("cart+https://host/uuid?filename=a", ("cart+https", "host", None, "/uuid", "filename=a")),
    ],
)
def test_parse_names_the_parts(url: str, parts: tuple[object, ...]) -> None:
    """Scheme, host, port, path and query stand where one looks for them."""
    parsed = parse(url)
    assert (parsed.scheme, parsed.host, parsed.port, parsed.path, parsed.query) == parts
    assert parsed.origin == parts[:3]


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://host", "http://host/"),
        ("http://HOST:80/A?B#c", "http://host/A?B"),
        ("https://host:443/", "https://host/"),
        ("https://host:80/", "https://host:80/"),
        ("http://[::1]:81/x", "http://[::1]:81/x"),
        ("http://host?", "http://host/?"),
        ("http://host?a=b", "http://host/?a=b"),
        ("file:/a", "file:/a"),
        ("file:////a", "file:////a"),
        ("http://host//a//b", "http://host//a//b"),
        ("http://host/a/../b/./c", "http://host/a/../b/./c"),
    ],
)
def test_the_text_is_what_goes_on_the_wire(url: str, text: str) -> None:
    """No fragment, no default port, a host in lower case, and otherwise what came."""
    assert parse(url).text == text


@pytest.mark.parametrize(
    "tail",
    [
        "/a%2fb%2Fc",
        "/%7Efoo/~foo",
        "/a+b%20c",
        "/x'(1)!*,;:@&=$",
        "/%E4%BD%A0",
        "/bad%zzescape%",
        "/[x]",
        "/o?X-Amz-Signature=abc%2Fdef%3d%3D&x='y'",
        "/o?sp=r&sig=a%2Bb%2fc%3D&se=2030-01-01T00:00:00Z",
        "/a?b?c=/d",
        "/a;p=1?q=1;r=2",
        "/?a=%00",
    ],
)
def test_legal_bytes_are_opaque(tail: str) -> None:
    """Not one byte that may stand in a URL is quoted, unquoted or changed in case."""
    assert parse("https://host" + tail).text == "https://host" + tail


@pytest.mark.parametrize(
    ("raw", "escaped"),
    [
        (" ", "%20"),
        ("ä", "%C3%A4"),
        ("你", "%E4%BD%A0"),
        ('"', "%22"),
        ("<>", "%3C%3E"),
        ("\\", "%5C"),
        ("^`{|}", "%5E%60%7B%7C%7D"),
        ("\udce4", "%E4"),
    ],
)
def test_only_illegal_characters_are_escaped(raw: str, escaped: str) -> None:
    """Spaces and the like are escaped in path and query; bytes that are no UTF-8 keep their value."""
    assert parse(f"http://host/a{raw}b?c{raw}d").text == f"http://host/a{escaped}b?c{escaped}d"


@pytest.mark.parametrize(
    ("url", "user", "password"),
    [
        ("http://user:pass@host/", "user", "pass"),
        ("http://user@host/", "user", None),
        ("http://user:@host/", "user", ""),
        ("http://:pass@host/", "", "pass"),
        ("http://us%40er:p%3Aa%2Fss@host/", "us@er", "p:a/ss"),
        ("http://user:a:b@host/", "user", "a:b"),
        ("https://user:pass@[::1]:81/", "user", "pass"),
        ("http://host/a@b", None, None),
        ("http://host/?a=b@c", None, None),
    ],
)
def test_userinfo_is_split_off_at_once(url: str, user: str | None, password: str | None) -> None:
    """Credentials are decoded and stand in no text of the URL."""
    parsed = parse(url)
    assert (parsed.user, parsed.password) == (user, password)
    if user is not None:
        assert "@" not in parsed.text
    if password:
        assert password not in parsed.text


@pytest.mark.parametrize(
    "host",
    [
        *("2130706433", "127.1", "0x7f000001", "0177.0.0.1", "127.0.1", "0x7f.0.0.1", "127.0.0.0x1", "00.0.0.0"),
        *("256.1.1.1", "1.2.3.4.5", "127.0.0.1.", "0x", "host.0x7f", "example.123", "1", "0", "%31%32%37.1"),
        *("１２７.1", "127。1", "①27.1"),
    ],
)
@pytest.mark.case("D05")
def test_a_number_in_disguise_is_refused(host: str) -> None:
    """What a resolver may take for an IPv4 address in another form names no host here (D05)."""
    with pytest.raises(UrlError):
        parse(f"http://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "host/path",
            "//host/path",
            "http:",
            "http:/host/",
            "http://",
            "http:///path",
            "http://:80/",
            "http://?x",
        ),
        *("://host", "1http://host/", "ht tp://host/", "-x://host/", "http", "http//host"),
        *("http://ho st/", "http://ho<st/", "http://host\\@evil/", "http://evil\\host/", "http://a@b@host/"),
        *("http://-host/", "http://host-/", "http://.host/", "http://ho%20st/", "http://ho%2fst/", "http://h%00/"),
        *("http://host:port/", "http://host:-1/", "http://host:0/", "http://host:65536/", "http://host:8 0/"),
        *("http://host:+80/", "http://host:٣/", "http://host:80:80/", "http://host:0x50/", "http://host:1e2/"),
        *("http://[::1/", "http://::1/", "http://[::1]80/", "http://[host]/", "http://[127.0.0.1]/", "http://[]/"),
        *("http://[::1%]/", "http://[v1.x]/", "http://[[::1]]/"),
        *("http://℀.example/", "http://" + "ä" * 80 + ".example/", "http://xn--a\u00df\u0080.example/"),
        *(
            "http://host/a\nb",
            "http://host/a\rb",
            "http://host/\x00",
            "http://ho\tst/",
            "\nhttp://host/",
            "http://h/\x7f",
        ),
    ],
)
def test_what_is_no_url_is_refused(url: str) -> None:
    """Missing parts, bad hosts and ports, ambiguous authorities and control characters are one clear error."""
    with pytest.raises(UrlError) as caught:
        parse(url)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("url", [None, 5, b"http://host/", ["http://host/"]])
def test_only_text_is_a_url(url: object) -> None:
    """Bytes, numbers and None are refused as what they are."""
    with pytest.raises(UrlError, match="a URL is a str"):
        parse(url)  # type: ignore[arg-type]


@pytest.mark.parametrize("port", ["1" * 5000, "0" * 5000 + "80"])
def test_an_endless_port_is_a_bad_port(port: str) -> None:
    """More digits than Python turns into a number are no reason for another error."""
    with pytest.raises(UrlError, match="port"):
        parse(f"http://host:{port}/")


@pytest.mark.parametrize("url", ["http://host/\ud800", "http://host/?\udfff", "http://\ud800/", "http://\ud800@host/"])
def test_half_a_character_is_no_url(url: str) -> None:
    """A lone surrogate stands for no byte, and is refused like any other nonsense."""
    with pytest.raises(UrlError):
        parse(url)


@pytest.mark.parametrize(
    ("host", "ascii_host"),
    [
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("ｈｏｓｔ.example", "host.example"),
        ("host。example", "host.example"),
        ("b%C3%BCcher.example", "xn--bcher-kva.example"),
    ],
)
def test_a_host_of_other_scripts_is_sent_in_ascii(host: str, ascii_host: str) -> None:
    """Internationalized names go on the wire in the form that name servers know."""
    assert parse(f"http://{host}/").host == ascii_host
    assert parse(f"http://{host}/").text == f"http://{ascii_host}/"


@pytest.mark.parametrize("zone", ["a b", "é", '"', "<x>", "%25eth 0"])
def test_a_zone_does_not_smuggle_illegal_characters(zone: str) -> None:
    """What follows the percent sign of a scoped address is refused or escaped, never passed on raw."""
    try:
        text = parse(f"http://[fe80::1%{zone}]/").text
    except UrlError:
        return
    assert text.isascii()
    assert not set(text) & set(' "<>')


def test_a_mapped_address_keeps_one_form() -> None:
    """Two writings of one IPv6 address are one origin."""
    assert parse("http://[0:0:0:0:0:0:0:1]/").origin == parse("http://[::1]:80/").origin


def test_a_parsed_url_shows_no_secret() -> None:
    """The repr of the parts, credentials among them, is the redacted URL."""
    parsed = parse("https://user:s3cret@host/a?sig=canary")
    assert repr(parsed) == "ParsedUrl('https://host/a?…')"
    assert "s3cret" not in f"{parsed}"


def test_a_parsed_url_is_a_value() -> None:
    """It can be compared, hashed and pickled."""
    parsed = parse("https://host/a?b")
    assert pickle.loads(pickle.dumps(parsed)) == parsed
    assert isinstance(parsed, ParsedUrl)
    assert {parsed: 1}[parse("https://host/a?b")] == 1


@pytest.mark.parametrize(
    ("location", "text"),
    [
        ("http://other/x", "http://other/x"),
        ("https://other", "https://other/"),
        ("//other/x", "https://other/x"),
        ("/x", "https://host/x"),
        ("x", "https://host/a/x"),
        ("../x", "https://host/x"),
        ("../../../x", "https://host/x"),
        ("?x", "https://host/a/b?x"),
        ("", "https://host/a/b?c"),
        ("#frag", "https://host/a/b?c"),
        ("/x#frag", "https://host/x"),
        ("/a%2Fb?sig=%2f'", "https://host/a%2Fb?sig=%2f'"),
        ("/ü x", "https://host/%C3%BC%20x"),
        ("/x?u=http://z/", "https://host/x?u=http://z/"),
        ("./x:y", "https://host/a/x:y"),
        ("/a;?q=1", "https://host/a;?q=1"),
        ("/a;p=1", "https://host/a;p=1"),
        ("/a?", "https://host/a?"),
        ("/a//b", "https://host/a//b"),
    ],
)
def test_join_leads_where_a_redirect_says(location: str, text: str) -> None:
    """References of all kinds are resolved (RFC 3986, section 5.3), their legal bytes untouched."""
    assert join(parse("https://host/a/b?c"), location).text == text


@pytest.mark.parametrize(
    "location", ["//[::1", "//[x]/", "http://", "http:x", "//host:port/", "//℀/", "/a\nb", "/a\tb"]
)
def test_join_refuses_what_names_no_url(location: str) -> None:
    """A bad redirect is this module's error and nobody else's."""
    with pytest.raises(UrlError):
        join(parse("https://host/a/b?c"), location)


def test_join_takes_credentials_of_the_target_only() -> None:
    """User information of the base is gone, that of the target is split off."""
    joined = join(parse("https://user:pass@host/"), "//other:word@host2/")
    assert (joined.text, joined.user, joined.password) == ("https://host2/", "other", "word")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://host/a", "http://host/a"),
        ("http://host/a?b=c", "http://host/a?…"),
        ("http://host/a?", "http://host/a?…"),
        ("http://host/a#b", "http://host/a"),
        ("http://user:pass@host/a", "http://host/a"),
        ("http://us@er:pa@ss@host/a", "http://host/a"),
        ("http://host/a@b", "http://host/a@b"),
        ("http://user:pass@host?x", "http://host?…"),
        ("file:///a/b", "file:///a/b"),
        ("", ""),
        ("nonsense", "nonsense"),
    ],
)
def test_redact_shows_what_may_be_shown(url: str, shown: str) -> None:
    """Scheme, host and path stay; user information, query and fragment go."""
    assert redact(url) == shown


@pytest.mark.parametrize(
    "url",
    [
        *("http://user:s3cret/x@host/", "http://user:s3cret?x@host/", "http://user:s3cret#x@host/"),
        *("http:user:s3cret@host/", "http:/user:s3cret@host/", "//user:s3cret@host/", "http:\\\\user:s3cret@host/"),
        *("user:s3cret@host/x", "http://user:s3cret\\@host/", "HTTP://user:s3cret@host", "http:///user:s3cret@host/"),
    ],
)
def test_redact_hides_credentials_in_a_url_that_is_none(url: str) -> None:
    """The URLs in error messages are often the malformed ones, and their passwords are as real."""
    assert "s3cret" not in redact(url)


@pytest.mark.parametrize(
    ("url", "scheme"),
    [
        ("HTTP://x", "http"),
        ("cart+https:x", "cart+https"),
        ("host/a:b", ""),
        ("", ""),
        (":x", ""),
        ("1a:b", ""),
        ("x", ""),
    ],
)
def test_scheme_of_reads_the_scheme(url: str, scheme: str) -> None:
    """The scheme in lower case, or nothing."""
    assert scheme_of(url) == scheme


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://host/a/b.tar.gz", "b.tar.gz"),
        ("http://host/a/b?c=/d", "b"),
        ("http://host/a/b#c/d", "b"),
        ("http://host/a%20b", "a b"),
        ("http://host/%E4%BD%A0", "你"),
        ("http://host/a/", "index"),
        ("http://host/", "index"),
        ("http://host", "index"),
        ("http://host/.", "index"),
        ("http://host/..", "index"),
        ("http://host/%2e%2e", "index"),
        ("http://host/...", "index"),
        ("http://host/..%2F..%2Fetc%2Fpasswd", ".._.._etc_passwd"),
        ("http://host/a%5Cb", "a_b"),
        ("http://host/C:x", "C_x"),
        ("http://host/a%00b%0A", "a_b_"),
        ("http://host/%20", "index"),
        ("http://host/.profile", ".profile"),
        ("file:/a/b", "b"),
    ],
)
def test_basename_is_a_file_name(url: str, name: str) -> None:
    """The last part of the path, made harmless."""
    assert basename(url) == name


@pytest.mark.parametrize("character", ["x", "ä", "你", "😀"])
def test_basename_fits_into_a_directory(character: str) -> None:
    """A file name has at most 255 bytes, whole characters all of them."""
    name = basename("http://host/" + character * 500)
    assert len(name.encode()) <= 255
    assert set(name) == {character}


def test_basename_of_half_a_character() -> None:
    """A lone surrogate in the path does no harm."""
    basename("http://host/\ud800").encode()

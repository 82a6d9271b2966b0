"""Texts as users and servers write them: URLs and their parts, good and bad; and bytes that were good once."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

UNRESERVED = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"
SUB_DELIMITERS = "!$&'()*+,;="

# RFC 3986, section 3.3 and 3.4: everything that may stand in a path or a query, escapes in either case among it.
_pchar = st.sampled_from(
    [*UNRESERVED, *SUB_DELIMITERS, ":", "@", "%2f", "%2F", "%3d", "%3D", "%7E", "%00", "%E4%bd%A0"]
)
legal_paths = st.lists(st.one_of(_pchar, st.just("/")), max_size=30).map(lambda parts: "/" + "".join(parts))
legal_queries = st.lists(st.one_of(_pchar, st.sampled_from(["/", "?", "=", "&"])), max_size=30).map("".join)

_label = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=10)
names = st.builds(
    lambda labels, last: ".".join([*labels, last]),
    st.lists(_label, max_size=3),
    st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=6),
)
hosts = st.one_of(
    names,
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda ip: f"[{ip}]"),
    st.sampled_from(["bücher.example", "例え.テスト", "HOST.example.", "a_b.c-d"]),
)
ports = st.one_of(st.just(""), st.integers(1, 65535).map(lambda port: f":{port}"))
schemes = st.sampled_from(["http", "https", "HTTP", "file", "cart", "cart+https", "x-y.z"])

# A user part with everything that may be in one, and more, but the characters that would end it.
userinfo = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="/?#@\\"), max_size=20)

legal_urls = st.builds(
    lambda scheme, host, port, path, query: f"{scheme}://{host}{port}{path}" + ("" if query is None else f"?{query}"),
    schemes,
    hosts,
    ports,
    legal_paths,
    st.none() | legal_queries,
)

# What looks like a URL until one looks closely.
_scraps = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        [
            *("http:", "https:", "file:", "//", "/", "\\", "?", "#", "@", ":", "::", "[", "]", "%", "%zz", "%2e%2e"),
            *("127.1", "0x7f", "2130706433", "localhost", ".", "..", ";", " ", "\t", "\n", "\x00", "\x85", "\u2028"),
            *("ä", "℀", "１２７", "\udc80", "\ud800", "xn--", "user:pw@", "[::1]", "[::1%eth0]", ":80", ":99999"),
        ]
    ),
)
odd_urls = st.one_of(
    st.text(st.characters(codec=None, exclude_categories=[]), max_size=40),
    st.lists(_scraps, max_size=8).map("".join),
    st.lists(_scraps, max_size=6).map(lambda parts: "http://" + "".join(parts)),
    st.lists(_scraps, max_size=6).map(lambda parts: "http://host/" + "".join(parts)),
)
urls = st.one_of(legal_urls, odd_urls)


@st.composite
def mutated(draw: st.DrawFn, originals: Sequence[bytes], scraps: Sequence[bytes] = (b"",)) -> bytes:
    """One of *originals*, with a few bytes changed, taken out, put in or moved, *scraps* among them."""
    data = draw(st.sampled_from(originals))
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, len(data)))
        piece = draw(st.one_of(st.binary(max_size=4), st.sampled_from(scraps), st.just(data[place : place + 16])))
        start = draw(st.integers(0, len(data)))
        data = data[:start] + piece + data[start + draw(st.integers(0, 8)) :]
    return data

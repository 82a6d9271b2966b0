"""A URL arrives byte for byte: a signature is valid for exactly the bytes that were signed."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable

import pytest
from support.canary import CANARY
from support.raw import RawServer, ok

import haulage
from haulage.depot import Depot

OpenRaw = Callable[..., Awaitable[RawServer]]

BODY = b"hello\n"

OPAQUE = [
    "/",
    "/a%2fb",
    "/a%2Fb",
    "/%7Euser/~user",
    "/it's(fine)!*;:@&=$,",
    "/a+b%20c%2B",
    "/%e4%BD%a0",
    "/a//b/./c/../d",
    "/%",
    "/%zz%4",
    "/a%00b",
    pytest.param("/x?", marks=pytest.mark.xfail(strict=True, reason="aiohttp's URL has no place for an empty query")),
    "/x?a=1&a=2&&b&=c",
    "/x?a=%2F%2f/?",
    "/x?X-Amz-Credential=AK%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature=0a1b%3D%3d",
    "/b/o.tar?Expires=1700000000&Signature=vjby%2BPAZyGz%2Fr%3D&Key-Pair-Id=K+1",
    "/c/blob?sv=2024-11-04&sig=a%2Bb%2Fc%3D&se=2026-01-01T00%3A00%3A00Z&sp=r",
    "/x?q=a+b%20c'd",
    "/x?q=[1]",
    "/x;p=1?q=$(x)",
]


@pytest.mark.parametrize("target", OPAQUE)
async def test_byte_for_byte(depot: Depot, target: str) -> None:
    """What the server receives in its request line equals the URL that was given."""
    with contextlib.suppress(haulage.HttpStatusError):
        await haulage.HttpDownloader(depot.url + target).run()
    assert [record.target for record in depot.requests] == [target]


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("/with space", "/with%20space"),
        ("/naïve", "/na%C3%AFve"),
        ("/你好?名=值", "/%E4%BD%A0%E5%A5%BD?%E5%90%8D=%E5%80%BC"),
        ("/x?q=a b%20c", "/x?q=a%20b%20c"),
        ("/😀%2f", "/%F0%9F%98%80%2f"),
        ('/a"b<c>d|e^f`g{h}\\i', "/a%22b%3Cc%3Ed%7Ce%5Ef%60g%7Bh%7D%5Ci"),
        ("", "/"),
        ("?q=1", "/?q=1"),
        ("/x#fragment", "/x"),
        ("/x?q=1#frag?ment", "/x?q=1"),
    ],
)
@pytest.mark.case("D11")
async def test_what_cannot_stand_in_a_url_is_escaped(raw: OpenRaw, given: str, asked: str) -> None:
    """Spaces and characters beyond ASCII are escaped as UTF-8, and nothing else is changed."""
    server = await raw(ok(BODY))
    await haulage.HttpDownloader(server.url + given).run()
    assert server.targets == [asked]


async def test_host_header(raw: OpenRaw) -> None:
    """The Host header names host and port in lower case, without user information."""
    server = await raw(ok(BODY))
    await haulage.HttpDownloader(f"HTTP://ann:{CANARY}@LOCALHOST:{server.port}/x").run()
    assert server.header("Host") == f"localhost:{server.port}"


async def test_byte_for_byte_over_a_redirect(raw: OpenRaw) -> None:
    """A signed URL in a Location arrives as it was written, too."""
    signed = "/o/%7Ea%2fb?sig=a%2Bb%3d&x='()"
    server = await raw(ok(b"", f"Location: {signed}", "Connection: close", status="307 There"), ok(BODY))
    await haulage.HttpDownloader(server.url).run()
    assert server.targets == ["/", signed]


async def test_byte_for_byte_in_a_retry(raw: OpenRaw, eager: None) -> None:
    """The URL of a second attempt is that of the first."""
    path = "/%7E%2f?sig=%2B+"
    server = await raw(ok(b"", "Connection: close", status="503 Busy"), ok(BODY))
    await haulage.HttpDownloader(server.url + path, max_retries=1).run()
    assert server.targets == [path, path]


@pytest.mark.parametrize(
    "url",
    [
        *("http://", "http:///x", "http://:80/", "http://a b/", "http://a@b@c/", "http://h:0/", "http://h:65536/"),
        *("http://h:x/", "http://[::1/", "http://[v]/", "http://2130706433/", "http://0x7f.1/", "http://127.1/"),
        *("http://0177.0.0.1/", "http://h/\r\nX: y", "http://h/a\nb", "http://h/\0", "http://h\\@evil/", "no scheme"),
        *("http://h%0a/", "http://-/", "http://h/\x7f"),
    ],
)
@pytest.mark.case("D10", "D11")
async def test_malformed(url: str) -> None:
    """A URL that cannot be right, or is ambiguous, is refused when the downloader is made, as a ValueError."""
    with pytest.raises(ValueError) as caught:
        haulage.HttpDownloader(url)
    assert isinstance(caught.value, haulage.MalformedRequest)


@pytest.mark.parametrize("url", [None, 5, b"http://h/"])
async def test_no_text(url: object) -> None:
    """What is no text is no URL."""
    with pytest.raises(haulage.MalformedRequest):
        haulage.HttpDownloader(url)  # type: ignore[arg-type]

"""Faults in heads and framing, byte by byte, without and with TLS."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from haulage.depot import Depot, generated

Hear = Callable[..., Awaitable[Any]]

CONTENT = generated(100_000)


@pytest.mark.parametrize(("query", "second"), [("", "100001"), ("?second=100000", "100000"), ("?second=0", "0")])
async def test_two_lengths(faulty: Depot, hear: Hear, query: str, second: str) -> None:
    """There are two lengths, and the content of the first."""
    heard = await hear(faulty, f"/_/fault/two-lengths{query}")
    assert heard.values("Content-Length") == ["100000", second]
    assert (heard.body, heard.ending) == (CONTENT, "closed")


async def test_length_and_chunked(faulty: Depot, hear: Hear) -> None:
    """There is a length, and there are chunks."""
    heard = await hear(faulty, "/_/fault/length-and-chunked")
    assert (heard.values("Content-Length"), heard.values("Transfer-Encoding")) == (["100000"], ["chunked"])
    assert (b"".join(heard.chunks), heard.chunks[-1], heard.ending) == (CONTENT, b"", "closed")


@pytest.mark.parametrize(("query", "value"), [("", "-5"), ("?value=%2B5", "+5"), ("?value=1,%202", "1, 2")])
async def test_length(faulty: Depot, hear: Hear, query: str, value: str) -> None:
    """The length is what was asked for, verbatim."""
    heard = await hear(faulty, f"/_/fault/length{query}")
    assert heard.values("Content-Length") == [value]
    assert (heard.body, heard.ending) == (CONTENT, "closed")


@pytest.mark.parametrize(("query", "value"), [("", b"ffffffffffffffff1"), ("&value=0x10", b"0x10"), ("&value=", b"")])
async def test_chunk_size(faulty: Depot, hear: Hear, query: str, value: bytes) -> None:
    """The first chunk has the size that was asked for, verbatim."""
    heard = await hear(faulty, f"/_/fault/chunk-size?size=1000{query}")
    assert heard.values("Transfer-Encoding") == ["chunked"]
    assert heard.body == value + b"\r\n" + generated(1000) + b"\r\n0\r\n\r\n"
    assert heard.ending == "closed"


@pytest.mark.parametrize(("query", "length"), [("", 1 << 20), ("&length=100000", 100_000)])
async def test_chunk_extension(faulty: Depot, hear: Hear, query: str, length: int) -> None:
    """The first chunk has a big extension, and the content is right."""
    heard = await hear(faulty, f"/_/fault/chunk-extension?size=300000{query}")
    line = heard.body.partition(b"\r\n")[0]
    assert line.partition(b";")[2] == b"x" * length
    assert (b"".join(heard.chunks), heard.chunks[-1], heard.ending) == (generated(300_000), b"", "closed")
    assert faulty.requests[0].bytes_sent == 300_000


async def test_hang_up(faulty: Depot, hear: Hear) -> None:
    """Nothing comes but the end, of either kind."""
    for query, ending in (("", "closed"), ("?reset=1", "reset"), ("?reset=0", "closed")):
        heard = await hear(faulty, f"/_/fault/hang-up{query}")
        assert (heard.raw, heard.ending) == (b"", ending)
    assert [(record.status, record.bytes_sent) for record in faulty.requests] == [(None, 0)] * 3


async def test_garbage(faulty: Depot, hear: Hear) -> None:
    """Each kind is wrong in its own way, and the content follows."""
    heard = {
        kind: (await hear(faulty, f"/_/fault/garbage?size=300&kind={kind}")).raw
        for kind in ("binary", "http09", "bare-lf", "nul", "no-colon", "bad-status", "bad-version")
    }
    assert heard["binary"] == generated(512) + generated(300)
    assert heard["http09"] == generated(300)
    assert all(raw.endswith(generated(300)) for raw in heard.values())
    heads = {kind: raw.removesuffix(generated(300)) for kind, raw in heard.items()}
    assert b"\r" not in heads["bare-lf"]
    assert heads["bare-lf"].startswith(b"HTTP/1.1 200 OK\n")
    assert heads["bare-lf"].endswith(b"\nContent-Length: 300\nConnection: close\n\n")
    assert b"\r\nX-Nul: a\0b\r\n" in heads["nul"]
    assert b"\r\nX-No-Colon\r\n" in heads["no-colon"]
    assert heads["bad-status"].startswith(b"HTTP/1.1 2x0 OK\r\n")
    assert heads["bad-version"].startswith(b"HTTP/x.y 200 OK\r\n")
    assert [record.status for record in faulty.requests] == [None, None, 200, 200, 200, None, 200]


async def test_garbage_without_a_wish(faulty: Depot, hear: Hear) -> None:
    """It is binary."""
    assert (await hear(faulty, "/_/fault/garbage?size=0")).raw == generated(512)


@pytest.mark.parametrize(("query", "count"), [("", 100_000), ("?count=1001", 1001), ("?count=0", 0)])
async def test_header_flood(faulty: Depot, hear: Hear, query: str, count: int) -> None:
    """That many fields come, each of another name, and then the content."""
    heard = await hear(faulty, f"/_/fault/header-flood{query}")
    names = {line.partition(b":")[0] for line in heard.lines if line.startswith(b"X-Flood-")}
    assert len(names) == sum(line.startswith(b"X-Flood-") for line in heard.lines) == count
    assert (heard.values("Content-Length"), heard.body) == (["100000"], CONTENT)


@pytest.mark.parametrize(("query", "length"), [("", 1_000_000), ("?length=70000", 70_000)])
async def test_header_giant(faulty: Depot, hear: Hear, query: str, length: int) -> None:
    """One field is that long, and then comes the content."""
    heard = await hear(faulty, f"/_/fault/header-giant{query}")
    assert heard.values("X-Giant") == ["x" * length]
    assert (heard.values("Content-Length"), heard.body, heard.ending) == (["100000"], CONTENT, "closed")


async def test_interim(faulty: Depot, hear: Hear) -> None:
    """That many interim answers come before the real one."""
    heard = await hear(faulty, "/_/fault/interim?count=1500&code=102&size=10")
    *interims, final, body = heard.raw.split(b"\r\n\r\n")
    assert (len(interims), {head.split(b"\r\n")[0] for head in interims}) == (1500, {b"HTTP/1.1 102 Processing"})
    assert final.startswith(b"HTTP/1.1 200 OK\r\n")
    assert (body, heard.ending) == (generated(10), "closed")


async def test_interim_for_ever(faulty: Depot, hear: Hear) -> None:
    """Without a number they do not end, and there is no status to be recorded."""
    heard = await hear(faulty, "/_/fault/interim", enough=1_000_000)
    assert heard.raw.count(b"HTTP/1.1 103 Early Hints\r\n") > 1000
    assert b"HTTP/1.1 200" not in heard.raw
    assert faulty.requests[0].status is None


async def test_no_location(faulty: Depot, hear: Hear) -> None:
    """A redirect says nothing of where to go."""
    for query, line in (("", b"HTTP/1.1 302 Found"), ("?status=308", b"HTTP/1.1 308 Permanent Redirect")):
        heard = await hear(faulty, f"/_/fault/no-location{query}", "Connection: close")
        assert (heard.lines[0], heard.values("Location")) == (line, [])


@pytest.mark.parametrize(
    ("query", "status", "length", "content_range"),
    [
        ("", 206, ["100000"], ["bytes 0-99999/100000"]),
        ("?status=206", 206, ["100000"], ["bytes 0-99999/100000"]),
        ("?status=304", 304, [], []),
        ("?status=204", 204, [], []),
        ("?status=205", 205, ["0"], []),
        ("?status=416", 416, ["0"], ["bytes */100000"]),
    ],
)
async def test_unasked(
    faulty: Depot, hear: Hear, query: str, status: int, length: list[str], content_range: list[str]
) -> None:
    """An answer comes to what nobody asked, in good form."""
    heard = await hear(faulty, f"/_/fault/unasked{query}", "Connection: close")
    assert heard.lines[0].split()[1] == str(status).encode()
    assert (heard.values("Content-Length"), heard.values("Content-Range")) == (length, content_range)
    assert heard.body == (CONTENT if status == 206 else b"")
    head = await hear(faulty, f"/_/fault/unasked{query}", "Connection: close", method="HEAD")
    assert (head.lines[0], head.body) == (heard.lines[0], b"")


async def test_silent(faulty: Depot, hear: Hear) -> None:
    """Nothing comes, not even the end."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await hear(faulty, "/_/fault/silent")
    assert (faulty.requests[0].status, faulty.requests[0].bytes_sent) == (None, 0)


async def test_head_drip(faulty: Depot) -> None:
    """The head comes byte by byte, and the content follows it at once."""
    context = None if faulty.ca_pem is None else ssl.create_default_context(cadata=faulty.ca_pem)
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", faulty.port, ssl=context, server_hostname="localhost" if context else None
    )
    writer.write(b"GET /_/fault/head-drip?size=50000&delay=0.001 HTTP/1.1\r\nHost: depot\r\n\r\n")
    pieces = []
    while (piece := await reader.read(65_536)) and not piece.startswith(generated(1)):
        pieces.append(piece)
        if len(pieces) == 3:
            assert faulty.requests[0].status is None
    writer.transport.abort()
    head = b"".join(pieces).partition(b"\r\n\r\n")[0]
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert len(pieces) > 20
    assert faulty.requests[0].status == 200


async def test_a_head_request_gets_the_same_head(faulty: Depot, hear: Hear) -> None:
    """What is wrong in the head is wrong for HEAD, too, and no body follows."""
    for name in ("two-lengths", "length-and-chunked", "length", "header-giant", "interim?count=3"):
        mark = "&" if "?" in name else "?"
        asked = await hear(faulty, f"/_/fault/{name}{mark}size=700")
        heard = await hear(faulty, f"/_/fault/{name}{mark}size=700", method="HEAD")
        assert len(heard.lines) == len(asked.lines)
        assert generated(10) in asked.raw
        assert generated(10) not in heard.raw
        assert heard.raw.endswith(b"\r\n\r\n")
        assert faulty.requests[-1].bytes_sent == 0

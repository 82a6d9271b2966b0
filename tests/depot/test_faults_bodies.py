"""Faults in the body, byte by byte, without and with TLS."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import socket
import ssl
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from haulage.depot import Depot, generated

Hear = Callable[..., Awaitable[Any]]

SIZE = 100_000
CONTENT = generated(SIZE)


def good(heard: Any) -> None:
    """The head speaks of the content, with its validators, and is sent by the depot."""
    assert heard.lines[0] == b"HTTP/1.1 200 OK"
    assert heard.values("Content-Type") == ["application/octet-stream"]
    assert heard.values("Accept-Ranges") == ["bytes"]
    assert [value[:18] for value in heard.values("ETag")] == ['"generated-100000-']
    assert len(heard.values("Last-Modified")) == len(heard.values("Date")) == 1
    assert heard.values("Server")[0].startswith("haulage-depot/")


@pytest.mark.parametrize(("query", "at"), [("", 50_000), ("?at=0", 0), ("?at=99999", 99_999)])
async def test_truncate(faulty: Depot, hear: Hear, query: str, at: int) -> None:
    """Fewer bytes than were promised come, and a polite end."""
    heard = await hear(faulty, f"/_/fault/truncate{query}")
    good(heard)
    assert heard.values("Content-Length") == ["100000"]
    assert (heard.body, heard.ending) == (CONTENT[:at], "closed")
    assert (faulty.requests[0].status, faulty.requests[0].bytes_sent) == (200, at)


@pytest.mark.parametrize(("query", "by"), [("", 10), ("&by=1", 1), ("&by=200000", 200_000)])
async def test_overlong(faulty: Depot, hear: Hear, query: str, by: int) -> None:
    """More bytes than were promised come."""
    heard = await hear(faulty, f"/_/fault/overlong?size=1000&seed=3{query}")
    assert heard.values("Content-Length") == ["1000"]
    assert (heard.body, heard.ending) == (generated(1000, 3) + bytes(by), "closed")
    assert faulty.requests[0].bytes_sent == 1000 + by


async def test_chunked_cut(faulty: Depot, hear: Hear) -> None:
    """The last chunk is missing."""
    heard = await hear(faulty, "/_/fault/chunked-cut?size=1000000&at=600000")
    assert heard.values("Transfer-Encoding") == ["chunked"]
    assert heard.values("Content-Length") == []
    assert heard.chunks[-1] != b""
    assert (b"".join(heard.chunks), heard.ending) == (generated(600_000), "closed")


async def test_chunked_cut_inside(faulty: Depot, hear: Hear) -> None:
    """The end comes in the middle of a chunk."""
    heard = await hear(faulty, "/_/fault/chunked-cut?inside=1&at=500")
    first, _, rest = heard.body.partition(b"\r\n")
    assert int(first, 16) == 499
    assert rest == generated(499) + b"\r\nb\r\n" + generated(500)[499:]
    assert heard.ending == "closed"
    assert faulty.requests[0].bytes_sent == 500


async def test_short(faulty: Depot, hear: Hear) -> None:
    """A part is sent as if it were all, and the framing is in order."""
    heard = await hear(faulty, "/_/fault/short?at=700", "Connection: close")
    assert (heard.values("Content-Length"), heard.body) == (["700"], CONTENT[:700])
    good(heard)


async def test_close(faulty: Depot, hear: Hear) -> None:
    """Only the end of the connection ends the body."""
    for query, at in (("", SIZE), ("?at=70000", 70_000)):
        heard = await hear(faulty, f"/_/fault/close{query}")
        good(heard)
        assert heard.values("Content-Length") == heard.values("Transfer-Encoding") == []
        assert heard.values("Connection") == ["close"]
        assert (heard.body, heard.ending) == (CONTENT[:at], "closed")


def read_strictly(depot: Depot, target: str) -> tuple[bytes, bool]:
    """Read over TLS with the standard library; tell what came and whether TLS was ended."""
    context = ssl.create_default_context(cadata=depot.ca_pem)
    raw = bytearray()
    with (
        socket.create_connection(("127.0.0.1", depot.port), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False) as wrapped,
    ):
        wrapped.sendall(f"GET {target} HTTP/1.1\r\nHost: depot\r\n\r\n".encode())
        try:
            while piece := wrapped.recv(65_536):
                raw += piece
        except ssl.SSLEOFError:
            return bytes(raw), False
        return bytes(raw), True


@pytest.mark.parametrize(("name", "is_ended"), [("close", True), ("close-abrupt", False)])
def test_the_end_of_tls(name: str, is_ended: bool) -> None:
    """Everything comes, a lot of it; after it there is TLS's own end, or not."""
    with Depot(tls=True, faults=True) as depot:
        raw, ended = read_strictly(depot, f"/_/fault/{name}?size=5000000&at=4000000")
    assert hashlib.sha256(raw.partition(b"\r\n\r\n")[2]).digest() == hashlib.sha256(generated(4_000_000)).digest()
    assert ended is is_ended


async def test_close_abrupt(faulty: Depot, hear: Hear) -> None:
    """Below TLS, or without it, the end is a polite one."""
    heard = await hear(faulty, "/_/fault/close-abrupt?at=70000")
    assert (heard.body, heard.ending) == (CONTENT[:70_000], "closed")


@pytest.mark.parametrize("at", [0, 1, 50_000, 4_000_000])
async def test_reset(faulty: Depot, hear: Hear, at: int) -> None:
    """All that was to come comes before the reset."""
    heard = await hear(faulty, f"/_/fault/reset?size=5000000&at={at}")
    assert heard.values("Content-Length") == ["5000000"]
    assert (heard.body == generated(at), heard.ending) == (True, "reset")
    assert faulty.requests[0].bytes_sent == at


async def test_stall(faulty: Depot, hear: Hear) -> None:
    """One byte is missing, and nothing more comes."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await hear(faulty, "/_/fault/stall")
    assert faulty.requests[0].bytes_sent == SIZE - 1
    heard = await hear(faulty, "/_/fault/stall?at=10", enough=10)
    assert heard.body == CONTENT[:10]


async def test_drip(faulty: Depot, hear: Hear) -> None:
    """The content comes slowly, and completely."""
    loop = asyncio.get_running_loop()
    begin = loop.time()
    heard = await hear(faulty, "/_/fault/drip?size=7&chunk=2&delay=0.05", "Connection: close")
    assert loop.time() - begin >= 0.15
    assert (heard.values("Content-Length"), heard.body) == (["7"], generated(7))


@pytest.mark.parametrize(("query", "piece"), [("", 1), ("&piece=7", 7)])
async def test_crumbs(faulty: Depot, hear: Hear, query: str, piece: int) -> None:
    """The content comes in chunks of that many bytes, and ends well."""
    heard = await hear(faulty, f"/_/fault/crumbs?size=70000{query}")
    *chunks, last = heard.chunks
    assert (b"".join(chunks), last, heard.ending) == (generated(70_000), b"", "closed")
    assert {len(chunk) for chunk in chunks} == {piece}
    assert faulty.requests[0].bytes_sent == 70_000


@pytest.mark.parametrize("chunked", [True, False])
async def test_endless(faulty: Depot, hear: Hear, chunked: bool) -> None:
    """Bytes come for as long as one cares to read."""
    heard = await hear(faulty, f"/_/fault/endless?seed=4&chunked={chunked:d}", enough=3_000_000)
    assert heard.values("Transfer-Encoding") == (["chunked"] if chunked else [])
    assert heard.values("Content-Length") == []
    if chunked:
        size = int(heard.body.partition(b"\r\n")[0], 16)
        assert heard.body.partition(b"\r\n")[2][:size] == generated(size, 4)
    else:
        assert heard.body == generated(len(heard.body), 4)


@pytest.mark.parametrize("query", ["endless", "endless?chunked=0", "overlong?by=9000000000", "interim", "header-flood"])
async def test_a_client_that_does_not_read_stops_the_server(faulty: Depot, query: str) -> None:
    """What the client does not take is not made, so nothing is heaped up."""
    count = 0
    transports = []

    class Deaf(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            transports.append(transport)
            transport.pause_reading()
            target = query.replace("header-flood", "header-flood?count=9000000000")
            transport.write(f"GET /_/fault/{target} HTTP/1.1\r\nHost: depot\r\n\r\n".encode())

        def data_received(self, data: bytes) -> None:
            nonlocal count
            count += len(data)
            transports[0].pause_reading()

    plain = socket.create_connection(("127.0.0.1", faulty.port))
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    context = None if faulty.ca_pem is None else ssl.create_default_context(cadata=faulty.ca_pem)
    loop = asyncio.get_running_loop()
    await loop.create_connection(
        Deaf, sock=plain, ssl=context, server_hostname="localhost" if context is not None else None
    )
    try:
        while not faulty.requests:
            await asyncio.sleep(0)
        # The server is on this loop: when it waits, turns of the loop are all that is left to do.
        handler = next(iter(faulty._listener._connections.transports.values()))
        async with asyncio.timeout(20):
            while handler.get_write_buffer_size() == 0:
                await asyncio.sleep(0)
        for _ in range(200):
            assert handler.get_write_buffer_size() < 2_000_000
            await asyncio.sleep(0.001)
        sent = faulty.requests[0].bytes_sent
        assert sent < 20_000_000
        for _ in range(100):
            await asyncio.sleep(0.001)
        assert faulty.requests[0].bytes_sent == sent
    finally:
        transports[0].abort()


async def test_huge(faulty: Depot, hear: Hear) -> None:
    """The length is beyond all disks; after 64 KiB nothing comes."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await hear(faulty, "/_/fault/huge")
    assert (faulty.requests[0].status, faulty.requests[0].bytes_sent) == (200, 65_536)
    heard = await hear(faulty, "/_/fault/huge?length=123456789", enough=65_536)
    assert heard.values("Content-Length") == ["123456789"]
    assert set(heard.body) == {0}
    assert (await hear(faulty, "/_/fault/huge", enough=1)).values("Content-Length") == [str(2**62)]


async def test_page(faulty: Depot, hear: Hear) -> None:
    """A page to log in comes instead of the content."""
    heard = await hear(faulty, "/_/fault/page", "Connection: close")
    assert heard.lines[0] == b"HTTP/1.1 200 OK"
    assert heard.values("Content-Type") == ["text/html; charset=utf-8"]
    assert b'type="password"' in heard.body
    assert heard.values("Content-Length") == [str(len(heard.body))]


async def test_gzip(faulty: Depot, hear: Hear) -> None:
    """The content is coded though the client wants it plain; cut, it is still framed well."""
    heard = await hear(faulty, "/_/fault/gzip", "Accept-Encoding: identity")
    assert heard.values("Content-Encoding") == ["gzip"]
    assert heard.values("Content-Length") == [str(len(heard.body))]
    assert gzip.decompress(heard.body) == CONTENT
    for query, at in (("", len(heard.body) // 2), ("?at=500", 500)):
        cut = await hear(faulty, f"/_/fault/gzip-cut{query}", "Accept-Encoding: identity")
        assert cut.values("Content-Encoding") == ["gzip"]
        assert (cut.values("Content-Length"), cut.body, cut.ending) == ([str(at)], heard.body[:at], "closed")
        decoder = zlib.decompressobj(31)
        assert CONTENT.startswith(decoder.decompress(cut.body))
        assert not decoder.eof


@pytest.mark.parametrize("layers", [1, 3])
async def test_bomb(faulty: Depot, hear: Hear, layers: int) -> None:
    """Few bytes become many, through as many layers as the field names."""
    heard = await hear(faulty, f"/_/fault/bomb?size=5000001&layers={layers}")
    assert heard.values("Content-Encoding") == [", ".join(["gzip"] * layers)]
    *chunks, last = heard.chunks
    body = b"".join(chunks)
    assert (last, heard.ending) == (b"", "closed")
    assert len(body) < 6000
    for _ in range(layers):
        body = gzip.decompress(body)
    assert body == bytes(5_000_001)


async def test_a_bomb_is_made_while_it_is_sent(hear: Hear) -> None:
    """An exabyte of zeros begins at once, and ends when the client goes."""
    over = asyncio.Event()
    async with Depot(faults=True, on_request=lambda _: over.set()) as depot, asyncio.timeout(20):
        heard = await hear(depot, f"/_/fault/bomb?size={2**60}", enough=10_000)
        assert heard.values("Content-Encoding") == ["gzip"]
        await over.wait()


async def test_a_head_has_no_body_to_be_wrong(faulty: Depot, hear: Hear) -> None:
    """HEAD is answered properly by what is wrong in the body only."""
    for name in ("truncate", "stall", "endless", "bomb", "chunk-size", "reset"):
        heard = await hear(faulty, f"/_/fault/{name}?size=100000", "Connection: close", method="HEAD")
        good(heard)
        assert (heard.values("Content-Length"), heard.body, heard.ending) == (["100000"], b"", "closed")

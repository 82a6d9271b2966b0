"""A server that breaks off, lies about lengths or talks nonsense never leads to a file."""

from __future__ import annotations

import asyncio
import gzip
import socket
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from support.raw import Call, RawServer, ok

import haulage
from haulage import events
from haulage.depot import generated

OpenRaw = Callable[..., Awaitable[RawServer]]
Check = Callable[[], None]

BODY = b"hello\n"


async def fail(server: RawServer, target: Path, kind: type[Exception], **settings: object) -> haulage.DownloadError:
    """Download from *server* without retries, expect *kind*, and find the old file untouched and alone."""
    target.write_bytes(b"old")
    with pytest.raises(kind) as caught:
        await haulage.download(server.url, target, remote=haulage.Remote(max_retries=0, **settings))  # type: ignore[arg-type]
    assert isinstance(caught.value, haulage.DownloadError)
    assert target.read_bytes() == b"old"
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    error: BaseException | None = caught.value
    while error is not None:
        assert not type(error).__module__.startswith("aiohttp"), "an exception of aiohttp is in the chain"
        error = error.__cause__ or error.__context__
    return caught.value


@pytest.mark.parametrize("arrived", [0, 1, 100_000, 2 << 20])
@pytest.mark.case("H01")
async def test_cut_body(raw: OpenRaw, target: Path, arrived: int) -> None:
    """A body that ends before its announced end is an error that says how much came."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 3145728\r\n\r\n"
    error = await fail(await raw(head + generated(arrived)), target, haulage.PartialFile)
    assert isinstance(error, haulage.PartialFile)
    # What lay unread in the buffer when the connection broke is dropped with it.
    assert error.received <= arrived
    assert error.expected == 3 << 20
    assert isinstance(error, ConnectionError)
    assert error.transient


@pytest.mark.case("H09")
async def test_reset_in_the_body(raw: OpenRaw, target: Path) -> None:
    """A connection reset in mid-body is a cut body."""

    async def reset(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", generated(1000))
        await asyncio.sleep(0.05)
        call.reset()

    error = await fail(await raw(reset), target, haulage.NetworkError)
    assert error.transient


@pytest.mark.case("H10")
async def test_close_before_the_status_line(raw: OpenRaw, target: Path) -> None:
    """A server that hangs up without a word is asked once per attempt, not secretly twice."""
    server = await raw(b"")
    error = await fail(server, target, haulage.ConnectionFailed)
    assert error.transient
    assert len(server.heads) == 1


@pytest.mark.case("H10")
async def test_reset_before_the_status_line(raw: OpenRaw, target: Path) -> None:
    """A reset instead of an answer is a failed connection."""

    async def reset(call: Call) -> None:
        call.reset()

    server = await raw(reset)
    await fail(server, target, haulage.ConnectionFailed)
    assert len(server.heads) == 1


@pytest.mark.case("H10")
@pytest.mark.parametrize("how", ["close", "reset"])
async def test_a_stale_connection_costs_no_attempt(raw: OpenRaw, target: Path, how: str) -> None:
    """A request that is lost on a kept connection is made once more, on a new one; only that one's loss is told."""

    async def fine(call: Call) -> None:
        await call.send(ok(BODY))

    async def lose(call: Call) -> None:
        call.reset() if how == "reset" else call.writer.close()

    server = await raw(fine, lose, fine, lose, lose, fine)
    async with haulage.DownloaderFactory(haulage.Remote(max_retries=0)) as factory:
        await factory.build(server.url).run()
        second = await factory.build(server.url, destination=target).run()
        assert second.attempts == 1
        assert target.read_bytes() == BODY
        assert len(server.heads) == server.connections + 1 == 3
        with pytest.raises(haulage.ConnectionFailed):
            await factory.build(server.url).run()
    assert len(server.heads) == 5


async def test_a_kept_connection_that_was_closed_meanwhile(raw: OpenRaw) -> None:
    """A connection the server has closed between two downloads is not asked again: the second needs no retry."""
    closing = asyncio.Event()

    async def close(call: Call) -> None:
        await call.send(ok(BODY))
        call.writer.close()
        await call.writer.wait_closed()
        closing.set()

    server = await raw(close)
    async with haulage.DownloaderFactory(haulage.Remote(max_retries=0)) as factory:
        for _ in range(5):
            closing.clear()
            await factory.build(server.url).run()
            await closing.wait()
    assert (server.connections, len(server.heads)) == (5, 5)


async def test_connection_refused(target: Path) -> None:
    """A port where nobody listens is a failed connection, and says so."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        with pytest.raises(haulage.ConnectionFailed, match="refused"):
            await haulage.HttpDownloader(url, destination=target).run()


async def test_unknown_host(target: Path) -> None:
    """A name without an address is an error of its own."""
    with pytest.raises(haulage.RemoteServerResolutionError):
        await haulage.HttpDownloader("http://no-such-host.invalid/x", destination=target).run()


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"hello world, no status line here\r\n\r\n",
        b"HTTP/1.1 two hundred OK\r\n\r\n",
        b"HTTP/9 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Bad: a\x00b\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nno colon in this line\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * (1 << 20) + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(100_000)) + b"\r\n",
    ],
    ids=[
        *("ssh", "text", "status", "version", "negative", "plus", "two-lengths", "letters", "both-framings", "nul"),
        *("no-colon", "long-header", "many-headers"),
    ],
)
@pytest.mark.case("H11")
async def test_garbage(raw: OpenRaw, target: Path, answer: bytes) -> None:
    """An answer that breaks the protocol is an error of the protocol, promptly."""
    started = time.monotonic()
    await fail(await raw(answer), target, haulage.ProtocolError)
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "body",
    [b"5\r\nhelloXX0\r\n\r\n", b"zz\r\nhello\r\n0\r\n\r\n", b"-5\r\nhello\r\n0\r\n\r\n", b"f" * 17 + b"\r\nhello"],
    ids=["no-break", "no-number", "negative", "beyond-64-bits"],
)
@pytest.mark.case("H08")
async def test_broken_chunks(raw: OpenRaw, target: Path, body: bytes) -> None:
    """Chunks that break their own framing are never taken for a body."""
    server = await raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
    await fail(server, target, haulage.ProtocolError)


@pytest.mark.parametrize("body", [b"", b"6\r\nhel", b"6\r\nhello\n\r\n", b"6\r\nhello\n\r\n0\r\n"])
@pytest.mark.case("H03")
async def test_chunks_without_an_end(raw: OpenRaw, target: Path, body: bytes) -> None:
    """A chunked body whose last chunk is missing was cut, whatever came before."""
    server = await raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
    error = await fail(server, target, haulage.PartialFile)
    assert isinstance(error, haulage.PartialFile)
    assert error.expected is None


@pytest.mark.case("H02")
async def test_over_long_body(raw: OpenRaw, target: Path) -> None:
    """Bytes after the announced end never become part of the file, and spoil nothing that follows."""

    async def chatty(call: Call) -> None:
        await call.send(ok(BODY) + b"and more of it that nobody asked for")

    server = await raw(chatty)
    async with haulage.DownloaderFactory(haulage.Remote(max_retries=0)) as factory:
        for number in range(2):
            name = target.parent / str(number)
            try:
                await factory.build(server.url, destination=name).run()
            except haulage.DownloadError:
                assert not name.exists()
            else:
                assert name.read_bytes() == BODY


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
@pytest.mark.case("H17")
async def test_coded_though_identity_was_asked(raw: OpenRaw, target: Path, coding: str) -> None:
    """A coded body is refused: its digest would not be the file's."""
    server = await raw(ok(gzip.compress(BODY), f"Content-Encoding: {coding}"))
    await fail(server, target, haulage.ContentEncodingError)


async def test_a_coded_file_is_taken_as_it_is(raw: OpenRaw, workplace: Path) -> None:
    """Where the URL itself names a gzip file, a server that calls its bytes gzip means the file."""
    packed = gzip.compress(BODY)
    server = await raw(ok(packed, "Content-Encoding: gzip"))
    await haulage.download(f"{server.url}/pool/file.tar.gz", workplace / "file.tar.gz")
    assert (workplace / "file.tar.gz").read_bytes() == packed


@pytest.mark.parametrize("coding", ["identity", "Identity", ""])
async def test_identity_named_is_identity(raw: OpenRaw, target: Path, coding: str) -> None:
    """A server that names the identity coding has coded nothing."""
    server = await raw(ok(BODY, f"Content-Encoding: {coding}"))
    await haulage.download(server.url, target)
    assert target.read_bytes() == BODY


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n",
        ok(BODY, "Content-Range: bytes 0-5/100", status="206 Partial Content"),
        b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n',
        ok(BODY, status="300 Multiple Choices"),
    ],
    ids=["204", "205", "206", "304", "300"],
)
async def test_answers_nobody_asked_for(raw: OpenRaw, target: Path, answer: bytes) -> None:
    """A well-formed answer that does not bring the whole file is never taken for the file."""
    await fail(await raw(answer), target, haulage.UnknownResponse)


async def test_switching_protocols(raw: OpenRaw, target: Path) -> None:
    """A server that changes the protocol unasked brings no file."""
    server = await raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nhello")
    await fail(server, target, haulage.DownloadError, sock_read_timeout=2)


@pytest.mark.case("H13")
async def test_endless_interim_responses(raw: OpenRaw, target: Path) -> None:
    """A server that only ever promises is left when the total time is over."""

    async def promises(call: Call) -> None:
        while True:
            await call.send(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50)
            await asyncio.sleep(0.01)

    started = time.monotonic()
    await fail(await raw(promises), target, haulage.DownloadError, total_timeout=0.5)
    assert time.monotonic() - started < 2


@pytest.mark.case("S04")
async def test_silence_before_the_answer(raw: OpenRaw, target: Path) -> None:
    """A server that never answers is left after the read timeout."""
    server = await raw(Call.gone)
    started = time.monotonic()
    error = await fail(server, target, haulage.ServerTimedOut, sock_read_timeout=0.3)
    assert 0.25 < time.monotonic() - started < 2
    assert isinstance(error, TimeoutError)
    assert isinstance(error, haulage.TimeoutException)
    assert error.phase == "read"


@pytest.mark.case("S06")
async def test_silence_in_the_body(raw: OpenRaw, target: Path) -> None:
    """A server that falls silent in mid-body is left after the read timeout."""

    async def silent(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", BODY)
        await call.gone()

    error = await fail(await raw(silent), target, haulage.ServerTimedOut, sock_read_timeout=0.3)
    assert isinstance(error, haulage.TimeoutException)
    assert error.phase == "read"


async def test_total_timeout(raw: OpenRaw, target: Path) -> None:
    """A body that keeps dripping is ended by the total timeout, which is the attempt's."""

    async def drip(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            await call.send(b"x")
            await asyncio.sleep(0.02)

    started = time.monotonic()
    error = await fail(await raw(drip), target, haulage.TimeoutException, total_timeout=0.4)
    assert 0.35 < time.monotonic() - started < 2
    assert isinstance(error, haulage.TimeoutException)
    assert error.phase == "total"
    assert error.limit == 0.4


async def test_connect_timeout(target: Path) -> None:
    """A host that does not take the connection is left after the connect timeout."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        # The kernel lets one more in than the backlog says; after that, connects hang.
        crowd = [socket.socket() for _ in range(4)]
        try:
            for one in crowd:
                one.setblocking(False)
                one.connect_ex(address)
            started = time.monotonic()
            with pytest.raises(haulage.ServerTimedOut) as caught:
                await haulage.download(
                    f"http://127.0.0.1:{address[1]}/",
                    target,
                    remote=haulage.Remote(sock_connect_timeout=0.3, max_retries=0),
                )
            assert time.monotonic() - started < 2
            assert caught.value.phase == "connect"
        finally:
            for one in crowd:
                one.close()


async def test_no_total_timeout_by_default(raw: OpenRaw, target: Path) -> None:
    """A good download may take longer than any of the timeouts that watch for dead ones."""

    async def steady(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n")
        for _ in range(20):
            await call.send(b"x")
            await asyncio.sleep(0.05)

    server = await raw(steady)
    remote = haulage.Remote(sock_read_timeout=0.5, sock_connect_timeout=0.5, connect_timeout=0.5)
    await haulage.download(server.url, target, remote=remote)
    assert target.read_bytes() == b"x" * 20


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Encoding: identity\r\nContent-Encoding: gzip\r\nContent-Length: 4",
        b"Transfer-Encoding: gzip\r\nConnection: close",
        b"Transfer-Encoding: gzip, chunked",
        b"Transfer-Encoding: xchunked\r\nConnection: close",
    ],
)
async def test_codings_in_odd_places(raw: OpenRaw, target: Path, head: bytes) -> None:
    """Coded bytes are not taken for the file, in whatever header the coding is said."""
    server = await raw(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n\x1f\x8b\x08\x00")
    await fail(server, target, haulage.ResponseError)


async def test_a_redirecting_server_that_closes_without_a_word(raw: OpenRaw, target: Path) -> None:
    """The hop after a redirect is made once more when the connection, a used one, turns out to be closed."""
    server = await raw(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", ok(b"hello"))
    result = await haulage.download(server.url, target, remote=haulage.Remote(max_retries=0))
    assert target.read_bytes() == b"hello"
    assert result.attempts == 1


@pytest.mark.case("H08")
async def test_framing_that_breaks_after_a_while(raw: OpenRaw, target: Path) -> None:
    """A bad chunk that comes in a packet of its own ends the download at once, and not never."""
    started = asyncio.Event()

    async def late(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        await started.wait()
        await call.send(b"ffffffffffffffff1\r\nhello\r\n")
        await call.gone()

    def observe(event: events.Event) -> None:
        if isinstance(event, events.BytesReceived):
            started.set()

    server = await raw(late)
    downloader = haulage.HttpDownloader(server.url, destination=target, observer=observe)
    async with asyncio.timeout(10):
        with pytest.raises(haulage.ProtocolError):
            await downloader.run()
    assert list(target.parent.iterdir()) == []

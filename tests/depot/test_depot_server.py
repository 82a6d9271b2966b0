"""The life of a depot: opening, recording, closing."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest

from haulage.depot import Depot, RequestRecord, generated, serve

if TYPE_CHECKING:
    from pathlib import Path

Ask = Callable[..., Awaitable[Any]]


def trusting(depot: Depot) -> ssl.SSLContext:
    """Settings of a client that trusts this depot only."""
    assert depot.ca_pem is not None
    return ssl.create_default_context(cadata=depot.ca_pem)


def fetch(url: str, context: ssl.SSLContext | None = None) -> bytes:
    """Get a URL with the standard library's blocking client, past any proxy."""
    handlers = [urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)]
    with urllib.request.build_opener(*handlers).open(url, timeout=10) as response:
        body: bytes = response.read()
        return body


async def test_requests_are_recorded(depot: Depot, ask: Ask) -> None:
    """Each request is remembered in order, with what was asked and what was answered."""
    await ask(depot, "/_/bytes/1000?a=%2f", "X-Key: v", "x-key: w")
    await ask(depot, "/missing", method="HEAD")
    first, second = depot.requests
    assert (first.method, first.target, first.status, first.bytes_sent) == ("GET", "/_/bytes/1000?a=%2f", 200, 1000)
    assert first.header("X-KEY") == "v, w"
    assert first.header("Absent") is None
    assert "v, w" not in repr(first)
    assert (second.method, second.status, second.bytes_sent) == ("HEAD", 404, 0)
    assert first.peer != second.peer
    depot.clear_requests()
    assert depot.requests == ()


async def test_history_is_bounded(ask: Ask) -> None:
    """Only the latest requests are kept."""
    async with Depot(history=2) as depot:
        for number in range(4):
            await ask(depot, f"/{number}")
        assert [record.target for record in depot.requests] == ["/2", "/3"]


async def test_on_request(ask: Ask) -> None:
    """A listener hears of every request when it is over, refused ones included."""
    heard: list[RequestRecord] = []
    async with Depot(on_request=heard.append) as depot:
        await ask(depot, "/_/bytes/70000")
        await ask(depot, "/missing")
    assert [(record.status, record.bytes_sent > 0) for record in heard] == [(200, True), (404, True)]


async def test_one_connection_serves_many_requests(depot: Depot) -> None:
    """Keep-alive works, and the record shows it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", depot.port)
    for _ in range(3):
        writer.write(b"GET /_/status/200 HTTP/1.1\r\nHost: depot\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.partition(b"Content-Length: ")[2].split(b"\r\n")[0]))
    writer.close()
    await writer.wait_closed()
    assert len({record.peer for record in depot.requests}) == 1


def test_on_a_thread_of_its_own(root: Path) -> None:
    """Synchronous callers use a depot without a loop of theirs."""
    (root / "file").write_bytes(b"content")
    before = threading.active_count()
    with Depot(root) as depot:
        assert fetch(f"{depot.url}/file") == b"content"
        assert len(depot.requests) == 1
    assert threading.active_count() == before
    with pytest.raises(urllib.error.URLError):
        fetch(f"{depot.url}/file")


@pytest.mark.parametrize("tls", [False, True])
def test_blocking_reads_of_big_files(root: Path, *, tls: bool) -> None:
    """A big file arrives over both kinds of connection, through different ways of sending."""
    content = generated(3_000_000)
    (root / "file").write_bytes(content)
    with Depot(root, tls=tls) as depot:
        context = trusting(depot) if tls else None
        assert fetch(f"{depot.url}/file", context) == content
        assert fetch(f"{depot.url}/_/bytes/3000000", context) == content
        assert [record.bytes_sent for record in depot.requests] == [3_000_000] * 2


@pytest.mark.parametrize("missing", ["nothing", "file"])
def test_root_must_be_a_directory(tmp_path: Path, missing: str) -> None:
    """Opening says at once that there is nothing to serve, in the caller's thread."""
    (tmp_path / "file").write_bytes(b"")
    before = threading.active_count()
    with pytest.raises((FileNotFoundError, NotADirectoryError)), Depot(tmp_path / missing):
        pass
    assert threading.active_count() == before


async def test_taken_port(depot: Depot) -> None:
    """A port in use is an OSError, and nothing stays behind."""
    with pytest.raises(OSError, match=r".+"):
        async with Depot(port=depot.port):
            pass
    assert len(asyncio.all_tasks()) <= 2


async def test_opens_once() -> None:
    """A depot that has been closed stays closed, and remembers where it was."""
    depot = Depot()
    with pytest.raises(RuntimeError, match="not been opened"):
        _ = depot.url
    assert repr(depot) == "Depot(not open)"
    async with depot:
        assert repr(depot) == f"Depot({depot.url})"
    assert depot.url.endswith(f":{depot.port}")
    with pytest.raises(RuntimeError, match="opens once"):
        async with depot:
            pass


def test_settings_are_checked() -> None:
    """Settings that contradict each other are refused before anything is opened."""
    with pytest.raises(ValueError, match="needs tls"):
        Depot(require_client_certificate=True)
    with pytest.raises(ValueError, match="colon"):
        Depot(users={"a:b": "c"})


@pytest.mark.parametrize(("host", "shown"), [("localhost", "localhost"), ("", "127.0.0.1"), ("::1", "[::1]")])
async def test_hosts(host: str, shown: str) -> None:
    """Whatever it listens on, the URL reaches it from this machine."""
    try:
        async with Depot(host=host) as depot:
            assert depot.url == f"http://{shown}:{depot.port}"
            assert await asyncio.to_thread(fetch, f"{depot.url}/_/status/200")
    except OSError as error:
        if host != "::1" or isinstance(error, urllib.error.URLError):
            raise
        pytest.skip("no IPv6 here")


async def hang(depot: Depot, request: bytes, context: ssl.SSLContext | None) -> asyncio.StreamWriter:
    """Open a connection, send something, read one line and then no more."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", depot.port, ssl=context, server_hostname="localhost" if context else None
    )
    writer.write(request)
    if request.startswith(b"GET"):
        await reader.readline()
    return writer


@pytest.mark.parametrize("tls", [False, True])
async def test_closing_does_not_wait_for_clients(root: Path, *, tls: bool) -> None:
    """Clients that read nothing, say nothing or never finish are cut, and no task is left."""
    (root / "big").write_bytes(generated(30_000_000))
    before = asyncio.all_tasks()
    async with asyncio.timeout(5), Depot(root, tls=tls) as depot:
        context = trusting(depot) if tls else None
        silent = socket.create_connection(("127.0.0.1", depot.port))
        requests = [
            b"",
            b"GET /big HTTP/1.1\r\nHost: depot\r\n\r\n",
            b"GET /_/bytes/30000000 HTTP/1.1\r\nHost: depot\r\nConnection: close\r\n\r\n",
            b"GET /_/slow?delay=1000 HTTP/1.1\r\nHost: depot\r\n\r\n",
            b"PUT /_/echo HTTP/1.1\r\nHost: depot\r\nContent-Length: 10\r\n\r\n",
            b"PUT /file HTTP/1.1\r\nHost: depot\r\nContent-Length: 10\r\n\r\n",
        ]
        writers = [await hang(depot, request, context) for request in requests]
        loop = asyncio.get_running_loop()
        closing = loop.time()
    assert loop.time() - closing < 2
    assert asyncio.all_tasks() == before
    silent.close()
    for writer in writers:
        writer.transport.abort()


async def test_client_that_goes_away(depot: Depot, ask: Ask) -> None:
    """A client that leaves in the middle ends its own request and no other."""
    for target in ("/_/slow?delay=1000", "/_/bytes/100000000"):
        writer = await hang(depot, f"GET {target} HTTP/1.1\r\nHost: depot\r\n\r\n".encode(), None)
        writer.transport.abort()
    assert (await ask(depot, "/_/bytes/10")).body == generated(10)


async def test_file_that_shrinks(root: Path) -> None:
    """A file cut while it is sent breaks the connection; the length is never lied about."""
    (root / "big").write_bytes(generated(30_000_000))
    async with Depot(root) as depot:
        reader, writer = await asyncio.open_connection("127.0.0.1", depot.port, limit=1024)
        writer.write(b"GET /big HTTP/1.1\r\nHost: depot\r\n\r\n")
        await reader.readline()
        (root / "big").write_bytes(b"")
        assert len(await reader.read()) < 30_000_000
        writer.close()
        await writer.wait_closed()
        assert depot.requests[0].bytes_sent < 30_000_000


async def test_serve_runs_until_cancelled() -> None:
    """The command line's coroutine tells when it is ready and closes when it is cancelled."""
    ready: asyncio.Future[Depot] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(Depot(), ready=ready.set_result))
    depot = await ready
    assert await asyncio.to_thread(fetch, f"{depot.url}/_/status/200")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(OSError, match=r".+"):
        await asyncio.open_connection("127.0.0.1", depot.port)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
async def test_certificate_names(name: str) -> None:
    """The certificate is good for every name of this machine."""
    async with Depot(tls=True) as depot:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", depot.port, ssl=trusting(depot), server_hostname=name
        )
        writer.write(b"GET /_/status/200 HTTP/1.1\r\nHost: depot\r\nConnection: close\r\n\r\n")
        assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
        writer.transport.abort()


async def test_untrusted_certificate(ask: Ask) -> None:
    """A client that does not know the authority refuses, and the depot lives on."""
    async with Depot(tls=True) as depot:
        with pytest.raises(ssl.SSLCertVerificationError):
            await ask(depot, "/_/echo", context=ssl.create_default_context())
        assert (await ask(depot, "/_/echo", context=trusting(depot))).status == 200


async def test_client_certificates(tmp_path: Path, ask: Ask) -> None:
    """With mutual TLS only a client with a certificate of the depot's own gets an answer."""
    async with Depot(tls=True, require_client_certificate=True) as depot:
        with pytest.raises((ssl.SSLError, ConnectionError, EOFError)):
            await ask(depot, "/_/echo", context=trusting(depot))
        certificate, key = depot.issue_client_certificate("Zoë")
        (tmp_path / "client.pem").write_text(certificate + key)
        context = trusting(depot)
        context.load_cert_chain(tmp_path / "client.pem")
        reply = await ask(depot, "/_/echo", context=context)
        assert json.loads(reply.body)["client_certificate"] == "Zoë"


async def test_client_certificates_need_tls(depot: Depot) -> None:
    """Without TLS there is no authority to ask."""
    assert depot.ca_pem is None
    with pytest.raises(RuntimeError, match="tls=True"):
        depot.issue_client_certificate("x")


def test_missing_extra() -> None:
    """Without trustme a plain depot works, and TLS fails with the name of the extra."""
    script = (
        "import sys; sys.modules['trustme'] = None\n"
        "from haulage.depot import Depot\n"
        "with Depot(): pass\n"
        "try: Depot(tls=True)\n"
        "except ImportError as error: print(error)\n"
    )
    run = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True)
    assert "haulage[depot]" in run.stdout

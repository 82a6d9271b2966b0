"""How faults are asked for: names, parameters, files, times; and how they end with the depot."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest

from haulage.depot import Depot, generated
from haulage.depot.behaviours import answer_echo
from haulage.depot.faults import FAULTS

if TYPE_CHECKING:
    from pathlib import Path

Ask = Callable[..., Awaitable[Any]]
CLOSE = "Connection: close"

STALLING = ["stall", "huge", "silent", "endless", "interim", "drip", "head-drip?delay=60", "bomb?size=999999999999"]


async def test_the_list(faulty: Depot, ask: Ask, hear: Ask) -> None:
    """The page without a name lists all faults, and so does a name that is none."""
    for target, line in (
        ("/_/fault", b"HTTP/1.1 200 OK"),
        ("/_/fault/", b"HTTP/1.1 200 OK"),
        ("/_/fault/nonsense", b"HTTP/1.1 404 Not Found"),
    ):
        heard = await hear(faulty, target, CLOSE)
        assert heard.lines[0] == line
        assert heard.values("Content-Type") == ["text/plain; charset=utf-8"]
        listed = [entry.split()[0] for entry in heard.body.decode().splitlines() if "  " in entry]
        assert listed == [fault.usage for fault in FAULTS.values()]


def test_the_table_is_complete() -> None:
    """Each fault says in one line what it does, and to which case it belongs."""
    for name, fault in FAULTS.items():
        assert fault.name == name
        assert fault.description
        assert "\n" not in fault.description
        assert fault.case[0] in "HSRDQT"
    assert len({fault.act for fault in FAULTS.values()}) == len(FAULTS)


async def test_without_faults_there_are_none(depot: Depot, ask: Ask) -> None:
    """A depot misbehaves only if it was told so."""
    reply = await ask(depot, "/_/fault/truncate")
    assert reply.status == 404
    assert b"fault" not in reply.body.partition(b"there are")[2]


async def test_a_route_of_the_same_name_wins(ask: Ask) -> None:
    """Routes that were given replace built-in ones, this one included."""
    async with Depot(faults=True, routes={"fault": answer_echo}) as depot:
        assert b'"method"' in (await ask(depot, "/_/fault/truncate")).body


@pytest.mark.parametrize(
    ("target", "word"),
    [
        ("truncate?at=100001", "at"),
        ("truncate?at=-1", "at"),
        ("truncate?size=x", "size"),
        ("truncate?times=x", "times"),
        ("overlong?by=x", "by"),
        ("chunked-cut?inside=2", "inside"),
        ("short?size=5&at=6", "at"),
        ("drip?chunk=0", "chunk"),
        ("drip?delay=nan", "delay"),
        ("crumbs?piece=0", "piece"),
        ("crumbs?piece=262145", "piece"),
        ("endless?chunked=yes", "chunked"),
        ("huge?length=9223372036854775808", "length"),
        ("gzip?size=67108865", "size"),
        ("gzip-cut?at=999999", "at"),
        ("bomb?layers=0", "layers"),
        ("bomb?layers=9", "layers"),
        ("two-lengths?second=x", "second"),
        ("length?value=%0d%0aX:%20y", "value"),
        ("length?value=%ff", "value"),
        ("chunk-size?value=%0a", "value"),
        ("chunk-extension?length=x", "length"),
        ("hang-up?reset=2", "reset"),
        ("garbage?kind=nonsense", "kind"),
        ("header-flood?count=-1", "count"),
        ("header-giant?length=1e3", "length"),
        ("interim?code=200", "code"),
        ("no-location?status=200", "status"),
        ("unasked?status=200", "status"),
        ("unasked?size=0", "size"),
        ("head-drip?delay=-1", "delay"),
        ("range-elsewhere?by=100", "by"),
        ("range-elsewhere?by=0", "by"),
        ("range-short?by=100", "by"),
        ("range-garbled?value=%00", "value"),
        ("range-total?total=x", "total"),
        ("etag-changes?seed=x", "seed"),
        ("redirect-loop?status=404", "status"),
        ("redirect-scheme?scheme=a%20b", "scheme"),
        ("redirect-scheme?scheme=", "scheme"),
        ("redirect-foreign", "to"),
        ("redirect-foreign?to=%0a", "to"),
        ("refuse?status=200", "status"),
        ("refuse?kind=x", "kind"),
        ("refuse?seconds=-1", "seconds"),
    ],
)
async def test_bad_parameters(ask: Ask, target: str, word: str) -> None:
    """A parameter that makes no sense is refused, and named."""
    async with Depot(faults=True) as depot:
        reply = await ask(depot, f"/_/fault/{target}", "Range: bytes=0-99")
        assert reply.status == 400
        assert reply.body.decode().split()[0] == word


async def test_methods(faulty: Depot, ask: Ask, hear: Ask) -> None:
    """Only GET and HEAD are answered wrongly."""
    heard = await hear(faulty, "/_/fault/truncate", CLOSE, method="DELETE")
    assert (heard.lines[0], heard.values("Allow")) == (b"HTTP/1.1 405 Method Not Allowed", ["GET, HEAD"])


async def test_users(ask: Ask) -> None:
    """Whoever may not come in is not even answered wrongly."""
    async with Depot(faults=True, users={"me": "sekrit"}) as depot:
        assert (await ask(depot, "/_/fault/truncate")).status == 401


async def test_times(faulty: Depot, hear: Ask) -> None:
    """So many requests go wrong, then the content comes with validators and ranges, for each URL anew."""
    for query in ("?times=2", "?times=2&seed=1"):
        bodies = [(await hear(faulty, f"/_/fault/truncate{query}", CLOSE)).body for _ in range(3)]
        assert [len(body) for body in bodies] == [50_000, 50_000, 100_000]
    heard = await hear(faulty, "/_/fault/truncate?times=2", "Range: bytes=10-19", CLOSE)
    assert (heard.lines[0], heard.body) == (b"HTTP/1.1 206 Partial Content", generated(20)[10:])
    assert (await hear(faulty, "/_/fault/truncate?times=0", CLOSE)).body == generated(100_000)


async def test_times_with_a_key(faulty: Depot, hear: Ask) -> None:
    """URLs with the same key are counted together."""
    lengths = [len((await hear(faulty, f"/_/fault/truncate?times=1&key=a&at={at}", CLOSE)).body) for at in (10, 20, 30)]
    assert lengths == [10, 100_000, 100_000]
    assert len((await hear(faulty, "/_/fault/truncate?times=1&key=b&at=10", CLOSE)).body) == 10


@pytest.mark.parametrize("size", [1000, 300_000])
async def test_files(faulty: Depot, hear: Ask, root: Path, size: int) -> None:
    """A file is the content, with its own validators, small or big."""
    (root / "sub").mkdir()
    (root / "sub" / "a b.txt").write_bytes(generated(size, 9))
    half = await hear(faulty, "/_/fault/truncate/sub/a%20b.txt")
    whole = await hear(faulty, "/sub/a%20b.txt", CLOSE)
    assert (half.values("Content-Length"), half.body) == ([str(size)], generated(size // 2, 9))
    assert half.values("Content-Type") == ["text/plain"]
    assert half.values("ETag") == whole.values("ETag") != []
    for wish in ("short", "crumbs", "gzip", "range-short", "etag-weak", "drip?delay=0&chunk=100000"):
        name, mark, query = wish.partition("?")
        heard = await hear(faulty, f"/_/fault/{name}/sub/a%20b.txt{mark}{query}", CLOSE, "Range: bytes=0-99")
        assert heard.ending == "closed"
        assert faulty.requests[-1].status in {200, 206}
        assert faulty.requests[-1].bytes_sent > 50
    after = await hear(faulty, "/_/fault/reset/sub/a%20b.txt?times=0", CLOSE)
    assert after.body == generated(size, 9)


async def test_files_that_are_not_there(faulty: Depot, hear: Ask, root: Path) -> None:
    """What is no file below the root is missing, whatever the fault, and so is everything without a root."""
    (root / "sub").mkdir()
    for path in ("missing", "sub", "sub/", "..%2fconftest.py", "../x", ""):
        heard = await hear(faulty, f"/_/fault/truncate/{path}", CLOSE)
        assert heard.lines[0] == b"HTTP/1.1 404 Not Found", path
    heard = await hear(faulty, "/_/fault/etag-changes/sub", CLOSE)
    assert heard.lines[0] == b"HTTP/1.1 404 Not Found"
    (root / "file").touch()
    assert (await hear(faulty, "/_/fault/etag-changes/file", CLOSE)).lines[0] == b"HTTP/1.1 400 Bad Request"
    async with Depot(faults=True) as depot:
        assert (await hear(depot, "/_/fault/truncate/file", CLOSE)).lines[0] == b"HTTP/1.1 404 Not Found"


async def test_a_file_that_shrinks(faulty: Depot, hear: Ask, root: Path) -> None:
    """A file that becomes shorter while it is sent breaks the connection, as it does without faults."""
    (root / "file").write_bytes(generated(300_000))
    loop = asyncio.get_running_loop()
    waiting = loop.create_task(hear(faulty, "/_/fault/drip/file?chunk=100000&delay=0.05", CLOSE))
    while not faulty.requests or not faulty.requests[0].bytes_sent:
        await asyncio.sleep(0)
    (root / "file").write_bytes(b"short")
    heard = await waiting
    assert heard.ending == "closed"
    assert 0 < len(heard.body) < 300_000


async def test_every_fault_with_nothing_to_send(faulty: Depot, hear: Ask) -> None:
    """An empty content is a content: no fault stumbles over it."""
    unusual = {"refuse": 429, "hang-up": None, "garbage": None, "no-location": 302}
    unusual |= {"cart-no-headers": 202, "cart-never": 202, "cart-202": 202, "cart-error": 202}
    for name in sorted(FAULTS.keys() - {"silent", "endless", "huge", "stall", "interim", "bomb", "unasked"}):
        query = {"redirect-foreign": "&to=x", "head-drip": "&delay=0"}.get(name, "")
        fields = ("Range: bytes=0-9",) if name.startswith("range") else ()
        heard = await hear(faulty, f"/_/fault/{name}?size=0{query}", CLOSE, *fields)
        assert heard.ending == ("reset" if name == "reset" else "closed")
        status = faulty.requests[-1].status
        if name == "redirect-downgrade":
            assert status == (400 if faulty.ca_pem is None else 302)
        elif name.startswith("redirect"):
            assert status == 302
        elif name.startswith("range"):
            # No range of nothing can be satisfied, which is no lie.
            assert status == (200 if name in {"range-ignored", "range-lie"} else 416)
        else:
            assert status == unusual.get(name, 200), name


@pytest.mark.parametrize("name", STALLING)
async def test_the_depot_closes_while_a_fault_goes_on(
    caplog: pytest.LogCaptureFixture, name: str, request: pytest.FixtureRequest
) -> None:
    """Nobody has to wait for a fault, nothing stays, and nothing is said about it."""
    caplog.set_level(logging.INFO)
    over: list[object] = []
    for tls in (False, True):
        async with Depot(tls=tls, faults=True, on_request=over.append) as depot:
            plain = socket.create_connection(("127.0.0.1", depot.port))
            plain.setblocking(False)
            reader, writer = await _connect(plain, depot)
            writer.write(f"GET /_/fault/{name} HTTP/1.1\r\nHost: depot\r\n\r\n".encode())
            while not depot.requests:
                await asyncio.sleep(0)
            if name not in {"silent", "interim", "head-drip?delay=60"}:
                while not depot.requests[0].bytes_sent:
                    await asyncio.sleep(0)
            begin = time.monotonic()
        assert time.monotonic() - begin < 1
        writer.transport.abort()
        del reader
    assert len(over) == 2
    assert caplog.records == []


async def _connect(plain: socket.socket, depot: Depot) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    context = None if depot.ca_pem is None else ssl.create_default_context(cadata=depot.ca_pem)
    return await asyncio.open_connection(
        sock=plain, ssl=context, server_hostname="localhost" if context is not None else None
    )


@pytest.mark.parametrize("name", STALLING)
def test_the_thread_ends_while_a_fault_goes_on(name: str) -> None:
    """The same holds for a depot on a thread of its own."""
    before = threading.active_count()
    client = socket.socket()
    with client:
        with Depot(faults=True) as depot:
            client.connect(("127.0.0.1", depot.port))
            client.sendall(f"GET /_/fault/{name} HTTP/1.1\r\nHost: depot\r\n\r\n".encode())
            while not depot.requests:
                time.sleep(0.001)
            begin = time.monotonic()
        assert time.monotonic() - begin < 1
        assert threading.active_count() == before
        # The connection is gone, too, whichever way.
        client.settimeout(20)
        with contextlib.suppress(ConnectionResetError):
            while client.recv(1 << 20):
                pass


@pytest.mark.parametrize("name", STALLING)
async def test_a_request_ends_with_its_client(hear: Ask, name: str, caplog: pytest.LogCaptureFixture) -> None:
    """A client that goes ends its fault, quietly."""
    caplog.set_level(logging.INFO)
    over = asyncio.Event()
    async with Depot(faults=True, on_request=lambda _: over.set()) as depot, asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", depot.port)
        writer.write(f"GET /_/fault/{name} HTTP/1.1\r\nHost: depot\r\n\r\n".encode())
        while not depot.requests:
            await asyncio.sleep(0)
        assert not over.is_set()
        writer.close()
        await over.wait()
    del reader
    assert caplog.records == []

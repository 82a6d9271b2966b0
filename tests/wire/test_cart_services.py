"""Services of carts that lie, stall or are none: one typed error each, and nothing left behind."""

from __future__ import annotations

import asyncio
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.canary import CANARY, inspect_error
from support.raw import Call, RawServer, Script, ok

import haulage
from haulage.cart import CartAPI, CartDownloader, Downloader, TransactionInfo
from haulage.depot import Depot

OpenRaw = Callable[..., Any]

ONE = {"files": {"1": {"name": "x", "subdir": "", "hashtype": "md5", "hashsum": "9dd4e461268c8034f5c8564e155c67a6"}}}
CREATED = ok(b"", status="201 Created")
HTML = ok(b"<html>Please log in</html>", "Content-Type: text/html")


def status(word: str, message: str = "", code: str = "204 No Content") -> bytes:
    """Return an answer to HEAD."""
    return f"HTTP/1.1 {code}\r\nX-Pacifica-Status: {word}\r\nX-Pacifica-Message: {message}\r\n\r\n".encode("latin-1")


READY, STAGING = status("ready"), status("staging")


def archive(content: bytes = b"x") -> bytes:
    """Return a tar with one file, whose digest is asked for if its content is an x."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        member = tarfile.TarInfo("data/x")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return file.getvalue()


async def fail(server: RawServer, workplace: Path, kind: type[haulage.DownloadError], **arguments: Any) -> Any:
    """Download the cart of one file, which must fail with *kind* and leave nothing, and return the error."""
    remote = haulage.Remote(max_retries=1, headers={"X-Api-Key": CANARY})
    down = Downloader(workplace / "new", f"{server.url}/carts", remote=remote, **arguments)
    with pytest.raises(haulage.DownloadError) as caught:
        await down.atransactioninfo(ONE)
    assert type(caught.value) is kind, repr(caught.value)
    inspect_error(caught.value)
    assert "\n" not in str(caught.value)
    assert list(workplace.iterdir()) == []
    return caught.value


def methods(server: RawServer) -> list[str]:
    """Return the methods of all requests."""
    return [head.split(b" ", 1)[0].decode() for head in server.heads]


@pytest.mark.case("T12")
@pytest.mark.parametrize(
    ("scripts", "kind", "seen"),
    [
        pytest.param([HTML], haulage.NotACartService, "POST DELETE", id="a page in answer to POST"),
        pytest.param([ok(b"", status="404 Not Found")], haulage.NotACartService, "POST DELETE", id="no such place"),
        pytest.param([ok(b"", status="401 No")], haulage.AuthorizationFailure, "POST DELETE", id="no credentials"),
        pytest.param(
            [ok(b"", "Location: /elsewhere", status="307 Moved")], haulage.RedirectError, "POST DELETE", id="moved"
        ),
        pytest.param(
            [CREATED, HTML.partition(b"<")[0]],
            haulage.NotACartService,
            "POST HEAD DELETE",
            id="a page in answer to HEAD",
        ),
        pytest.param(
            [CREATED, b"HTTP/1.1 204 No Content\r\n\r\n"], haulage.NotACartService, "POST HEAD DELETE", id="no status"
        ),
        pytest.param(
            [CREATED, status("staging", code="500 Broken")],
            haulage.NotACartService,
            "POST HEAD DELETE",
            id="odd status",
        ),
        pytest.param(
            [CREATED, status("error", "disk on fire", "500 Broken")],
            haulage.StagingFailed,
            "POST HEAD DELETE",
            id="staging failed",
        ),
        pytest.param(
            [CREATED, status("error", "No cart", "404 None")], haulage.CartNotFound, "POST HEAD DELETE", id="deleted"
        ),
        pytest.param(
            [CREATED, STAGING, READY, ok(b"", status="404 None")],
            haulage.CartNotFound,
            "POST HEAD HEAD GET DELETE",
            id="deleted at last",
        ),
        pytest.param(
            [CREATED, READY, ok(b"wait", status="202 Accepted"), ok(b"wait", status="202 Accepted")],
            haulage.CartNotReady,
            "POST HEAD GET GET DELETE",
            id="never ready",
        ),
        pytest.param(
            [CREATED, READY, ok(b'{"message": "no"}', "Content-Type: application/json")],
            haulage.NotACartService,
            "POST HEAD GET DELETE",
            id="JSON in place of an archive",
        ),
        pytest.param([CREATED, READY, HTML], haulage.NotACartService, "POST HEAD GET DELETE", id="a page at last"),
        pytest.param(
            [CREATED, READY, ok(b"", status="500 No"), ok(b"", status="500 No")],
            haulage.RemoteServerError,
            "POST HEAD GET GET DELETE",
            id="a failure at last",
        ),
        pytest.param(
            [CREATED, READY, ok(b"no tar at all" * 100), ok(b"no tar at all" * 100)],
            haulage.ArchiveCorrupt,
            "POST HEAD GET GET DELETE",
            id="something else",
        ),
        pytest.param(
            [CREATED, READY, ok(archive(b"y")), ok(archive(b"y"))],
            haulage.MemberDigestError,
            "POST HEAD GET GET DELETE",
            id="other content",
            marks=pytest.mark.case("T10"),
        ),
        pytest.param(
            [CREATED, READY, ok(archive()[:1024]), ok(archive()[:1024])],
            haulage.ArchiveIncomplete,
            "POST HEAD GET GET DELETE",
            id="cut between members",
            marks=pytest.mark.case("T08"),
        ),
    ],
)
@pytest.mark.usefixtures("eager")
async def test_lies(
    raw: OpenRaw, workplace: Path, scripts: list[Script], kind: type[haulage.DownloadError], seen: str
) -> None:
    """Each has its error, comes at once, and the cart is given back."""
    server = await raw(*scripts, ok(b"{}"))
    await fail(server, workplace, kind)
    assert methods(server) == seen.split()


@pytest.mark.case("T08")
@pytest.mark.parametrize("framing", ["Transfer-Encoding: chunked", "Connection: close"])
@pytest.mark.usefixtures("eager")
async def test_a_producer_that_died(raw: OpenRaw, workplace: Path, framing: str) -> None:
    """A whole HTTP answer with half an archive is no archive, with a manifest or without, unpacked or not."""
    body = archive()[:1024]
    if "chunked" in framing:
        body = b"400\r\n" + body + b"\r\n0\r\n\r\n"
    cut = f"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n".encode() + body
    await fail(await raw(CREATED, READY, cut, cut, ok(b"")), workplace, haulage.ArchiveIncomplete)
    for destination in (workplace, workplace / "x.tar"):
        server = await raw(READY, cut)
        with pytest.raises(haulage.ArchiveIncomplete):
            await CartDownloader(f"cart://127.0.0.1:{server.port}/carts/1", destination=destination).run()
        assert list(workplace.iterdir()) == []


@pytest.mark.parametrize("ends", ["well", "badly", "cancelled"])
@pytest.mark.timeout(30)
async def test_a_farewell_that_nobody_answers(raw: OpenRaw, workplace: Path, ends: str) -> None:
    """A service that does not take a cart back holds up nobody for long, however the download ended."""
    asked = asyncio.Event()

    async def deaf(call: Call) -> None:
        asked.set()
        await call.gone()

    answer: Script = {"well": ok(archive()), "badly": HTML, "cancelled": deaf}[ends]
    server = await raw(CREATED, READY, answer, deaf)
    task = asyncio.create_task(Downloader(workplace, server.url).atransactioninfo(ONE))
    if ends == "cancelled":
        await asked.wait()
        task.cancel()
    [end] = await asyncio.gather(task, return_exceptions=True)
    kinds = {"well": list, "badly": haulage.NotACartService, "cancelled": asyncio.CancelledError}
    assert type(end) is kinds[ends]
    assert methods(server) == ["POST", "HEAD", "GET", "DELETE"]


async def test_words_between_staging_and_ready(raw: OpenRaw, workplace: Path) -> None:
    """Whatever the service says that is neither ready nor an error means that it works."""
    words = [status(word) for word in ("staging", "Bundling", "almost there", "READY")]
    server = await raw(CREATED, *words, ok(archive()), ok(b""))
    result = await Downloader(workplace, server.url).atransactioninfo(ONE)
    assert [member.name for member in result] == ["x"]


async def test_the_services_own_words(raw: OpenRaw, workplace: Path) -> None:
    """They are decoded, made printable, and kept short."""
    told = {
        "disk\ton fire": "disk on fire",
        "Gerät": "Gerät",
        "=?utf-8?b?5LiW55WM?=": "世界",
        "=?utf-8?b?!?=": "=?utf-8?b?!?=",
        "a" * 3000 + "z": " … ",
        "": "no reason",
    }
    for message, shown in told.items():
        server = await raw(CREATED, status("error", message, "500 No"), ok(b""))
        error = await fail(server, workplace, haulage.StagingFailed)
        assert shown in str(error)
        assert len(str(error)) < 600


@pytest.mark.case("T12")
async def test_a_service_that_never_answers(raw: OpenRaw, workplace: Path) -> None:
    """The time allowed for staging ends a poll that hangs as well."""

    async def silent(call: Call) -> None:
        await call.gone()

    server = await raw(CREATED, silent, ok(b""))
    await fail(server, workplace, haulage.StagingTimedOut, timeout=0.1)
    assert methods(server)[:2] == ["POST", "HEAD"]


@pytest.mark.usefixtures("eager")
async def test_a_poll_that_fails_is_made_again(raw: OpenRaw, workplace: Path) -> None:
    """What may pass by itself is waited for, as with any download."""
    server = await raw(CREATED, ok(b"", status="503 Busy"), STAGING, b"", READY, ok(archive()), ok(b""))
    await Downloader(workplace, server.url).atransactioninfo(ONE)
    assert methods(server) == ["POST", "HEAD", "HEAD", "HEAD", "HEAD", "GET", "DELETE"]


@pytest.mark.usefixtures("eager")
async def test_a_lost_answer_to_a_new_cart(raw: OpenRaw) -> None:
    """Whether the request was heard is asked, not guessed: a cart is made once."""
    server = await raw(b"", STAGING)
    cart_url = await CartAPI(server.url).asetup_cart(TransactionInfo.yield_files(ONE))
    assert methods(server) == ["POST", "HEAD"]
    assert set(server.targets) == {cart_url.removeprefix(server.url)}
    server = await raw(b"", status("error", "No cart", "404 None"), CREATED)
    await CartAPI(server.url).asetup_cart(TransactionInfo.yield_files(ONE))
    assert methods(server) == ["POST", "HEAD", "POST"]
    assert len(set(server.targets)) == 1


async def test_a_service_that_nobody_listens_at(workplace: Path) -> None:
    """The error is that of any server, and comes at once."""
    down = Downloader(workplace / "new", "http://127.0.0.1:1", remote=haulage.Remote(max_retries=0))
    with pytest.raises(haulage.ConnectionFailed):
        await down.atransactioninfo(ONE)
    assert list(workplace.iterdir()) == []


async def test_what_is_sent(raw: OpenRaw) -> None:
    """The request is what the wire protocol says, with the caller's own fields beside it."""
    bodies: list[Any] = []

    async def read(call: Call) -> None:
        length = next(line for line in call.head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        bodies.append(json.loads(await call.reader.readexactly(int(length.split(b":")[1]))))
        await call.send(CREATED)

    server = await raw(read)
    api = CartAPI(f"{server.url}/prefix/", extra_args={"bundle": False}, auth=("ann", "pass"))
    cart_url = await api.asetup_cart(TransactionInfo.yield_files(ONE))
    entry = {"id": "1", "path": "x", "hashsum": ONE["files"]["1"]["hashsum"], "hashtype": "md5"}
    assert bodies == [{"bundle": False, "fileids": [entry]}]
    assert cart_url.startswith(f"{server.url}/prefix/")
    assert server.header("Content-Type") == "application/json"
    assert server.header("Authorization") == "Basic YW5uOnBhc3M="


@pytest.mark.parametrize("way", ["pair", "mapping", "url", "remote"])
async def test_credentials(workplace: Path, tmp_path: Path, way: str) -> None:
    """They go with every request, whichever way they are given."""
    (tmp_path / "1").write_bytes(b"x")
    async with Depot(tmp_path, users={"ann": "secret"}) as depot:
        url, arguments = depot.carts_url, {}
        if way == "pair":
            arguments["auth"] = ("ann", "secret")
        elif way == "mapping":
            arguments["auth"] = {"auth": ("ann", "secret")}
        elif way == "url":
            url = url.replace("http://", "http://ann:secret@")
        else:
            arguments["remote"] = haulage.Remote(username="ann", password="secret")
        down = Downloader(workplace, url, **arguments)
        result = await down.atransactioninfo(ONE)
        assert "secret" not in repr(down.cart_api) + repr(result) + down.cart_api.cart_api_url
        with pytest.raises(haulage.AuthorizationFailure):
            await Downloader(workplace, depot.carts_url).atransactioninfo(ONE, "other")


async def test_credentials_stay_with_their_service(raw: OpenRaw) -> None:
    """A cart's URL at another origin is asked without them."""
    home, elsewhere = await raw(READY), await raw(READY)
    for api in (CartAPI(home.url, auth=("ann", CANARY)), CartAPI(home.url.replace("//", f"//ann:{CANARY}@"))):
        await api.await_for_cart(f"{home.url}/1")
        await api.await_for_cart(f"{elsewhere.url}/1")
    assert home.header("Authorization") is not None
    assert elsewhere.header("Authorization") is None


async def test_a_session_of_the_callers(depot: Depot, workplace: Path) -> None:
    """It is used for every request, and left open."""
    import aiohttp

    assert depot.root is not None
    (depot.root / "1").write_bytes(b"x")
    async with aiohttp.ClientSession(headers={"User-Agent": "mine"}) as session:
        await Downloader(workplace, depot.carts_url, session=session).atransactioninfo(ONE)
        assert not session.closed
    assert len({request.peer for request in depot.requests}) == 1


async def test_waits_do_not_hold_slots(depot: Depot, workplace: Path) -> None:
    """While a cart is staged, other downloads of the factory have their turn."""
    assert depot.root is not None
    (depot.root / "1").write_bytes(b"x")
    api = CartAPI(depot.carts_url, extra_args={"depot": {"staging": 3600}})
    url = api.download_url(await api.asetup_cart(TransactionInfo.yield_files(ONE)))
    async with haulage.DownloaderFactory(haulage.Remote(download_concurrency=1)) as factory:
        waiting = asyncio.create_task(factory.build(url, destination=workplace).run())
        while not any(request.method == "HEAD" for request in depot.requests):
            await asyncio.sleep(0)
        for _ in range(5):
            await factory.build(f"{depot.url}/_/bytes/10").run()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

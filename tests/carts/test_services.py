"""Carts, against a cart service: a depot's, and with ``--pacifica`` Pacifica's own."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from support.cart_service import CartService, Collection, found_below

import haulage
from haulage import events
from haulage.cart import CartAPI, CartDownloader, CartMember, Downloader, TransactionInfo

PLAIN = {"notes.txt": b"kept in order\n", "raw/0001.bin": bytes(range(256)) * 1000}
NESTED = {
    "a/b/c/d/e/f/deep.txt": b"deep",
    "a/b/above.txt": b"above",
    "größe/Ångström.txt": "Å".encode(),
    "日本/語.dat": b"\xff\xfe",
    "emoji/\N{ROCKET}/\N{FAMILY}.bin": b"up",
    "signs/a b+c&d=e%20'\"[]{}#?;\\.txt": b"signs",
    "-dash/.hidden": b"dot",
}
ALIKE = {
    "e\N{COMBINING ACUTE ACCENT}/x": b"decomposed",
    "\N{LATIN SMALL LETTER E WITH ACUTE}/x": b"composed",
    "Case/x": b"upper",
    "case/x": b"lower",
}
LONG = {
    "n" * 255: b"as long as a name can be",
    "ü" * 127: b"in bytes too",
    "/".join(["directory" * 20] * 8) + "/file": b"far below",
    "x" * 100 + "/" + "y" * 100: b"too long for the old header",
}
EMPTY = {"nothing": b"", "sub/nothing": b"", "something": b"1"}


def assert_whole(members: Iterable[CartMember], files: Collection, at: Path) -> None:
    """Check that all of *files* came, nothing else, and that what was returned says so."""
    assert found_below(at) == files.contents
    told = [(member.name, member.size, member.digests[files.hashtype]) for member in members]
    assert sorted(told) == sorted(files.members)
    assert {member.path for member in members} == {str(at.absolute() / name) for name in files.contents}


def on_staging(call: Callable[[], Any]) -> Callable[[events.Event], None]:
    """Return an observer that calls once, when it is told that a cart is being staged."""
    calls = [call]

    def observe(event: events.Event) -> None:
        if isinstance(event, events.Staging) and calls:
            calls.pop()()

    return observe


@pytest.mark.parametrize(
    "contents",
    [
        pytest.param(PLAIN, id="plain"),
        pytest.param(NESTED, id="nested"),
        pytest.param(LONG, id="long"),
        pytest.param(EMPTY, id="empty"),
        pytest.param(ALIKE, id="alike", marks=pytest.mark.skipif(sys.platform != "linux", reason="one file of two")),
    ],
)
async def test_by_transaction_info(service: CartService, workplace: Path, contents: dict[str, bytes]) -> None:
    """What a transaction has arrives whole, under the names it has there."""
    files = Collection(contents)
    await service.store(files.stored)
    members = await Downloader("new/place", service.url).atransactioninfo(files.transinfo)
    assert_whole(members, files, workplace / "new/place/data")


@pytest.mark.parametrize("contents", [PLAIN, NESTED], ids=["plain", "nested"])
async def test_by_cloud_event(service: CartService, workplace: Path, contents: dict[str, bytes]) -> None:
    """So does what an event tells of, under the name that the caller chose."""
    files = Collection(contents)
    await service.store(files.stored)
    members = await Downloader(workplace, service.url).acloudevent(files.cloudevent, filename="größe 1.v2")
    assert_whole(members, files, workplace / "größe 1.v2")


@pytest.mark.parametrize("hashtype", ["md5", "sha256", "sha512"])
async def test_other_digests(service: CartService, workplace: Path, hashtype: str) -> None:
    """The service and we agree on what the digests are called."""
    files = Collection(PLAIN, hashtype)
    await service.store(files.stored)
    members = await Downloader(workplace, service.url).atransactioninfo(files.transinfo)
    assert_whole(members, files, workplace / "data")


@pytest.mark.timeout(300)
async def test_many_files(service: CartService, workplace: Path) -> None:
    """500 files come in one cart."""
    files = Collection({f"run-{number % 7}/{number:04}.dat": b"%d" % number * number for number in range(500)})
    await service.store(files.stored)
    members = await Downloader(workplace, service.url, timeout=240).atransactioninfo(files.transinfo)
    assert_whole(members, files, workplace / "data")


async def test_carts_at_once(service: CartService, workplace: Path) -> None:
    """One `Downloader` fetches several carts at once."""
    many = [Collection({f"{number}/{name}": content for name, content in PLAIN.items()}) for number in range(4)]
    for files in many:
        await service.store(files.stored)
    down = Downloader(workplace, service.url)
    calls = (down.atransactioninfo(files.transinfo, f"n{number}") for number, files in enumerate(many))
    for number, members in enumerate(await asyncio.gather(*calls)):
        assert_whole(members, many[number], workplace / f"n{number}")


async def test_a_bundled_cart(service: CartService, workplace: Path) -> None:
    """A service may put the members under the cart's own name; that makes no difference."""
    files = Collection(PLAIN)
    await service.store(files.stored)
    down = Downloader(workplace, service.url, extra_args={"bundle": True})
    assert_whole(await down.atransactioninfo(files.transinfo), files, workplace / "data")


def test_the_synchronous_doors(service: CartService, workplace: Path) -> None:
    """All of it works without a loop, too."""
    files = Collection(PLAIN)
    asyncio.run(service.store(files.stored))
    with Downloader(workplace, service.url).cart_api as api:
        cart_url = api.setup_cart(TransactionInfo.yield_files(files.transinfo))
        assert api.wait_for_cart(cart_url, timeout=60) == cart_url
        api.delete_cart(cart_url)
        with pytest.raises(haulage.CartNotFound):
            api.wait_for_cart(cart_url)
    down = Downloader(workplace, service.url)
    assert_whole(down.transactioninfo(files.transinfo), files, workplace / "data")
    assert_whole(down.cloudevent(files.cloudevent, filename="again"), files, workplace / "again")


async def test_a_cart_downloaded_again(service: CartService, workplace: Path) -> None:
    """A cart that is there comes as often as it is wanted, as a file and unpacked."""
    files = Collection({**PLAIN, **NESTED}, "sha256")
    await service.store(files.stored)
    target = workplace / "here"
    target.mkdir()
    async with CartAPI(service.url) as api:
        cart_url = await api.asetup_cart(TransactionInfo.yield_files(files.transinfo))
        url = api.download_url(cart_url, "other")
        stored = await api.factory.build(url, destination="cart.tar").run()
        unpacked = await api.factory.build(url, destination=target).run()
        again = await asyncio.to_thread(CartDownloader(url, destination="again.tar").fetch)
    assert_whole(unpacked.members, files, target / "other")
    assert unpacked.path == str(target / "other")
    for result in (stored, again):
        assert {member.name for member in result.members} == set(files.contents)
        with tarfile.open(result.path) as tar:
            contents = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}
        assert contents == {f"other/{path}": content for path, content in files.contents.items()}


@pytest.mark.parametrize("keep", [False, True])
async def test_what_is_left_with_the_service(service: CartService, workplace: Path, keep: bool) -> None:
    """The cart of a `Downloader` is deleted when it is through with it, unless it is to be kept."""
    files = Collection(PLAIN)
    await service.store(files.stored)
    seen: list[events.Event] = []
    down = Downloader(workplace, service.url, keep_cart=keep, observer=seen.append)
    assert_whole(await down.atransactioninfo(files.transinfo), files, workplace / "data")
    call = haulage.DownloaderFactory().build(f"{seen[-1].url}?filename=data", destination="cart.tar").run()
    with contextlib.nullcontext() if keep else pytest.raises(haulage.CartNotFound):
        await call
    assert (workplace / "cart.tar").exists() is keep


async def test_deleting(service: CartService, workplace: Path) -> None:
    """A deleted cart is gone for everybody, and cannot be deleted again."""
    files = Collection(PLAIN)
    await service.store(files.stored)
    async with CartAPI(service.url) as api:
        cart_url = await api.asetup_cart(TransactionInfo.yield_files(files.transinfo))
        await api.await_for_cart(cart_url)
        await api.adelete_cart(cart_url)
        for call in (api.await_for_cart, api.adelete_cart):
            with pytest.raises(haulage.CartNotFound):
                await call(cart_url)
    assert list(workplace.iterdir()) == []


async def test_a_file_that_the_archive_does_not_have(service: CartService, workplace: Path) -> None:
    """The service's own words say that the files could not be brought together, and nothing is left."""
    files, missing = Collection(PLAIN), Collection({"missing": b""})
    await service.store(files.stored)
    transinfo = {"files": {**files.transinfo["files"], **missing.transinfo["files"]}}
    with pytest.raises(haulage.StagingFailed, match="Failed to pull file"):
        await Downloader("new/place", service.url).atransactioninfo(transinfo)
    assert list(workplace.iterdir()) == []


async def test_a_file_that_is_another(service: CartService, workplace: Path) -> None:
    """A service that finds another content than was described says so."""
    files = Collection(PLAIN)
    await service.store({file_id: content + b"!" for file_id, content in files.stored.items()})
    with pytest.raises(haulage.StagingFailed, match="hash does not match"):
        await Downloader(workplace, service.url).atransactioninfo(files.transinfo)
    assert list(workplace.iterdir()) == []


async def test_a_cart_deleted_while_we_wait(service: CartService, workplace: Path) -> None:
    """Who waits for a cart hears that somebody else deleted it."""
    files = Collection(PLAIN)
    await service.store(files.stored)
    with service.held_up() as extra_args:
        async with CartAPI(service.url, extra_args=extra_args) as api, asyncio.TaskGroup() as tasks:
            cart_url = await api.asetup_cart(TransactionInfo.yield_files(files.transinfo))
            observe = on_staging(lambda: tasks.create_task(api.adelete_cart(cart_url)))
            with pytest.raises(haulage.CartNotFound):
                await api.factory.build(api.download_url(cart_url), destination="cart.tar", observer=observe).run()
    assert list(workplace.iterdir()) == []


async def test_no_patience(service: CartService, workplace: Path) -> None:
    """Who does not want to wait so long is told, with the time he gave, and leaves nothing."""
    files = Collection(PLAIN)
    await service.store(files.stored)
    with service.held_up() as extra_args:
        with pytest.raises(haulage.StagingTimedOut, match=r"not ready within 0\.3 s") as caught:
            await Downloader("new", service.url, timeout=0.3, extra_args=extra_args).atransactioninfo(files.transinfo)
        assert (caught.value.phase, caught.value.limit) == ("staging", 0.3)
        assert list(workplace.iterdir()) == []
        api = CartAPI(service.url, extra_args=extra_args)
        cart_url = await api.asetup_cart(TransactionInfo.yield_files(files.transinfo))
        with pytest.raises(haulage.StagingTimedOut):
            await api.await_for_cart(cart_url, timeout=0.2)
        await api.adelete_cart(cart_url)


async def test_a_cart_given_up(service: CartService, workplace: Path) -> None:
    """A cancelled wait gives the cart back as well."""
    files = Collection(PLAIN)
    await service.store(files.stored)
    waiting = asyncio.Event()
    with service.held_up() as extra_args:
        down = Downloader(workplace, service.url, extra_args=extra_args, observer=on_staging(waiting.set))
        task = asyncio.create_task(down.atransactioninfo(files.transinfo))
        await waiting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert list(workplace.iterdir()) == []


async def test_a_target_that_exists(service: CartService, workplace: Path) -> None:
    """It is refused before anything is asked of the service."""
    files = Collection(PLAIN)
    await service.store(files.stored)
    asked: list[str] = []
    trace = aiohttp.TraceConfig()

    async def note(_session: Any, _context: Any, request: aiohttp.TraceRequestStartParams) -> None:
        asked.append(request.method)

    trace.on_request_start.append(note)
    target = workplace / "data"
    target.write_bytes(b"precious")
    async with aiohttp.ClientSession(trace_configs=[trace]) as session:
        down = Downloader(workplace, service.url, session=session)
        with pytest.raises(haulage.DestinationExists):
            await down.atransactioninfo(files.transinfo)
        assert (asked, target.read_bytes()) == ([], b"precious")
        target.unlink()
        assert_whole(await down.atransactioninfo(files.transinfo), files, target)
    assert asked[0] == "POST"
    assert asked[-2:] == ["GET", "DELETE"]


async def test_nobody_is_there(workplace: Path) -> None:
    """Without a service there is an ordinary error of the network."""
    with contextlib.closing(await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)) as server:
        port = server.sockets[0].getsockname()[1]
    await server.wait_closed()
    down = Downloader(workplace, f"http://127.0.0.1:{port}", remote=haulage.Remote(max_retries=0))
    with pytest.raises(haulage.DownloadError):
        await down.atransactioninfo(Collection(PLAIN).transinfo)

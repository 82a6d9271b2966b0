"""Carts from the request to the tree, on the depot."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import tarfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import haulage
from haulage import events
from haulage.cart import CartAPI, CartDownloader, CartFile, CartMember, CartResult, Downloader, TransactionInfo
from haulage.depot import Depot

FILES = {"raw/a.txt": b"alpha", "raw/deep/é.bin": bytes(70_000), "top": b"", "raw/" + "n" * 200: b"long"}
ENDLESS = {"depot": {"staging": 3600}}

Put = Callable[..., dict[str, Any]]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Puts files into the depot's archive and tells of them as Pacifica does."""

    def into_the_archive(files: dict[str, bytes], hashtype: str = "sha1") -> dict[str, Any]:
        told = {}
        for number, (path, content) in enumerate(files.items(), 1):
            (tmp_path / "served" / str(number)).write_bytes(content)
            subdir, _, name = path.rpartition("/")
            digest = hashlib.new(hashtype, content).hexdigest()
            told[str(number)] = {"name": name, "subdir": subdir, "hashsum": digest, "hashtype": hashtype}
        return {"files": told}

    return into_the_archive


def tree(top: Path) -> dict[str, bytes]:
    """Return the files below *top*: path → content."""
    return {path.relative_to(top).as_posix(): path.read_bytes() for path in top.rglob("*") if path.is_file()}


def asked(depot: Depot) -> list[str]:
    """Return the methods of the requests that the depot saw, in order, polls as one."""
    methods: list[str] = []
    for request in depot.requests:
        if request.method != "HEAD" or methods[-1:] != ["HEAD"]:
            methods.append(request.method)
    return methods


async def test_the_whole_story(depot: Depot, workplace: Path, put: Put) -> None:
    """A cart is asked for, waited for, downloaded, proved, unpacked and given back."""
    result = await Downloader(workplace / "new" / "place", depot.carts_url).atransactioninfo(put(FILES))
    top = workplace / "new" / "place" / "data"
    assert tree(top) == FILES
    assert sorted(result) == sorted(
        CartMember(str(top / path), len(body), {"sha1": hashlib.sha1(body).hexdigest()}, path)
        for path, body in FILES.items()
    )
    assert asked(depot) == ["POST", "HEAD", "GET", "DELETE"]
    assert os.listdir(workplace / "new" / "place") == ["data"]


@pytest.mark.parametrize("hashtype", ["md5", "sha1", "sha256", "sha512", "SHA1", "blake2b"])
async def test_hashtypes(depot: Depot, workplace: Path, put: Put, hashtype: str) -> None:
    """The archive's own digests prove a member, whatever they are; letters in capitals as well."""
    told = put({"x": b"content"}, hashtype)
    told["files"]["1"]["hashsum"] = told["files"]["1"]["hashsum"].upper()
    result = await Downloader(workplace, depot.carts_url).atransactioninfo(told, "other")
    assert list(result[0].digests) == [hashtype.lower()]
    assert tree(workplace / "other") == {"x": b"content"}


async def test_modes_and_times_are_those_of_new_files(depot: Depot, workplace: Path, put: Put) -> None:
    """What unpacked is has the modes that any new file and directory has."""
    await Downloader(workplace, depot.carts_url).atransactioninfo(put(FILES))
    (workplace / "other").mkdir()
    (workplace / "other" / "file").touch()
    assert (workplace / "data").stat().st_mode == (workplace / "other").stat().st_mode
    assert (workplace / "data" / "raw").stat().st_mode == (workplace / "other").stat().st_mode
    assert (workplace / "data" / "top").stat().st_mode == (workplace / "other" / "file").stat().st_mode


async def test_events_tell_staging_from_downloading_from_unpacking(depot: Depot, workplace: Path, put: Put) -> None:
    """An observer hears of each stage, of each member, and of the end, all under one key."""
    heard: list[events.Event] = []
    down = Downloader(workplace, depot.carts_url, observer=heard.append, extra_args={"depot": {"staging": 0.1}})
    result = await down.atransactioninfo(put(FILES))
    kinds = [type(event) for event in heard]
    assert kinds[0] is events.Staging
    assert kinds.index(events.AttemptStarted) > kinds.index(events.Staging)
    assert kinds[-1] is events.Succeeded
    assert len({event.key for event in heard}) == 1
    staging = heard[0]
    assert isinstance(staging, events.Staging)
    assert staging.status == "staging"
    members = [event for event in heard if isinstance(event, events.MemberUnpacked)]
    assert [(event.member, event.size) for event in members] == [(m.name, m.size) for m in result]
    assert [(event.count, event.total) for event in members] == [(n, len(FILES)) for n in range(1, len(FILES) + 1)]
    assert "secret" not in staging.url


async def test_a_target_that_is_there_is_refused_before_anything_is_asked(
    depot: Depot, workplace: Path, put: Put
) -> None:
    """Be it a file, a directory or an empty one, it stays as it is."""
    told = put(FILES)
    (workplace / "file").write_text("mine")
    (workplace / "empty").mkdir()
    (workplace / "link").symlink_to("nowhere")
    for name in ("file", "empty", "link"):
        with pytest.raises(haulage.DestinationExists):
            await Downloader(workplace, depot.carts_url).atransactioninfo(told, name)
    assert (workplace / "file").read_text() == "mine"
    assert os.listdir(workplace / "empty") == []
    assert not depot.requests


@pytest.mark.parametrize("filename", ["", ".", "..", "a/b", "/a", "a\\b", "a\nb", "x" * 300, 7, None])
async def test_odd_file_names(depot: Depot, workplace: Path, put: Put, filename: Any) -> None:
    """What is not one plain name is refused before anything is asked."""
    with pytest.raises(haulage.MalformedRequest, match="filename"):
        await Downloader(workplace, depot.carts_url).atransactioninfo(put(FILES), filename)
    assert not depot.requests


async def test_a_failure_leaves_no_directory_that_was_made(depot: Depot, workplace: Path, put: Put) -> None:
    """The missing directories above a cart are there only if the cart is."""
    told = put(FILES)
    told["files"]["1"]["hashsum"] = "00" * 20
    (workplace / "old").mkdir()
    with pytest.raises(haulage.StagingFailed, match="hash"):
        await Downloader(workplace / "old" / "new" / "newer", depot.carts_url).atransactioninfo(told)
    assert list((workplace / "old").iterdir()) == []
    assert asked(depot) == ["POST", "HEAD", "DELETE"]


async def test_a_failure_does_no_harm_to_its_neighbours(depot: Depot, workplace: Path, put: Put) -> None:
    """Of many carts for one directory that is missing, those that are well arrive, whatever becomes of the others."""
    good, bad = put(FILES), put(FILES)
    bad["files"]["2"]["hashsum"] = "00" * 20
    place = workplace / "not" / "there"
    down = Downloader(place, depot.carts_url, remote=haulage.Remote(durable=True))
    calls = [down.atransactioninfo((good, bad)[number % 2], f"n{number}") for number in range(12)]
    ends = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(end).__name__ for end in ends] == ["list", "StagingFailed"] * 6
    assert sorted(path.name for path in place.iterdir()) == sorted(f"n{number}" for number in range(0, 12, 2))
    assert [path.name for path in workplace.iterdir()] == ["not"]


async def test_a_location_that_is_a_file(depot: Depot, workplace: Path, put: Put) -> None:
    """Nothing is asked for what cannot be put anywhere."""
    (workplace / "file").write_text("mine")
    for location in (workplace / "file", workplace / "file" / "below"):
        with pytest.raises(haulage.DestinationError):
            await Downloader(location, depot.carts_url).atransactioninfo(put(FILES))
    assert not depot.requests


async def test_a_kept_cart(depot: Depot, workplace: Path, put: Put) -> None:
    """Who wants the cart again may keep it, and download it as a file and as a tree."""
    api = CartAPI(depot.carts_url)
    cart_url = await api.asetup_cart(TransactionInfo.yield_files(put(FILES)))
    assert await api.await_for_cart(cart_url) == cart_url
    url = api.download_url(cart_url, "x")
    async with haulage.DownloaderFactory() as factory:
        stored = await factory.build(url, destination=workplace / "x.tar").run()
        unpacked = await factory.build(url, destination=workplace).run()
        named = await factory.build(url, destination=haulage.NamedByServer(workplace / "x")).run()
        file = io.BytesIO()
        await factory.build(url, destination=file).run()
    assert stored.artifact_attributes["sha256"] == hashlib.sha256((workplace / "x.tar").read_bytes()).hexdigest()
    assert stored.artifact_attributes["size"] == len(file.getvalue())
    assert stored.proof == "framing"
    with tarfile.open(workplace / "x.tar") as archive:
        assert {member.name for member in archive if member.isfile()} == {f"x/{path}" for path in FILES}
    assert isinstance(unpacked, CartResult)
    assert unpacked.path == str(workplace / "x")
    assert unpacked.artifact_attributes == {"size": stored.artifact_attributes["size"]}
    assert unpacked.members[0].digests.keys() == {"sha256"}
    assert {str(member.path) for member in unpacked.members} == {str(workplace / "x" / path) for path in FILES}
    assert isinstance(stored, CartResult)
    assert {(member.path, member.name) for member in stored.members} == {(None, path) for path in FILES}
    assert named.path is not None
    Path(named.path).unlink()
    assert tree(workplace / "x") == FILES
    await api.adelete_cart(cart_url)
    for again in (api.adelete_cart(cart_url), api.await_for_cart(cart_url), CartDownloader(url).run()):
        with pytest.raises(haulage.CartNotFound):
            await again


async def test_a_stored_archive_is_verified_when_it_is_there(depot: Depot, workplace: Path, put: Put) -> None:
    """With if_exists="verify" an archive that is there is success without a request."""
    api = CartAPI(depot.carts_url)
    url = api.download_url(await api.asetup_cart(TransactionInfo.yield_files(put(FILES))))
    first = await CartDownloader(url, destination=workplace / "x.tar").run()
    depot.clear_requests()
    digests = {"sha256": first.artifact_attributes["sha256"]}
    arguments = {"expected_digests": digests, "if_exists": "verify"}
    again = await CartDownloader(url, destination=workplace / "x.tar", **arguments).run()
    assert again.attempts == 0
    assert not depot.requests
    with pytest.raises(haulage.MalformedRequest, match="verify"):
        await CartDownloader(url, destination=workplace, **arguments).run()


async def test_expected_size_and_digests_are_the_archives(depot: Depot, workplace: Path, put: Put) -> None:
    """They hold for what is on the wire, also where it is unpacked."""
    api = CartAPI(depot.carts_url)
    url = api.download_url(await api.asetup_cart(TransactionInfo.yield_files(put(FILES))))
    await api.await_for_cart(url.replace("cart:", "http:").partition("?")[0])
    for wrong in ({"expected_size": 512}, {"expected_digests": {"sha256": "00" * 32}}):
        with pytest.raises(haulage.ValidationError):
            await CartDownloader(url, destination=workplace, **wrong).run()
    remote = haulage.Remote(max_size=60_000)
    with pytest.raises(haulage.TooLarge):
        await remote.get_downloader(url, destination=workplace).run()
    assert list(workplace.iterdir()) == []


async def test_cancelling_the_wait_gives_the_cart_back(depot: Depot, workplace: Path, put: Put) -> None:
    """Whoever stops waiting leaves neither directory nor cart behind."""
    heard = asyncio.Event()
    down = Downloader(workplace / "new", depot.carts_url, observer=lambda _: heard.set(), extra_args=ENDLESS)
    task = asyncio.create_task(down.atransactioninfo(put(FILES)))
    await heard.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asked(depot)[-1] == "DELETE"
    assert list(workplace.iterdir()) == []


async def test_cancelling_while_unpacking(depot: Depot, workplace: Path, put: Put) -> None:
    """Half a tree is no tree."""
    told = put({f"{number}": bytes(1 << 20) for number in range(8)})
    started = asyncio.Event()

    def observe(event: events.Event) -> None:
        if isinstance(event, events.BytesReceived) and event.received > 1 << 20:
            started.set()

    down = Downloader(workplace / "new", depot.carts_url, observer=observe)
    task = asyncio.create_task(down.atransactioninfo(told))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert list(workplace.iterdir()) == []


async def test_a_cart_that_is_deleted_while_we_wait(depot: Depot, put: Put) -> None:
    """It is gone, and that is said at once."""
    api = CartAPI(depot.carts_url, extra_args=ENDLESS)
    cart_url = await api.asetup_cart(TransactionInfo.yield_files(put(FILES)))
    waiting = asyncio.create_task(api.await_for_cart(cart_url))
    while not any(request.method == "HEAD" for request in depot.requests):
        await asyncio.sleep(0)
    await api.adelete_cart(cart_url)
    with pytest.raises(haulage.CartNotFound):
        await waiting


async def test_waiting_has_an_end(depot: Depot, workplace: Path, put: Put) -> None:
    """The time allowed is real time, and the service's last word is told."""
    down = Downloader(
        workplace, depot.carts_url, timeout=0.2, extra_args={"depot": {"staging": 99, "status": "queued"}}
    )
    with pytest.raises(haulage.StagingTimedOut, match="'queued'") as caught:
        await down.atransactioninfo(put(FILES))
    assert (caught.value.phase, caught.value.limit) == ("staging", 0.2)
    assert isinstance(caught.value, TimeoutError)
    assert asked(depot)[-1] == "DELETE"
    assert list(workplace.iterdir()) == []


async def test_many_carts_into_one_place(depot: Depot, workplace: Path, put: Put) -> None:
    """Of many downloads of one name one wins; the others say that it is there, and nothing is mixed."""
    told = put(FILES)
    down = Downloader(workplace, depot.carts_url)
    ends = await asyncio.gather(*(down.atransactioninfo(told) for _ in range(8)), return_exceptions=True)
    assert sorted(type(end).__name__ for end in ends) == [*["DestinationExists"] * 7, "list"]
    assert tree(workplace / "data") == FILES


async def test_over_tls(tmp_path: Path, workplace: Path) -> None:
    """The scheme cart+https is carts over https, with the settings of a remote."""
    (tmp_path / "1").write_bytes(b"x")
    entries = [CartFile(1, "x", hashlib.sha256(b"x").hexdigest(), "sha256")]
    async with Depot(tmp_path, tls=True) as depot:
        remote = haulage.Remote(ca_cert=depot.ca_pem)
        async with CartAPI(depot.carts_url, remote=remote) as api:
            cart_url = await api.asetup_cart(lambda: entries)
            await remote.get_downloader(api.download_url(cart_url), destination=workplace).run()
            with pytest.raises(haulage.TlsError):
                await haulage.download(api.download_url(cart_url), workplace / "other")
    assert tree(workplace / "data") == {"x": b"x"}


def test_the_synchronous_doors(depot: Depot, workplace: Path, put: Put) -> None:
    """Everything can be called without a loop, also on connections that stay open."""
    told = put(FILES)
    with CartAPI(depot.carts_url) as api:
        cart_url = api.setup_cart(TransactionInfo.yield_files(told))
        assert api.wait_for_cart(cart_url) == cart_url
        api.delete_cart(cart_url)
    assert len({request.peer for request in depot.requests}) == 1
    Downloader(workplace, depot.carts_url).transactioninfo(told)
    assert tree(workplace / "data") == FILES
    event = {"data": [{"destinationTable": "Files", "_id": int(key), **about} for key, about in told["files"].items()]}
    Downloader(str(workplace), depot.carts_url).cloudevent(event, "event")
    assert tree(workplace / "event") == FILES


@pytest.mark.blocks
async def test_the_synchronous_door_inside_a_loop(depot: Depot, workplace: Path, put: Put) -> None:
    """As in a notebook."""
    assert len(Downloader(workplace, depot.carts_url).transactioninfo(put(FILES))) == len(FILES)


def test_one_downloader_in_many_threads(depot: Depot, workplace: Path, put: Put) -> None:
    """Each thread has a loop of its own, and closes only what is its own."""
    told = put(FILES)
    down = Downloader(workplace, depot.carts_url)
    with ThreadPoolExecutor(6) as threads:
        ends = list(threads.map(lambda number: down.transactioninfo(told, f"n{number}"), range(24)))
    assert [len(end) for end in ends] == [len(FILES)] * 24
    assert all(tree(workplace / f"n{number}") == FILES for number in range(24))

"""Hostile and broken archives from a cart service to the target, through everything that lies between."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from support.raw import RawServer, Script

import haulage
from archives.corpus import hostile_archives
from archives.making import END, archive, directory, file
from archives.place import TREE, tree_manifest
from archives.unpacking import files
from archives.writers import written_by_python
from haulage.cart import CartAPI, CartDownloader, Downloader
from haulage.depot import Depot

OpenRaw = Callable[..., Awaitable[RawServer]]

ARCHIVES = hostile_archives()
GOOD = written_by_python(TREE, "pax")
OLD = b"what was there before"
RETRIES = 2
CHOSEN = (
    *("out of the root (header)", "absolute (pax)", "1000 levels (GNU)", "Latin-1 (pax)", "a NUL inside (GNU)"),
    *("a symbolic link that is written through", "a hard link to a symbolic link", "a block device", "a pipe"),
    *("sparse in pax 1.0", "a file twice", "twins: composed and decomposed", "two roots", "pax hides members"),
    *("a tebibyte, too large", "zeros without end", "one empty block between members", "checksum: signed", "gzip"),
    *("no end marker", "nothing at all", "an error in JSON", "two pax headers", "directories that are only implied"),
)
READY = b"HTTP/1.1 204 No Content\r\nX-Pacifica-Status: ready\r\nX-Pacifica-Message: \r\n\r\n"


def service(depot: Depot, tmp_path: Path, data: bytes) -> dict[str, Any]:
    """Let the carts of a depot hold *data*, and return what a `Downloader` needs."""
    (tmp_path / "served" / "a.tar").write_bytes(data)
    extra = {"depot": {"tar": "a.tar"}}
    return {"cart_api_url": depot.carts_url, "extra_args": extra, "remote": haulage.Remote(max_retries=RETRIES)}


def attempts(depot: Depot) -> int:
    """Return how often an archive was asked for."""
    return [request.method for request in depot.requests].count("GET")


def check_attempts(error: haulage.DownloadError, depot: Depot) -> None:
    """What may be the fault of the way is tried again; what the server means to send is not."""
    expected = 1 + RETRIES if isinstance(error, haulage.ArchiveCorrupt | haulage.ArchiveIncomplete) else 1
    assert (error.attempts, attempts(depot)) == (expected, expected)


@pytest.mark.parametrize("name", CHOSEN[::2])
@pytest.mark.usefixtures("eager")
@pytest.mark.case("T01", "T02", "T03", "T04", "T05", "T06", "T07", "T08", "T09", "T11", "T12")
async def test_a_hostile_archive(depot: Depot, tmp_path: Path, workplace: Path, name: str) -> None:
    """Neither the tree nor the directories that were missing appear, and the cart is given back."""
    hostile = ARCHIVES[name]
    arguments = service(depot, tmp_path, hostile.data)
    with pytest.raises(haulage.DownloadError) as caught:
        await Downloader(workplace / "new" / "place", **arguments).atransactioninfo(tree_manifest())
    if issubclass(hostile.error, haulage.ArchiveUnsafe):
        assert type(caught.value) is hostile.error
    check_attempts(caught.value, depot)
    assert list(workplace.iterdir()) == []
    assert [request.method for request in depot.requests][-1] == "DELETE"


@pytest.fixture
def cart_url(depot: Depot, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The URL of a cart with the hostile archive whose name is the test's parameter."""
    arguments = service(depot, tmp_path, ARCHIVES[request.param].data)
    with CartAPI(arguments["cart_api_url"], extra_args=arguments["extra_args"]) as api:
        url = api.setup_cart(lambda: [{"id": 1, "path": "x", "hashsum": "0" * 32, "hashtype": "md5"}])
        api.wait_for_cart(url)
    depot.clear_requests()
    return f"cart{url.removeprefix('http')}?filename=data"


@pytest.mark.parametrize(
    ("cart_url", "destination"),
    [*((name, "") for name in CHOSEN[1::2]), *((name, "data.tar") for name in CHOSEN[::4])],
    indirect=["cart_url"],
)
@pytest.mark.usefixtures("eager")
@pytest.mark.case("T01", "T02", "T03", "T04", "T05", "T06", "T07", "T08", "T09", "T11")
async def test_without_a_manifest(
    depot: Depot, workplace: Path, cart_url: str, destination: str, request: pytest.FixtureRequest
) -> None:
    """A cart of strangers has the error that its archive has."""
    hostile = ARCHIVES[request.node.callspec.params["cart_url"]]
    old = {destination} if destination else set()
    for name in old:
        (workplace / name).write_bytes(OLD)
    remote = haulage.Remote(max_retries=RETRIES, max_size=hostile.max_size)
    with pytest.raises(haulage.DownloadError) as caught:
        factory = haulage.DownloaderFactory(remote)
        most = {} if hostile.most_members is None else {"most_members": hostile.most_members}
        await factory.build(cart_url, destination=workplace / destination, **most).run()
    assert type(caught.value) is (hostile.kept or hostile.error if destination else hostile.error)
    check_attempts(caught.value, depot)
    assert {path.name: path.read_bytes() for path in workplace.iterdir()} == dict.fromkeys(old, OLD)


def other(change: Callable[[dict[str, bytes | None]], Any]) -> bytes:
    """Return the archive of another tree than that which was asked for."""
    tree = dict(TREE)
    change(tree)
    return written_by_python(tree, "pax")


@pytest.mark.parametrize(
    ("data", "kind", "member"),
    [
        pytest.param(other(lambda tree: tree.pop("raw/deep/é")), haulage.ArchiveIncomplete, None, id="missing"),
        pytest.param(other(lambda tree: tree.pop("empty")), haulage.ArchiveIncomplete, None, id="an empty one missing"),
        pytest.param(other(lambda tree: tree.update(more=b"")), haulage.ArchiveUnsafe, "data/more", id="extra"),
        pytest.param(other(lambda tree: tree.update(zz=b"")), haulage.ArchiveUnsafe, "data/zz", id="extra at the end"),
        pytest.param(other(lambda tree: tree.update({"d": None})), haulage.ArchiveUnsafe, "data/d/", id="a directory"),
        pytest.param(other(lambda tree: tree.update(top=b"T" * 700)), haulage.MemberDigestError, "top", id="other"),
        pytest.param(other(lambda tree: tree.update(top=b"")), haulage.MemberDigestError, "top", id="nothing"),
        pytest.param(other(lambda tree: tree.update(empty=b"x")), haulage.MemberDigestError, "empty", id="something"),
        pytest.param(
            other(lambda tree: tree.update({"TOP": tree.pop("top")})), haulage.ArchiveUnsafe, "data/TOP", id="capitals"
        ),
        pytest.param(
            other(lambda tree: tree.update({"raw/deep/e\u0301": tree.pop("raw/deep/é")})),
            haulage.ArchiveUnsafe,
            "data/raw/deep/e\u0301",
            id="decomposed",
        ),
        pytest.param(
            other(lambda tree: tree.update({"raw/one": tree["raw/deep/two"], "raw/deep/two": tree["raw/one"]})),
            haulage.MemberDigestError,
            "raw/deep/two",
            id="exchanged",
        ),
        pytest.param(archive(file("data/top/x", b"")), haulage.ArchiveUnsafe, "data/top/x", id="below a file"),
        pytest.param(archive(directory("data/top")), haulage.ArchiveUnsafe, "data/top", id="a directory for a file"),
        pytest.param(archive(file("data/raw")), haulage.ArchiveUnsafe, "data/raw", id="a file for a directory"),
        pytest.param(archive(directory("data")), haulage.ArchiveIncomplete, None, id="a root alone"),
        pytest.param(END, haulage.ArchiveIncomplete, None, id="nothing"),
    ],
)
@pytest.mark.usefixtures("eager")
@pytest.mark.case("T10")
async def test_not_what_was_asked_for(
    depot: Depot, tmp_path: Path, workplace: Path, data: bytes, kind: type[haulage.DownloadError], member: str | None
) -> None:
    """What is wrong is named, and nothing appears."""
    down = Downloader(workplace / "new", **service(depot, tmp_path, data))
    with pytest.raises(kind) as caught:
        await down.atransactioninfo(tree_manifest())
    error = caught.value
    assert getattr(error, "member", None) == member
    # Bytes may be spoilt on the way; whoever sends another file means it.
    assert attempts(depot) == (1 if kind is haulage.ArchiveUnsafe else 1 + RETRIES)
    assert list(workplace.iterdir()) == []


def answer(body: bytes, framing: str) -> bytes:
    """Return an answer whose end says nothing of the end of the archive."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n{framing}\r\n\r\n".encode()
    return head + (b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if body and "chunked" in framing else body)


async def cart_of(raw: OpenRaw, workplace: Path, *answers: Script) -> tuple[RawServer, CartDownloader]:
    """Return a service that gives these answers, and a downloader of its cart."""
    server = await raw(READY, *answers)
    url = f"cart{server.url.removeprefix('http')}/carts/1?filename=data"
    return server, CartDownloader(url, destination=workplace, max_retries=len(answers) - 1)


@pytest.mark.parametrize("framing", ["Transfer-Encoding: chunked", "Connection: close"])
@pytest.mark.usefixtures("eager")
@pytest.mark.case("T08")
async def test_cut_bodies_that_look_whole(raw: OpenRaw, workplace: Path, framing: str) -> None:
    """The archive's own end is what counts: every cut is tried again, and the whole one that follows is unpacked."""
    length = len(GOOD.rstrip(b"\0")) + 511
    ends = (512, 1024, 5000, length // 512 // 2 * 512, length // 512 * 512, length // 512 * 512 + 512)
    cuts = [answer(GOOD[:end], framing) for end in ends]
    server, downloader = await cart_of(raw, workplace, *cuts, answer(GOOD, framing))
    result = await downloader.run()
    assert result.attempts == len(cuts) + 1
    assert files(workplace / "data") == TREE
    assert [path.name for path in workplace.iterdir()] == ["data"]
    assert len(server.heads) == len(cuts) + 2


@pytest.mark.usefixtures("eager")
@pytest.mark.case("T08", "T09", "T10", "T11")
async def test_each_attempt_begins_anew(raw: OpenRaw, workplace: Path) -> None:
    """Nothing of a spoilt archive, and of what it told of its members, is in the one that follows."""
    spoilt = bytearray(GOOD)
    spoilt[GOOD.index(b"ustar", 5000) - 120] ^= 1
    strange = archive(directory("data"), file("data/strange", b"x" * 5000), end=b"")
    answers = [answer(bytes(spoilt), "Connection: close"), answer(strange, "Connection: close")]
    _, downloader = await cart_of(raw, workplace, *answers, answer(GOOD, "Connection: close"))
    result = await downloader.run()
    assert files(workplace / "data") == TREE
    assert {member.name for member in result.members} == {path for path in TREE if TREE[path] is not None}
    assert [path.name for path in workplace.iterdir()] == ["data"]


@pytest.mark.case("T08", "H01")
async def test_a_body_that_is_cut_by_its_length(raw: OpenRaw, workplace: Path) -> None:
    """Where the protocol notices, the error is that of any body."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(GOOD)
    _, downloader = await cart_of(raw, workplace, head + GOOD[:5120])
    with pytest.raises(haulage.PartialFile):
        await downloader.run()
    assert list(workplace.iterdir()) == []

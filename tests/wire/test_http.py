"""A file over http arrives whole, proved, or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import pytest
from multidict import CIMultiDict, MultiMapping
from support.raw import Call, RawServer, ok

import haulage
from haulage.depot import Depot, generated, generated_digest

OpenRaw = Callable[..., Awaitable[RawServer]]
Check = Callable[[], None]

BODY = b"hello\n"
SHA256 = hashlib.sha256(BODY).hexdigest()


async def test_small_file(depot: Depot, target: Path) -> None:
    """A small body lands at its destination and the result says what arrived."""
    result = await haulage.download(f"{depot.url}/_/bytes/1000?seed=7", target)
    assert target.read_bytes() == generated(1000, seed=7)
    assert result.artifact_attributes == {"size": 1000, "sha256": generated_digest(1000, seed=7)}
    assert result.path == str(target)


async def test_empty_file(depot: Depot, target: Path) -> None:
    """A body of no bytes makes a file of no bytes, proved like any other."""
    digest = hashlib.sha256(b"").hexdigest()
    await haulage.download(f"{depot.url}/_/bytes/0", target, expected_size=0, expected_digests={"sha256": digest})
    assert target.read_bytes() == b""


async def test_result_unpacks(depot: Depot, target: Path) -> None:
    """The result is a 4-tuple of url, attributes, path and headers, with further facts beside it."""
    result = await haulage.HttpDownloader(f"{depot.url}/_/bytes/10", destination=target).run()
    url, attributes, path, headers = result
    assert url == f"{depot.url}/_/bytes/10"
    assert attributes["size"] == 10
    assert path == str(target)
    assert headers is not None
    assert headers["content-length"] == "10"
    assert (result.attempts, len(result)) == (1, 4)
    assert result.seconds > 0


async def test_headers_are_a_multidict(raw: OpenRaw) -> None:
    """Repeated response headers are all there, and names are compared without case."""
    server = await raw(ok(BODY, "X-Mark: a", "x-mark: b"))
    result = await haulage.HttpDownloader(server.url).run()
    assert isinstance(result.headers, MultiMapping)
    assert result.headers.getall("X-MARK") == ["a", "b"]


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "blake2b"])
async def test_algorithms(depot: Depot, target: Path, algorithm: str) -> None:
    """Each algorithm of hashlib is computed and compared, beside a trusted one."""
    expected = {algorithm: generated_digest(5000, algorithm=algorithm), "sha256": generated_digest(5000)}
    result = await haulage.download(f"{depot.url}/_/bytes/5000", target, expected_digests=expected)
    assert result.artifact_attributes.items() >= expected.items()


async def test_all_of_several_digests_must_hold(depot: Depot, target: Path, assert_untouched: Check) -> None:
    """One wrong digest among right ones is enough to refuse the bytes."""
    expected = {"sha256": generated_digest(5000), "sha512": "0" * 128}
    with pytest.raises(haulage.DigestValidationError) as caught:
        await haulage.HttpDownloader(f"{depot.url}/_/bytes/5000", expected_digests=expected, destination=target).run()
    assert caught.value.algorithm == "sha512"
    assert caught.value.expected == "0" * 128
    assert caught.value.actual == generated_digest(5000, algorithm="sha512")
    assert_untouched()


async def test_configured_algorithms(depot: Depot, target: Path) -> None:
    """The remote says which digests are computed without being expected."""
    remote = haulage.Remote(digest_algorithms=("sha512", "md5"))
    result = await haulage.download(f"{depot.url}/_/bytes/10", target, remote=remote)
    assert list(result.artifact_attributes) == ["size", "sha512", "md5"]


async def test_case_of_a_digest_does_not_matter(depot: Depot, target: Path) -> None:
    """Names and hex digits are compared without regard to case."""
    digest = generated_digest(5000).upper()
    await haulage.download(f"{depot.url}/_/bytes/5000", target, expected_digests={"SHA256": digest})
    assert target.stat().st_size == 5000


@pytest.mark.parametrize("size", [1, 100_000, 5 << 20])
async def test_wrong_digest_keeps_the_old_content(depot: Depot, target: Path, size: int) -> None:
    """A refused body leaves the old file as it was, whether it fits one batch or needs many."""
    target.write_bytes(b"old")
    with pytest.raises(haulage.DigestValidationError):
        await haulage.HttpDownloader(
            f"{depot.url}/_/bytes/{size}", expected_digests={"sha256": "0" * 64}, destination=target
        ).run()
    assert target.read_bytes() == b"old"
    assert [path.name for path in target.parent.iterdir()] == ["target.bin"]


@pytest.mark.parametrize("expected", [0, 999, 1001])
async def test_wrong_size_leaves_nothing(depot: Depot, target: Path, assert_untouched: Check, expected: int) -> None:
    """A body of another size is refused, zero being a size."""
    with pytest.raises(haulage.SizeValidationError) as caught:
        await haulage.HttpDownloader(f"{depot.url}/_/bytes/1000", expected_size=expected, destination=target).run()
    assert (caught.value.actual, caught.value.expected) == (1000, expected)
    assert_untouched()


async def test_untrusted_digest_is_refused_before_the_first_byte(depot: Depot) -> None:
    """A digest that proves nothing is refused without asking the server, unless the remote trusts it."""
    url, digest = f"{depot.url}/_/bytes/10", {"md5": generated_digest(10, algorithm="md5")}
    with pytest.raises(haulage.UnsupportedDigestValidationError, match="md5"):
        await haulage.HttpDownloader(url, expected_digests=digest).run()
    assert depot.requests == ()
    remote = haulage.Remote(trusted_digests=("md5",))
    result = await haulage.download(url, expected_digests=digest, remote=remote)
    assert result.artifact_attributes["md5"] == digest["md5"]


async def test_unknown_digest_is_named(depot: Depot) -> None:
    """A digest nobody knows is a clear error before any byte moves."""
    with pytest.raises(haulage.UnsupportedDigestValidationError, match="crc99"):
        await haulage.download(f"{depot.url}/_/bytes/10", expected_digests={"crc99": "00"})
    assert depot.requests == ()


async def test_digest_of_the_wrong_length(depot: Depot) -> None:
    """A value that cannot be such a digest is refused before any byte moves."""
    with pytest.raises(haulage.MalformedRequest, match="64 hex digits"):
        await haulage.download(f"{depot.url}/_/bytes/10", expected_digests={"sha256": "abc"})
    assert depot.requests == ()


@pytest.mark.case("S02")
async def test_max_size_from_the_announced_length(depot: Depot, target: Path, assert_untouched: Check) -> None:
    """A body announced as too large is refused before it is read."""
    remote = haulage.Remote(max_size=999)
    with pytest.raises(haulage.TooLarge) as caught:
        await haulage.download(f"{depot.url}/_/bytes/1000", target, remote=remote)
    assert caught.value.limit == 999
    assert_untouched()
    result = await haulage.download(f"{depot.url}/_/bytes/999", target, remote=remote)
    assert result.artifact_attributes["size"] == 999


@pytest.mark.case("S01")
async def test_max_size_while_streaming(raw: OpenRaw, target: Path, assert_untouched: Check) -> None:
    """An endless body is cut off as soon as it is too large."""
    sent = 0

    async def endless(call: Call) -> None:
        nonlocal sent
        await call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            await call.send(b"10000\r\n" + bytes(0x10000) + b"\r\n")
            sent += 0x10000

    server = await raw(endless)
    with pytest.raises(haulage.TooLarge):
        await haulage.download(server.url, target, remote=haulage.Remote(max_size=1_000_000))
    assert_untouched()
    assert len(server.heads) == 1
    # What the two socket buffers and one read buffer may hold on top.
    assert sent < 32 << 20


async def test_expected_size_while_streaming(raw: OpenRaw, target: Path, assert_untouched: Check) -> None:
    """An endless body is cut off as soon as it is longer than expected."""

    async def endless(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            await call.send(b"10000\r\n" + bytes(0x10000) + b"\r\n")

    server = await raw(endless)
    with pytest.raises(haulage.SizeValidationError):
        await haulage.HttpDownloader(server.url, expected_size=100_000, destination=target).run()
    assert_untouched()


async def test_chunked_body(raw: OpenRaw, target: Path) -> None:
    """A body of unknown length in chunks arrives as one file."""
    chunks = [generated(size, seed=size) for size in (1, 10, 1000, 70_000)]
    framed = b"".join(b"%x;ext=1\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    server = await raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\nX-Trailer: t\r\n\r\n")
    result = await haulage.download(server.url, target, expected_size=71_011)
    assert target.read_bytes() == b"".join(chunks)
    assert result.headers is not None
    assert "Content-Length" not in result.headers


async def test_body_until_the_connection_closes(raw: OpenRaw, target: Path) -> None:
    """A body framed by nothing but the end of the connection is taken, and proved by what is expected of it."""
    server = await raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + BODY)
    await haulage.download(server.url, target, expected_size=6, expected_digests={"sha256": SHA256})
    assert target.read_bytes() == BODY


async def test_unframed_body_that_is_cut_is_seen_by_its_digest(
    raw: OpenRaw, target: Path, assert_untouched: Check
) -> None:
    """Where the framing proves nothing, the expected size and digest do."""
    server = await raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + BODY[:-1])
    with pytest.raises(haulage.SizeValidationError):
        await haulage.HttpDownloader(server.url, expected_size=6, destination=target).run()
    with pytest.raises(haulage.DigestValidationError):
        await haulage.HttpDownloader(server.url, expected_digests={"sha256": SHA256}, destination=target).run()
    assert_untouched()


async def test_http_1_0(raw: OpenRaw, target: Path) -> None:
    """A server of the last century is understood."""
    server = await raw(b"HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\n" + BODY)
    await haulage.download(server.url, target)
    assert target.read_bytes() == BODY


async def test_interim_responses_are_passed_over(raw: OpenRaw, target: Path) -> None:
    """An early hint before the answer is not the answer."""
    server = await raw(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + ok(BODY))
    await haulage.download(server.url, target)
    assert target.read_bytes() == BODY


async def test_headers_ready_callback(raw: OpenRaw, target: Path) -> None:
    """The callback is awaited with the headers before the body is read."""
    seen: list[Mapping[str, str]] = []
    called = asyncio.Event()

    async def late_body(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nX-Mark: m\r\n\r\n")
        await called.wait()
        await call.send(BODY)

    async def ready(headers: Mapping[str, str]) -> None:
        await asyncio.sleep(0)
        seen.append(headers)
        called.set()

    server = await raw(late_body)
    result = await haulage.HttpDownloader(server.url, headers_ready_callback=ready, destination=target).run()
    assert seen[0]["x-mark"] == "m"
    assert result.headers == CIMultiDict(seen[0])
    assert target.read_bytes() == BODY


async def test_headers_ready_callback_may_refuse(depot: Depot, target: Path, assert_untouched: Check) -> None:
    """What the callback raises ends the download and comes out as it is."""

    async def refuse(headers: Mapping[str, str]) -> None:
        msg = "not today"
        raise LookupError(msg)

    with pytest.raises(LookupError, match="not today"):
        await haulage.HttpDownloader(
            f"{depot.url}/_/bytes/1000", headers_ready_callback=refuse, destination=target
        ).run()
    assert_untouched()


async def test_big_file(depot: Depot, target: Path) -> None:
    """A body of 64 MiB arrives with its digest, through many batches."""
    size = 64 << 20
    digest = generated_digest(size, seed="big")
    await haulage.download(
        f"{depot.url}/_/bytes/{size}?seed=big", target, expected_size=size, expected_digests={"sha256": digest}
    )
    with target.open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == digest


@pytest.mark.case("S07")
async def test_many_tiny_chunks(raw: OpenRaw, target: Path) -> None:
    """Ten thousand chunks of one to seven bytes are put together in order."""
    whole = generated(100_000)
    pieces = [whole[number : number + 1 + number % 7] for number in range(10_000)]

    async def crumbs(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number, piece in enumerate(pieces):
            call.writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            if number % 100 == 0:
                await call.writer.drain()
                await asyncio.sleep(0)
        await call.send(b"0\r\n\r\n")

    body = b"".join(pieces)
    server = await raw(crumbs)
    await haulage.download(server.url, target, expected_digests={"sha256": hashlib.sha256(body).hexdigest()})
    assert target.read_bytes() == body


def has_ipv6() -> bool:
    """Whether this machine has the loopback of IPv6."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="there is no IPv6 here")
async def test_ipv6(target: Path) -> None:
    """A server is reached by its IPv6 address."""
    with Depot(host="::1") as depot:
        await haulage.download(f"{depot.url}/_/bytes/1000", target)
        assert depot.requests[0].header("Host") == f"[::1]:{depot.port}"
    assert target.read_bytes() == generated(1000)


async def test_many_files_at_once(depot: Depot, workplace: Path) -> None:
    """Two hundred files of different sizes through one factory all arrive, each proved."""
    async with haulage.DownloaderFactory(haulage.Remote(download_concurrency=20)) as factory:

        async def one(number: int) -> None:
            size = number * 997
            await factory.build(
                f"{depot.url}/_/bytes/{size}?seed={number}",
                destination=workplace / f"{number}.bin",
                expected_digests={"sha256": generated_digest(size, seed=number)},
            ).run()

        await asyncio.gather(*(one(number) for number in range(200)))
    assert {path.name: path.stat().st_size for path in workplace.iterdir()} == {
        f"{number}.bin": number * 997 for number in range(200)
    }


async def test_custom_headers(depot: Depot, raw: OpenRaw) -> None:
    """Headers of the remote and of the call are sent, and the caller's dictionary is left alone."""
    server = await raw(ok(BODY))
    mine = {"X-Mine": "1"}
    async with haulage.DownloaderFactory(haulage.Remote(headers=[{"X-Remote": "r"}, {"X-Other": "o"}])) as factory:
        await factory.build(server.url, headers=mine).run()
    assert [server.header(name) for name in ("X-Mine", "X-Remote", "X-Other")] == ["1", "r", "o"]
    assert mine == {"X-Mine": "1"}


async def test_user_agent_is_appended(raw: OpenRaw) -> None:
    """Who asks for another User-Agent gets ours with theirs at its end."""
    server = await raw(ok(BODY))
    await haulage.download(server.url, remote=haulage.Remote(headers={"user-agent": "theirs/1"}))
    assert server.header("User-Agent") == f"{haulage.DownloaderFactory.user_agent()} theirs/1"
    await haulage.download(server.url)
    assert server.header("User-Agent") == haulage.DownloaderFactory.user_agent()


async def test_identity_is_asked_for(raw: OpenRaw) -> None:
    """The request asks for the bytes of the file, not for a coded form."""
    server = await raw(ok(BODY))
    await haulage.download(server.url)
    assert server.header("Accept-Encoding") == "identity"
    assert server.header("Cookie") is None


async def test_cookies_are_not_kept(raw: OpenRaw) -> None:
    """A cookie set by one answer is not told to the next request."""
    server = await raw(ok(BODY, "Set-Cookie: a=b; Path=/"))
    async with haulage.DownloaderFactory() as factory:
        await factory.build(server.url).run()
        await factory.build(server.url).run()
    assert server.header("Cookie", 1) is None


async def test_request_kwargs(raw: OpenRaw) -> None:
    """Keyword arguments for the request, headers among them, reach it."""
    server = await raw(ok(BODY))
    await haulage.HttpDownloader(server.url).run({"request_kwargs": {"headers": {"X-Extra": "e"}}})
    assert server.header("X-Extra") == "e"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451, 501, 505])
async def test_status_error(depot: Depot, target: Path, assert_untouched: Check, status: int) -> None:
    """A refusal is an error with its facts, asked once and leaving nothing."""
    import aiohttp

    with pytest.raises(haulage.HttpStatusError) as caught:
        await haulage.download(f"{depot.url}/_/status/{status}", target)
    assert caught.value.status == status
    assert caught.value.headers["content-type"].startswith("text/plain")
    assert isinstance(caught.value, aiohttp.ClientResponseError)
    assert isinstance(caught.value, haulage.DownloadError)
    assert len(depot.requests) == 1
    assert_untouched()


async def test_kinds_of_status_errors(depot: Depot) -> None:
    """The common refusals have classes of their own."""
    kinds = {401: haulage.AuthorizationFailure, 404: haulage.HttpFileNotFound, 500: haulage.RemoteServerError}
    for status, kind in kinds.items():
        with pytest.raises(kind):
            await haulage.HttpDownloader(f"{depot.url}/_/status/{status}").run()
    with pytest.raises(FileNotFoundError):
        await haulage.HttpDownloader(f"{depot.url}/_/status/404").run()

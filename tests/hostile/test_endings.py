"""Ends of bodies: what may follow them, and what proves them where no length does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from support.outcomes import TryOut
from support.raw import Call, RawServer, ok

import haulage
from haulage.depot import Depot, generated, generated_digest

OpenRaw = Callable[..., Awaitable[RawServer]]

SIZE = 100_000
BODY = generated(SIZE)
DIGEST = {"sha256": generated_digest(SIZE)}


@pytest.mark.case("H02")
@pytest.mark.parametrize("by", [1, 10, 100_000])
async def test_more_than_announced(by: int, parser: str, hostile: Depot, try_out: TryOut) -> None:
    """The surplus is never written; the body is complete before it, so that it may count."""
    outcome = await try_out(f"{hostile.url}/_/fault/overlong?by={by}", settings={"max_retries": 0})
    if outcome.error is None:
        assert outcome.result is not None
        assert outcome.result.artifact_attributes == {"size": SIZE, **DIGEST}
    else:
        assert type(outcome.error) is haulage.ProtocolError
    # What came too much is not taken for the answer to the next request.
    again = await try_out(f"{hostile.url}/_/bytes/1000")
    assert again.result is not None
    assert again.result.artifact_attributes["size"] == 1000


@pytest.mark.case("H05")
async def test_no_length_and_nothing_known(parser: str, hostile: Depot, try_out: TryOut) -> None:
    """A body that ends with its connection is a success, and the result says that nothing proves it."""
    outcome = await try_out(f"{hostile.url}/_/fault/close")
    assert outcome.result is not None
    assert outcome.result.artifact_attributes == {"size": SIZE, **DIGEST}
    assert outcome.result.proof is None


@pytest.mark.case("H05")
async def test_no_length_but_a_digest_or_a_size(parser: str, hostile: Depot, try_out: TryOut) -> None:
    """What the caller knows proves it as well."""
    by_digest = await try_out(f"{hostile.url}/_/fault/close", expected_digests=DIGEST)
    by_size = await try_out(f"{hostile.url}/_/fault/close", expected_size=SIZE)
    assert by_digest.result is not None
    assert by_digest.result.proof == "digest"
    assert by_size.result is not None
    assert by_size.result.proof == "size"


@pytest.mark.parametrize("path", ["/_/bytes/1000", "/_/fault/crumbs?size=1000"])
async def test_framing_is_a_proof(path: str, parser: str, hostile: Depot, try_out: TryOut) -> None:
    """A length, or a last chunk, says where the end is."""
    outcome = await try_out(f"{hostile.url}{path}")
    assert outcome.result is not None
    assert outcome.result.proof == "framing"


@pytest.mark.case("H06")
@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("at", [0, 500, SIZE])
async def test_tls_without_a_farewell(at: int, parser: str, hostile_tls: Depot, try_out: TryOut) -> None:
    """Where nothing else proves the end, a TLS connection that was cut below TLS is a cut body."""
    settings = {"ca_cert": hostile_tls.ca_pem, "max_retries": 1}
    outcome = await try_out(f"{hostile_tls.url}/_/fault/close-abrupt?at={at}", settings=settings)
    assert type(outcome.error) is haulage.PartialFile
    assert outcome.error.received == at
    assert len(hostile_tls.requests) == 2


@pytest.mark.case("H06")
async def test_tls_without_a_farewell_but_proved(parser: str, hostile_tls: Depot, try_out: TryOut) -> None:
    """A digest, a size, or TLS's own farewell proves the end."""
    settings = {"ca_cert": hostile_tls.ca_pem, "max_retries": 0}
    url = f"{hostile_tls.url}/_/fault"
    for path, arguments in (
        ("close-abrupt", {"expected_digests": DIGEST}),
        ("close-abrupt", {"expected_size": SIZE}),
        ("close", {}),
    ):
        outcome = await try_out(f"{url}/{path}", settings=settings, **arguments)
        assert outcome.result is not None, (path, outcome.error)
        assert outcome.result.artifact_attributes["size"] == SIZE


@pytest.mark.case("H11")
async def test_bare_line_feeds(parser: str, hostile: Depot, try_out: TryOut) -> None:
    """RFC 9112, section 2.2, lets a reader take one for the end of a line; the bytes are the right ones."""
    outcome = await try_out(f"{hostile.url}/_/fault/garbage?kind=bare-lf", settings={"max_retries": 0})
    if outcome.result is not None:
        assert outcome.result.artifact_attributes == {"size": SIZE, **DIGEST}
    else:
        assert type(outcome.error) is haulage.ProtocolError


@pytest.mark.case("H13")
async def test_a_few_interim_answers(parser: str, hostile: Depot, try_out: TryOut) -> None:
    """Early hints and the like are read over."""
    outcome = await try_out(f"{hostile.url}/_/fault/interim?count=10")
    assert outcome.result is not None, outcome.error
    assert outcome.result.artifact_attributes == {"size": SIZE, **DIGEST}


@pytest.mark.case("H16")
async def test_a_file_of_no_bytes(parser: str, hostile: Depot, try_out: TryOut) -> None:
    """It may be expected, and arrives."""
    outcome = await try_out(
        f"{hostile.url}/_/bytes/0", expected_size=0, expected_digests={"sha256": generated_digest(0)}
    )
    assert outcome.result is not None
    assert outcome.result.artifact_attributes["size"] == 0


@pytest.mark.case("H02")
async def test_an_answer_nobody_asked_for(parser: str, raw: OpenRaw, workplace: Path) -> None:
    """What a server sends over an idle connection is not taken for the answer to the next request."""
    sent = asyncio.Event()

    async def pushing(call: Call) -> None:
        await call.send(ok(b"asked for"))
        await asyncio.sleep(0.02)
        await call.send(ok(b"not asked for"))
        sent.set()
        await call.gone()

    server = await raw(pushing, ok(b"the second"))
    async with haulage.DownloaderFactory(haulage.Remote(max_retries=0)) as factory:
        await factory.build(server.url, destination=workplace / "first").run()
        await sent.wait()
        await asyncio.sleep(0.02)
        await factory.build(server.url, destination=workplace / "second").run()
    assert (workplace / "first").read_bytes() == b"asked for"
    assert (workplace / "second").read_bytes() == b"the second"
    assert server.connections == 2


@pytest.mark.case("H07")
@pytest.mark.parametrize("space", [b"\x0b", b"\x0c", b"\x1c", b"\x85", b"\xa0"])
@pytest.mark.parametrize("place", ["%bchunked", "chunked%b"])
async def test_white_space_that_is_none(space: bytes, place: str, parser: str, raw: OpenRaw, try_out: TryOut) -> None:
    """A transfer coding with a foreign blank beside it is not chunked, and what is not chunked has no end."""
    coding = place.encode() % space
    server = await raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + coding + b"\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
    outcome = await try_out(server.url, settings={"max_retries": 0})
    assert type(outcome.error) is haulage.ProtocolError, outcome


@pytest.mark.case("H14")
@pytest.mark.parametrize("status", ["000", "099", "226"])
async def test_statuses_that_are_no_success(status: str, parser: str, raw: OpenRaw, try_out: TryOut) -> None:
    """Below 200 there is no final answer, and a 226 brings differences that nobody asked for."""
    server = await raw(ok(b"body", status=f"{status} Odd"))
    outcome = await try_out(server.url, settings={"max_retries": 0, "sock_read_timeout": 1})
    assert isinstance(outcome.error, haulage.ResponseError | haulage.NetworkError), outcome

"""Laws of downloads: whatever bytes a server sends, there is a success that can be proved, or a typed error."""

from __future__ import annotations

import asyncio
import hashlib
import os
import pickle
import tempfile
from collections.abc import Iterator
from pathlib import Path

import aiohttp.client_proto
import pytest
from aiohttp.http_parser import HttpResponseParserPy
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.leaks import Belongings, left_in_loop
from support.raw import Call, RawServer, ok

import haulage
from properties.strategies import mutated

BODY = b"".join(b"line %d of a file that is sent in many ways\n" % number for number in range(12))
DIGEST = hashlib.sha256(BODY).hexdigest()
CANARY = "s3cr3tCANARY"

_HALVES = (BODY[:200], BODY[200:])
_CHUNKS = b"".join(b"%x\r\n%s\r\n" % (len(half), half) for half in _HALVES)
ANSWERS = [
    ok(BODY, "Content-Type: text/plain", 'ETag: "a"', "Connection: keep-alive"),
    ok(BODY, "Content-Type: text/html; charset=utf-8", "Accept-Ranges: bytes", "Connection: close"),
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + _CHUNKS + b"0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n" + _CHUNKS + b"0;a=b\r\nX: y\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nServer: old\r\n\r\n" + BODY,
    b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + ok(BODY),
    ok(BODY, f"Content-Range: bytes 0-{len(BODY) - 1}/{len(BODY)}", status="206 Partial Content"),
    ok(BODY, "Retry-After: 0", status="503 Service Unavailable"),
]
# No Location: nothing may lead away from the loopback.
SCRAPS = [
    *(
        b"\r\n",
        b"\n",
        b"\r",
        b"\r\n\r\n",
        b"\0",
        b" ",
        b"\t",
        b":",
        b"\xff",
        b"\x80",
        b"0\r\n\r\n",
        b"fffffffffffffffff\r\n",
    ),
    *(
        b"-1",
        b"+5",
        b"0x1",
        b"99999999999",
        b"9" * 30,
        b";a=" + b"b" * 5000,
        b"X: " + b"y" * 9000 + b"\r\n",
        b"X:\r\n" * 200,
    ),
    *(b"Content-Length: 5\r\n", b"Content-Length: 10, 10\r\n", b"Content-Length: \r\n", b"Content-Encoding: gzip\r\n"),
    *(b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n", b"Transfer-Encoding : x\r\n"),
    *(b"Connection: upgrade\r\nUpgrade: h2c\r\n", b"Connection: close\r\n", b"Set-Cookie: a=b\r\n", b" folded\r\n"),
    *(
        b"HTTP/0.9 ",
        b"HTTP/2 200\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b" 204 ",
        b" 304 ",
        b" 302 ",
        b" 416 ",
        b" 999 ",
    ),
]


@pytest.fixture(scope="module", params=["native", "python"], autouse=True)
def parser(request: pytest.FixtureRequest) -> Iterator[None]:
    """Both of aiohttp's parsers: the native one, and the one in Python that stands in for it."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "python":
            patch.setattr(aiohttp.client_proto, "HttpResponseParser", HttpResponseParserPy)
        yield


async def _download(
    answer: bytes, target: Path, *, digest: str | None, hangs: bool = False
) -> haulage.DownloadResult | None:
    async def hang(call: Call) -> None:
        await call.send(answer)
        await call.gone()

    async with RawServer(hang if hangs else answer) as server:
        url = server.url.replace("://", f"://ann:{CANARY}@") + f"/x?{CANARY}"
        limit = 0.1 if hangs else 10
        remote = haulage.Remote(max_retries=0, max_size=1 << 20, sock_connect_timeout=limit, sock_read_timeout=limit)
        expected = None if digest is None else {"sha256": digest}
        result = None
        try:
            async with asyncio.timeout(2 + 2 * limit):
                result = await haulage.download(url, target, remote=remote, expected_digests=expected)
        except haulage.DownloadError as error:
            _check_error(error)
    assert not left_in_loop()
    return result


def _check_error(error: haulage.DownloadError) -> None:
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    copied = pickle.loads(pickle.dumps(error))
    for shown in (str(error), repr(error), repr(vars(error)), str(copied)):
        assert CANARY not in shown
        assert len(shown.splitlines()) == 1


def _run(answer: bytes, *, digest: str | None, hangs: bool) -> None:
    with tempfile.TemporaryDirectory() as directory:
        target = Path(directory, "target")
        before = Belongings.now()
        result = asyncio.run(_download(answer, target, digest=digest, hangs=hangs))
        left = Belongings.now()
        assert not left.descriptors - before.descriptors
        assert not left.threads - before.threads
        if result is None:
            assert os.listdir(directory) == []
            return
        assert os.listdir(directory) == [target.name]
        content = target.read_bytes()
        assert result.artifact_attributes["size"] == len(content)
        assert result.artifact_attributes["sha256"] == hashlib.sha256(content).hexdigest()
        if digest is not None:
            assert content == BODY
            assert result.proof == "digest"


@settings(max_examples=2 * settings().max_examples)
@given(mutated(ANSWERS, SCRAPS), st.sampled_from([None, DIGEST]))
@example(ANSWERS[0], None)
@example(ANSWERS[2], DIGEST)
@example(b"", None)
def test_any_answer_ends_in_proved_bytes_or_a_typed_error(answer: bytes, digest: str | None) -> None:
    """What is published is what was proved; an error is one of ours, tells no secret, and leaves nothing."""
    _run(answer, digest=digest, hangs=False)


@settings(max_examples=max(20, settings().max_examples // 10))
@given(mutated(ANSWERS, SCRAPS), st.sampled_from([None, DIGEST]))
@example(ANSWERS[4], DIGEST)
@example(b"HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nhello", None)
def test_a_server_that_hangs_is_left(answer: bytes, digest: str | None) -> None:
    """The same, where the server sends no more and does not close: the read timeout ends what the answer does not."""
    _run(answer, digest=digest, hangs=True)


@pytest.mark.parametrize("answer", ANSWERS[:6], ids=["keep-alive", "close", "chunked", "trailer", "old", "interim"])
def test_the_answers_are_good_before_they_are_changed(answer: bytes, tmp_path: Path) -> None:
    """So that what the changes bring about is theirs."""
    result = asyncio.run(_download(answer, tmp_path / "x", digest=DIGEST))
    assert result is not None
    assert (tmp_path / "x").read_bytes() == BODY

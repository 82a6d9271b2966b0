"""Wrong answers to ranges: a plain request is answered properly, one for a range is not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest

from haulage.depot import Depot, generated

if TYPE_CHECKING:
    from pathlib import Path

Ask = Callable[..., Awaitable[Any]]

CONTENT = generated(100_000)
RANGE = "Range: bytes=1000-4999"

CASES = [
    ("range-ignored", 200, None, CONTENT),
    ("range-elsewhere", 206, "bytes 1001-4999/100000", CONTENT[1001:5000]),
    ("range-elsewhere?by=500", 206, "bytes 1500-4999/100000", CONTENT[1500:5000]),
    ("range-unlabelled", 206, None, CONTENT[1000:5000]),
    ("range-garbled", 206, "bytes garbage", CONTENT[1000:5000]),
    ("range-garbled?value=items%201-2", 206, "items 1-2", CONTENT[1000:5000]),
    ("range-short", 206, "bytes 1000-4998/100000", CONTENT[1000:4999]),
    ("range-short?by=3999", 206, "bytes 1000-1000/100000", CONTENT[1000:1001]),
    ("range-total", 206, "bytes 1000-4999/100001", CONTENT[1000:5000]),
    ("range-total?total=7", 206, "bytes 1000-4999/7", CONTENT[1000:5000]),
    ("range-refused", 416, "bytes */100000", b""),
    ("range-lie", 200, None, CONTENT),
]


@pytest.mark.parametrize(("name", "status", "content_range", "body"), CASES, ids=[case[0] for case in CASES])
async def test_a_range_is_answered_wrongly(
    faulty: Depot, hear: Ask, name: str, status: int, content_range: str | None, body: bytes
) -> None:
    """The answer is the one of its name, with a framing that is in order and the strong tag of the content."""
    heard = await hear(faulty, f"/_/fault/{name}", RANGE, "Connection: close")
    assert heard.lines[0].split()[1] == str(status).encode()
    assert heard.values("Content-Range") == ([] if content_range is None else [content_range])
    assert heard.values("Content-Length") == [str(len(body))]
    assert heard.body == body
    assert [value[:18] for value in heard.values("ETag")] == ['"generated-100000-']


@pytest.mark.parametrize("name", [case[0] for case in CASES] + ["range-multipart"])
async def test_a_plain_request_is_answered_properly(faulty: Depot, hear: Ask, name: str) -> None:
    """Without a range, and with one that another version's tag makes void, there is everything."""
    for fields in ((), (RANGE, 'If-Range: "another"')):
        heard = await hear(faulty, f"/_/fault/{name}", "Connection: close", *fields)
        assert (heard.lines[0], heard.body) == (b"HTTP/1.1 200 OK", CONTENT)
    head = await hear(faulty, f"/_/fault/{name}", RANGE, "Connection: close", method="HEAD")
    assert (head.lines[0], head.values("Content-Length"), head.body) == (b"HTTP/1.1 200 OK", ["100000"], b"")


async def test_what_is_promised(faulty: Depot, hear: Ask) -> None:
    """One who knows no ranges promises none, one who lies does."""
    for name, promise in (("range-ignored", []), ("range-lie", ["bytes"])):
        for method in ("HEAD", "GET"):
            heard = await hear(faulty, f"/_/fault/{name}", "Connection: close", method=method)
            assert heard.values("Accept-Ranges") == promise


async def test_multipart(faulty: Depot, hear: Ask) -> None:
    """The range is the one part of a multipart body."""
    heard = await hear(faulty, "/_/fault/range-multipart", RANGE, "Connection: close")
    kind, _, boundary = heard.values("Content-Type")[0].partition("; boundary=")
    assert (heard.lines[0], kind) == (b"HTTP/1.1 206 Partial Content", "multipart/byteranges")
    assert heard.values("Content-Range") == []
    head, _, rest = heard.body.partition(b"\r\n\r\n")
    assert head.startswith(f"--{boundary}\r\n".encode())
    assert b"Content-Range: bytes 1000-4999/100000" in head
    assert rest == CONTENT[1000:5000] + f"\r\n--{boundary}--\r\n".encode()


async def test_a_connection_lives_on(faulty: Depot, ask: Ask, hear: Ask) -> None:
    """Answers in good form leave the connection open for the next request."""
    second = f"{RANGE}\r\n\r\nGET /_/fault/range-total HTTP/1.1\r\nHost: depot\r\n{RANGE}\r\nConnection: close"
    heard = await hear(faulty, "/_/fault/range-total", second)
    assert heard.raw.count(b"HTTP/1.1 206 ") == 2
    assert heard.ending == "closed"


async def test_etag_changes(faulty: Depot, hear: Ask) -> None:
    """Every request finds another version, and an If-Range with the tag of the last one fails."""
    first = await hear(faulty, "/_/fault/etag-changes?seed=5", "Connection: close")
    tag = first.values("ETag")[0]
    second = await hear(faulty, "/_/fault/etag-changes?seed=5", RANGE, f"If-Range: {tag}", "Connection: close")
    third = await hear(faulty, "/_/fault/etag-changes?seed=5", RANGE, "Connection: close")
    assert first.body == generated(100_000, 6)
    assert (second.lines[0], second.body) == (b"HTTP/1.1 200 OK", generated(100_000, 7))
    assert (third.lines[0], third.body) == (b"HTTP/1.1 206 Partial Content", generated(100_000, 8)[1000:5000])
    assert len({tag, second.values("ETag")[0], third.values("ETag")[0]}) == 3


async def test_etag_weak(faulty: Depot, hear: Ask) -> None:
    """The tag is weak and there is no date: a range is honoured, but not on the strength of that tag."""
    heard = await hear(faulty, "/_/fault/etag-weak", RANGE, "Connection: close")
    assert (heard.lines[0], heard.body) == (b"HTTP/1.1 206 Partial Content", CONTENT[1000:5000])
    (tag,) = heard.values("ETag")
    assert tag.startswith('W/"generated-100000-')
    assert heard.values("Last-Modified") == []
    again = await hear(faulty, "/_/fault/etag-weak", RANGE, f"If-Range: {tag}", "Connection: close")
    assert (again.lines[0], again.body) == (b"HTTP/1.1 200 OK", CONTENT)


async def test_etag_none(faulty: Depot, hear: Ask, root: Path) -> None:
    """There is neither tag nor date, for files neither, and a range is honoured."""
    (root / "big.bin").write_bytes(CONTENT)
    for target in ("/_/fault/etag-none", "/_/fault/etag-none/big.bin"):
        heard = await hear(faulty, target, RANGE, "Connection: close")
        assert (heard.lines[0], heard.body) == (b"HTTP/1.1 206 Partial Content", CONTENT[1000:5000])
        assert heard.values("ETag") == heard.values("Last-Modified") == []
        assert heard.values("Accept-Ranges") == ["bytes"]

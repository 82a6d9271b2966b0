"""Planned answers, before anything is sent, and the small rooms around them."""

from __future__ import annotations

import asyncio
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haulage.depot.answers import Representation, plan_answer
from haulage.depot.conditions import Ask, Validators
from haulage.depot.exchange import Attempts
from haulage.depot.ranges import Span
from haulage.depot.targets import parse_target
from haulage.depot.workers import Workers

CURRENT = Validators('"a"', 1_000_000_000)
RANGES = st.none() | st.sampled_from(
    [
        "bytes=0-",
        "bytes=5-9",
        "bytes=-7",
        "bytes=0-9,900-910,2000-",
        "bytes=9000-",
        "bytes=-0",
        "lines=1",
        "bytes=900-,0-0",
    ]
)


@given(
    method=st.sampled_from(["GET", "HEAD"]),
    range_=RANGES,
    if_range=st.none() | st.sampled_from(['"a"', '"b"']),
    if_none_match=st.none() | st.sampled_from(['"a"', '"b"']),
    size=st.sampled_from([0, 1, 10, 1000, 5000]),
    known=st.booleans(),
)
def test_framing_is_true(
    *, method: str, range_: str | None, if_range: str | None, if_none_match: str | None, size: int, known: bool
) -> None:
    """Whatever is decided, Content-Length is the length of the body, and every span lies inside."""
    ask = Ask(method=method, range=range_, if_range=if_range, if_none_match=if_none_match)
    what = Representation(size, validators=CURRENT if known else Validators())
    answer = plan_answer(ask, what, now=2_000_000_000, boundary="edge")
    headers = dict(answer.headers)
    assert len(headers) == len(answer.headers)
    assert ("ETag" in headers) is known
    if method == "HEAD" or answer.status == 304:
        assert answer.length == 0
    else:
        assert int(headers["Content-Length"]) == answer.length
    if method == "HEAD":
        assert answer.status in {200, 304}
    spans = [piece for piece in answer.pieces if isinstance(piece, Span)]
    assert all(0 <= span.start < span.stop <= size for span in spans)
    assert ("Content-Range" in headers) is (answer.status == 416 or (answer.status == 206 and len(spans) == 1))


@pytest.mark.parametrize(
    ("raw", "path", "segments", "query"),
    [
        ("/", "/", (b"",), {}),
        ("/a%2Fb/c%3fd?e=%26&f", "/a%2Fb/c%3fd", (b"a/b", b"c?d"), {"e": "&", "f": ""}),
        ("/a?b=c?d=e#f", "/a", (b"a",), {"b": "c?d=e"}),
        ("/a?b=1&b=2", "/a", (b"a",), {"b": "2"}),
        ("/a+b?c+d=e+f", "/a+b", (b"a+b",), {"c+d": "e+f"}),
        ("//host/x", "//host/x", (b"", b"host", b"x"), {}),
        ("http://host/x?y", "/x", (b"x",), {"y": ""}),
        ("http://host", "/", (b"",), {}),
        ("*", "/", (b"",), {}),
        ("/%zz%", "/%zz%", (b"%zz%",), {}),
        ("/\udcff", "/\udcff", (b"\xff",), {}),
    ],
)
def test_targets(raw: str, path: str, segments: tuple[bytes, ...], query: dict[str, str]) -> None:
    """A target is split before it is decoded, and kept as it came."""
    target = parse_target(raw)
    assert (target.raw, target.path, target.segments, target.query) == (raw, path, segments, query)


def test_attempts_are_bounded() -> None:
    """Counting ten thousand keys more forgets the oldest one and no other."""
    attempts = Attempts()
    assert [attempts.next("old"), attempts.next("new"), attempts.next("new")] == [1, 1, 2]
    for number in range(9_999):
        attempts.next(str(number))
    assert attempts.next("new") == 3
    assert attempts.next("old") == 1


async def test_orphaned_results_are_closed() -> None:
    """What a cancelled call opens is closed by nobody else, so the pool does it."""
    begun, go_on, closed = threading.Event(), threading.Event(), threading.Event()

    class Thing:
        def close(self) -> None:
            closed.set()

    def open_slowly() -> Thing:
        begun.set()
        go_on.wait(10)
        return Thing()

    workers = Workers()
    task = asyncio.create_task(workers.run(open_slowly))
    assert await asyncio.to_thread(begun.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    assert await asyncio.to_thread(closed.wait, 10)
    await asyncio.to_thread(workers.close)

"""Laws of an attempt: how the bytes were cut never shows."""

from __future__ import annotations

import asyncio
import hashlib
import itertools

from hypothesis import given
from hypothesis import strategies as st

from haulage.downloaders.attempt import Attempt
from haulage.workers import Workers


class Kept:
    """A sink that keeps its bytes."""

    path = None

    def __init__(self) -> None:
        self.content = bytearray()
        self.committed = 0
        self.opened = 0
        self.aborted = 0

    def open(self, size: int | None) -> None:
        """Note it."""
        self.opened += 1

    def write(self, chunks: list[bytes]) -> None:
        """Keep *chunks*."""
        for chunk in chunks:
            self.content += chunk

    def commit(self) -> None:
        """Note it."""
        self.committed += 1

    def abort(self) -> None:
        """Note it."""
        self.aborted += 1


async def _deliver(chunks: list[bytes], batch: int, algorithms: tuple[str, ...]) -> tuple[Kept, Attempt]:
    workers = Workers(asyncio.get_running_loop())
    workers.callers = 1
    sink = Kept()
    attempt = Attempt(sink, algorithms, workers, batch=batch)
    try:
        for chunk in chunks:
            wait = attempt.feed(chunk)
            if wait is not None:
                await wait
        await attempt.finish(lambda: None)
    finally:
        await workers.aclose()
    assert workers.backlog == 0
    return sink, attempt


@given(st.binary(max_size=3000), st.lists(st.integers(0, 3000), max_size=20), st.integers(1, 1500))
def test_any_cutting_of_the_bytes_is_the_same(content: bytes, cuts: list[int], batch: int) -> None:
    """Fed in pieces or as one, content, size and digests are those of the whole."""
    edges = [0, *sorted(min(cut, len(content)) for cut in cuts), len(content)]
    chunks = [content[start:end] for start, end in itertools.pairwise(edges)]
    sink, attempt = asyncio.run(_deliver(chunks, batch, ("sha256", "md5")))
    assert bytes(sink.content) == content
    assert attempt.size == len(content)
    assert attempt.digests == {
        "sha256": hashlib.sha256(content).hexdigest(),
        "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
    }
    assert (sink.opened, sink.committed, sink.aborted) == (1, 1, 0)


@given(st.binary(max_size=2000), st.binary(max_size=2000), st.integers(1, 1500))
def test_two_pieces_are_one(first: bytes, second: bytes, batch: int) -> None:
    """a, then b, equals a + b."""
    apart, one = asyncio.run(_deliver([first, second], batch, ("sha256",)))
    whole, other = asyncio.run(_deliver([first + second], batch, ("sha256",)))
    assert apart.content == whole.content
    assert (one.size, one.digests) == (other.size, other.digests)


async def _aborted(chunks: list[bytes], batch: int, turns: int) -> Kept:
    workers = Workers(asyncio.get_running_loop())
    workers.callers = 1
    sink = Kept()
    attempt = Attempt(sink, ("sha256",), workers, batch=batch)
    try:
        for chunk in chunks:
            attempt.feed(chunk)
            for _ in range(turns):
                await asyncio.sleep(0)
        await attempt.abort()
    finally:
        await workers.aclose()
    assert workers.backlog == 0
    return sink


@given(st.lists(st.binary(max_size=500), max_size=15), st.integers(1, 800), st.integers(0, 2))
def test_an_aborted_attempt_is_never_published(chunks: list[bytes], batch: int, turns: int) -> None:
    """Whenever it is aborted, it was opened at most once, never committed, and undone if it was opened."""
    sink = asyncio.run(_aborted(chunks, batch, turns))
    assert sink.committed == 0
    assert sink.opened <= 1
    assert sink.aborted >= sink.opened

"""The program around a download: its event loop and its clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from support.outcomes import TryOut

import haulage
from haulage.depot import Depot
from haulage.rules.digests import Hashers


@pytest.mark.case("C08")
@pytest.mark.parametrize("size", [1000, 5_000_000])
async def test_hashing_is_not_done_on_the_loop(
    size: int, depot: Depot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every byte is hashed in a worker thread; that writing and flushing are as well is watched over in all tests."""
    hashed: dict[int, int] = {}
    update = Hashers.update

    def noted(self: Hashers, chunks: Iterable[bytes]) -> None:
        chunks = list(chunks)
        number = threading.get_ident()
        hashed[number] = hashed.get(number, 0) + sum(map(len, chunks))
        update(self, chunks)

    monkeypatch.setattr(Hashers, "update", noted)
    await haulage.download(f"{depot.url}/_/bytes/{size}", tmp_path / "file", remote=haulage.Remote(durable=True))
    assert threading.get_ident() not in hashed
    assert sum(hashed.values()) == size


@pytest.mark.case("Q07")
@pytest.mark.parametrize("jump", [-86_400.0, 86_400.0])
async def test_a_clock_that_jumps_while_waiting(
    jump: float, depot: Depot, try_out: TryOut, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Set back or forth by a day in mid-wait, the wall clock makes a wait neither longer nor shorter."""
    started, wall = time.monotonic(), time.time
    monkeypatch.setattr(time, "time", lambda: wall() + (jump if time.monotonic() - started > 0.3 else 0.0))
    outcome = await try_out(f"{depot.url}/_/status/429?times=1&retry_after=1")
    assert outcome.result is not None, outcome.error
    assert 1.0 <= outcome.seconds < 4.0


@pytest.mark.case("Q07", "Q01")
@pytest.mark.parametrize("wrong", [-7200.0, 7200.0])
async def test_a_wrong_clock_and_a_date_in_retry_after(
    wrong: float, try_out: TryOut, raw: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A date is held against the server's own Date, so that a clock here that is hours off does no harm."""
    server = await raw(  # type: ignore[operator]
        b"HTTP/1.1 429 Slow down\r\nDate: Sat, 21 Nov 2026 10:00:00 GMT\r\n"
        b"Retry-After: Sat, 21 Nov 2026 10:00:01 GMT\r\n"
        b"Content-Length: 0\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
    )
    wall = time.time
    monkeypatch.setattr(time, "time", lambda: wall() + wrong)
    outcome = await try_out(server.url)
    assert outcome.result is not None, outcome.error
    assert 1.0 <= outcome.seconds < 4.0

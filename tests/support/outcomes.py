"""How a download ended, and what must hold however it did."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import haulage

__all__ = ["OLD", "Outcome", "TryOut", "assert_none_of_aiohttp", "try_out"]

OLD = b"what was there before"


class Outcome(NamedTuple):
    """A result or an error, and the seconds it took."""

    result: haulage.DownloadResult | None
    error: haulage.DownloadError | None
    seconds: float


TryOut = Callable[..., Awaitable[Outcome]]


async def try_out(url: str, target: Path, *, settings: dict[str, Any] | None = None, **arguments: Any) -> Outcome:
    """Download *url* over an old file; a failure leaves that file untouched and alone in its directory."""
    target.write_bytes(OLD)
    result = error = None
    started = time.monotonic()
    try:
        result = await haulage.download(url, target, remote=haulage.Remote(**(settings or {})), **arguments)
    except haulage.DownloadError as caught:
        error = caught
    seconds = time.monotonic() - started
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    if error is not None:
        assert target.read_bytes() == OLD
        assert_none_of_aiohttp(error)
        assert "\n" not in str(error)
    return Outcome(result, error, seconds)


def assert_none_of_aiohttp(error: BaseException | None) -> None:
    """No exception of aiohttp is in the chain of *error*."""
    while error is not None:
        assert not type(error).__module__.startswith("aiohttp"), f"in the chain: {error!r}"
        error = error.__cause__ or error.__context__

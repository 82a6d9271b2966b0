"""How a download ended, and what must hold however it did."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import haulage
from support.canary import CANARY, assert_silent, inspect_error, with_secrets

__all__ = ["OLD", "Outcome", "TryOut", "assert_none_of_aiohttp", "try_out"]

OLD = b"what was there before"


class Outcome(NamedTuple):
    """A result or an error, and the seconds it took."""

    result: haulage.DownloadResult | None
    error: haulage.DownloadError | None
    seconds: float


SECRETS = {
    "username": "ann",
    "password": CANARY,
    "headers": {"X-Api-Key": CANARY, "Cookie": f"session={CANARY}"},
}
"""Settings with secrets, which are in every download that is tried out."""

TryOut = Callable[..., Awaitable[Outcome]]


async def try_out(url: str, target: Path, *, settings: dict[str, Any] | None = None, **arguments: Any) -> Outcome:
    """Download *url*, with secrets, over an old file; a failure leaves that untouched and alone, and tells none."""
    target.write_bytes(OLD)
    result = error = None
    remote = haulage.Remote(**{**SECRETS, **(settings or {})})
    started = time.monotonic()
    try:
        result = await haulage.download(with_secrets(url), target, remote=remote, **arguments)
    except haulage.DownloadError as caught:
        error = caught
    seconds = time.monotonic() - started
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    assert_silent(repr(result), "the result")
    if error is not None:
        inspect_error(error)
        assert target.read_bytes() == OLD
        assert_none_of_aiohttp(error)
        assert "\n" not in str(error)
    return Outcome(result, error, seconds)


def assert_none_of_aiohttp(error: BaseException | None) -> None:
    """No exception of aiohttp is in the chain of *error*."""
    while error is not None:
        assert not type(error).__module__.startswith("aiohttp"), f"in the chain: {error!r}"
        error = error.__cause__ or error.__context__

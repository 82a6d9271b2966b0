"""Writing a file in one of several ways, while something happens to a call to the file system."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

import haulage
from haulage.depot import Depot, generated_digest
from support.inject_disk import FaultyOs

__all__ = ["OLD", "WAYS", "Desk", "Way"]

_SMALL, _LARGE, _PIECE = 5000, 100_000, 20_000
OLD = bytes(_SMALL)


class Way(NamedTuple):
    """A way to write a file.

    Attributes:
        calls: The calls it consists of.
        path: Of the URL.
        size: Of the body.
        if_exists: What is done with what is there already.
        durable: Whether it is flushed.
    """

    calls: str
    path: str = f"/_/bytes/{_SMALL}"
    size: int = _SMALL
    if_exists: Any = "replace"
    durable: bool = False


_LOOK, _END = "open directory, scandir directory", "close directory"
_READ = "open existing, fstat existing, read existing, read existing, close existing"
WAYS = {
    "small": Way(f"{_LOOK}, open, writev, close, replace, {_END}"),
    "in pieces": Way(
        f"{_LOOK}, open, writev, writev, writev, writev, writev, close, replace, {_END}",
        f"/_/chunked/{_LARGE}/{_PIECE}",
        _LARGE,
    ),
    "durable": Way(f"{_LOOK}, open, writev, fsync, close, replace, fsync directory, {_END}", durable=True),
    "new": Way(
        f"{_LOOK}, stat, open, writev, fsync, close, link, unlink, fsync directory, {_END}",
        if_exists="fail",
        durable=True,
    ),
    "verified": Way(
        f"{_LOOK}, {_READ}, open, writev, close, replace, {_END}",
        if_exists="verify",
    ),
}


class Desk:
    """Where files are written in one way, with one call failing at a time."""

    def __init__(self, way: Way, depot: Depot, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.way = way
        self.depot = depot
        self.target = target
        self.settings: dict[str, Any] = {}
        self.old = None if way.if_exists == "fail" else OLD
        self._monkeypatch = monkeypatch

    async def download(self, faulty: FaultyOs) -> haulage.DownloadResult:
        """Download over the old file, if there is to be one."""
        way = self.way
        self.target.unlink(missing_ok=True)
        if self.old is not None:
            self.target.write_bytes(self.old)
        self.depot.clear_requests()
        with self._monkeypatch.context() as patched:
            faulty.install(patched.setattr)
            return await haulage.download(
                self.depot.url + way.path,
                self.target,
                expected_digests={"sha256": generated_digest(way.size)},
                if_exists=way.if_exists,
                remote=haulage.Remote(max_retries=3, download_concurrency=256, durable=way.durable, **self.settings),
            )

    def content(self) -> bytes | None:
        """Return what is at the target; nothing may be beside it."""
        names = [path.name for path in self.target.parent.iterdir()]
        assert names in ([], [self.target.name])
        return self.target.read_bytes() if names else None

"""What is downloaded: files of an archive, and carts of them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from benchmarks.catalogue import Peer
from benchmarks.corpus import Body, make_links, make_many, make_sparse
from benchmarks.process import check

NAME = "data"
"""The directory in which a cart's files arrive, by Pacifica's default."""

SUBDIRS = 10
"""Directories over which the files of a cart are spread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of the archive, and its place in a cart."""

    body: Body
    sha1: str
    subdir: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CartWork:
    """One cart to be downloaded from the depot at ``url``."""

    peers: ClassVar[str] = "benchmarks.carts.peers"
    parts: ClassVar[tuple[str, ...]] = ("staging", "waiting", "rest", "cpu")

    title: str
    url: str
    entries: tuple[Entry, ...]

    @property
    def size(self) -> int:
        """All files together, in bytes."""
        return sum(entry.body.size for entry in self.entries)

    def job(self, peer: Peer, destination: Path) -> Mapping[str, Any]:
        """Return the order a peer receives; see `benchmarks.carts.peers._order.Order`."""
        files = {
            entry.body.path: {
                "name": entry.name,
                "subdir": entry.subdir,
                "hashsum": entry.sha1,
                "hashtype": "sha1",
            }
            for entry in self.entries
        }
        return {
            "carts_url": f"{self.url}/_/carts",
            "times_url": f"{self.url}/_/times",
            "transinfo": {"files": files},
            "destination": str(destination),
            "loop": peer.loop,
        }

    def check(self, destination: Path) -> None:
        """Read again what a peer wrote.

        Raises:
            PeerError: A file is missing or has other bytes than the archive's.
        """
        top = destination / NAME
        check({top / entry.subdir / entry.name: entry.body for entry in self.entries})


def make_archive(root: Path, count: int, size: int) -> tuple[Entry, ...]:
    """Write ``count`` random files of ``size`` bytes into the archive at ``root``."""
    bodies = make_many(root, "files", count, size)
    return tuple(_entry(number, body, _sha1(root / body.path)) for number, body in enumerate(bodies))


def make_hollow(root: Path, name: str, count: int, size: int) -> tuple[Entry, ...]:
    """Give the archive ``count`` names for one file of ``size`` zeros, which takes no room."""
    body = make_sparse(root, f"{name}.bin", size)
    sha1 = _sha1(root / body.path)
    return tuple(_entry(number, link, sha1) for number, link in enumerate(make_links(root, name, body, count)))


def _entry(number: int, body: Body, sha1: str) -> Entry:
    return Entry(body=body, sha1=sha1, subdir=f"run{number % SUBDIRS}", name=body.path.rpartition("/")[2])


def _sha1(path: Path) -> str:
    # What Pacifica's archives keep of a file.
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha1").hexdigest()

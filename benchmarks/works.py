"""What is compared: the works, and the bodies they need."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from benchmarks.catalogue import Peer
from benchmarks.corpus import Body, make_big, make_links, make_many
from benchmarks.process import check
from benchmarks.server import Server

BIG_HTTP = "big-http"
BIG_HTTPS = "big-https"
SMALL = "small-http"
WORKS = (BIG_HTTP, BIG_HTTPS, SMALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much work there is: sizes in bytes, counts in files."""

    big: int
    files: int
    small: int
    parallel: int
    parallel_size: int
    concurrency: int

    @property
    def needed(self) -> int:
        """Bytes of temporary space that a run needs: what is served and what is written."""
        written = max(self.big, self.files * max(self.small, 4096))
        return (
            self.big
            + self.parallel_size
            + self.files * max(self.small, 4096)
            + max(written, self.parallel * self.parallel_size)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """All bodies of a run."""

    big: Body
    small: tuple[Body, ...]
    parallel: tuple[Body, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One thing to do: bodies from an origin, at most ``concurrency`` at once."""

    peers: ClassVar[str] = "benchmarks.peers"
    parts: ClassVar[tuple[str, ...]] = ()

    key: str
    title: str
    origin: str
    bodies: tuple[Body, ...]
    concurrency: int
    ca_file: Path | None

    @property
    def size(self) -> int:
        """All bodies together, in bytes."""
        return sum(body.size for body in self.bodies)

    def job(self, peer: Peer, destination: Path) -> Mapping[str, Any]:
        """Return the job a peer receives; see `benchmarks.peers._job.Job`."""
        return {
            "urls": [f"{self.origin}/{body.path}" for body in self.bodies],
            "sha256": [body.sha256 for body in self.bodies],
            "sizes": [body.size for body in self.bodies],
            "destination": str(destination),
            "concurrency": self.concurrency,
            "ca_file": None if self.ca_file is None else str(self.ca_file),
            "loop": peer.loop,
        }

    def check(self, destination: Path) -> None:
        """Read again what a peer wrote.

        Raises:
            PeerError: A file is missing or has other bytes than were served.
        """
        check({destination / body.path.rpartition("/")[2]: body for body in self.bodies})


def make_corpus(root: Path, sizes: Sizes) -> Corpus:
    """Write all bodies under ``root``."""
    parallel = make_big(root, "parallel.bin", sizes.parallel_size)
    return Corpus(
        big=make_big(root, "big.bin", sizes.big),
        small=make_many(root, "small", sizes.files, sizes.small),
        parallel=make_links(root, "parallel", parallel, sizes.parallel),
    )


def titles(sizes: Sizes) -> dict[str, str]:
    """Return what each work is called in the report."""
    big = readable(sizes.big)
    return {
        BIG_HTTP: f"{big} over http, sha256 verified",
        BIG_HTTPS: f"{big} over https, sha256 verified",
        SMALL: f"{sizes.files:,} files of {readable(sizes.small)} over http, "
        "each sha256 verified and published in a directory",
    }


def make_works(corpus: Corpus, server: Server, sizes: Sizes) -> tuple[Work, ...]:
    """Return the three works in which peers are compared."""
    plan = (
        (BIG_HTTP, server.http, (corpus.big,), None),
        (BIG_HTTPS, server.https, (corpus.big,), server.ca_file),
        (SMALL, server.http, corpus.small, None),
    )
    return tuple(
        Work(
            key=key,
            title=titles(sizes)[key],
            origin=origin,
            bodies=bodies,
            concurrency=sizes.concurrency,
            ca_file=ca_file,
        )
        for key, origin, bodies, ca_file in plan
    )


def make_parallel(corpus: Corpus, server: Server) -> Work:
    """Return the gauge's work with all its bodies at once."""
    first = corpus.parallel[0]
    return Work(
        key="parallel-http",
        title=f"{len(corpus.parallel)} bodies of {readable(first.size)} at once",
        origin=server.http,
        bodies=corpus.parallel,
        concurrency=len(corpus.parallel),
        ca_file=None,
    )


def readable(size: int) -> str:
    """Write a size in bytes for people: ``1 GiB``, ``4 KiB``."""
    for unit, shift in (("GiB", 30), ("MiB", 20), ("KiB", 10)):
        if size >= 1 << shift:
            return f"{size / (1 << shift):g} {unit}"
    return f"{size} B"

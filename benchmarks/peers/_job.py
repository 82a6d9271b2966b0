"""What a peer is asked to do, and how it answers.

A Python peer times only the work: neither the interpreter's start nor its imports count. Peers for
command-line tools start the tool inside the timed part, so those are timed whole.
"""

# mypy: disable-error-code="import-not-found,import-untyped"

import asyncio
import hashlib
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

CHUNK = 1 << 20
"""How much a peer without a buffer size of its own reads at once, in bytes."""


class DigestMismatchError(Exception):
    """The bytes that arrived are not the bytes that were promised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One file to bring: where from, where to, and what it must be (size in bytes)."""

    url: str
    path: Path
    sha256: str
    size: int

    @property
    def part(self) -> Path:
        """Where a peer without atomic publishing writes before it renames."""
        return self.path.with_name(self.path.name + ".part")

    def publish(self, actual: str) -> None:
        """Move the part into place, if ``actual`` is the promised digest."""
        if actual != self.sha256:
            msg = f"{self.path.name}: expected {self.sha256}, got {actual}"
            raise DigestMismatchError(msg)
        self.part.replace(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The whole work of one run, as the harness wrote it."""

    items: tuple[Item, ...]
    destination: Path
    concurrency: int
    ca_file: str | None
    loop: str

    def authority(self) -> str | None:
        """Return the authority's certificate as PEM text, for those who do not take a path."""
        return None if self.ca_file is None else Path(self.ca_file).read_text()

    @classmethod
    def read(cls, path: Path) -> "Job":
        """Read the job the harness wrote to ``path``."""
        raw = json.loads(path.read_text())
        destination = Path(raw["destination"])
        items = tuple(
            Item(url=url, path=destination / url.rpartition("/")[2], sha256=sha256, size=size)
            for url, sha256, size in zip(raw["urls"], raw["sha256"], raw["sizes"], strict=True)
        )
        return cls(
            items=items,
            destination=destination,
            concurrency=raw["concurrency"],
            ca_file=raw["ca_file"],
            loop=raw["loop"],
        )


def run_async(distribution: str, work: Callable[[Job], Awaitable[dict[str, float] | None]]) -> None:
    """Do the job with a coroutine function, on the event loop the job names.

    What ``work`` returns is added to the answer.
    """
    job = Job.read(Path(sys.argv[1]))

    async def timed() -> tuple[float, dict[str, float] | None]:
        start = time.perf_counter()
        more = await work(job)
        return time.perf_counter() - start, more

    with asyncio.Runner(loop_factory=loop_factory(job.loop)) as runner:
        seconds, more = runner.run(timed())
    answer(seconds, metadata.version(distribution), memory("VmHWM"), **(more or {}))


def run_sync(distribution: str, work: Callable[[Job], object]) -> None:
    """Do the job with a plain function."""
    job = Job.read(Path(sys.argv[1]))
    start = time.perf_counter()
    work(job)
    answer(time.perf_counter() - start, metadata.version(distribution), memory("VmHWM"))


def loop_factory(name: str) -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes the event loop called ``name``: ``asyncio`` or ``uvloop``."""
    if name == "uvloop":
        import uvloop  # noqa: PLC0415 - most peers' environments do not have it

        factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
        return factory
    return asyncio.new_event_loop


def answer(seconds: float, version: str, peak_rss: int, **more: float) -> None:
    """Print the one line the harness reads: seconds, peak resident bytes, version."""
    line = {"seconds": seconds, "peak_rss": peak_rss, "version": version, **more}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def memory(field: str, pid: int | str = "self") -> int:
    """Return a size from a process's ``/proc`` status in bytes, zero where there is none.

    ``VmHWM`` is the peak; ``ru_maxrss`` would also remember the size of whoever started us.
    """
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    lines = (line.split() for line in text.splitlines())
    return next((int(words[1]) << 10 for words in lines if words[0] == f"{field}:"), 0)


def file_sha256(path: Path) -> str:
    """Return the digest of a file that is already there, for tools which do not compute one."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def environment(job: Job) -> dict[str, str]:
    """Return this environment, with the job's authority trusted by OpenSSL and rustls users."""
    trust = {} if job.ca_file is None else {"SSL_CERT_FILE": job.ca_file}
    return {**os.environ, **trust}

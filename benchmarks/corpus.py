"""The bodies that are served: random, made once per run, with their digests."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

BLOCK = 8 << 20
"""Bytes of randomness that a big body repeats, each time under another number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One file under the server's root: its path there, its digest, its size in bytes."""

    path: str
    sha256: str
    size: int


def make_big(root: Path, name: str, size: int) -> Body:
    """Write one body of ``size`` bytes."""
    block = bytearray(os.urandom(BLOCK))
    digest = hashlib.sha256()
    with (root / name).open("wb") as file:
        for number, start in enumerate(range(0, size, BLOCK)):
            block[:8] = number.to_bytes(8, "big")
            piece = memoryview(block)[: size - start]
            digest.update(piece)
            file.write(piece)
    return Body(path=name, sha256=digest.hexdigest(), size=size)


def make_many(root: Path, folder: str, count: int, size: int) -> tuple[Body, ...]:
    """Write ``count`` bodies of ``size`` bytes each into ``folder``."""
    (root / folder).mkdir()
    return tuple(_make_small(root, f"{folder}/{number:06}.bin", size) for number in range(count))


def make_sparse(root: Path, name: str, size: int) -> Body:
    """Write one body of ``size`` zeros that takes no room, where the file system has holes."""
    with (root / name).open("wb") as file:
        file.truncate(size)
    return Body(path=name, sha256=file_sha256(root / name), size=size)


def make_links(root: Path, folder: str, body: Body, count: int) -> tuple[Body, ...]:
    """Give one body ``count`` names, so that many big bodies do not fill the memory."""
    (root / folder).mkdir()
    paths = [f"{folder}/{number:06}.bin" for number in range(count)]
    for path in paths:
        (root / path).hardlink_to(root / body.path)
    return tuple(Body(path=path, sha256=body.sha256, size=body.size) for path in paths)


def file_sha256(path: Path) -> str:
    """Return the digest of a file, read whole in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _make_small(root: Path, path: str, size: int) -> Body:
    content = os.urandom(size)
    (root / path).write_bytes(content)
    return Body(path=path, sha256=hashlib.sha256(content).hexdigest(), size=size)

"""An archive, cut into pieces, through the sinks of haulage as one attempt drives them; and what is left afterwards."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from haulage.archives.contents import Contents
from haulage.archives.sinks import ProvedSink, TreeTarget
from haulage.sinks.directory import Directory
from haulage.sinks.file import FileTarget

__all__ = ["TREE", "by_bytes", "cut_at_random", "descriptors", "files", "keep", "prove", "unpack"]

TREE, KEPT = "tree", "kept.tar"


def prove(pieces: Iterable[bytes], contents: Contents) -> Contents:
    """Feed *contents* all *pieces*, and no more."""
    for piece in pieces:
        for _ in contents.feed(piece):
            pass
    contents.close()
    return contents


def unpack(pieces: Iterable[bytes], place: Path, contents: Contents, *, durable: bool = False) -> Path:
    """Unpack an archive into a new directory in *place*, and return that."""
    target = TreeTarget(str(place / TREE), lambda: contents, durable=durable)
    _run(target, target.sink, pieces, place)
    return place / TREE


def keep(pieces: Iterable[bytes], place: Path, contents: Contents) -> Path:
    """Store an archive that is proved as a file in *place*, and return that."""
    target = FileTarget(str(place / KEPT))
    _run(target, lambda: ProvedSink(target.sink(), contents), pieces, place)
    return place / KEPT


def _run(target: FileTarget, make_sink: Any, pieces: Iterable[bytes], place: Path) -> None:
    target.directory = Directory(str(place))
    try:
        sink = make_sink()
        try:
            sink.open(None)
            for piece in pieces:
                sink.write([piece])
            sink.commit()
        finally:
            sink.abort()
    finally:
        target.directory.close()


def by_bytes(data: bytes) -> Iterator[bytes]:
    """Cut *data* into single bytes."""
    return (data[place : place + 1] for place in range(len(data)))


def cut_at_random(data: bytes, seed: int = 0) -> Iterator[bytes]:
    """Cut *data* at random, often near the ends of blocks, into pieces of which some are empty."""
    chance = random.Random(seed)
    place = 0
    while place < len(data):
        end = place + chance.choice((0, 1, 7, 511, 512, 513, 1024, 5000, 100_000))
        yield data[place:end]
        place = end


def files(top: Path) -> dict[str, bytes | None]:
    """Return what is below *top*: path → content, None for a directory."""
    found: dict[str, bytes | None] = {}
    for directory, names, file_names in os.walk(top):
        inner = os.path.relpath(directory, top)
        for name in names:
            found[os.path.normpath(os.path.join(inner, name))] = None
        for name in file_names:
            found[os.path.normpath(os.path.join(inner, name))] = Path(directory, name).read_bytes()
    return found


def descriptors() -> list[str]:
    """Return the descriptors that this process has open."""
    return sorted(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else []

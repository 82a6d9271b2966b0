"""Where the bytes of a body come from: a file, memory, or a formula.

Strategy: a source is a representation that can be read. Reading may block and is always called on a worker
thread. One source serves one request, so it needs no lock. A source that is a plain file says so, because
the kernel can send that by itself.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from haulage.depot.answers import Representation
from haulage.depot.conditions import Validators
from haulage.depot.content import generated_at

if TYPE_CHECKING:
    import os
    from io import FileIO

__all__ = ["FileSource", "GeneratedSource", "MemorySource", "RestatedSource", "Source"]

# Generated content never changes, so its date is the same for ever: 1 January 2024, 00:00:00 UTC.
_GENERATED_SINCE = 1_704_067_200


class Source(Protocol):
    """A representation whose bytes can be read at any position."""

    @property
    def representation(self) -> Representation:
        """Size, type and validators."""

    @property
    def file(self) -> FileIO | None:
        """The plain file that holds these bytes at the same positions, or ``None``."""

    def read_at(self, start: int, length: int) -> bytes:
        """Return the bytes of a span; fewer only if the source has shrunk. May block."""

    def close(self) -> None:
        """Give back what the source holds; safe to call twice."""


@dataclass(frozen=True, slots=True)
class MemorySource:
    """A few bytes that are already here."""

    content: bytes
    representation: Representation
    file: None = None

    def read_at(self, start: int, length: int) -> bytes:
        """Return a slice."""
        return self.content[start : start + length]

    def close(self) -> None:
        """Nothing to give back."""


@dataclass(frozen=True, slots=True)
class GeneratedSource:
    """The content of :mod:`haulage.depot.content` for one size and seed."""

    size: int
    seed: str
    file: None = None

    @property
    def representation(self) -> Representation:
        """Validators that are the same in every depot: equal size and seed are equal bytes."""
        # The seed is text of any length and kind, of which a tag may hold only some (RFC 9110, section 8.8.3).
        seed = hashlib.sha256(self.seed.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        return Representation(self.size, validators=Validators(f'"generated-{self.size}-{seed}"', _GENERATED_SINCE))

    def read_at(self, start: int, length: int) -> bytes:
        """Compute a span."""
        return generated_at(start, length, self.seed)

    def close(self) -> None:
        """Nothing to give back."""


@dataclass(frozen=True, slots=True)
class RestatedSource:
    """The bytes of another source, or the first of them, under another description."""

    source: Source
    representation: Representation

    @property
    def file(self) -> FileIO | None:
        """The file of the other source; positions are the same."""
        return self.source.file

    def read_at(self, start: int, length: int) -> bytes:
        """Read from the other source."""
        return self.source.read_at(start, length)

    def close(self) -> None:
        """Close the other source."""
        self.source.close()


class FileSource:
    """An open file, as long as it was when it was opened."""

    def __init__(self, file: FileIO, representation: Representation) -> None:
        """Take over a file.

        Args:
            file: An unbuffered file, which the source closes.
            representation: What was found out about it through the same descriptor.
        """
        self.representation = representation
        self.file = file

    def read_at(self, start: int, length: int) -> bytes:
        """Read a span; short when somebody has cut the file meanwhile."""
        self.file.seek(start)
        pieces: list[bytes] = []
        while length > 0 and (piece := self.file.read(length)):
            pieces.append(piece)
            length -= len(piece)
        return b"".join(pieces)

    def close(self) -> None:
        """Close the file."""
        # A read-only descriptor has nothing to lose; an error here is the file system's and nobody can act on it.
        with contextlib.suppress(OSError):
            self.file.close()


def describe(status: os.stat_result, content_type: str, *, now: float) -> Representation:
    """Derive size and validators of a file from its status.

    The tag is strong: it joins inode, size, and the times of the last change of content *and* of status, all
    in nanoseconds. Replacing a file by rename changes the inode, writing into it changes the times, and the
    change time, unlike the modification time, cannot be set back by ``touch``, ``cp -p`` or ``rsync``. A
    digest of the content would be stronger, but would read every file twice. What remains is two writes of
    equal length within one tick of the file system's clock.

    Args:
        status: The result of ``fstat`` on the open file.
        content_type: What the name says about the content.
        now: Seconds since the epoch; a date in the future must not be sent (RFC 9110, section 8.8.2.1).

    Returns:
        The representation.
    """
    stamp = f"{status.st_ino:x}-{status.st_size:x}-{status.st_mtime_ns:x}-{status.st_ctime_ns:x}"
    modified = min(status.st_mtime_ns // 1_000_000_000, int(now))
    return Representation(status.st_size, content_type, Validators(f'"{stamp}"', max(0, modified)))

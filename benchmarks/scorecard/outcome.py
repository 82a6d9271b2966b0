"""What can be seen of a run from the outside, and nothing that the tool says about itself but its exit code."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

GZIP = b"\x1f\x8b"


class Stop(Enum):
    """Why a run was ended that had not ended by itself."""

    TIME = "time"
    SPACE = "space"
    KILL = "kill"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file: its size in bytes, its SHA-256, and whether it begins as gzip does."""

    size: int
    sha256: str
    is_gzip: bool = False

    @classmethod
    def at(cls, path: Path) -> "Found | None":
        """Look at a path; None if no file is there."""
        if not path.is_file():
            return None
        with path.open("rb") as file:
            is_gzip = file.read(len(GZIP)) == GZIP
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return cls(size=path.stat().st_size, sha256=sha256, is_gzip=is_gzip)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one run of one peer ended.

    Attributes:
        code: The exit code, negative for a signal, or None if the run was stopped.
        stop: Why it was stopped, or None.
        words: The last line of what it said, for people.
        seconds: How long it took.
        final: What is under the final name, or None.
        final_name: That name.
        others: What is elsewhere in the directory or in the temporary one: size in bytes by relative path.
        outside: What was written outside of the directory.
        leaks: Secrets that reached a server they were not meant for.
        gaps: Seconds between one request and the next.
    """

    code: int | None = None
    stop: Stop | None = None
    words: str = ""
    seconds: float = 0.0
    final: Found | None = None
    final_name: str = ""
    others: Mapping[str, int] = field(default_factory=dict)
    outside: tuple[str, ...] = ()
    leaks: tuple[str, ...] = ()
    gaps: tuple[float, ...] = ()

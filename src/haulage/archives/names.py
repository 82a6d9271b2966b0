"""Names of members: a path below one root, or an error."""

from __future__ import annotations

import os
import re
import unicodedata

from haulage.errors import ArchiveUnsafe
from haulage.rules.filenames import is_device_name

__all__ = ["fold", "member_parts", "problem_with"]

_MOST_BYTES = 255  # in one component, on nearly all file systems
_LONGEST = 4096  # bytes; PATH_MAX of Linux, and four times that of macOS
_DEEPEST = 128  # components: more than anybody has, and less than makes a tree hard to remove
_NO_SIGN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # controls and halves of characters
_WINDOWS_SIGNS = frozenset('\\:*?"<>|')


def member_parts(name: str) -> tuple[str, ...]:
    """Return the components of *name*, a path in an archive.

    Args:
        name: With slashes. Components that are empty or a single dot mean nothing.

    Raises:
        ArchiveUnsafe: It is absolute, leads upwards, is empty, or cannot be a path here.
    """
    problem = problem_with(name)
    if problem is not None:
        msg = f"unsafe name in the archive ({problem})"
        raise ArchiveUnsafe(msg, member=name)
    return _parts(name)


def problem_with(name: str, *, windows: bool = os.name == "nt") -> str | None:
    """Return what is wrong with *name* as a relative path, or None.

    Args:
        name: With slashes.
        windows: Whether the rules of Windows' file systems hold.
    """
    parts = _parts(name)
    sizes = [len(part.encode("utf-8", "surrogatepass")) for part in parts]
    checks = {
        "absolute": name.startswith("/"),
        "empty": not parts,
        "leads upwards": ".." in parts,
        "too deep": len(parts) > _DEEPEST,
        "too long": max(sizes, default=0) > _MOST_BYTES or sum(sizes) + len(sizes) > _LONGEST,
        "a sign that is none": _NO_SIGN.search(name) is not None,
        "not a name on this system": windows and any(map(_is_unfit_for_windows, parts)),
    }
    return next((problem for problem, holds in checks.items() if holds), None)


def fold(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return *parts* so that two names which some file system takes for one are equal."""
    return tuple(part if part.isascii() and part.islower() else _folded(part) for part in parts)


def _folded(part: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", part).casefold())


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part for part in name.split("/") if part not in ("", "."))


def _is_unfit_for_windows(part: str) -> bool:
    return not _WINDOWS_SIGNS.isdisjoint(part) or part[-1] in " ." or is_device_name(part)

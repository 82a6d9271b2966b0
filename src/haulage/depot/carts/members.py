"""Which members the tar of a cart has, and in which order: a pure decision, no I/O.

Strategy: the members are those that archiving a directory tree would give: the directories above each file are members
of their own, a directory comes before what is in it, and names are sorted. A path that leaves its cart, or is both a
file and a directory, cannot be staged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from haulage.depot.carts.orders import Wanted

__all__ = ["Member", "StagingError", "arrange", "file_segments"]


class StagingError(Exception):
    """A cart that cannot be staged; it says why."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a tar.

    Attributes:
        parts: Its path below the topmost directory, which itself has none.
        file: What of the depot it contains; ``None`` for a directory.
    """

    parts: tuple[str, ...]
    file: Wanted | None


def arrange(files: Iterable[Wanted]) -> tuple[Member, ...]:
    """Lay out the members of a cart.

    Args:
        files: What was ordered. Of two files with the same path the later one counts.

    Returns:
        The members, the topmost directory first.

    Raises:
        StagingError: A path has no meaning in a cart.
    """
    found = {_path_parts(file.path): file for file in files}
    directories = {parts[:depth] for parts in found for depth in range(len(parts))} | {()}
    for parts in directories & found.keys():
        msg = f"Failed directory create: {'/'.join(parts)!r} is a file and a directory"
        raise StagingError(msg)
    members = [Member(parts, None) for parts in directories] + [Member(*pair) for pair in found.items()]
    return tuple(sorted(members, key=lambda member: member.parts))


def file_segments(file_id: str) -> tuple[bytes, ...] | None:
    """Cut an id into the segments of a path below the root; ``None`` if it is no text."""
    try:
        return tuple(file_id.encode().split(b"/"))
    except UnicodeEncodeError:
        return None


def _path_parts(path: str) -> tuple[str, ...]:
    """Cut the path of a file in its cart; one slash in front is taken off, as the real service does."""
    inner = path.removeprefix("/")
    parts = tuple(part for part in inner.split("/") if part not in {"", "."})
    is_text = not any("\ud800" <= sign <= "\udfff" for sign in path)
    if not is_text or "\0" in path or ".." in parts or not parts or inner[0] == "/" or inner[-1] == "/":
        msg = f"Failed directory create: {path!r} is no path in a cart"
        raise StagingError(msg)
    return parts

"""Whether the members of an archive may lie beside each other, and are those that were asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haulage.archives.names import fold
from haulage.errors import ArchiveIncomplete, ArchiveUnsafe, TooLarge

if TYPE_CHECKING:
    from haulage.archives.tar import Member
    from haulage.cart.manifest import Manifest

__all__ = ["Judge"]

_MOST_NAMED = 5
_MOST_SHOWN = 120  # characters of each
_LETTERS_EACH = 250  # of a name, on average: what the names of an archive cost in memory is bounded by that
_SPARE_LETTERS = 10_000


class Judge:
    """Looks at the members of one archive, in order.

    An archive has one directory at its top, whatever it is called: it becomes the target. Without a manifest, names
    that some file system takes for one (other case, other composition of letters) count as one. Who asked for both by
    name shall have both, where the file system can.

    Args:
        manifest: What was asked for; None where nobody knows.
        most_members: Files and directories that there may be where nobody knows, those that are only implied counted.
    """

    def __init__(self, manifest: Manifest | None = None, *, most_members: int) -> None:
        self._manifest = manifest
        self._most_members = most_members
        self._letters = 0  # of all names
        self._root: str | None = None
        self._files: set[str] = set()
        self._told: set[str] = set()  # directories that were members themselves
        self._directories: dict[str, str] = {}  # as they count → as they are spelt
        self._above: tuple[str, ...] = ()  # what the last member lay in

    def admit(self, member: Member) -> tuple[str, ...]:
        """Return the components of *member*'s path below the top; none for the top itself.

        Raises:
            ArchiveUnsafe: It must not be unpacked.
            TooLarge: More files and directories than allowed.
        """
        root, *below = member.parts
        parts = tuple(below)
        if self._root is None:
            self._root = root
        problem = "outside the archive's one directory" if root != self._root else None
        if problem is None and not parts and not member.is_directory:
            problem = "a file that is not in a directory"
        problem = problem or self._problem_with_place(member, parts) or self._problem_with_request(member, parts)
        if problem is not None:
            msg = f"unsafe member in the archive ({problem})"
            raise ArchiveUnsafe(msg, member=member.name)
        if self._manifest is None:
            self._check_amount(member)
        return parts

    def finish(self) -> None:
        """Say that there are no more members.

        Raises:
            ArchiveIncomplete: Some that were asked for did not come, or none came at all.
        """
        if self._root is None:
            msg = "the archive is empty"
            raise ArchiveIncomplete(msg)
        if self._manifest is None:
            return
        files = self._manifest.files
        missing = tuple(file.path for parts, file in files.items() if "/".join(parts) not in self._files)
        if missing:
            names = ", ".join(ascii(name[:_MOST_SHOWN]) for name in missing[:_MOST_NAMED])
            more = ", …" if len(missing) > _MOST_NAMED else ""
            msg = f"{len(missing)} of {len(files)} files are not in the archive: {names}{more}"
            raise ArchiveIncomplete(msg, missing=missing)

    def _problem_with_place(self, member: Member, parts: tuple[str, ...]) -> str | None:
        counting = parts if self._manifest is not None else fold(parts)
        # Members mostly come directory by directory, and what was a directory stays one.
        problem = None if parts[:-1] == self._above else self._problem_above(parts[:-1], counting[:-1])
        if problem is not None:
            return problem
        self._above = parts[:-1]
        key = "/".join(counting)
        if key in self._files or key in self._told:
            return "a name twice"
        if member.is_directory:
            self._told.add(key)
            return self._problem_with_spelling(key, "/".join(parts))
        if key in self._directories:
            return "a file in place of a directory"
        self._files.add(key)
        return None

    def _problem_above(self, parts: tuple[str, ...], counting: tuple[str, ...]) -> str | None:
        for depth in range(1, len(parts) + 1):
            key = "/".join(counting[:depth])
            if key in self._files:
                return "below a file"
            problem = self._problem_with_spelling(key, "/".join(parts[:depth]))
            if problem is not None:
                return problem
        return None

    def _problem_with_spelling(self, key: str, spelt: str) -> str | None:
        return None if self._directories.setdefault(key, spelt) == spelt else "two names that differ only in case"

    def _problem_with_request(self, member: Member, parts: tuple[str, ...]) -> str | None:
        if self._manifest is None or not parts:
            return None
        asked = self._manifest.directories if member.is_directory else self._manifest.files
        return None if parts in asked else "nobody asked for it"

    def _check_amount(self, member: Member) -> None:
        """Refuse more than there may be, before it is made: a name implies all the directories in it."""
        self._letters += len(member.name)
        if len(self._files) + len(self._directories) > self._most_members:
            msg = f"more than {self._most_members} files and directories in the archive"
            raise TooLarge(msg, limit=self._most_members)
        most_letters = _SPARE_LETTERS + _LETTERS_EACH * self._most_members
        if self._letters > most_letters:
            msg = f"more than {most_letters} letters of names in the archive"
            raise TooLarge(msg, limit=most_letters)

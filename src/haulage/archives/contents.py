"""The contents of one archive, proved while they pass: the story from bytes to members."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from haulage.archives.judge import Judge
from haulage.archives.tar import MOST_MEMBERS, Member, TarReader
from haulage.errors import MemberDigestError, TooLarge
from haulage.result import CartMember
from haulage.rules.digests import Hashers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haulage.cart.manifest import CartFile, Manifest

__all__ = ["Contents", "End", "Start"]

_SPARE = 100  # headers for all members of an archive, which are no members


class Start(NamedTuple):
    """A member begins. `parts` is its path below the top; `size` the bytes to come."""

    parts: tuple[str, ...]
    is_directory: bool
    size: int


class End(NamedTuple):
    """The content of a file is complete, and is what was asked for."""

    member: CartMember


class Contents:
    """Reads one archive and proves each of its members.

    Args:
        manifest: What is to be in it; None where nobody knows.
        algorithms: Digests to compute of each file where there is no manifest.
        max_size: Bytes that all files together may have, or None.
        most_members: Files and directories it may have where there is no manifest, those that names imply counted.

    Attributes:
        members: The files that arrived so far.
    """

    def __init__(
        self,
        manifest: Manifest | None = None,
        *,
        algorithms: tuple[str, ...] = (),
        max_size: int | None = None,
        most_members: int = MOST_MEMBERS,
    ) -> None:
        self.members: list[CartMember] = []
        self._judge = Judge(manifest, most_members=most_members)
        if manifest is not None:
            # Of members, the judge lets none pass that was not asked for, nor one twice.
            most_members = len(manifest.files) + len(manifest.directories) + _SPARE
        self._reader = TarReader(most_members)
        self._manifest = manifest
        self._algorithms = algorithms
        self._max_size = max_size
        self._total = 0
        self._start: Start | None = None
        self._asked: CartFile | None = None
        self._hashers = Hashers(())
        self._left = 0

    def feed(self, data: bytes) -> Iterator[Start | memoryview | End]:
        """Take the next bytes; the iterator has to be read to its end.

        Args:
            data: The bytes.

        Yields:
            For a directory a `Start`; for a file a `Start`, its content in pieces, and an `End`.

        Raises:
            ArchiveError: The archive is broken or unsafe.
            MemberDigestError: A file is not the one that was asked for.
            TooLarge: More than allowed.
        """
        for part in self._reader.feed(data):
            if isinstance(part, Member):
                yield self._begin(part)
            else:
                self._hashers.update((part,))
                self._left -= len(part)
                yield part
            if self._start is not None and not self._left:
                yield self._end(self._start)

    def close(self) -> None:
        """Say that there are no more bytes.

        Raises:
            ArchiveIncomplete: The archive was cut, or members are missing.
        """
        self._reader.close()
        self._judge.finish()

    def _begin(self, member: Member) -> Start:
        start = Start(self._judge.admit(member), member.is_directory, member.size)
        self._total += member.size
        if self._max_size is not None and self._total > self._max_size:
            msg = f"more than {self._max_size} bytes in the archive"
            raise TooLarge(msg, limit=self._max_size)
        if not member.is_directory:
            algorithms = self._algorithms
            if self._manifest is not None:
                self._asked = self._manifest.files[start.parts]
                algorithms = (self._asked.hashtype,)
            self._start, self._left, self._hashers = start, member.size, Hashers(algorithms)
        return start

    def _end(self, start: Start) -> End:
        self._start = None
        name, digests = "/".join(start.parts), self._hashers.digests()
        asked = self._asked
        if asked is not None and digests[asked.hashtype] != asked.hashsum:
            raise MemberDigestError(digests[asked.hashtype], asked.hashsum, algorithm=asked.hashtype, member=name)
        member = CartMember(None, start.size, digests, name)
        self.members.append(member)
        return End(member)

"""The archive: what arrived is no tar, not all of one, or one that must not be unpacked."""

from __future__ import annotations

from haulage.errors.response import ResponseError
from haulage.errors.validation import DigestValidationError

__all__ = ["ArchiveCorrupt", "ArchiveError", "ArchiveIncomplete", "ArchiveUnsafe", "MemberDigestError"]


class ArchiveError(ResponseError):
    """An archive that cannot be used. Nothing of it was published.

    Attributes:
        member: The name of the member concerned, as far as it is known.
    """

    def __init__(self, message: str, *, member: str | None = None, url: str | None = None) -> None:
        super().__init__(message if member is None else f"{message}: {_shown(member)}", url=url)
        self.member = member


class ArchiveUnsafe(ArchiveError):
    """A member that must not be unpacked: a name that leads elsewhere, a link, a device, what nobody asked for.

    Never retried: it is what the server means to send.
    """


class ArchiveCorrupt(ArchiveError):
    """The archive breaks its format, or contradicts itself."""

    transient = True


class ArchiveIncomplete(ArchiveError):
    """The archive ended before its end marker, or members that were asked for are not in it.

    Attributes:
        missing: Names of members that were asked for and did not come; empty where that is not known.
    """

    transient = True

    def __init__(
        self, message: str, *, missing: tuple[str, ...] = (), member: str | None = None, url: str | None = None
    ) -> None:
        super().__init__(message, member=member, url=url)
        self.missing = missing


class MemberDigestError(DigestValidationError):
    """A member of an archive is not the file that was asked for.

    Attributes:
        member: Its name.
    """

    def __init__(
        self,
        actual: str | None = None,
        expected: str | None = None,
        *,
        algorithm: str | None = None,
        member: str | None = None,
        url: str | None = None,
    ) -> None:
        super().__init__(actual, expected, algorithm=algorithm, url=url)
        if member is not None:
            self.message = f"{self.message}: {_shown(member)}"
            self.args = (self.message,)
        self.member = member


_MOST_SHOWN = 120  # characters; it is a stranger's text


def _shown(member: str) -> str:
    text = member if len(member) <= _MOST_SHOWN else f"{member[:_MOST_SHOWN]}…"
    return ascii(text) if not text.isprintable() else repr(text)

"""What a finished download says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

from haulage.urls import redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["CartMember", "CartResult", "DownloadResult", "Proof"]

Proof = Literal["digest", "size", "framing"]


class _Fields(NamedTuple):
    url: str
    artifact_attributes: dict[str, Any]
    path: str | None
    headers: Mapping[str, str] | None


class DownloadResult(_Fields):
    """The outcome of a download, unpackable as ``url, artifact_attributes, path, headers = result``.

    Args:
        url: The URL asked for, without user information.
        artifact_attributes: ``{"size": bytes, "sha256": hex, …}``: what arrived.
        path: Absolute path of the file, or None when the bytes went into the caller's file object.
        headers: Response headers as a case-insensitive multidict; None where the protocol has none.
        attempts: Attempts it took, the good one included; 0 when the file was there already.
        seconds: Time from the call of ``run`` to the end, waits included.
        proof: The strongest of what says that these are all the bytes: ``"digest"`` and ``"size"``, as expected by the
            caller; ``"framing"``, the end as announced by the protocol; None for nothing, as with a body that ends when
            the connection does, which a cut one does as well (RFC 9112, section 6.3).
    """

    attempts: int = 1
    seconds: float = 0.0
    proof: Proof | None = None

    def __new__(  # noqa: D102
        cls,
        url: str,
        artifact_attributes: dict[str, Any],
        path: str | None,
        headers: Mapping[str, str] | None = None,
        *,
        attempts: int = 1,
        seconds: float = 0.0,
    ) -> Self:
        self = super().__new__(cls, url, artifact_attributes, path, headers)
        self.attempts = attempts
        self.seconds = seconds
        return self

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(url={redact(self.url)!r}, artifact_attributes={self.artifact_attributes!r}, "
            f"path={self.path!r}, attempts={self.attempts}, seconds={self.seconds:.3f})"
        )


class CartMember(NamedTuple):
    """A file that arrived in a cart.

    Attributes:
        path: Where it lies, absolute; None where the archive was kept as it is.
        size: Its size in bytes.
        digests: Algorithm → hex digest: the one that was asked for, or those of the settings where none was.
        name: Its path below the cart's directory, with slashes.
    """

    path: str | None
    size: int
    digests: dict[str, str]
    name: str


class CartResult(DownloadResult):
    """The outcome of a cart: a `DownloadResult` that knows the files in it.

    Attributes:
        members: The files that arrived.
        path: Where they lie; or where the archive does, or None when it went into the caller's file object.
        artifact_attributes: Size and digests of the archive. Of one that was unpacked only the digests that were
            expected are computed.
    """

    members: tuple[CartMember, ...] = ()

    @classmethod
    def of(cls, result: DownloadResult, members: Iterable[CartMember]) -> Self:
        """Return *result* with *members*."""
        made = cls(*result, attempts=result.attempts, seconds=result.seconds)
        made.members = tuple(members)
        return made

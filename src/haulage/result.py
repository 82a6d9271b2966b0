"""What a finished download says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

from haulage.urls import redact

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DownloadResult", "Proof"]

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
            f"DownloadResult(url={redact(self.url)!r}, artifact_attributes={self.artifact_attributes!r}, "
            f"path={self.path!r}, attempts={self.attempts}, seconds={self.seconds:.3f})"
        )

"""The bytes: not what they should be."""

from __future__ import annotations

from typing import Any, ClassVar

from haulage.errors.base import DownloadError

__all__ = ["DigestValidationError", "SizeValidationError", "UnsupportedDigestValidationError", "ValidationError"]


class ValidationError(DownloadError):
    """The root of all validation errors (Pulp's ``pulpcore.exceptions.ValidationError``).

    Args:
        error_code: A short, unique code, such as ``"PLP0003"``.
    """

    def __init__(self, error_code: str, message: str | None = None, *, url: str | None = None) -> None:
        super().__init__(error_code if message is None else message, url=url)
        self.error_code = error_code


class DigestValidationError(ValidationError):
    """The bytes are not the ones that were asked for.

    Args:
        actual: The hex digest of what arrived.
        expected: The hex digest that was asked for.
        url: The URL it came from.
        algorithm: The name of the digest.
    """

    transient = True
    code: ClassVar[str] = "PLP0003"

    def __init__(
        self,
        actual: str | None = None,
        expected: str | None = None,
        *args: Any,
        url: str | None = None,
        algorithm: str | None = None,
        **kwargs: Any,
    ) -> None:
        what = "digest" if algorithm is None else f"{algorithm} digest"
        super().__init__(self.code, f"{what} is {actual}, expected {expected}", url=url)
        self.actual = actual
        self.expected = expected
        self.algorithm = algorithm


class SizeValidationError(ValidationError):
    """The number of bytes is not the one that was asked for.

    Args:
        actual: Bytes that arrived (or were announced) when it was noticed.
        expected: Bytes that were asked for.
        url: The URL they came from.
    """

    transient = True
    code: ClassVar[str] = "PLP0004"

    def __init__(
        self,
        actual: int | None = None,
        expected: int | None = None,
        *args: Any,
        url: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(self.code, f"size is {actual} bytes, expected {expected}", url=url)
        self.actual = actual
        self.expected = expected


class UnsupportedDigestValidationError(ValidationError, ValueError):
    """None of the expected digests is one that may prove anything here, or a digest is unknown."""

    code: ClassVar[str] = "PLP0010"

    def __init__(self, message: str = "unsupported digest", *, url: str | None = None) -> None:
        super().__init__(self.code, message, url=url)

"""The answer: what the server said cannot be used."""

from __future__ import annotations

from haulage.errors.base import DownloadError

__all__ = [
    "ContentEncodingError",
    "ProtocolError",
    "RedirectError",
    "ResponseError",
    "TooLarge",
    "TooManyRedirects",
    "UnknownResponse",
]


class ResponseError(DownloadError):
    """The server answered, and the answer cannot be used."""


class ProtocolError(ResponseError):
    """The answer breaks the protocol: contradictory lengths, broken chunks, garbage."""


class UnknownResponse(ResponseError):
    """A well-formed answer that is not what was asked for, such as a 206 nobody wanted."""


class ContentEncodingError(ResponseError):
    """The server coded the body although identity was asked for; its digest would not be the file's."""


class TooLarge(ResponseError):
    """More bytes than `Remote.max_size` allows.

    Attributes:
        limit: The limit in bytes.
    """

    def __init__(self, message: str, *, limit: int, url: str | None = None) -> None:
        super().__init__(message, url=url)
        self.limit = limit


class RedirectError(ResponseError):
    """A redirect that leads nowhere."""


class TooManyRedirects(RedirectError):
    """More redirects in a row than allowed."""

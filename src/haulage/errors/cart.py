"""Carts: the request for one, the service that makes it, and the wait for it."""

from __future__ import annotations

from haulage.errors.network import TimeoutException
from haulage.errors.request import RequestError
from haulage.errors.response import ResponseError

__all__ = [
    "CartError",
    "CartNotFound",
    "CartNotReady",
    "MalformedCart",
    "NotACartService",
    "StagingFailed",
    "StagingTimedOut",
]


class MalformedCart(RequestError):
    """A list of files that no cart can be made of: fields that are missing or wrong, paths that are taken or escape.

    Attributes:
        entry: Which entry it is, as the caller knows it; None where it is no single one.
    """

    def __init__(self, message: str, *, entry: str | None = None, url: str | None = None) -> None:
        super().__init__(message if entry is None else f"{entry}: {message}", url=url)
        self.entry = entry


class CartError(ResponseError):
    """The cart service answered, and there is no cart to be had."""


class NotACartService(CartError):
    """What answered does not speak the protocol of carts."""


class CartNotFound(CartError):
    """There is no such cart, or it was deleted."""


class StagingFailed(CartError):
    """The service could not bring the files together; its own words are in the message."""


class CartNotReady(CartError):
    """The cart was asked for, and the service says that it is still at it (202)."""

    transient = True


class StagingTimedOut(TimeoutException):
    """The cart was not ready in the time allowed.

    Attributes:
        phase: ``"staging"``.
        limit: The time allowed in seconds.
    """

    transient = False

    def __init__(self, message: str = "", *, limit: float | None = None, url: str | None = None) -> None:
        super().__init__(message, phase="staging", limit=limit, url=url)

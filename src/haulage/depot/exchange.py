"""One request on its way to a response, and what a depot lends to it.

Strategy: a route is a function of an :class:`Exchange`. It reads its arguments from there, raises
:class:`RefusalError` for whatever it will not do, and hands the rest to :mod:`haulage.depot.transmit`. Nothing
that outlives the request is reachable but through :class:`Grounds`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeAlias

from aiohttp import web

from haulage.depot.sources import GeneratedSource

if TYPE_CHECKING:
    from haulage.depot.carts.service import CartService
    from haulage.depot.records import Entry
    from haulage.depot.sources import Source
    from haulage.depot.targets import Target
    from haulage.depot.workers import Workers

__all__ = ["LARGEST", "Attempts", "Exchange", "Grounds", "RefusalError", "Route"]

LARGEST = 2**63 - 1
"""Biggest size and number a URL may ask for; what fits a file offset."""

_DIGITS = len(str(LARGEST))


class RefusalError(Exception):
    """The request is not going to be done; the response says why."""

    def __init__(self, status: int, text: str, headers: Mapping[str, str] | None = None) -> None:
        """Describe the response.

        Args:
            status: The status code.
            text: One sentence for a person.
            headers: Further fields.
        """
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = dict(headers or {})


class Attempts:
    """Counts requests by key, for behaviours that change with the number of attempts."""

    _LIMIT = 10_000  # keys; the oldest is forgotten, as otherwise a long-lived depot would only grow

    def __init__(self) -> None:
        """Start with no key known."""
        self._counts: OrderedDict[str, int] = OrderedDict()

    def next(self, key: str) -> int:
        """Count one more attempt for a key and return how many that makes."""
        count = self._counts.pop(key, 0) + 1
        self._counts[key] = count
        if len(self._counts) > self._LIMIT:
            self._counts.popitem(last=False)
        return count


@dataclass(frozen=True, slots=True)
class Grounds:
    """What all requests to one depot share.

    Attributes:
        root: The resolved directory whose files are served, or ``None``.
        users: Passwords by user name; empty when everybody may come in.
        routes: Reserved names and their routes.
        workers: Threads for blocking calls.
        carts: The carts of the depot.
        attempts: The counters of the depot.
    """

    root: str | None
    users: Mapping[str, str]
    routes: Mapping[str, Route]
    workers: Workers
    carts: CartService
    attempts: Attempts = field(default_factory=Attempts)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and the means to answer it.

    Attributes:
        request: The request; its body has not been read.
        target: The request target, taken apart.
        arguments: The path segments after the name of the route, decoded.
        entry: The record to be completed.
        grounds: What the depot lends.
    """

    request: web.BaseRequest
    target: Target
    arguments: tuple[str, ...]
    entry: Entry
    grounds: Grounds

    def argument(self, place: int) -> str:
        """Return one path argument.

        Raises:
            RefusalError: It is missing (404).
        """
        if place >= len(self.arguments):
            raise RefusalError(HTTPStatus.NOT_FOUND, f"{self.target.path} lacks an argument")
        return self.arguments[place]

    def option(self, name: str) -> str | None:
        """Return one query parameter, or ``None``."""
        return self.target.query.get(name)

    def whole(self, name: str, default: int) -> int:
        """Return a query parameter that is a whole number.

        Raises:
            RefusalError: It is not a number (400).
        """
        text = self.option(name)
        return default if text is None else whole_number(text, name)

    def seconds(self, name: str, default: float) -> float:
        """Return a query parameter that is a duration in seconds, at most a day.

        Raises:
            RefusalError: It is not (400).
        """
        text = self.option(name)
        try:
            value = default if text is None else float(text)
        except ValueError:
            value = -1.0
        if not 0 <= value <= 86_400:  # noqa: PLR2004 - a day; also refuses infinities and NaN
            raise RefusalError(HTTPStatus.BAD_REQUEST, f"{name} must be seconds between 0 and 86400")
        return value

    def generated(self, size: int) -> Source:
        """Return generated content, with the ``seed`` of the query."""
        return GeneratedSource(size, self.target.query.get("seed", "0"))


def whole_number(text: str, name: str) -> int:
    """Read decimal digits.

    Args:
        text: What the client sent.
        name: What to call it in a refusal.

    Returns:
        A number from 0 to :data:`LARGEST`.

    Raises:
        RefusalError: It is anything else (400).
    """
    if text.isascii() and text.isdigit() and len(text) <= _DIGITS and (value := int(text)) <= LARGEST:
        return value
    raise RefusalError(HTTPStatus.BAD_REQUEST, f"{name} must be a whole number from 0 to {LARGEST}")


Route: TypeAlias = Callable[[Exchange], Awaitable[web.StreamResponse]]
"""Answers the requests below one reserved name."""

"""A request that asks for a fault: its content, its connection, and its parameters.

Strategy: a fault reads all its parameters before it sends the first byte, because only then can a bad one
be refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from haulage.depot.behaviours import field_value
from haulage.depot.exchange import RefusalError
from haulage.depot.faults.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Collection

    from haulage.depot.answers import Representation
    from haulage.depot.exchange import Exchange
    from haulage.depot.sources import Source

__all__ = ["FaultRequest"]


@dataclass(frozen=True, slots=True)
class FaultRequest:
    """One request and what a fault needs to answer it wrongly.

    Attributes:
        exchange: The request.
        source: The content that a good server would send; whoever called the fault closes it.
        number: The how-many-eth request of its key this is, from 1.
    """

    exchange: Exchange
    source: Source
    number: int

    @property
    def what(self) -> Representation:
        """Size, type and validators of the content."""
        return self.source.representation

    @property
    def size(self) -> int:
        """Bytes in the content."""
        return self.what.size

    @property
    def wire(self) -> Wire:
        """The connection."""
        return Wire(self.exchange)

    def whole(self, name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
        """Return a parameter that is a whole number.

        Args:
            name: Its name.
            default: What it is if it is not given.
            least: The least it may be.
            most: The most it may be.

        Raises:
            RefusalError: It is not (400).
        """
        value = self.exchange.whole(name, default)
        if value < least or (most is not None and value > most):
            limits = f"at least {least}" if most is None else f"from {least} to {most}"
            raise RefusalError(HTTPStatus.BAD_REQUEST, f"{name} must be {limits}")
        return value

    def place(self, default: int) -> int:
        """Return the parameter ``at``, a place in the content.

        Args:
            default: Where it is if it is not given.

        Raises:
            RefusalError: It is not in the content (400).
        """
        return self.whole("at", default, most=self.size)

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a parameter that is 0 or 1.

        Args:
            name: Its name.
            default: What it is if it is not given.

        Raises:
            RefusalError: It is neither (400).
        """
        return self.choice(name, "1" if default else "0", ("0", "1")) == "1"

    def choice(self, name: str, default: str, known: Collection[str]) -> str:
        """Return a parameter that is one of several words.

        Args:
            name: Its name.
            default: What it is if it is not given.
            known: The words.

        Raises:
            RefusalError: It is not among them (400).
        """
        value = self.exchange.option(name)
        if value is not None and value not in known:
            raise RefusalError(HTTPStatus.BAD_REQUEST, f"{name} must be one of: {', '.join(known)}")
        return default if value is None else value

    def text(self, name: str, default: str) -> str:
        """Return a parameter that goes into a line of the response as it is.

        Args:
            name: Its name.
            default: What it is if it is not given.

        Raises:
            RefusalError: It has control characters, or is not UTF-8 (400).
        """
        value = self.exchange.option(name)
        return default if value is None else field_value(value, name)

"""What a cart is ordered with: the body of its POST, read and checked. No I/O.

Strategy: everything is checked before anything is done, and a refusal names the place that is wrong. Keys that nobody
knows are let through, as the real service does, except in the part that is the depot's own, where a slip of the pen
would make a test that tests nothing.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

__all__ = ["FORMATS", "Order", "OrderError", "Plan", "Wanted", "read_order", "read_plan"]

FORMATS = ("pax", "gnu", "ustar")
"""The formats of tar that a cart can have."""

_LONGEST = 86_400
"""Seconds that anything about a cart may last: a day."""


class OrderError(ValueError):
    """An order that cannot be understood; it says where."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file of a cart.

    Attributes:
        id: Its path below the root of the depot.
        path: Its path in the cart, as it was ordered.
        hashsum: The digest it should have, in hexadecimal.
        hashtype: The name of the digest.
    """

    id: str
    path: str
    hashsum: str
    hashtype: str


@dataclass(frozen=True, slots=True)
class Plan:
    """How a cart should behave.

    Attributes:
        staging: Seconds from the order until the files are looked at.
        fail: Why staging fails; ``None`` lets it succeed if it can.
        expires: Seconds from being ready to being gone; ``None`` for never.
        status: What a cart is called while it is not ready.
        format: The format of the tar.
        tar: The id of a file that is sent in place of a tar made of the files, which then are not looked at.
    """

    staging: float = 0.0
    fail: str | None = None
    expires: float | None = None
    status: str = "staging"
    format: str = "pax"
    tar: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A cart as it was ordered.

    Attributes:
        files: What should be in it.
        plan: How it should behave.
        bundle: Its members lie below its uid and not below the name in the URL, as with the real service's bundles.
    """

    files: tuple[Wanted, ...]
    plan: Plan
    bundle: bool = False


def read_order(body: bytes, defaults: Plan) -> Order:
    """Read the body of a POST. It may be long, and then it takes a while.

    Args:
        body: JSON.
        defaults: What the order does not say about its behaviour.

    Returns:
        The order.

    Raises:
        OrderError: The body is no such order.
    """
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        msg = "the body is not JSON"
        raise OrderError(msg) from None
    if not isinstance(data, dict):
        msg = "the body is not a JSON object"
        raise OrderError(msg)
    files = _take(data, "fileids", "", list)
    bundle = _take(data, "bundle", "", bool) if "bundle" in data else False
    plan = read_plan(_take(data, "depot", "", dict), defaults) if "depot" in data else defaults
    return Order(tuple(_read_file(entry, f"fileids[{place}]") for place, entry in enumerate(files)), plan, bundle)


def read_plan(data: dict[str, Any], defaults: Plan) -> Plan:
    """Read how a cart should behave.

    Args:
        data: Attributes of :class:`Plan` by name.
        defaults: What stands for those that are not there.

    Returns:
        The plan.

    Raises:
        OrderError: A name is unknown, or a value makes no sense.
    """
    known = [field.name for field in dataclasses.fields(Plan)]
    changes: dict[str, Any] = {}
    for name in data:
        if name not in known:
            msg = f"depot.{name} is unknown; there are: {', '.join(known)}"
            raise OrderError(msg)
        if name in {"staging", "expires"}:
            changes[name] = _take_seconds(data, name)
        elif name == "tar":
            changes[name] = str(_take(data, name, "depot.", str, int))
        else:
            changes[name] = _take(data, name, "depot.", str)
    if changes.get("format", "pax") not in FORMATS:
        msg = f"depot.format must be one of: {', '.join(FORMATS)}"
        raise OrderError(msg)
    if changes.get("status") in {"", "error"}:
        msg = "depot.status cannot be empty or 'error'; for errors there is depot.fail"
        raise OrderError(msg)
    return dataclasses.replace(defaults, **changes)


def _read_file(entry: Any, place: str) -> Wanted:
    """Read one file of an order."""
    if not isinstance(entry, dict):
        msg = f"{place} must be an object"
        raise OrderError(msg)
    where = f"{place}."
    return Wanted(
        str(_take(entry, "id", where, str, int)),
        _take(entry, "path", where, str),
        _take(entry, "hashsum", where, str),
        _take(entry, "hashtype", where, str),
    )


def _take_seconds(data: dict[str, Any], name: str) -> float:
    """Take a duration."""
    value = _take(data, name, "depot.", int, float)
    if not 0 <= value <= _LONGEST:
        msg = f"depot.{name} must be seconds from 0 to {_LONGEST}"
        raise OrderError(msg)
    return float(value)


_WORDS = {str: "text", int: "a whole number", float: "a number", list: "an array", dict: "an object", bool: "a boolean"}


def _take(data: dict[str, Any], name: str, where: str, *kinds: type) -> Any:
    """Take a value that has to be there and to be of some kind; true and false are no numbers."""
    if name not in data:
        msg = f"{where}{name} is missing"
        raise OrderError(msg)
    value = data[name]
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        msg = f"{where}{name} must be {' or '.join(_WORDS[kind] for kind in kinds)}"
        raise OrderError(msg)
    return value

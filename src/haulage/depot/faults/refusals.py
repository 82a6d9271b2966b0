"""Refusals with every kind of ``Retry-After``."""

from __future__ import annotations

import math
import time
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING

from haulage.depot.dates import format_date
from haulage.depot.transmit import send_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiohttp import web

    from haulage.depot.faults.request import FaultRequest

__all__ = ["KINDS", "refuse"]

_REFUSALS = (400, 599)
_HOUR = 3600
_YEAR_2100 = 4_102_444_800

KINDS: Mapping[str, Callable[[float], str | None]] = MappingProxyType(
    {
        "none": lambda _: None,
        "seconds": lambda seconds: str(math.ceil(seconds)),
        "date": lambda seconds: format_date(math.ceil(time.time() + seconds)),
        "past": lambda _: format_date(int(time.time()) - _HOUR),
        "garbage": lambda _: "soon",
        "negative": lambda seconds: f"-{math.ceil(seconds)}",
        "far": lambda _: format_date(_YEAR_2100),
        "huge": lambda _: str(10**18),
        "float": lambda seconds: str(float(seconds)),
    }
)
"""What each kind says when it is about that many seconds."""


async def refuse(request: FaultRequest) -> web.StreamResponse:
    """Refuse, and say in some way when to come again."""
    low, high = _REFUSALS
    status = request.whole("status", HTTPStatus.TOO_MANY_REQUESTS, least=low, most=high)
    value = KINDS[request.choice("kind", "seconds", KINDS)](request.exchange.seconds("seconds", 1.0))
    headers = {} if value is None else {"Retry-After": value}
    return await send_text(request.exchange, status, f"status {status}, request {request.number}", headers)

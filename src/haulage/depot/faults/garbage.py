"""Answers that are no HTTP/1.1, each in one way.

Strategy: one byte sequence per kind, and the content after it, so that a lenient client ends with a good file.
"""

from __future__ import annotations

from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING

from haulage.depot.content import generated
from haulage.depot.faults.wire import CLOSING, write_head

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiohttp import web

    from haulage.depot.faults.request import FaultRequest

__all__ = ["KINDS", "garbage"]

_WITHOUT_STATUS = frozenset({"binary", "http09", "bad-status"})

KINDS: Mapping[str, Callable[[bytes], bytes]] = MappingProxyType(
    {
        "binary": lambda _: generated(512),
        "http09": lambda _: b"",
        "bare-lf": lambda head: head.replace(b"\r\n", b"\n"),
        "nul": lambda head: head.replace(b"\r\n\r\n", b"\r\nX-Nul: a\0b\r\n\r\n"),
        "no-colon": lambda head: head.replace(b"\r\n\r\n", b"\r\nX-No-Colon\r\n\r\n"),
        "bad-status": lambda head: head.replace(b" 200 ", b" 2x0 ", 1),
        "bad-version": lambda head: head.replace(b"HTTP/1.1", b"HTTP/x.y", 1),
    }
)
"""What each kind makes of a good head."""


async def garbage(request: FaultRequest) -> web.StreamResponse:
    """Send something else than HTTP."""
    kind = request.choice("kind", "binary", KINDS)
    head = write_head(HTTPStatus.OK, (("Content-Length", str(request.size)), CLOSING))
    if kind not in _WITHOUT_STATUS:
        request.exchange.entry.status = HTTPStatus.OK.value
    wire = request.wire
    await wire.send(KINDS[kind](head))
    await wire.send_content(request.source, 0, request.size)
    return wire.close()

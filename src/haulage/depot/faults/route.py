"""The route ``/_/fault/NAME[/FILE…]``: find the fault, its content, and whether it is due.

Strategy: whatever is wrong with the request itself is said before the fault has its way. A fault that has had its
times is over, and the content is sent as it should be. Where the fault is a cart service there is no content: what
follows its name is a cart, ``/_/fault/NAME/UID``, and when it is over the depot's carts answer.
"""

from __future__ import annotations

import dataclasses
from http import HTTPStatus
from typing import TYPE_CHECKING

from haulage.depot.answers import Representation
from haulage.depot.carts.route import CART_METHODS, answer_carts
from haulage.depot.exchange import RefusalError, whole_number
from haulage.depot.faults.request import FaultRequest
from haulage.depot.faults.table import FAULTS, catalogue
from haulage.depot.files import Directory, open_path
from haulage.depot.sources import MemorySource
from haulage.depot.transmit import require_method, send_source, send_text

if TYPE_CHECKING:
    from aiohttp import web

    from haulage.depot.exchange import Exchange
    from haulage.depot.sources import Source

__all__ = ["answer_fault"]

_SIZE = 100_000
_NOTHING = MemorySource(b"", Representation(0))


async def answer_fault(exchange: Exchange) -> web.StreamResponse:
    """``/_/fault/NAME[/FILE…]?size=&seed=&times=&key=``: the content, answered wrongly."""
    fault = FAULTS.get(exchange.arguments[0]) if exchange.arguments else None
    require_method(exchange, *(CART_METHODS if fault is not None and fault.of_cart else ("GET", "HEAD")))
    if exchange.arguments in {(), ("",)}:
        return await send_text(exchange, HTTPStatus.OK, catalogue())
    if fault is None:
        raise RefusalError(HTTPStatus.NOT_FOUND, f"no such fault; there are:\n{catalogue()}")
    times = exchange.option("times")
    limit = None if times is None else whole_number(times, "times")
    source = _NOTHING if fault.of_cart else await _open_content(exchange)
    try:
        # As with /_/status: without a key the URL itself is the key.
        number = exchange.grounds.attempts.next(exchange.option("key") or exchange.target.raw)
        is_over = limit is not None and number > limit
        if is_over and fault.of_cart:
            return await answer_carts(dataclasses.replace(exchange, arguments=exchange.arguments[1:]))
        if is_over or (fault.in_body and exchange.request.method == "HEAD"):
            return await send_source(exchange, source)
        return await fault.act(FaultRequest(exchange, source, number))
    finally:
        source.close()


async def _open_content(exchange: Exchange) -> Source:
    """Open the file that the path names, or generate something."""
    grounds, segments = exchange.grounds, exchange.target.segments[3:]
    if not segments:
        return exchange.generated(exchange.whole("size", _SIZE))
    found = None
    if grounds.root is not None:
        found = await grounds.workers.run(open_path, grounds.root, segments)
    if found is None or isinstance(found, Directory):
        raise RefusalError(HTTPStatus.NOT_FOUND, "no such file")
    return found

"""The cart service of a run, a process of its own: depots that note when carts were asked for, ready and taken.

Started as ``python -P -m benchmarks.carts.depot ROOT SECONDS...``, it opens one depot for each number of seconds that
staging takes, prints their URLs as a line of JSON, and runs until it is killed.
"""

# mypy: disable-error-code="import-not-found,import-untyped"

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack

from aiohttp import web

from haulage.depot import Depot
from haulage.depot.carts import answer_carts
from haulage.depot.exchange import Exchange
from haulage.depot.transmit import send_text


class Notes:
    """What one depot saw of its carts, all by one clock."""

    def __init__(self) -> None:
        self._asked: dict[str, float] = {}
        self._latest: dict[str, float] = {}

    async def answer_carts(self, exchange: Exchange) -> web.StreamResponse:
        """``/_/carts``: note the moment, and answer as the depot does."""
        now = time.time()  # the clock by which the depot says when a cart became ready
        uid = exchange.arguments[0] if exchange.arguments else ""
        method = exchange.request.method
        if method == "POST":
            self._asked[uid] = now
        elif method == "GET":
            cart = exchange.grounds.carts.find(uid)
            if cart is not None and cart.is_ready and uid in self._asked:
                self._latest = {"staging": cart.created - self._asked.pop(uid), "waiting": now - cart.created}
        return await answer_carts(exchange)

    async def answer_times(self, exchange: Exchange) -> web.StreamResponse:
        """``/_/times``: seconds in which the cart that was taken last was staged, and then waited to be taken."""
        return await send_text(exchange, 200, json.dumps(self._latest), content_type="application/json")


async def main(root: str, stagings: Sequence[float]) -> None:
    """Open the depots, say where they are, and wait for the end."""
    async with AsyncExitStack() as stack:
        urls = []
        for seconds in stagings:
            notes = Notes()
            depot = Depot(
                root,
                cart_defaults={"staging": seconds},
                routes={"carts": notes.answer_carts, "times": notes.answer_times},
            )
            await stack.enter_async_context(depot)
            urls.append(depot.url)
        print(json.dumps(urls), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], [float(word) for word in sys.argv[2:]]))

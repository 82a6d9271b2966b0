"""Names to addresses, by the system, in threads that nobody has to wait for.

The system's resolver honours /etc/hosts and cannot be interrupted; it may need half a minute to find out that nobody
answers. In asyncio's few shared threads, where aiohttp would ask it, a handful of dead names stop all others, and the
end of the program waits for them as well.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Any

from aiohttp.abc import AbstractResolver, ResolveResult

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Resolver"]

_FLAGS = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class Resolver(AbstractResolver):
    """Asks the system. aiohttp remembers the answers for ten seconds, and asks once for many who wait for one name."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of *host*.

        Raises:
            OSError: It has none.
        """
        infos = await _in_own_thread(
            lambda: socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        )
        return [
            ResolveResult(
                hostname=host, host=_numeric(address), port=address[1], family=kind, proto=protocol, flags=_FLAGS
            )
            for kind, _, protocol, _, address in infos
        ]

    async def close(self) -> None:
        """Nothing is open."""


def _numeric(address: tuple[Any, ...]) -> str:
    """Return the address as text; one that is valid on one link only, with that link (RFC 4007, section 11)."""
    host = str(address[0])
    scope = address[3] if len(address) == 4 else 0  # noqa: PLR2004 - IPv6
    return f"{host}%{scope}" if scope and "%" not in host else host


async def _in_own_thread(work: Callable[[], Any]) -> Any:
    """Run *work* in a thread of its own, which is left alone when its result is not wanted any more."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def settle(result: Any, error: BaseException | None) -> None:
        if not future.done():
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except BaseException as caught:  # noqa: BLE001 - raised again on the loop
            error = caught
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, name="resolve", daemon=True).start()
    return await future

"""A cart of a depot, handled byte by byte over the wire."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from haulage.depot import Depot

__all__ = ["JSON", "CartOverWire", "entry"]

JSON = "Content-Type: application/json"

Send = Callable[..., Awaitable[Any]]


def entry(root: Path, file_id: str | int, path: str | None = None, *, hashtype: str = "sha1") -> dict[str, Any]:
    """Describe a file that lies below the root, as a POST does."""
    digest = hashlib.new(hashtype, (root / str(file_id)).read_bytes()).hexdigest()
    return {"id": file_id, "path": str(file_id) if path is None else path, "hashsum": digest, "hashtype": hashtype}


class CartOverWire:
    """One cart.

    Args:
        depot: Whose cart it is.
        ask: Sends a request and returns the reply.
        hear: Sends a request and returns all that came back.
        base: Where the cart service is.
        uid: The name of the cart.
    """

    def __init__(self, depot: Depot, ask: Send, hear: Send, *, base: str = "/_/carts", uid: str | None = None) -> None:
        self.depot, self._ask, self._hear = depot, ask, hear
        self.target = f"{base}/{uid or uuid.uuid4()}"

    async def post(self, *files: dict[str, Any], **extra: Any) -> Any:
        """Order it."""
        body = json.dumps({"fileids": list(files), **extra}).encode()
        return await self._ask(self.depot, self.target, JSON, method="POST", body=body)

    async def head(self) -> tuple[int, str | None, str | None]:
        """Ask how far it has come: status code, status, message."""
        reply = await self._ask(self.depot, self.target, method="HEAD")
        return reply.status, reply.field("X-Pacifica-Status"), reply.field("X-Pacifica-Message")

    async def settle(self) -> tuple[int, str | None, str | None]:
        """Ask until it is ready or has failed."""
        while (found := await self.head())[0] == 204 and found[1] != "ready":
            pass
        return found

    async def get(self, query: str = "?filename=data", *fields: str, enough: int | None = None) -> Any:
        """Ask for its tar, and return what came."""
        return await self._hear(self.depot, f"{self.target}{query}", "Connection: close", *fields, enough=enough)

    async def delete(self) -> int:
        """Remove it."""
        reply = await self._ask(self.depot, self.target, method="DELETE")
        status: int = reply.status
        return status

    async def fill(self, *files: dict[str, Any], **extra: Any) -> None:
        """Order it and wait until it is ready."""
        assert (await self.post(*files, **extra)).status == 201
        assert await self.settle() == (204, "ready", "")

    async def members(self, query: str = "?filename=data") -> bytes:
        """Take its tar, and hold it to its framing."""
        heard = await self.get(query)
        assert heard.lines[0] == b"HTTP/1.1 200 OK", heard.raw
        chunks = heard.chunks
        assert chunks[-1] == b""
        return b"".join(chunks)

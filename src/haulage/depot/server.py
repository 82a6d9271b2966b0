"""The depot itself: settings, opening and closing, on the running loop or on a thread of its own.

Strategy: :class:`Depot` only puts rooms together. ``async with`` opens it on the running loop; ``with`` runs
the very same coroutines on a loop in a thread of its own, for callers that are not coroutines. Whoever opens it
closes it, and it opens once.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from haulage.depot.background import Background
from haulage.depot.behaviours import ROUTES
from haulage.depot.carts import CartService, Plan, read_plan
from haulage.depot.certificates import CERTIFICATES, Authority, allow_only_old, require_trustme
from haulage.depot.dispatch import Dispatcher
from haulage.depot.exchange import Grounds
from haulage.depot.faults import answer_fault
from haulage.depot.listening import Listener
from haulage.depot.records import RequestBook
from haulage.depot.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from haulage.depot.certificates import Certificate
    from haulage.depot.exchange import Route
    from haulage.depot.records import RequestRecord

__all__ = ["Depot", "serve"]

_EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not bound


class Depot:
    """A small HTTP server for files and for made-up behaviours.

    Example:
        >>> with Depot() as depot:
        ...     url = f"{depot.url}/_/bytes/1000?seed=7"
        >>> url.startswith("http://127.0.0.1:")
        True
    """

    def __init__(
        self,
        root: str | os.PathLike[str] | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: bool = False,
        certificate: Certificate = "valid",
        require_client_certificate: bool = False,
        users: Mapping[str, str] | None = None,
        routes: Mapping[str, Route] | None = None,
        faults: bool = False,
        cart_defaults: Mapping[str, Any] | None = None,
        history: int = 10_000,
        on_request: Callable[[RequestRecord], None] | None = None,
    ) -> None:
        """Set a depot up; nothing is opened yet.

        Args:
            root: Directory whose files are served; without one there are only the behaviours.
            host: Name or address to listen on. Everything below ``root`` can be read by whoever reaches it.
            port: Port to listen on; 0 for a free one.
            tls: Serve https, with a certificate made for localhost, 127.0.0.1 and ::1.
            certificate: What is wrong with the TLS of this depot: ``"expired"``, ``"not-yet"`` valid, for the
                ``"wrong-host"``, ``"self-signed"``, or ``"old-tls"``, which is nothing newer than TLS 1.1.
            require_client_certificate: Refuse clients that have none from :meth:`issue_client_certificate`.
            users: Passwords by user name; if given, every request needs basic authentication.
            routes: Further behaviours by name, reached under ``/_/NAME``; they may replace built-in ones.
            faults: Misbehave under ``/_/fault/NAME``; ``/_/fault`` lists the names.
            cart_defaults: How carts behave whose orders do not say it, by the names an order has for it: ``staging``,
                ``fail``, ``expires``, ``status``, ``format``, ``tar``.
            history: Most requests remembered in :attr:`requests`.
            on_request: Called on the depot's thread with the record of each request when it is over. It must
                be quick and must not raise.

        Raises:
            ImportError: ``tls`` needs the extra ``haulage[depot]``.
            ValueError: A client certificate is required, or one of the server's kinds chosen, without ``tls``; there
                is no such kind; a user name has a colon; or carts cannot behave so.
        """
        if require_client_certificate and not tls:
            msg = "require_client_certificate needs tls=True"
            raise ValueError(msg)
        if certificate not in CERTIFICATES:
            msg = f"certificate must be one of: {', '.join(CERTIFICATES)}"
            raise ValueError(msg)
        if certificate != "valid" and not tls:
            msg = "certificate needs tls=True"
            raise ValueError(msg)
        if any(":" in user for user in users or {}):
            msg = "a user name cannot have a colon (RFC 7617, section 2)"
            raise ValueError(msg)
        if tls:
            require_trustme()
        self.host = host
        self._root = root
        self._wanted_port = port
        self._tls = tls
        self._certificate = certificate
        self._require_client_certificate = require_client_certificate
        self._users = MappingProxyType(dict(users or {}))
        self._routes = MappingProxyType({**ROUTES, **({"fault": answer_fault} if faults else {}), **(routes or {})})
        self._cart_defaults = read_plan(dict(cart_defaults or {}), Plan())
        self._book = RequestBook(history)
        self._on_request = on_request
        self._port: int | None = None
        self._authority: Authority | None = None
        self._workers: Workers | None = None
        self._carts: CartService | None = None
        self._listener: Listener | None = None
        self._background: Background | None = None

    def __repr__(self) -> str:
        """Name the address, and no secrets."""
        return f"Depot({self.url if self._port is not None else 'not open'})"

    @property
    def root(self) -> Path | None:
        """The directory whose files are served, as it was given; ``None`` without one."""
        return None if self._root is None else Path(self._root)

    @property
    def port(self) -> int:
        """The port in use. It stays known after closing.

        Raises:
            RuntimeError: The depot has not been opened.
        """
        if self._port is None:
            msg = "the depot has not been opened"
            raise RuntimeError(msg)
        return self._port

    @property
    def url(self) -> str:
        """Where the depot is reached from this machine, without a slash at the end.

        Raises:
            RuntimeError: The depot has not been opened.
        """
        host = _EVERYWHERE.get(self.host, self.host)
        shown = f"[{host}]" if ":" in host else host
        return f"{'https' if self._tls else 'http'}://{shown}:{self.port}"

    @property
    def carts_url(self) -> str:
        """Where the cart service is reached, without a slash at the end.

        Raises:
            RuntimeError: The depot has not been opened.
        """
        return f"{self.url}/_/carts"

    @property
    def requests(self) -> tuple[RequestRecord, ...]:
        """The requests seen, oldest first. Messages that are not HTTP do not count."""
        return self._book.snapshot()

    def clear_requests(self) -> None:
        """Forget the requests seen so far."""
        self._book.clear()

    @property
    def ca_pem(self) -> str | None:
        """The certificate to trust, as PEM text; ``None`` without TLS or before opening."""
        return None if self._authority is None else self._authority.pem

    def issue_client_certificate(self, name: str) -> tuple[str, str]:
        """Make a certificate that this depot accepts from a client.

        Args:
            name: The common name; ``/_/echo`` shows it.

        Returns:
            Certificate chain and private key, both as PEM text.

        Raises:
            RuntimeError: The depot has no TLS or has not been opened.
        """
        if self._authority is None:
            msg = "client certificates need an open depot with tls=True"
            raise RuntimeError(msg)
        return self._authority.issue_client(name)

    async def __aenter__(self) -> Self:
        """Open the depot on the running loop."""
        await self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        await self._close()

    def __enter__(self) -> Self:
        """Open the depot on a thread of its own."""
        background = Background(self._open, self._close)
        background.start()
        self._background = background
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it and end the thread."""
        if self._background is not None:
            self._background.stop()

    async def _open(self) -> None:
        """Put the rooms together, from the ground up."""
        if self._workers is not None:
            msg = "a depot opens once; make another one"
            raise RuntimeError(msg)
        workers = self._workers = Workers()
        try:
            root = None if self._root is None else await workers.run(_resolve_root, self._root)
            context = None
            if self._tls:
                authority = self._authority = await workers.run(Authority)
                context = await workers.run(
                    authority.server_context,
                    self._certificate,
                    require_client_certificate=self._require_client_certificate,
                )
                if self._certificate == "old-tls":
                    allow_only_old(context)
            self._carts = CartService(root, workers, self._cart_defaults)
            grounds = Grounds(root, self._users, self._routes, workers, self._carts)
            self._listener = Listener(Dispatcher(grounds, self._book, self._on_request), context)
            self._port = await self._listener.open(self.host, self._wanted_port)
        except BaseException:
            await asyncio.to_thread(workers.close)
            raise

    async def _close(self) -> None:
        """Take them apart, from the top down."""
        try:
            if self._listener is not None:
                await self._listener.close()
        finally:
            if self._carts is not None:
                await self._carts.close()
            if self._workers is not None:
                await asyncio.to_thread(self._workers.close)


async def serve(depot: Depot, *, ready: Callable[[Depot], None] | None = None) -> None:
    """Run a depot until the calling task is cancelled.

    Args:
        depot: The depot, not yet open.
        ready: Called once when it accepts connections.

    Raises:
        OSError: The root is no directory, or the address cannot be bound.
    """
    async with depot:
        if ready is not None:
            ready(depot)
        await asyncio.Event().wait()


def _resolve_root(root: str | os.PathLike[str]) -> str:
    """Find the directory behind all links."""
    resolved = os.path.realpath(root, strict=True)
    if not os.path.isdir(resolved):
        raise NotADirectoryError(resolved)
    return resolved

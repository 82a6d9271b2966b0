"""One request from the caller's URL to the response that has the body, over redirects judged hop by hop.

Credentials and the caller's headers belong to the origin they were given for. A hop to another origin is made without
them, and, unless policy says otherwise, not into a more private part of the network.
"""

from __future__ import annotations

import asyncio
import itertools
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from multidict import CIMultiDict
from yarl import URL

from haulage.errors import RedirectError
from haulage.rules.addresses import Space, space_of
from haulage.rules.redirects import REDIRECT_STATUSES, next_hop
from haulage.transport.connection import PeerResponse, StaleConnection

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Mapping

    from haulage.headers import HeaderPairs
    from haulage.transport.client import Client, Response, Session
    from haulage.urls import ParsedUrl

__all__ = ["Request", "send"]

_NO_OPTIONS: Mapping[str, Any] = MappingProxyType({})
# The fields of a request after its URL, when there is nothing special.
_PLAIN = ((), (), None, None, _NO_OPTIONS, "GET", None)
_FOLLOWED = ("GET", "HEAD")


class Request(NamedTuple):
    """What to ask.

    Attributes:
        url: Where.
        headers: For every hop, in addition to the session's own.
        bound_headers: For the URL's own origin only: the caller's headers and credentials.
        proxy: URL of a proxy, or None.
        proxy_authorization: Value of a Proxy-Authorization header, or None.
        options: More keyword arguments for aiohttp's ``request``.
        method: GET, or another. Only those that change nothing are sent along redirects.
        body: What to send with it, or None.
    """

    url: ParsedUrl
    headers: HeaderPairs = ()
    bound_headers: HeaderPairs = ()
    proxy: str | None = None
    proxy_authorization: str | None = None
    options: Mapping[str, Any] = _NO_OPTIONS
    method: str = "GET"
    body: bytes | None = None

    def __repr__(self) -> str:
        return f"Request({self.url!r})"


async def send(client: Client, request: Request, session: Session | None = None) -> Response:
    """Send *request* and follow redirects.

    Args:
        client: The connections.
        request: What to ask.
        session: A session of the caller's, used in place of the client's.

    Returns:
        The response to the last hop, its body unread; to be released by the caller.

    Raises:
        RedirectError: A redirect that leads nowhere, or too many of them.
        PolicyError: A redirect that may not be followed.
        Exception: What aiohttp raises; to be translated by the caller.
    """
    url = request.url
    source: Space | None = None
    for hops in itertools.count():
        response = await _hop(client, request, session, url, source)
        if response.status not in REDIRECT_STATUSES:
            return response
        try:
            if request.method not in _FOLLOWED:
                msg = f"a redirect in answer to {request.method} is not followed"
                raise RedirectError(msg, url=url.text)
            target = next_hop(url, response.headers.get("Location"), hops)
            if target.origin != url.origin and session is None and request.proxy is None:
                source = _source(client.settings.allow_private_addresses, response)
        finally:
            response.release()
        url = target
    raise AssertionError  # pragma: no cover - count() has no end


async def _hop(
    client: Client, request: Request, session: Session | None, url: ParsedUrl, source: Space | None
) -> Response:
    """Ask *url*, and once more when a connection from the pool turns out to be stale.

    That is no attempt of its own: after a redirect each new one would begin with the same redirect, and could meet
    the same end.
    """
    tls = None
    if session is None:
        # With a proxy reached over https the context is for the proxy as well.
        if url.scheme == "https" or (request.proxy is not None and request.proxy.startswith("https:")):
            tls = await client.tls()
        session = client.session(source)
    # Each byte of a head that trickles in, and each interim answer, would begin aiohttp's read timeout anew.
    async with asyncio.timeout(client.head_limit):
        try:
            return await _ask(session, request, url, tls)
        except StaleConnection:
            if request.method == "POST":  # the only method in use that must not be done twice
                raise
        return await _ask(session, request, url, tls)


def _ask(session: Session, request: Request, url: ParsedUrl, tls: ssl.SSLContext | None = None) -> Awaitable[Response]:
    target = URL(url.text, encoded=True)
    if tls is None and request[1:] == _PLAIN:
        return session.get(target, allow_redirects=False)
    headers = CIMultiDict(request.headers)
    if url.origin == request.url.origin:
        for name, value in request.bound_headers:
            headers[name] = value
    options: dict[str, Any] = {"allow_redirects": False, "auto_decompress": False, **request.options}
    options["headers"] = headers
    if request.body is not None:
        options["data"] = request.body
    if tls is not None:
        options.setdefault("ssl", tls)
    if url is not request.url:
        options.pop("params", None)  # a redirect's target is complete
    if request.proxy is not None:
        options["proxy"] = request.proxy
        if request.proxy_authorization is not None:
            # To an https origin the proxy is asked for a tunnel first, and only that request is for its eyes.
            if url.scheme == "https":
                headers = options["proxy_headers"] = CIMultiDict(options.get("proxy_headers") or {})
            headers["Proxy-Authorization"] = request.proxy_authorization
    return session.request(request.method, target, **options)


def _source(allowed: bool | None, response: Response) -> Space | None:  # noqa: FBT001 - a setting
    """Return the part of the network whose rule holds for the hop after *response*; None for no rule."""
    if allowed is not None:
        return None if allowed else Space.PUBLIC
    return space_of(response.peer_address if isinstance(response, PeerResponse) else None)

"""HTTP and HTTPS: one GET, its answer judged, its body handed over chunk by chunk."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Self

from multidict import CIMultiDict

from haulage import events
from haulage.downloaders.base import BaseDownloader
from haulage.downloaders.speed import SpeedWatch
from haulage.errors import MalformedRequest, PartialFile, ValidationError
from haulage.headers import HeaderError, HeaderPairs, Headers, basic_auth, header_pairs
from haulage.result import DownloadResult
from haulage.rules.answers import judge
from haulage.transport.agent import own_headers
from haulage.transport.client import timeouts
from haulage.transport.connection import PeerResponse
from haulage.transport.exchange import Request, send
from haulage.transport.proxies import environment_proxy
from haulage.transport.status import check_status
from haulage.urls import UrlError, parse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from haulage.downloaders.runtime import Context
    from haulage.transport.client import Content, Response, Session

__all__ = ["HttpDownloader"]

_DEFAULT_LOW_SPEED_TIME = 30.0  # seconds
_CRUMB = 1 << 10  # bytes of a chunk that is too small to be handled by itself
_JOINED = 1 << 16  # bytes of crumbs that are handled together


class HttpDownloader(BaseDownloader):
    """Download from an ``http:`` or ``https:`` URL.

    Standing alone it opens a session for itself and closes it at the end; one that is passed in is never closed. There
    is no limit on the total time by default; connecting and each read have 5 minutes.

    Args:
        url: The URL. User information in it becomes basic authentication.
        session: An aiohttp.ClientSession to ask with.
        auth: ``(user, password)`` or an aiohttp.BasicAuth, for basic authentication.
        proxy: URL of a proxy.
        proxy_auth: As `auth`, for the proxy.
        headers_ready_callback: Called with the response headers, and awaited, before the body is read.
        headers: More headers, a mapping or a list of mappings. A User-Agent is appended to ours. Sent to this URL's
            origin only, not along redirects to another.
        throttler: An asyncio_throttle.Throttler to pass before each attempt.
        max_retries: Further attempts after 408, 425, 500, 502, 503, 504, a lost connection, a timeout, a cut body, or a
            failed digest or size. 429 is tried up to 10 times whatever this says.
        kwargs: Arguments of `BaseDownloader`.

    Attributes:
        session, auth, proxy, proxy_auth, headers_ready_callback: As above; a subclass may set others.
        headers: More headers, as a tuple of pairs.

    Raises:
        MalformedRequest: A URL, header or credential that cannot be sent.

    Example:
        >>> result = HttpDownloader(f"{depot.url}/hello.txt").fetch()
        >>> result.artifact_attributes["size"]
        6
    """

    def __init__(
        self,
        url: str,
        session: Session | None = None,
        auth: Any = None,
        proxy: str | None = None,
        proxy_auth: Any = None,
        headers_ready_callback: Callable[[Mapping[str, str]], Awaitable[object] | object] | None = None,
        headers: Headers | None = None,
        throttler: Any = None,
        max_retries: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(url, throttler=throttler, max_retries=max_retries, **kwargs)
        if self._parsed.scheme not in ("http", "https"):  # what is asked, whatever the scheme of `url`
            msg = f"{type(self).__name__} serves http and https, not {self._parsed.scheme!r}"
            raise MalformedRequest(msg, url=self.url)
        self.session = session
        self.auth = auth
        self.proxy = proxy
        self.proxy_auth = proxy_auth
        self.headers_ready_callback = headers_ready_callback
        self._content_type = ""  # of the current answer
        try:
            self.headers = header_pairs(headers)
            self._with_authorization(self.headers)
            _proxy(proxy, proxy_auth)
        except (HeaderError, UrlError) as error:
            raise MalformedRequest(str(error), url=self.url) from None

    @classmethod
    def from_context(cls, url: str, context: Context, **kwargs: Any) -> Self:
        """Return a downloader with the headers, credentials and proxy of the context's settings.

        Args:
            url: The URL.
            context: What is shared.
            kwargs: Keyword arguments of the class.
        """
        settings = context.settings
        if settings.username is not None:
            kwargs.setdefault("auth", (settings.username, settings.password))
        if settings.proxy_url is not None:
            kwargs.setdefault("proxy", settings.proxy_url)
            if settings.proxy_username is not None:
                kwargs.setdefault("proxy_auth", (settings.proxy_username, settings.proxy_password))
        if settings.headers is not None:
            kwargs["headers"] = (*settings.headers, *header_pairs(kwargs.get("headers")))
        return super().from_context(url, context, **kwargs)

    def raise_for_status(self, response: Response) -> None:
        """Raise when the status of *response* is 400 or above. Override it to silence one.

        Args:
            response: The aiohttp.ClientResponse.

        Raises:
            HttpStatusError: Which is an aiohttp.ClientResponseError as well.
        """
        check_status(response)

    async def _run(self, extra_data: dict[str, Any] | None = None) -> DownloadResult:
        limit, seconds = self.settings.low_speed_limit, self.settings.low_speed_time
        if limit is None:
            return await self._exchange(extra_data)
        seconds = _DEFAULT_LOW_SPEED_TIME if seconds is None else seconds
        try:
            async with SpeedWatch(limit, seconds, self.url) as self._watch:
                return await self._exchange(extra_data)
        finally:
            self._watch = None

    async def _exchange(self, extra_data: dict[str, Any] | None) -> DownloadResult:
        assert self._runtime is not None
        request = await self._request(extra_data)
        response = await send(self._runtime.client, request, self.session)
        try:
            self.raise_for_status(response)
            result = await self._handle_response(response)
        except BaseException:
            # What is left of the body is not worth reading to keep the connection.
            response.close()
            raise
        response.release()
        return result

    async def _handle_response(self, response: Response) -> DownloadResult:
        headers, total = CIMultiDict(response.headers), response.content_length
        judge(response.status, headers, response.request_info.headers, length=total, url=self._parsed)
        self._content_type = headers.get("Content-Type", "")
        self._announce(total)
        self._notify(events.HeadersReceived, headers, total)
        if self.headers_ready_callback is not None:
            ready = self.headers_ready_callback(headers)
            if inspect.isawaitable(ready):  # a plain function will do as well
                await ready
        await self._begin(total, headers)
        await self._read(response.content)
        if self._watch is not None:
            self._watch.stop()
        self._framed = total is not None or "Transfer-Encoding" in headers
        if self._proof is None:
            self._look_at_the_end(response)
        await self.finalize()
        return DownloadResult(self.url, self.artifact_attributes, self.path, headers)

    def _look_at_the_end(self, response: Response) -> None:
        """Where nothing else proves the end of a body, let TLS do it."""
        if isinstance(response, PeerResponse) and response.was_cut_off():
            received = self.artifact_attributes["size"]
            msg = f"the connection was cut after {received} bytes"
            raise PartialFile(msg, received=received, url=self.url)

    def _verdict(self) -> None:
        try:
            super()._verdict()
        except ValidationError as error:
            if self._content_type.lower().startswith("text/html"):
                # What portals, proxies and log-in pages send in place of a file.
                error.args = (f"{error.args[0]}; the server sent an HTML page",)
            raise

    async def _request(self, extra_data: dict[str, Any] | None) -> Request:
        options = dict((extra_data or {}).get("request_kwargs") or ())
        try:
            bound = self._with_authorization((*self.headers, *header_pairs(options.pop("headers", None))))
            proxy, proxy_authorization = _proxy(self.proxy, self.proxy_auth)
            if proxy is None and self.settings.trust_env and self.session is None:
                proxy, proxy_authorization = _proxy(await environment_proxy(self._parsed), None)
        except (HeaderError, UrlError) as error:
            raise MalformedRequest(str(error), url=self.url) from None
        self._via = proxy
        if self.session is None and not (bound or proxy or options):
            return Request(self._parsed)
        if proxy is not None and self.session is None:
            options.setdefault("timeout", timeouts(self.settings, proxied=True))
        agents = [value for name, value in bound if name.lower() == "user-agent"]
        bound = tuple(pair for pair in bound if pair[0].lower() != "user-agent")
        return Request(self._parsed, own_headers(agents), bound, proxy, proxy_authorization, options)

    def _with_authorization(self, headers: HeaderPairs) -> HeaderPairs:
        """Add the credentials, unless the caller wrote the header himself."""
        auth = self.auth
        if auth is None and self._parsed.user is not None:
            auth = (self._parsed.user, self._parsed.password)
        if auth is None or any(name.lower() == "authorization" for name, _ in headers):
            return headers
        return (*headers, ("Authorization", _authorization(auth)))

    async def _read(self, content: Content) -> None:
        # Chunk by chunk as they came: read() and readany() would join, and so copy, them. Crumbs are better joined.
        while True:
            data, _ = await content.readchunk()
            if data:
                await self.handle_data(data if len(data) >= _CRUMB else data + content.read_nowait(_JOINED))
            if content.at_eof():
                return


def _authorization(auth: Any) -> str:
    """Return the header for a pair, or for an aiohttp.BasicAuth, whose first two fields are the pair."""
    match auth:
        case (str(user), (str() | None) as password, *_) if not isinstance(auth, str):
            return basic_auth(user, password)
    msg = "auth is a pair of user and password"
    raise HeaderError(msg)


def _proxy(proxy: Any, proxy_auth: Any) -> tuple[str | None, str | None]:
    if proxy is None:
        return None, None
    parsed = parse(str(proxy))
    if parsed.scheme not in ("http", "https"):
        msg = f"a proxy is reached over http or https, not {parsed.scheme!r}"
        raise UrlError(msg)
    if proxy_auth is None and parsed.user is not None:
        proxy_auth = (parsed.user, parsed.password)
    return parsed.text, None if proxy_auth is None else _authorization(proxy_auth)

"""HTTP and HTTPS: one GET, its answer judged, its body handed over chunk by chunk."""

from __future__ import annotations

import inspect
import os
from typing import TYPE_CHECKING, Any

from multidict import CIMultiDict

from haulage import events
from haulage.downloaders.base import BaseDownloader
from haulage.downloaders.speed import SpeedWatch
from haulage.errors import ContentEncodingError, MalformedRequest, ProtocolError, UnknownResponse
from haulage.headers import HeaderError, HeaderPairs, Headers, basic_auth, header_pairs
from haulage.result import DownloadResult
from haulage.transport.agent import own_headers
from haulage.transport.client import timeouts
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

# File names whose bytes are coded already. Servers often call that a Content-Encoding, and mean the file as it is.
_CODED_SUFFIXES = {
    "gzip": (".gz", ".tgz", ".svgz"),
    "x-gzip": (".gz", ".tgz", ".svgz"),
    "compress": (".z",),
    "x-compress": (".z",),
    "bzip2": (".bz2", ".tbz2"),
    "x-bzip2": (".bz2", ".tbz2"),
    "xz": (".xz", ".txz"),
    "zstd": (".zst", ".tzst"),
    "br": (".br",),
}


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
        if self._parsed.scheme not in ("http", "https"):
            msg = f"{type(self).__name__} serves http and https, not {self._parsed.scheme!r}"
            raise MalformedRequest(msg, url=self.url)
        self.session = session
        self.auth = auth
        self.proxy = proxy
        self.proxy_auth = proxy_auth
        self.headers_ready_callback = headers_ready_callback
        try:
            self.headers = header_pairs(headers)
            self._with_authorization(self.headers)
            _proxy(proxy, proxy_auth)
        except (HeaderError, UrlError) as error:
            raise MalformedRequest(str(error), url=self.url) from None

    @classmethod
    def from_context(cls, url: str, context: Context, **kwargs: Any) -> BaseDownloader:
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
        self._judge(response)
        headers = CIMultiDict(response.headers)
        total = response.content_length
        self._announce(total)
        self._notify(events.HeadersReceived, headers, total)
        if self.headers_ready_callback is not None:
            ready = self.headers_ready_callback(headers)
            if inspect.isawaitable(ready):  # a plain function will do as well
                await ready
        await self._begin(total)
        await self._read(response.content)
        if self._watch is not None:
            self._watch.stop()
        await self.finalize()
        return DownloadResult(self.url, self.artifact_attributes, self.path, headers)

    def _judge(self, response: Response) -> None:
        """Refuse a good status that does not bring the whole file.

        Raises:
            UnknownResponse: A 204, an unasked 206 or 304, and the like.
            ProtocolError: A transfer coding we cannot undo.
            ContentEncodingError: A body that was coded though identity was asked for.
        """
        status, headers = response.status, response.headers
        if status == 200 and "Content-Encoding" not in headers and "Transfer-Encoding" not in headers:  # noqa: PLR2004
            return
        asked = response.request_info.headers
        if status < 200 or status in (204, 205) or 300 <= status < 400 or (status == 206 and "Range" not in asked):  # noqa: PLR2004
            msg = f"HTTP {status} is no answer to this request"
            raise UnknownResponse(msg, url=self.url)
        if ", ".join(headers.getall("Transfer-Encoding", ["chunked"])).strip().lower() != "chunked":
            msg = "a transfer coding other than chunked was not asked for"  # RFC 9112, section 7.4
            raise ProtocolError(msg, url=self.url)
        codings = ",".join(headers.getall("Content-Encoding", [])).lower().replace(" ", "").split(",")
        coding = ",".join(coding for coding in codings if coding not in ("", "identity"))
        if not coding or asked.get("Accept-Encoding") != "identity":
            return
        if not os.path.basename(self._parsed.path).lower().endswith(_CODED_SUFFIXES.get(coding, ("\0",))):
            msg = f"the server sent {coding[:40]!r} coded bytes though identity was asked for"
            raise ContentEncodingError(msg, url=self.url)

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
        # Chunk by chunk as they came: read() and readany() would join, and so copy, them.
        while True:
            data, _ = await content.readchunk()
            if data:
                await self.handle_data(data)
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

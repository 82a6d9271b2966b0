"""From an HTTP answer to an error, when its status says so."""

from __future__ import annotations

import http
import time
from typing import TYPE_CHECKING, Any

from aiohttp import ClientResponseError, RequestInfo
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from haulage.errors import FileNotFound, ProxyAuthorizationFailure, ResponseError
from haulage.rules.retry_after import parse_retry_after
from haulage.urls import redact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import ClientResponse

__all__ = [
    "AuthorizationFailure",
    "HttpFileNotFound",
    "HttpProxyAuthorizationFailure",
    "HttpStatusError",
    "RemoteServerError",
    "check_status",
    "phrase",
    "status_error",
]

TOO_MANY_REQUESTS = 429
TRANSIENT_STATUSES = frozenset({408, 425, TOO_MANY_REQUESTS, 500, 502, 503, 504})
_LONGEST_REASON = 200  # characters; it is a stranger's text
# Headers that never go into an error: they are credentials, or URLs, whose queries often are.
_SECRET_HEADERS = frozenset(
    {
        *("set-cookie", "set-cookie2", "authorization", "proxy-authorization"),
        *("location", "content-location", "link", "refresh"),
    }
)
_KNOWN = frozenset(http.HTTPStatus)


class HttpStatusError(ResponseError, ClientResponseError):
    """The server answered with a status of 400 or above.

    It is also an ``aiohttp.ClientResponseError``, so that handlers written for Pulp keep working; its `request_info`
    holds the redacted URL and no headers.

    Args:
        status: The HTTP status.
        message: The reason phrase.
        headers: The response headers, less those that hold credentials or URLs.
        url: The URL that answered; kept redacted.
        retry_after: Seconds the server asked to wait.
    """

    def __init__(
        self,
        status: int,
        message: str = "",
        headers: Mapping[str, str] | None = None,
        *,
        url: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        message = "".join(c for c in message[:_LONGEST_REASON] if c.isprintable())
        super().__init__(
            f"HTTP {status} {message}".rstrip(),
            url=url,
            transient=status in TRANSIENT_STATUSES,
            retry_after=retry_after,
        )
        self.status = status
        self.message = message
        self.throttled = status == TOO_MANY_REQUESTS
        self.headers = CIMultiDict(
            (name, value) for name, value in (headers or {}).items() if name.lower() not in _SECRET_HEADERS
        )
        self.history: tuple[Any, ...] = ()

    @property
    def request_info(self) -> RequestInfo:  # type: ignore[override]
        """What was asked, without secrets."""
        url = URL((self.url or "").replace("?…", ""), encoded=True)
        return RequestInfo(url, "GET", CIMultiDictProxy(CIMultiDict()), url)

    def __str__(self) -> str:
        return ResponseError.__str__(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class AuthorizationFailure(HttpStatusError):
    """The server wants other credentials, or refuses these (401, 403)."""


class HttpFileNotFound(HttpStatusError, FileNotFound):
    """There is nothing at this URL (404), or no longer (410)."""


class HttpProxyAuthorizationFailure(HttpStatusError, ProxyAuthorizationFailure):
    """The proxy wants other credentials (407)."""


class RemoteServerError(HttpStatusError):
    """The server failed (5xx)."""


def phrase(status: int) -> str:
    """Return what *status* means, and nothing for one that means nothing.

    It stands in for the answer's own reason phrase, in which some servers repeat the request, secrets and all
    (RFC 9112, section 4, would have it ignored).
    """
    return http.HTTPStatus(status).phrase if status in _KNOWN else ""


def status_error(status: int, message: str, headers: Mapping[str, str], url: str) -> HttpStatusError:
    """Return the error for an answer with *status*."""
    kind = HttpStatusError
    if status in (401, 403):
        kind = AuthorizationFailure
    elif status in (404, 410):
        kind = HttpFileNotFound
    elif status == 407:  # noqa: PLR2004
        kind = HttpProxyAuthorizationFailure
    elif status >= 500:  # noqa: PLR2004 - RFC 9110, section 15.6
        kind = RemoteServerError
    retry_after = parse_retry_after(headers.get("Retry-After"), now=time.time(), server_date=headers.get("Date"))
    return kind(status, message, headers, url=url, retry_after=retry_after)


def check_status(response: ClientResponse) -> None:
    """Raise when *response* has a status of 400 or above.

    Raises:
        HttpStatusError: With the facts of the response.
    """
    if response.status >= 400:  # noqa: PLR2004 - RFC 9110, section 15.5
        raise status_error(response.status, phrase(response.status), response.headers, redact(str(response.url)))

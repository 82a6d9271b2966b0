"""The cart service's API: ask for a cart, wait for it, delete it."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from haulage.cart.manifest import Manifest
from haulage.downloaders.cart_calls import CartCall, wait_until_ready
from haulage.errors import MalformedRequest, SettingsError
from haulage.factory import DownloaderFactory
from haulage.rules.carts import check_timeout, download_url
from haulage.urls import UrlError, parse, redact

if TYPE_CHECKING:
    from haulage.cart.metadata import YieldFiles
    from haulage.settings import RemoteSettings
    from haulage.transport.client import Session
    from haulage.urls import ParsedUrl

__all__ = ["CartAPI"]

_DEFAULTS = {"proto": "http", "addr": "127.0.0.1", "port": "8081"}


class CartAPI:
    """Carts of one service.

    What is not given is taken from the environment (``CARTD_CART_API_URL``, or ``CARTD_PROTO``, ``CARTD_ADDR`` and
    ``CARTD_PORT``), and at last from ``http://127.0.0.1:8081`` (seed: Pacifica's downloader).

    Used as a context manager, asynchronous or not, it keeps its connections open between calls.

    Args:
        cart_api_url: The service's URL.
        proto, addr, port: Parts of it, where it is not given as a whole.
        auth: ``(user, password)``, or a mapping with that as ``auth``, as for requests.
        extra_args: More fields for the requests to make a cart; JSON.
        session: An aiohttp.ClientSession to ask with.
        remote: Settings: credentials, TLS, proxy, limits, retries.

    Attributes:
        cart_api_url: The service's URL, without a slash at the end.
        auth: As given.

    Raises:
        MalformedRequest: A URL that cannot be right.
        SettingsError: Anything else that cannot.

    Example:
        >>> about = {"name": "a.txt", "subdir": "", "hashtype": "md5", "hashsum": "b1946ac92492d2347c6235b4d2611184"}
        >>> with CartAPI(depot.carts_url) as api:
        ...     cart_url = api.setup_cart(TransactionInfo.yield_files({"files": {"hello.txt": about}}))
        ...     ready = api.wait_for_cart(cart_url) == cart_url
        ...     api.delete_cart(cart_url)
        >>> ready
        True
    """

    def __init__(
        self,
        cart_api_url: str | None = None,
        *,
        proto: str | None = None,
        addr: str | None = None,
        port: str | int | None = None,
        auth: Any = None,
        extra_args: Mapping[str, Any] | None = None,
        session: Session | None = None,
        remote: RemoteSettings | None = None,
    ) -> None:
        given = {"proto": proto, "addr": addr, "port": port}
        self._parsed = _service(cart_api_url, given)
        self.cart_api_url = self._parsed.text.rstrip("/")
        self.auth = auth
        self.request_auth = _pair(auth) or _userinfo(self._parsed)
        self.session = session
        self._extra_args = _checked_extra(extra_args)
        self.factory = DownloaderFactory(remote)
        self._call(self.cart_api_url, "HEAD")  # what is wrong with it is said now

    def setup_cart(self, yield_files: YieldFiles) -> str:
        """Ask for a cart.

        Args:
            yield_files: Gives the files, as `TransactionInfo.yield_files` and `CloudEvent.yield_files` return it.

        Returns:
            The cart's URL.

        Raises:
            MalformedCart: There is something wrong with the files; nothing was asked for.
            NotACartService: What answered is none.
            DownloadError: The service could not be asked.
        """
        return self.factory.call(lambda: self.asetup_cart(yield_files))

    async def asetup_cart(self, yield_files: YieldFiles) -> str:
        """Ask for a cart; see `setup_cart`."""
        cart_url = self.new_url()
        await self.acreate(Manifest(yield_files()), cart_url)
        return cart_url

    def new_url(self) -> str:
        """Return a URL for a cart that was not asked for yet."""
        return f"{self.cart_api_url}/{uuid.uuid4()}"

    async def acreate(self, manifest: Manifest, cart_url: str) -> None:
        """Ask for a cart of the files in *manifest* at a new URL; see `setup_cart`."""
        body = json.dumps({**self._extra_args, "fileids": manifest.as_json()}).encode()
        await self._call(cart_url, "POST", body=body).run()

    def wait_for_cart(self, cart_url: str, timeout: float = 120) -> str:
        """Wait until a cart is ready.

        Args:
            cart_url: Its URL.
            timeout: Seconds to wait at most; infinite for no end.

        Returns:
            *cart_url*.

        Raises:
            StagingTimedOut: The time is over.
            StagingFailed: The service could not bring the files together.
            CartNotFound: There is no such cart, or no longer.
            NotACartService: What answered is none.
            DownloadError: The service could not be asked.
        """
        return self.factory.call(lambda: self.await_for_cart(cart_url, timeout))

    async def await_for_cart(self, cart_url: str, timeout: float = 120) -> str:  # noqa: ASYNC109 - the seed's name
        """Wait until a cart is ready; see `wait_for_cart`."""
        async with self:
            await wait_until_ready(lambda: self._call(cart_url, "HEAD"), timeout=check_timeout(timeout))
        return cart_url

    def delete_cart(self, cart_url: str) -> None:
        """Delete a cart.

        Args:
            cart_url: Its URL.

        Raises:
            CartNotFound: There is no such cart, or no longer.
            DownloadError: The service could not be asked.
        """
        self.factory.call(lambda: self.adelete_cart(cart_url))

    async def adelete_cart(self, cart_url: str, **kwargs: Any) -> None:
        """Delete a cart; see `delete_cart`.

        Args:
            cart_url: Its URL.
            kwargs: Arguments of the request, such as `max_retries`.
        """
        await self._call(cart_url, "DELETE", **kwargs).run()

    @staticmethod
    def download_url(cart_url: str, filename: str = "data") -> str:
        """Return the URL by which a factory downloads a cart: ``cart://…?filename=…``.

        Args:
            cart_url: The cart's URL.
            filename: Name of the directory that its files are to be in.

        Raises:
            MalformedRequest: It is no plain name, or no URL of a cart.
        """
        return download_url(cart_url, filename)

    async def __aenter__(self) -> Self:
        await self.factory.__aenter__()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.factory.__aexit__()

    def __enter__(self) -> Self:
        self.factory.__enter__()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.factory.__exit__()

    def __repr__(self) -> str:
        return f"CartAPI({redact(self.cart_api_url)!r})"

    def _call(self, url: str, method: str, **kwargs: Any) -> CartCall:
        # A cart's URL comes from the caller, and credentials belong to the service they were given for.
        if self.request_auth is not None and _origin(url) == self._parsed.origin:
            kwargs["auth"] = self.request_auth
        return self.factory.make(CartCall, url, method=method, session=self.session, **kwargs)


def _service(url: str | None, parts: dict[str, Any]) -> ParsedUrl:
    """Return the URL of the service, of what is given, the environment and the defaults, in this order."""
    if url is None and not any(parts.values()):
        url = os.environ.get("CARTD_CART_API_URL") or None
    if url is None:
        found = {
            name: str(parts[name] or os.environ.get(f"CARTD_{name.upper()}") or default)
            for name, default in _DEFAULTS.items()
        }
        url = "{proto}://{addr}:{port}".format_map(found)
    try:
        parsed = parse(url)
    except UrlError as error:
        raise MalformedRequest(str(error), url=str(url)) from None
    if parsed.scheme not in ("http", "https") or parsed.query is not None:
        msg = "a cart service has an http or https URL without a query"
        raise MalformedRequest(msg, url=url)
    return parsed


def _origin(url: Any) -> tuple[str, str, int | None] | None:
    try:
        return parse(url).origin
    except UrlError:
        return None  # the request itself says what is wrong


def _pair(auth: Any) -> Any:
    if not isinstance(auth, Mapping):
        return auth
    others = sorted(map(str, auth.keys() - {"auth"}))
    if others:
        msg = f"auth: no place for {', '.join(others)}; certificates and the like are settings of a Remote"
        raise SettingsError(msg, field="auth")
    return auth.get("auth")


def _userinfo(url: ParsedUrl) -> tuple[str, str | None] | None:
    return None if url.user is None else (url.user, url.password)


def _checked_extra(extra_args: Any) -> dict[str, Any]:
    extra = {} if extra_args is None else extra_args
    problem = None
    if not isinstance(extra, Mapping) or not all(isinstance(name, str) for name in extra):
        problem = "extra_args is a mapping of names to JSON values"
    elif "fileids" in extra:
        problem = "extra_args: fileids is what the cart's files are in"
    else:
        try:
            json.dumps(dict(extra), allow_nan=False)
        except (TypeError, ValueError):
            problem = "extra_args is not JSON"
    if problem is not None:
        raise SettingsError(problem, field="extra_args")
    return dict(extra)

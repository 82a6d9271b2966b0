"""The whole story of a cart: ask for it, wait, download and unpack it, and give it back."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from typing import TYPE_CHECKING, Any

from haulage.cart.api import CartAPI
from haulage.cart.manifest import Manifest
from haulage.cart.metadata import CloudEvent, TransactionInfo
from haulage.downloaders.cart import CartDownloader
from haulage.errors import DestinationError, DownloadError
from haulage.result import CartMember, CartResult
from haulage.rules.carts import check_timeout, download_url
from haulage.steadfast import to_the_end

if TYPE_CHECKING:
    from haulage.cart.metadata import YieldFiles
    from haulage.events import Observer
    from haulage.result import DownloadResult

__all__ = ["Downloader"]

_NO_PATH = re.compile(r"[\0\ud800-\udc7f\udd00-\udfff]")  # NUL, and surrogates that stand for no byte
_FAREWELL = 2.0  # seconds in which a service is to take a cart back


class Downloader:
    """Downloads the files that Pacifica tells of, each proved by its digest.

    Args:
        location: The directory to download into; made where it is missing.
        cart_api_url: The cart service's URL; see `CartAPI`.
        timeout: Seconds to wait until a cart is ready.
        keep_cart: Whether the cart is left with the service. It is deleted otherwise, since nobody else knows of it.
        observer: Called with each `haulage.events.Event` of its downloads.
        key: The `key` of those events; by default a number, another one for each download.
        kwargs: Arguments of `CartAPI`.

    Attributes:
        cart_api: The API that is used.

    Raises:
        MalformedRequest: A URL or timeout that cannot be right.
        DestinationError: No path.

    Example:
        >>> about = {"name": "a.txt", "subdir": "raw", "hashtype": "md5", "hashsum": "b1946ac92492d2347c6235b4d2611184"}
        >>> down = Downloader("downloads", depot.carts_url)
        >>> [file] = down.transactioninfo({"files": {"hello.txt": about}})
        >>> file.path, file.size, file.digests
        ('...downloads/data/raw/a.txt', 6, {'md5': 'b1946ac92492d2347c6235b4d2611184'})
    """

    def __init__(
        self,
        location: str | os.PathLike[str],
        cart_api_url: str | None = None,
        *,
        timeout: float = 120,
        keep_cart: bool = False,
        observer: Observer | None = None,
        key: object = None,
        **kwargs: Any,
    ) -> None:
        self.location = _checked_location(location)
        self.cart_api = CartAPI(cart_api_url, **kwargs)
        self._timeout = check_timeout(timeout)
        self._keep_cart = keep_cart
        self._observer = observer
        self._key = key

    def transactioninfo(self, transinfo: Any, filename: str = "data") -> list[CartMember]:
        """Download the files of a transaction.

        Args:
            transinfo: What the policy service says of it; see `TransactionInfo`.
            filename: Name of the new directory below `location`.

        Returns:
            The files that arrived, each with its path, size and digests.

        Raises:
            MalformedCart: There is something wrong with the files; nothing was asked for.
            DestinationExists: There is something of that name already; nothing was asked for.
            CartError: There is no cart to be had.
            StagingTimedOut: It was not ready in time.
            ArchiveError: What came is no archive, or not a safe one, or not the whole.
            MemberDigestError: A file is not the one that was asked for.
            DownloadError: Anything else that can go wrong with a download. In each case nothing is left behind.
        """
        return self.cart_api.factory.call(lambda: self.atransactioninfo(transinfo, filename))

    async def atransactioninfo(self, transinfo: Any, filename: str = "data") -> list[CartMember]:
        """Download the files of a transaction; see `transactioninfo`."""
        return await self.aretrieve(TransactionInfo.yield_files(transinfo), filename)

    def cloudevent(self, cloudevent: Any, filename: str = "data") -> list[CartMember]:
        """Download the files that an event tells of.

        Args:
            cloudevent: The event; see `CloudEvent`.
            filename: Name of the new directory below `location`.

        Returns:
            The files that arrived, each with its path, size and digests.

        Raises:
            DownloadError: As `transactioninfo` does.
        """
        return self.cart_api.factory.call(lambda: self.acloudevent(cloudevent, filename))

    async def acloudevent(self, cloudevent: Any, filename: str = "data") -> list[CartMember]:
        """Download the files that an event tells of; see `cloudevent`."""
        return await self.aretrieve(CloudEvent.yield_files(cloudevent), filename)

    async def aretrieve(self, yield_files: YieldFiles, filename: str = "data") -> list[CartMember]:
        """Download the files of any source of entries; see `transactioninfo`.

        Args:
            yield_files: Gives them, as `CartAPI.setup_cart` takes it.
            filename: Name of the new directory below `location`.
        """
        manifest = Manifest(yield_files())
        cart_url = self.cart_api.new_url()
        downloader = self.cart_api.factory.make(
            _OwnCart,
            download_url(cart_url, filename),
            api=self.cart_api,
            cart_url=cart_url,
            keep=self._keep_cart,
            destination=os.path.join(self.location, ""),
            manifest=manifest,
            timeout=self._timeout,
            observer=self._observer,
            key=self._key,
        )
        async with self.cart_api:
            result = await downloader.run()
        assert isinstance(result, CartResult)
        return list(result.members)


class _OwnCart(CartDownloader):
    """A cart that is made for this one download and given back after it."""

    def __init__(self, url: str, *args: Any, api: CartAPI, cart_url: str, keep: bool, **kwargs: Any) -> None:
        if api.request_auth is not None:
            kwargs["auth"] = api.request_auth
        super().__init__(url, *args, session=api.session, **kwargs)
        self._api = api
        self._cart_url = cart_url
        self._keep = keep
        self._makes_parents = True

    async def _attempts(self, extra_data: dict[str, Any] | None) -> DownloadResult:
        assert self._manifest is not None
        await self._prepare()  # nothing is asked for what cannot be put anywhere
        try:
            await self._api.acreate(self._manifest, self._cart_url)
            return await super()._attempts(extra_data)
        finally:
            if not self._keep:
                await to_the_end(self._give_back())

    async def _give_back(self) -> None:
        # Who has the files does not care whether that works; services throw old carts away as well. It is waited for
        # as a task of its own: this one cannot be cancelled, and so no timeout around an await ends it.
        leaving = asyncio.create_task(self._api.adelete_cart(self._cart_url, max_retries=0))
        await asyncio.wait((leaving,), timeout=_FAREWELL)
        leaving.cancel()
        await asyncio.wait((leaving,))
        if not leaving.cancelled():
            with contextlib.suppress(DownloadError):
                leaving.result()


def _checked_location(location: Any) -> str:
    path = os.fspath(location) if isinstance(location, str | os.PathLike) else None
    if not isinstance(path, str) or not path or _NO_PATH.search(path):
        msg = "location is the path of a directory"
        raise DestinationError(msg)
    return os.path.abspath(path)

"""The ``cart:`` and ``cart+https:`` schemes: wait until a cart is ready, bring its archive and prove what is in it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from haulage import events
from haulage.archives.contents import Contents
from haulage.archives.sinks import ProvedSink, TreeTarget
from haulage.archives.tar import MOST_MEMBERS
from haulage.downloaders.cart_calls import CartCall, wait_until_ready
from haulage.downloaders.http import HttpDownloader
from haulage.errors import DownloadError, MalformedRequest
from haulage.result import CartResult
from haulage.rules.carts import SCHEMES, check_answer, check_filename, check_timeout
from haulage.urls import UrlError, parse, redact

if TYPE_CHECKING:
    from haulage.cart.manifest import Manifest
    from haulage.downloaders.targets import Target
    from haulage.result import DownloadResult, Proof
    from haulage.rules.carts import CartStatus
    from haulage.sinks import Sink
    from haulage.transport.client import Response
    from haulage.urls import ParsedUrl

__all__ = ["CartDownloader"]


class CartDownloader(HttpDownloader):
    """Download a cart that was asked for before: ``cart://host:port/UUID?filename=NAME``.

    The cart is waited for, without holding a slot meanwhile. Its archive is proved while it passes: all of it has come,
    with its end marker, and every member is a plain file or directory with a harmless name, and, with a manifest, one
    that was asked for, with its digest. Until then nothing appears at the destination.

    Args:
        url: The cart's URL. ``cart:`` is spoken over http, ``cart+https:`` over https.
        manifest: What is to be in it; None where nobody knows.
        timeout: Seconds to wait until it is ready; infinite for no end.
        most_members: Members it may have where there is no manifest.
        kwargs: Arguments of `HttpDownloader`. A `destination` that is an existing directory, or ends with a slash, gets
            the archive's contents, unpacked as ``destination/NAME``, which may not exist yet; the archive itself is
            then stored nowhere. Any other gets the archive, a tar, as it is.

    Raises:
        MalformedRequest: A URL, name or timeout that cannot be right.

    Example:
        >>> from haulage.cart import CartAPI, CartDownloader, TransactionInfo
        >>> about = {"name": "a.txt", "subdir": "", "hashtype": "md5", "hashsum": "b1946ac92492d2347c6235b4d2611184"}
        >>> api = CartAPI(depot.carts_url)
        >>> cart_url = api.setup_cart(TransactionInfo.yield_files({"files": {"hello.txt": about}}))
        >>> CartDownloader(api.download_url(cart_url), destination=".").fetch().members[0].name
        'a.txt'
    """

    def __init__(
        self,
        url: str,
        *args: Any,
        manifest: Manifest | None = None,
        timeout: float = 120,
        most_members: int = MOST_MEMBERS,
        **kwargs: Any,
    ) -> None:
        super().__init__(url, *args, **kwargs)
        self.timeout = check_timeout(timeout)
        self._manifest = manifest
        self._most_members = most_members
        self._contents: Contents | None = None
        self._told = 0  # members that the observer knows of
        self._makes_parents = False

    @property
    def url(self) -> str:
        """The URL, without user information."""
        return f"{self._scheme}{self._parsed.text[len(self._parsed.scheme) :]}"

    @url.setter
    def url(self, url: str) -> None:
        try:
            self._scheme, self._parsed, self._name = _read_url(url)
        except (UrlError, MalformedRequest) as error:
            raise MalformedRequest(str(error), url=str(url)) from None

    def raise_for_status(self, response: Response) -> None:
        """Raise for an answer that brings no archive.

        Args:
            response: The aiohttp.ClientResponse.

        Raises:
            CartError: The cart is not ready, or is gone, or this is no cart service.
            HttpStatusError: The status is 400 or above.
        """
        check_answer("GET", response.status, response.headers, url=self.url)
        super().raise_for_status(response)

    async def handle_data(self, data: bytes) -> None:
        """Take the next bytes of the archive; see `BaseDownloader.handle_data`.

        Args:
            data: The bytes.
        """
        await super().handle_data(data)
        self._tell_members()

    async def finalize(self) -> None:
        """Prove and publish what came; see `BaseDownloader.finalize`.

        Raises:
            ArchiveIncomplete: The archive was cut, or members are missing.
        """
        await super().finalize()
        self._tell_members()

    async def _run(self, extra_data: dict[str, Any] | None = None) -> DownloadResult:
        result = await super()._run(extra_data)
        members = [] if self._contents is None else self._contents.members
        if isinstance(self._target, TreeTarget):
            top = self._target.path
            members = [member._replace(path=os.path.join(top, *member.name.split("/"))) for member in members]
        return CartResult.of(result, members)

    async def _attempts(self, extra_data: dict[str, Any] | None) -> DownloadResult:
        # The destination is looked at first, and a cart that is not ready keeps nobody's slot.
        if self._if_exists == "verify" and await self._is_there_already():
            return await super()._attempts(extra_data)
        if self._target is None:
            await self._prepare()
        await wait_until_ready(self._status_call, timeout=self.timeout, on_status=self._tell_status)
        return await super()._attempts(extra_data)

    def _status_call(self) -> CartCall:
        text = self._parsed.text.partition("?")[0]
        return CartCall(
            text,
            self.session,
            self.auth or self._userinfo,
            self.proxy,
            self.proxy_auth,
            headers=list(self.headers),
            method="HEAD",
            max_retries=self.max_retries,
            throttler=self.throttler,
            semaphore=self.semaphore,
            context=self._context,
        )

    @property
    def _userinfo(self) -> tuple[str, str | None] | None:
        return None if self._parsed.user is None else (self._parsed.user, self._parsed.password)

    def _new_contents(self) -> Contents:
        self._told = 0
        self._contents = Contents(
            self._manifest,
            algorithms=self.settings.digest_algorithms,
            max_size=self.settings.max_size,
            most_members=self._most_members,
        )
        return self._contents

    async def _new_target(self) -> Target:
        assert self._runtime is not None
        destination = self._destination
        if isinstance(destination, str | os.PathLike):
            path = os.fspath(destination)
            if path.endswith(("/", os.sep)) or await self._runtime.workers.submit(lambda: os.path.isdir(path)):
                return self._tree_target(path)
        return await super()._new_target()

    def _tree_target(self, directory: str) -> TreeTarget:
        if self._if_exists == "verify":
            msg = "if_exists='verify' is for the archive as a file, not for what is in it"
            raise MalformedRequest(msg, url=self.url)
        return TreeTarget(
            os.path.join(directory, self._name),
            self._new_contents,
            durable=self.settings.durable,
            makes_parents=self._makes_parents,
        )

    def _new_sink(self, target: Target) -> Sink:
        sink = super()._new_sink(target)
        return sink if isinstance(target, TreeTarget) else ProvedSink(sink, self._new_contents())

    @property
    def _algorithms(self) -> tuple[str, ...]:
        # Of an archive that nobody keeps, nobody wants to know the digest.
        return tuple(self.expected_digests) if isinstance(self._target, TreeTarget) else super()._algorithms

    @property
    def _proof(self) -> Proof | None:
        # Without a manifest it is the archive's own end marker, however the body was framed.
        return "digest" if self._manifest is not None else super()._proof or "framing"

    def _translated(self, error: BaseException) -> DownloadError | None:
        translated = super()._translated(error)
        if translated is not None and translated.url is None and not isinstance(translated, OSError):
            translated.url = redact(self.url)  # what the sinks raise knows of members only
        return translated

    def _tell_status(self, status: CartStatus, elapsed: float) -> None:
        self._notify(events.Staging, status.word, status.message, elapsed)

    def _tell_members(self) -> None:
        """Tell the observer of the members that are complete. They were written in another thread."""
        if self._observer is None or self._contents is None:
            return
        members = self._contents.members
        total = None if self._manifest is None else len(self._manifest.files)
        while self._told < len(members):
            member = members[self._told]
            self._told += 1
            self._notify(events.MemberUnpacked, member.name, member.size, self._told, total)


def _read_url(url: str) -> tuple[str, ParsedUrl, str]:
    """Return the scheme of a cart's URL, the URL that is asked, and the name that the archive is asked for by."""
    scheme = parse(url).scheme
    if scheme not in SCHEMES:
        msg = f"a cart has a URL of {' or '.join(SCHEMES)}, not {scheme!r}"
        raise UrlError(msg)
    text = SCHEMES[scheme] + url.strip().partition("#")[0][len(scheme) :]
    parsed = parse(text)
    names = parse_qs(parsed.query or "", keep_blank_values=True).get("filename")
    if names is None:
        names = ["data"]
        parsed = parse(f"{text}{'?' if parsed.query is None else '&'}filename=data")
    if len(names) > 1:
        msg = "two filenames in the URL of a cart"
        raise UrlError(msg)
    return scheme, parsed, check_filename(names[0])

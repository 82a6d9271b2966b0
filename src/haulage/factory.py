"""Which class serves which scheme, and what the downloaders of one remote share."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self, TypeVar

from haulage.blocking import LoopThread, run_blocking
from haulage.downloaders.base import BaseDownloader
from haulage.downloaders.cart import CartDownloader
from haulage.downloaders.file import FileDownloader
from haulage.downloaders.http import HttpDownloader
from haulage.downloaders.runtime import Context, Runtime
from haulage.errors import DownloaderMisuseError, SettingsError, UnsupportedProtocol
from haulage.settings import RemoteSettings
from haulage.transport.agent import user_agent
from haulage.urls import scheme_of

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

__all__ = ["ENTRY_POINT_GROUP", "DownloaderFactory"]

ENTRY_POINT_GROUP = "haulage.downloaders"

T = TypeVar("T")
D = TypeVar("D", bound=BaseDownloader)

_SCHEMES: dict[str, type[BaseDownloader]] = {
    "http": HttpDownloader,
    "https": HttpDownloader,
    "file": FileDownloader,
    "cart": CartDownloader,
    "cart+https": CartDownloader,
}


class DownloaderFactory:
    """Builds downloaders that share connections, limits and settings.

    Used as a context manager, asynchronous or not, it keeps connections open between downloads and closes them at the
    end. Without, they are kept for as long as at least one of its downloads is running.

    Args:
        remote: Settings; None for the defaults.
        downloader_overrides: Scheme → class, in place of or in addition to http, https, file, cart, cart+https and
            the schemes that other packages bring through the entry-point group ``haulage.downloaders``.

    Raises:
        SettingsError: Settings that are none, or overrides that are no downloader classes.

    Example:
        >>> async def main():
        ...     async with DownloaderFactory(Remote(download_concurrency=4)) as factory:
        ...         result = await factory.build(f"{depot.url}/hello.txt").run()
        ...         return result.artifact_attributes["size"]
        >>> asyncio.run(main())
        6
    """

    def __init__(
        self,
        remote: RemoteSettings | None = None,
        downloader_overrides: Mapping[str, type[BaseDownloader]] | None = None,
    ) -> None:
        if remote is not None and not isinstance(remote, RemoteSettings):
            msg = f"remote is a Remote, not {type(remote).__name__}"
            raise SettingsError(msg, field="remote")
        self.remote = RemoteSettings() if remote is None else remote
        self._context = Context(self.remote, bounded=True)
        self._classes = dict(_SCHEMES)
        self._held: list[Runtime] = []
        for scheme, kind in (downloader_overrides or {}).items():
            self._classes[scheme.lower()] = _checked(kind, f"downloader_overrides[{scheme!r}]")

    def build(self, url: str, **kwargs: Any) -> BaseDownloader:
        """Return a downloader for *url*.

        Args:
            url: The URL.
            kwargs: Arguments of the class, such as `expected_digests`, `expected_size`, `destination` and `if_exists`.

        Raises:
            UnsupportedProtocol: No class serves the scheme.
            MalformedRequest: The URL or an argument cannot be right.
        """
        scheme = scheme_of(str(url))
        kind = self._classes.get(scheme)
        if kind is None and not scheme:
            raise UnsupportedProtocol(scheme, tuple(sorted(self._classes)), url=str(url))
        if kind is None:
            kind = self._classes[scheme] = self._from_entry_points(scheme, url)
        return self.make(kind, url, **kwargs)

    def make(self, kind: type[D], url: str, **kwargs: Any) -> D:
        """Return a downloader of a given class, whatever the scheme.

        Args:
            kind: The class.
            url: The URL.
            kwargs: Arguments of the class.

        Raises:
            MalformedRequest: The URL or an argument cannot be right.
        """
        return kind.from_context(url, self._context, **kwargs)

    @staticmethod
    def user_agent() -> str:
        """Return the User-Agent: name, version, Python, system, aiohttp."""
        return user_agent()

    async def __aenter__(self) -> Self:
        self._held.append(self._context.lease())
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        for runtime in self._held_here()[-1:]:
            await self._let_go(runtime)

    async def aclose(self) -> None:
        """Let go of this loop's connections; running downloads keep theirs until they end."""
        for runtime in self._held_here():
            await self._let_go(runtime)

    def _held_here(self) -> list[Runtime]:
        # Threads may share a factory, each with a loop of its own, and none may close what is another's.
        loop = asyncio.get_running_loop()
        return [runtime for runtime in self._held if runtime.loop is loop]

    async def _let_go(self, runtime: Runtime) -> None:
        self._held.remove(runtime)
        await self._context.release(runtime)

    def __enter__(self) -> Self:
        if self._context.portal is not None:
            msg = "this factory is open already"
            raise DownloaderMisuseError(msg)
        self._context.portal = LoopThread().__enter__()
        self._context.portal.run(self.__aenter__)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """End what ``with`` began. Harmless otherwise."""
        portal, self._context.portal = self._context.portal, None
        if portal is not None:
            try:
                portal.run(self.aclose)
            finally:
                portal.__exit__()

    def call(self, function: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Call *function* and wait for its coroutine, on the loop that ``with`` opened or on one of its own.

        Args:
            function: A coroutine function without arguments, which may use this factory.

        Returns:
            What the coroutine returns.
        """
        portal = self._context.portal
        return run_blocking(function) if portal is None else portal.run(function)

    def _from_entry_points(self, scheme: str, url: str) -> type[BaseDownloader]:
        # Only for a scheme we do not know: importing this and reading the entry points takes a while.
        import importlib.metadata  # noqa: PLC0415

        points = importlib.metadata.entry_points(group=ENTRY_POINT_GROUP)
        for point in points:
            if point.name.lower() == scheme:
                return _checked(point.load(), f"entry point {point.name!r}")
        known = sorted({*self._classes, *(point.name.lower() for point in points)})
        raise UnsupportedProtocol(scheme, tuple(known), url=url)


def _checked(kind: Any, where: str) -> type[BaseDownloader]:
    if not (isinstance(kind, type) and issubclass(kind, BaseDownloader)):
        msg = f"{where} is no subclass of BaseDownloader"
        raise SettingsError(msg, field="downloader_overrides")
    return kind

"""One URL, one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haulage.blocking import run_blocking
from haulage.factory import DownloaderFactory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from haulage.downloaders.targets import Destination, IfExists
    from haulage.result import DownloadResult
    from haulage.settings import RemoteSettings

__all__ = ["download", "fetch"]


async def download(
    url: str,
    destination: Destination | None = None,
    *,
    expected_digests: Mapping[str, str] | None = None,
    expected_size: int | None = None,
    if_exists: IfExists = "replace",
    remote: RemoteSettings | None = None,
) -> DownloadResult:
    """Download *url* and prove it.

    Args:
        url: The URL.
        destination: None for a new file in the working directory, a path, a `NamedByServer`, or a writable binary file
            object.
        expected_digests: Algorithm name → hex digest.
        expected_size: In bytes.
        if_exists: What becomes of a file that is at the path already: ``"replace"``, ``"fail"`` or ``"verify"``; see
            `BaseDownloader`.
        remote: Settings; None for the defaults.

    Returns:
        The result, after the bytes were verified and published.

    Raises:
        DownloadError: Whatever went wrong; nothing was left behind.

    Example:
        >>> async def main():
        ...     return await download(f"{depot.url}/hello.txt", "hello.txt", expected_size=6)
        >>> asyncio.run(main()).attempts
        1
    """
    async with DownloaderFactory(remote) as factory:
        downloader = factory.build(
            url,
            destination=destination,
            expected_digests=expected_digests,
            expected_size=expected_size,
            if_exists=if_exists,
        )
        return await downloader.run()


def fetch(
    url: str,
    destination: Destination | None = None,
    *,
    expected_digests: Mapping[str, str] | None = None,
    expected_size: int | None = None,
    if_exists: IfExists = "replace",
    remote: RemoteSettings | None = None,
) -> DownloadResult:
    """Download *url* synchronously: `download` for code that is not asynchronous, also inside a running event loop.

    Args:
        url: The URL.
        destination: None for a new file in the working directory, a path, a `NamedByServer`, or a writable binary file
            object.
        expected_digests: Algorithm name → hex digest.
        expected_size: In bytes.
        if_exists: What becomes of a file that is at the path already: ``"replace"``, ``"fail"`` or ``"verify"``; see
            `BaseDownloader`.
        remote: Settings; None for the defaults.

    Returns:
        The result, after the bytes were verified and published.

    Raises:
        DownloadError: Whatever went wrong; nothing was left behind.

    Example:
        >>> fetch(f"{depot.url}/hello.txt", "hello.txt").artifact_attributes["size"]
        6
    """
    return run_blocking(
        lambda: download(
            url,
            destination,
            expected_digests=expected_digests,
            expected_size=expected_size,
            if_exists=if_exists,
            remote=remote,
        )
    )

"""The demo's cart: a content cut into files, asked for together, and put together again to be judged."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any

from haulage.cart import CartAPI, Manifest, TransactionInfo

if TYPE_CHECKING:
    from haulage.events import Observer
    from haulage.factory import DownloaderFactory
    from haulage.result import DownloadResult

__all__ = ["CART_CONTENT", "digest_of_tree", "download_cart", "write_transaction"]

_FILES, _FILE_SIZE = 12, 1 << 19

CART_CONTENT = (_FILES * _FILE_SIZE, 8)
"""Bytes of all files together, and the seed of that content."""

_STAGING = 0.5  # seconds: long enough to be seen


def write_transaction(root: str) -> dict[str, Any]:
    """Write the files into *root*, where a depot finds them by their ids.

    Returns:
        What Pacifica's policy service would say of them.
    """
    from haulage.depot import generated  # noqa: PLC0415 - a server, which takes a while to import

    content = generated(*CART_CONTENT)
    files = {}
    for number in range(_FILES):
        piece = content[number * _FILE_SIZE : (number + 1) * _FILE_SIZE]
        with open(os.path.join(root, str(number)), "wb") as file:
            file.write(piece)
        # Archives tell of their files by SHA-1.
        digest = hashlib.sha1(piece, usedforsecurity=False).hexdigest()
        about = {"name": f"{number:02}.bin", "subdir": f"run-{number // 4}", "hashtype": "sha1", "hashsum": digest}
        files[str(number)] = about
    return {"files": files}


async def download_cart(
    factory: DownloaderFactory, url: str, transaction: dict[str, Any], path: str, observer: Observer
) -> DownloadResult:
    """Download the files into the new directory *path*, from a service that takes a moment to have them ready.

    Raises:
        DownloadError: It did not work.
    """
    into, name = os.path.split(path)
    entries = TransactionInfo.yield_files(transaction)
    api = CartAPI(url, extra_args={"depot": {"staging": _STAGING}})
    cart_url = await api.asetup_cart(entries)
    downloader = factory.build(
        api.download_url(cart_url, name),
        destination=os.path.join(into, ""),
        manifest=Manifest(entries()),
        observer=observer,
        key=name,
    )
    result = await downloader.run()
    await api.adelete_cart(cart_url)
    return result


def digest_of_tree(path: str) -> str:
    """Return the SHA-256 of all files below *path*, one after the other in the order of their paths."""
    whole = hashlib.sha256()
    names = [os.path.join(parent, name) for parent, _, names in os.walk(path) for name in names]
    for name in sorted(names):
        with open(name, "rb") as file:
            while piece := file.read(1 << 20):
                whole.update(piece)
    return whole.hexdigest()

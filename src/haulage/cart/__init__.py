"""Carts: many files of an archive, asked for together and received as one proved tar.

`Downloader` does it all at once. `CartAPI` asks for carts, waits for them and deletes them. `CartDownloader`, which
serves ``cart:`` and ``cart+https:`` in every factory, brings one that is there.
"""

from __future__ import annotations

from haulage.cart.api import CartAPI
from haulage.cart.manifest import CartFile, Manifest
from haulage.cart.metadata import CloudEvent, TransactionInfo
from haulage.cart.retrieval import Downloader
from haulage.downloaders.cart import CartDownloader
from haulage.result import CartMember, CartResult

__all__ = [
    "CartAPI",
    "CartDownloader",
    "CartFile",
    "CartMember",
    "CartResult",
    "CloudEvent",
    "Downloader",
    "Manifest",
    "TransactionInfo",
]

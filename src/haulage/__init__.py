"""Haulage brings bytes from a URL to a place and proves that they are the right bytes.

The shortest ways in are `download`, a coroutine, and `fetch`, its synchronous twin. A `DownloaderFactory` builds many
downloaders that share connections and limits; a `Remote` holds the settings.
"""

from __future__ import annotations

from haulage import errors, events
from haulage._version import __version__
from haulage.downloaders.base import BaseDownloader
from haulage.downloaders.cart import CartDownloader
from haulage.downloaders.file import FileDownloader
from haulage.downloaders.http import HttpDownloader
from haulage.errors import *  # noqa: F403 - every error is part of this door; the list stands in haulage.errors
from haulage.factory import DownloaderFactory
from haulage.remote import Remote
from haulage.result import DownloadResult
from haulage.settings import RemoteArtifact
from haulage.shortcuts import download, fetch
from haulage.sinks.named import NamedByServer
from haulage.transport.status import (
    AuthorizationFailure,
    HttpFileNotFound,
    HttpProxyAuthorizationFailure,
    HttpStatusError,
    RemoteServerError,
)

__all__ = [
    "AuthorizationFailure",
    "BaseDownloader",
    "CartDownloader",
    "DownloadResult",
    "DownloaderFactory",
    "FileDownloader",
    "HttpDownloader",
    "HttpFileNotFound",
    "HttpProxyAuthorizationFailure",
    "HttpStatusError",
    "NamedByServer",
    "Remote",
    "RemoteArtifact",
    "RemoteServerError",
    "__version__",
    "download",
    "errors",
    "events",
    "fetch",
]
__all__ += errors.__all__

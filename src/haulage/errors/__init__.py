"""Everything that can go wrong, as one tree.

The root is `DownloadError`. Branches follow what the caller can do next: mend the request, mend the settings, try
again later, look at the disk, distrust the bytes. Each class is also the fitting builtin, so that ``except
TimeoutError`` and ``except ConnectionError`` mean what they say.

Every error keeps its facts as attributes, shows its URL without query and user information, and survives pickling.
Whether a failure may pass by itself (`DownloadError.transient`) and when the server wants to be asked again
(`DownloadError.retry_after`) is decided where the error is made; the retry rule only does arithmetic with it.

`HttpStatusError` is the one error that lives elsewhere (`haulage.transport.status`): it is also an aiohttp error, and
this package imports nothing but the standard library.
"""

from __future__ import annotations

from haulage.errors.archive import (
    ArchiveCorrupt,
    ArchiveError,
    ArchiveIncomplete,
    ArchiveUnsafe,
    MemberDigestError,
)
from haulage.errors.base import (
    DownloadError,
)
from haulage.errors.cart import (
    CartError,
    CartNotFound,
    CartNotReady,
    MalformedCart,
    NotACartService,
    StagingFailed,
    StagingTimedOut,
)
from haulage.errors.local import (
    DestinationError,
    DestinationExists,
    FileNotFound,
    LocalResourceError,
    ReadError,
    StorageError,
    StorageFull,
)
from haulage.errors.network import (
    ClientSSLAuthorizationFailure,
    ConnectionFailed,
    NetworkError,
    PartialFile,
    ProxyAuthorizationFailure,
    ProxyConnectionFailed,
    ProxyConnectionTimedOut,
    ProxyResolutionError,
    RemoteServerResolutionError,
    ServerSSLVerificationFailure,
    ServerTimedOut,
    TimeoutException,
    TlsError,
    TooSlow,
)
from haulage.errors.request import (
    AddressNotAllowed,
    DownloaderMisuseError,
    MalformedRequest,
    PolicyError,
    RequestError,
    SettingsError,
    UnsupportedProtocol,
)
from haulage.errors.response import (
    ContentEncodingError,
    ProtocolError,
    RedirectError,
    ResponseError,
    TooLarge,
    TooManyRedirects,
    UnknownResponse,
)
from haulage.errors.validation import (
    DigestValidationError,
    SizeValidationError,
    UnsupportedDigestValidationError,
    ValidationError,
)

__all__ = [
    "AddressNotAllowed",
    "ArchiveCorrupt",
    "ArchiveError",
    "ArchiveIncomplete",
    "ArchiveUnsafe",
    "CartError",
    "CartNotFound",
    "CartNotReady",
    "ClientSSLAuthorizationFailure",
    "ConnectionFailed",
    "ContentEncodingError",
    "DestinationError",
    "DestinationExists",
    "DigestValidationError",
    "DownloadError",
    "DownloaderMisuseError",
    "FileNotFound",
    "LocalResourceError",
    "MalformedCart",
    "MalformedRequest",
    "MemberDigestError",
    "NetworkError",
    "NotACartService",
    "PartialFile",
    "PolicyError",
    "ProtocolError",
    "ProxyAuthorizationFailure",
    "ProxyConnectionFailed",
    "ProxyConnectionTimedOut",
    "ProxyResolutionError",
    "ReadError",
    "RedirectError",
    "RemoteServerResolutionError",
    "RequestError",
    "ResponseError",
    "ServerSSLVerificationFailure",
    "ServerTimedOut",
    "SettingsError",
    "SizeValidationError",
    "StagingFailed",
    "StagingTimedOut",
    "StorageError",
    "StorageFull",
    "TimeoutException",
    "TlsError",
    "TooLarge",
    "TooManyRedirects",
    "TooSlow",
    "UnknownResponse",
    "UnsupportedDigestValidationError",
    "UnsupportedProtocol",
    "ValidationError",
]

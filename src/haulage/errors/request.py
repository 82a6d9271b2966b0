"""What the caller has to mend: the request, the settings, the use, or the policy that refuses it."""

from __future__ import annotations

from haulage.errors.base import DownloadError

__all__ = [
    "AddressNotAllowed",
    "DownloaderMisuseError",
    "MalformedRequest",
    "PolicyError",
    "RequestError",
    "SettingsError",
    "UnsupportedProtocol",
]


class RequestError(DownloadError, ValueError):
    """The request cannot be right as it stands; no byte was asked for."""


class MalformedRequest(RequestError):
    """A URL, header, size or digest that cannot be sent or meant."""


class UnsupportedProtocol(RequestError):
    """No downloader serves this URL's scheme.

    Attributes:
        scheme: The scheme asked for.
        known: The schemes there are, sorted.
    """

    def __init__(self, scheme: str, known: tuple[str, ...] = (), *, url: str | None = None) -> None:
        names = ", ".join(known) or "none"
        what = f"no downloader for scheme {scheme!r}" if scheme else "URL without a scheme"
        super().__init__(f"{what}; there are: {names}", url=url)
        self.scheme = scheme
        self.known = known


class SettingsError(RequestError):
    """A setting, or a pair of settings, that makes no sense.

    Attributes:
        field: The setting's name.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class DownloaderMisuseError(DownloadError, RuntimeError):
    """A downloader used against its contract: run twice, or data handed over and never finalized."""


class PolicyError(DownloadError, PermissionError):
    """Refused by policy: a path outside `allowed_paths`, a redirect to a weaker scheme, and the like."""


class AddressNotAllowed(PolicyError):
    """A redirect that leads into a private network.

    Attributes:
        address: The address that was refused.
    """

    def __init__(self, message: str, *, address: str, url: str | None = None) -> None:
        super().__init__(message, url=url)
        self.address = address

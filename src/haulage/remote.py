"""A remote: settings that can build downloaders, as Pulp's do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from haulage.factory import DownloaderFactory
from haulage.settings import RemoteArtifact, RemoteSettings
from haulage.transport.tls import check_pem

if TYPE_CHECKING:
    from haulage.downloaders.base import BaseDownloader

__all__ = ["Remote"]


@dataclass(frozen=True, kw_only=True, repr=False)
class Remote(RemoteSettings):
    """Settings of a remote; see `haulage.settings.RemoteSettings` for the fields.

    It is plain data: frozen, picklable, without sockets; secrets are left out of its repr.

    Raises:
        SettingsError: On making the object, when a value or a pair of values makes no sense.

    Example:
        >>> remote = Remote(download_concurrency=4, max_size=10_000)
        >>> remote.get_downloader(f"{depot.url}/hello.txt").fetch().artifact_attributes["size"]
        6
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        for field in ("ca_cert", "client_cert", "client_key"):
            check_pem(field, getattr(self, field))

    def get_downloader(
        self,
        url: str | None = None,
        remote_artifact: RemoteArtifact | None = None,
        download_factory: DownloaderFactory | None = None,
        **kwargs: Any,
    ) -> BaseDownloader:
        """Return a downloader with these settings. All downloaders of one remote share one session.

        Args:
            url: The URL; or
            remote_artifact: a URL with its validation.
            download_factory: Builds it; by default one that belongs to this remote.
            kwargs: Arguments of the downloader's class.

        Raises:
            ValueError: Not exactly one of *url* and *remote_artifact*.
            UnsupportedProtocol: No class serves the scheme.
        """
        if (url is None) == (remote_artifact is None):
            msg = "give either url or remote_artifact"
            raise ValueError(msg)
        if remote_artifact is not None:
            url = remote_artifact.url
            kwargs.setdefault("expected_digests", remote_artifact.expected_digests)
            kwargs.setdefault("expected_size", remote_artifact.size)
        assert url is not None
        return (download_factory or self.download_factory).build(url, **kwargs)

    @property
    def download_factory(self) -> DownloaderFactory:
        """The factory of this remote, made on first use."""
        factory = self.__dict__.get("_factory")
        if factory is None:
            factory = DownloaderFactory(self)
            # Not a field: neither compared nor shown nor pickled.
            object.__setattr__(self, "_factory", factory)
        return factory

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_factory"}

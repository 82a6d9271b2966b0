"""Settings: frozen words about how to download. They hold no sockets, and their secrets have no repr."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from typing import Any

from haulage import checks
from haulage.errors import SettingsError
from haulage.headers import HeaderError, Headers, basic_auth, header_pairs
from haulage.urls import redact

__all__ = ["DEFAULT_TRUSTED_DIGESTS", "PathOrPem", "RemoteArtifact", "RemoteSettings"]

PathOrPem = str | os.PathLike[str]

# Digests for which no collision is known; md5 and sha1 may be computed and compared, but prove nothing alone.
DEFAULT_TRUSTED_DIGESTS = (
    *("sha224", "sha256", "sha384", "sha512", "sha512_224", "sha512_256"),
    *("sha3_224", "sha3_256", "sha3_384", "sha3_512", "blake2b", "blake2s"),
)

_COUNTS = {"download_concurrency": 1, "concurrency_per_host": 1, "max_retries": 0, "max_size": 0}
_SECONDS = ("total_timeout", "connect_timeout", "sock_connect_timeout", "sock_read_timeout", "low_speed_time")
_RATES = ("rate_limit", "max_speed", "low_speed_limit")
_FLAGS = ("tls_validation", "durable", "allow_private_addresses", "trust_env", "hold_slots")
_TEXTS = ("url", "name", "username", "password", "proxy_url", "proxy_username", "proxy_password")
_PEMS = ("ca_cert", "client_cert", "client_key")
_DIGESTS = ("digest_algorithms", "trusted_digests")
_URLS = ("url", "proxy_url")
_NEEDS = (
    ("client_key", "client_cert"),
    ("password", "username"),
    ("proxy_password", "proxy_username"),
    ("proxy_username", "proxy_url"),
    ("low_speed_time", "low_speed_limit"),
)


@dataclass(frozen=True, kw_only=True, repr=False)
class RemoteSettings:
    """How to reach a remote and what to hold its downloads to. All fields are optional; None means unset.

    Times are in seconds. An unset time limit has a default of its own; ``math.inf`` switches a limit off.

    Raises:
        SettingsError: On making the object, when a value or a pair of values makes no sense.
    """

    url: str | None = None
    """The remote's base URL; user information in it becomes `username` and `password`."""
    name: str | None = None
    """A name for people."""
    ca_cert: PathOrPem | None = None
    """Certificates to trust instead of the system's: PEM text or a path."""
    client_cert: PathOrPem | None = field(default=None, repr=False)
    """Our certificate (chain): PEM text or a path. May hold the key as well."""
    client_key: PathOrPem | None = field(default=None, repr=False)
    """The key of `client_cert`: PEM text or a path."""
    tls_validation: bool = True
    """Whether the server's certificate must be trusted and fit its name."""
    username: str | None = field(default=None, repr=False)
    """User for basic authentication; enough without a password. Often a token, and so not in the repr."""
    password: str | None = field(default=None, repr=False)
    """Password for basic authentication."""
    proxy_url: str | None = None
    """``http://host:port`` or ``https://host:port``; user information becomes the two fields below."""
    proxy_username: str | None = field(default=None, repr=False)
    """User for the proxy."""
    proxy_password: str | None = field(default=None, repr=False)
    """Password for the proxy."""
    headers: Headers | None = field(default=None, repr=False)
    """More headers for every request: a mapping or a list of mappings. Kept as a tuple of pairs. A User-Agent is
    appended to ours. They are sent to the origin a URL names and to no other."""
    download_concurrency: int = 10
    """Downloads at once."""
    concurrency_per_host: int | None = None
    """Downloads at once from one origin."""
    max_retries: int = 3
    """Further attempts after a failure that may pass; 429 has a budget of its own."""
    rate_limit: float | None = None
    """Requests per second, all downloads together."""
    max_speed: int | None = None
    """Bytes per second, all downloads together."""
    total_timeout: float | None = None
    """For one attempt from start to end; off by default, so that a long good download lives."""
    connect_timeout: float | None = None
    """For getting a connection, name resolution included. Off by default; with a proxy, which is waited for while a
    tunnel is made, twice `sock_read_timeout` at most."""
    sock_connect_timeout: float | None = None
    """For one TCP connect; 300 by default."""
    sock_read_timeout: float | None = None
    """Between two reads; 300 by default."""
    low_speed_limit: int | None = None
    """Bytes per second below which an attempt is given up."""
    low_speed_time: float | None = None
    """For how long the speed may stay below `low_speed_limit`; 30 by default."""
    max_size: int | None = None
    """Bytes a download may have."""
    digest_algorithms: tuple[str, ...] = ("sha256",)
    """Digests to compute for every download, by their hashlib names."""
    trusted_digests: tuple[str, ...] | None = None
    """Digests that may prove something; by default those without known collisions (not md5, not sha1)."""
    allowed_paths: tuple[str, ...] | None = None
    """Directories below which ``file:`` may read; by default everywhere, ``()`` means nowhere."""
    working_directory: PathOrPem | None = None
    """Where files without a destination are put; by default the current directory at the time of the download."""
    durable: bool = False
    """Whether file and directory are flushed to the disk before success is reported."""
    allow_private_addresses: bool | None = None
    """Whether a redirect may lead to another origin at a private, loopback or link-local address. By default never
    to where fewer can get than to the server it comes from; True allows it always, False never. What the caller
    names stays reachable."""
    trust_env: bool = False
    """Whether proxies are taken from ``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``."""
    hold_slots: bool = False
    """Whether a download keeps its slot while it waits for a retry, as Pulp's do."""

    def __post_init__(self) -> None:
        for name, value in self._given():
            if name in _COUNTS:
                checks.number(name, value, least=_COUNTS[name], whole=True)
            elif name in _SECONDS or name in _RATES:
                checks.number(name, value, least=0, may_be_infinite=name in _SECONDS)
            elif name in _FLAGS:
                checks.flag(name, value)
            elif name in _TEXTS:
                checks.text(name, value)
            elif name in _PEMS:
                checks.pem(name, value)
            elif name in _DIGESTS:
                self._set(name, checks.digest_names(name, value))
        if self.allowed_paths is not None:
            self._set("allowed_paths", checks.directories("allowed_paths", self.allowed_paths))
        if self.working_directory is not None and not isinstance(self.working_directory, str | os.PathLike):
            msg = "working_directory is a path"
            raise SettingsError(msg, field="working_directory")
        self._check_credentials()
        self._check_pairs()

    def __repr__(self) -> str:
        shown = []
        for item in fields(self):
            value = getattr(self, item.name)
            if item.repr and value != item.default:
                shown.append(f"{item.name}={redact(value) if item.name in _URLS else value!r}")
        return f"{type(self).__name__}({', '.join(shown)})"

    @property
    def trusted(self) -> tuple[str, ...]:
        """The digests that may prove something."""
        return DEFAULT_TRUSTED_DIGESTS if self.trusted_digests is None else self.trusted_digests

    def _given(self) -> list[tuple[str, Any]]:
        """Names and values of the fields that are set; None is no value where a number must stand."""
        values = [(item.name, getattr(self, item.name), item.default) for item in fields(self)]
        return [(name, value) for name, value, default in values if value is not None or default is not None]

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _check_credentials(self) -> None:
        for names in (("url", "username", "password"), ("proxy_url", "proxy_username", "proxy_password")):
            url, user, password = (getattr(self, name) for name in names)
            if url is not None:
                for name, value in zip(names, checks.url_and_user(names, url, user, password), strict=True):
                    self._set(name, value)
            user, password = (getattr(self, name) for name in names[1:])
            try:
                basic_auth(user or "", password)
            except HeaderError as error:
                raise SettingsError(str(error), field=names[1]) from None
        if self.proxy_url is not None and not self.proxy_url.startswith(("http:", "https:")):
            msg = "proxy_url: a proxy is reached over http or https"
            raise SettingsError(msg, field="proxy_url")
        try:
            self._set("headers", header_pairs(self.headers) or None)
        except HeaderError as error:
            raise SettingsError(str(error), field="headers") from None

    def _check_pairs(self) -> None:
        """Refuse a setting that means nothing without another one."""
        for name, other in _NEEDS:
            if getattr(self, name) is not None and getattr(self, other) is None:
                msg = f"{name} without {other}"
                raise SettingsError(msg, field=name)
        if self.max_speed is not None and self.low_speed_limit is not None and self.max_speed < self.low_speed_limit:
            msg = "max_speed is below low_speed_limit: every download would be given up"
            raise SettingsError(msg, field="max_speed")


@dataclass(frozen=True, kw_only=True)
class RemoteArtifact:
    """Where a file is and what it must be: a URL with its validation.

    Args:
        url: The URL.
        size: Size in bytes, or None where it is not known.
        md5, sha1, sha224, sha256, sha384, sha512: Hex digests, or None.
    """

    url: str
    size: int | None = None
    md5: str | None = None
    sha1: str | None = None
    sha224: str | None = None
    sha256: str | None = None
    sha384: str | None = None
    sha512: str | None = None

    @property
    def expected_digests(self) -> dict[str, str]:
        """The digests that are known: name → hex."""
        names = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    def __repr__(self) -> str:
        return f"RemoteArtifact({redact(self.url)!r}, size={self.size})"

"""TLS contexts from settings: PEM text or a path, checked before any byte moves."""

from __future__ import annotations

import os
import re
import ssl
import tempfile
from typing import TYPE_CHECKING

from haulage.errors import LocalResourceError, SettingsError
from haulage.errors.local import OWN_LIMITS
from haulage.sinks.oserrors import storage_error

if TYPE_CHECKING:
    from haulage.errors import DownloadError
    from haulage.settings import PathOrPem, RemoteSettings

__all__ = ["check_pem", "tls_context"]

_LARGEST = 16 << 20  # characters of a PEM file
_LONGEST_PATH = 256  # characters of one that is shown
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)


def check_pem(field: str, value: PathOrPem | None) -> None:
    """Say at once when a PEM setting can be of no use.

    Raises:
        SettingsError: A path that cannot be read, or content without a PEM block.
    """
    if value is None:
        return
    text = _text(field, value)
    if "-----BEGIN " not in text or "-----END " not in text:
        msg = f"{field} holds no PEM block"
        raise SettingsError(msg, field=field)
    if field != "client_key" and "CERTIFICATE-----" not in text:
        msg = f"{field} holds no certificate"
        raise SettingsError(msg, field=field)


def tls_context(settings: RemoteSettings) -> ssl.SSLContext:
    """Return a client context as *settings* ask for.

    Raises:
        SettingsError: A certificate or key that OpenSSL cannot use, or a key that does not fit.
        StorageError: There is no room, or no descriptor, for handing them to OpenSSL.
    """
    context = ssl.create_default_context() if settings.ca_cert is None else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if settings.ca_cert is not None:
        try:
            context.load_verify_locations(cadata=_text("ca_cert", settings.ca_cert))
        except ssl.SSLError as error:
            msg = f"ca_cert cannot be used: {_reason(error)}"
            raise SettingsError(msg, field="ca_cert") from None
    if not settings.tls_validation:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if settings.client_cert is not None:
        _load_client_certificate(context, settings)
    return context


def _load_client_certificate(context: ssl.SSLContext, settings: RemoteSettings) -> None:
    assert settings.client_cert is not None
    pem = _text("client_cert", settings.client_cert)
    if settings.client_key is not None:
        pem = f"{pem}\n{_text('client_key', settings.client_key)}"
    # OpenSSL reads certificate chains from files only: a private file that lives as long as the call.
    try:
        descriptor, path = tempfile.mkstemp(suffix=".pem")
    except OSError as error:
        raise storage_error(error, tempfile.gettempdir()) from None
    try:
        with open(descriptor, "w", encoding="ascii", errors="replace") as file:
            file.write(pem)
        context.load_cert_chain(path, password=_no_password)
    except ssl.SSLError as error:
        msg = f"client_cert and client_key cannot be used: {_reason(error)}"
        raise SettingsError(msg, field="client_cert") from None
    except OSError as error:
        raise storage_error(error, path) from None
    finally:
        os.unlink(path)


def _no_password() -> str:
    # Without this OpenSSL would ask on the terminal.
    msg = "client_key is encrypted; give it without a passphrase"
    raise SettingsError(msg, field="client_key")


def _text(field: str, value: PathOrPem) -> str:
    if isinstance(value, str) and "-----BEGIN" in value:
        # Settings that came through JSON or an environment variable often have their line breaks escaped.
        return _blocks(value.replace("\\n", "\n"))
    text, failure = "", None
    try:
        with open(value, encoding="utf-8", errors="replace") as file:
            text = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        failure = _unreadable(field, os.fspath(value), error.errno if isinstance(error, OSError) else None)
    if failure is not None:
        # Raised here, so that no exception is in its chain that holds what may be a key.
        raise failure
    if len(text) > _LARGEST:
        msg = f"{field} is larger than any bundle of certificates"
        raise SettingsError(msg, field=field)
    return _blocks(text)


def _unreadable(field: str, path: str, number: int | None) -> DownloadError:
    reason = os.strerror(number).lower() if number else "not a path"
    if number in OWN_LIMITS:
        return LocalResourceError(f"{field} cannot be read: {reason}", errno=number)
    # A key whose first line was lost looks like a path, too.
    is_shown = field != "client_key" and len(path) < _LONGEST_PATH and "\n" not in path
    shown = f"{path!r}: {reason}" if is_shown else f"it is neither PEM text nor a path ({reason})"
    return SettingsError(f"{field} cannot be read: {shown}", field=field)


def _blocks(text: str) -> str:
    """Return the PEM blocks alone: bundles have comments between them, in any alphabet, that OpenSSL stumbles over."""
    return "\n".join(match[0] for match in _BLOCK.finditer(text)).encode("ascii", "replace").decode() + "\n"


def _reason(error: ssl.SSLError) -> str:
    return (error.reason or "no valid PEM block").replace("_", " ").lower()

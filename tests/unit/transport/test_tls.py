"""TLS contexts from settings: PEM text or a path, checked before any byte moves."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import pytest

from haulage.errors import SettingsError
from haulage.remote import Remote
from haulage.settings import RemoteSettings
from haulage.transport.tls import check_pem, tls_context

if TYPE_CHECKING:
    from pathlib import Path

trustme = pytest.importorskip("trustme")


@pytest.fixture(scope="module")
def pems() -> dict[str, str]:
    """Return two authorities, and a certificate with its key."""
    authority, other = trustme.CA(), trustme.CA()
    leaf = authority.issue_cert("client.example")
    return {
        "ca": authority.cert_pem.bytes().decode(),
        "other": other.cert_pem.bytes().decode(),
        "cert": "".join(blob.bytes().decode() for blob in leaf.cert_chain_pems),
        "key": leaf.private_key_pem.bytes().decode(),
        "other_key": other.issue_cert("x.example").private_key_pem.bytes().decode(),
    }


def authorities(settings: RemoteSettings) -> int:
    """Return how many authorities the context for *settings* trusts."""
    return int(tls_context(settings).cert_store_stats()["x509_ca"])


def test_the_default_verifies() -> None:
    """Certificates are required and names are checked, against the system's authorities."""
    context = tls_context(RemoteSettings())
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_validation_can_be_switched_off() -> None:
    """And is then off as a whole."""
    context = tls_context(RemoteSettings(tls_validation=False))
    assert context.verify_mode is ssl.CERT_NONE
    assert not context.check_hostname


@pytest.mark.parametrize(
    "form", ["text", "path", "str path", "escaped", "crlf", "spaces", "comment", "utf-8 comment", "bom"]
)
def test_an_authority_in_any_form(form: str, pems: dict[str, str], tmp_path: Path) -> None:
    """PEM text, its line breaks escaped or of another system, a path, and the comments that bundles have."""
    pem = pems["ca"]
    path = tmp_path / "ca.pem"
    path.write_text(pem)
    values: dict[str, Any] = {
        "text": pem,
        "path": path,
        "str path": str(path),
        "escaped": pem.replace("\n", "\\n"),
        "crlf": pem.replace("\n", "\r\n"),
        "spaces": f"\n\n{pem}\n\n",
        "comment": f"# Issuer: CN=Example\n{pem}",
        "utf-8 comment": f"# Issuer: CN=Főtanúsítvány\n{pem}",
        "bom": tmp_path / "bom.pem",
    }
    (tmp_path / "bom.pem").write_bytes(b"\xef\xbb\xbf" + pem.encode())
    check_pem("ca_cert", values[form])
    context = tls_context(RemoteSettings(ca_cert=values[form]))
    assert context.cert_store_stats()["x509_ca"] == 1
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_an_own_authority_replaces_the_systems(pems: dict[str, str]) -> None:
    """Nobody else is trusted beside it."""
    assert authorities(RemoteSettings(ca_cert=pems["ca"])) == 1


def test_a_bundle_has_several_authorities(pems: dict[str, str], tmp_path: Path) -> None:
    """All of them are trusted, also from a file with a comment that is no ASCII."""
    assert authorities(RemoteSettings(ca_cert=pems["ca"] + pems["other"])) == 2
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(f"# Főtanúsítvány\n{pems['ca']}\n# ©\n{pems['other']}", encoding="utf-8")
    assert authorities(RemoteSettings(ca_cert=bundle)) == 2


@pytest.mark.parametrize(
    "value",
    [
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nc3cr\u00e9t\n-----END CERTIFICATE-----\n",
    ],
)
def test_an_authority_that_is_none_is_our_error(value: str) -> None:
    """OpenSSL's words are turned into one line that names the setting."""
    with pytest.raises(SettingsError) as caught:
        tls_context(RemoteSettings(ca_cert=value))
    assert caught.value.field == "ca_cert"
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("field", ["ca_cert", "client_cert", "client_key"])
@pytest.mark.parametrize("kind", ["missing", "directory", "empty", "words", "nul", "lines", "binary"])
def test_a_file_that_is_no_use_is_refused_at_once(field: str, kind: str, tmp_path: Path) -> None:
    """On making the remote: the name of the setting, and no traceback of the system's."""
    for name, content in (("empty", b""), ("words", b"hello"), ("binary", b"\xff\xfe\x00\x80")):
        (tmp_path / name).write_bytes(content)
    value = {"directory": str(tmp_path), "nul": "a\0b", "lines": "no\npem\n"}.get(kind, str(tmp_path / kind))
    with pytest.raises(SettingsError) as caught:
        check_pem(field, value)
    assert caught.value.field == field
    assert len(str(caught.value).splitlines()) == 1


def test_a_key_without_its_first_line_is_not_shown(pems: dict[str, str]) -> None:
    """Text that is no PEM may be a path, and a key that lost its frame is not told to the world as one."""
    bare = "".join(pems["key"].splitlines()[1:-1])
    for field in ("client_key", "client_cert", "ca_cert"):
        for text in (bare, pems["key"].replace("-----BEGIN", "---BEGIN")):
            with pytest.raises(SettingsError) as caught:
                check_pem(field, text)
            if field == "client_key" or len(text) > 255:
                assert bare[10:30] not in str(caught.value)


def test_a_key_is_no_authority(pems: dict[str, str]) -> None:
    """The two are easily mixed up."""
    with pytest.raises(SettingsError, match="certificate"):
        check_pem("ca_cert", pems["key"])
    check_pem("client_key", pems["key"])
    check_pem("ca_cert", None)


@pytest.mark.parametrize("form", ["two texts", "one text", "paths", "escaped"])
def test_a_client_certificate_is_loaded(form: str, pems: dict[str, str], tmp_path: Path) -> None:
    """Certificate and key apart or together, as text or as files; no file of ours is left behind."""
    (tmp_path / "cert").write_text(pems["cert"])
    (tmp_path / "key").write_text(pems["key"])
    given: dict[str, dict[str, Any]] = {
        "two texts": {"client_cert": pems["cert"], "client_key": pems["key"]},
        "one text": {"client_cert": pems["cert"] + pems["key"]},
        "paths": {"client_cert": tmp_path / "cert", "client_key": str(tmp_path / "key")},
        "escaped": {"client_cert": pems["cert"].replace("\n", "\\n"), "client_key": pems["key"].replace("\n", "\\n")},
    }
    assert tls_context(Remote(**given[form]))


def test_key_material_does_not_stay_on_the_disk(
    pems: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither after success nor after failure."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    tls_context(RemoteSettings(client_cert=pems["cert"], client_key=pems["key"]))
    with pytest.raises(SettingsError):
        tls_context(RemoteSettings(client_cert=pems["cert"], client_key=pems["other_key"]))
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_does_not_fit_is_refused(pems: dict[str, str]) -> None:
    """Before any connection, without the key in the text."""
    with pytest.raises(SettingsError) as caught:
        tls_context(RemoteSettings(client_cert=pems["cert"], client_key=pems["other_key"]))
    assert caught.value.field in ("client_cert", "client_key")
    assert "PRIVATE" not in str(caught.value)


def test_a_certificate_without_its_key_is_refused(pems: dict[str, str]) -> None:
    """There is nothing to prove with."""
    with pytest.raises(SettingsError):
        tls_context(RemoteSettings(client_cert=pems["cert"]))


def test_an_encrypted_key_does_not_ask_on_the_terminal(pems: dict[str, str]) -> None:
    """It is refused in words."""
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    key = serialization.load_pem_private_key(pems["key"].encode(), None)
    locked = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"word"),
    ).decode()
    with pytest.raises(SettingsError, match="passphrase"):
        tls_context(RemoteSettings(client_cert=pems["cert"], client_key=locked))

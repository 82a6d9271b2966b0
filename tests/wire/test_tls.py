"""TLS: who is trusted, who must prove himself, and what happens otherwise."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from support.pem import other_key, server_for, stranger
from support.raw import Call, RawServer, ok

import haulage
from haulage.depot import Depot, generated

OpenRaw = Callable[..., Awaitable[RawServer]]


def trusting(depot: Depot, **settings: object) -> haulage.Remote:
    """Return settings that trust *depot*."""
    return haulage.Remote(ca_cert=depot.ca_pem, **settings)  # type: ignore[arg-type]


def echoed(path: Path) -> dict[str, object]:
    """Return what ``/_/echo`` said."""
    said: dict[str, object] = json.loads(path.read_text())
    return said


async def test_ca_as_text(tls_depot: Depot, target: Path) -> None:
    """An authority given as PEM text is trusted."""
    await haulage.download(f"{tls_depot.url}/_/bytes/100", target, remote=trusting(tls_depot))
    assert target.read_bytes() == generated(100)


async def test_ca_as_text_with_escaped_line_breaks(tls_depot: Depot) -> None:
    """PEM text that lost its line breaks on the way through a configuration file still works."""
    assert tls_depot.ca_pem is not None
    remote = haulage.Remote(ca_cert=tls_depot.ca_pem.replace("\n", "\\n"))
    await haulage.download(f"{tls_depot.url}/_/bytes/100", remote=remote)


@pytest.fixture
def ca_path(tls_depot: Depot, tmp_path: Path) -> Path:
    """The authority of the depot as a file."""
    assert tls_depot.ca_pem is not None
    path = tmp_path / "ca.pem"
    path.write_text(tls_depot.ca_pem)
    return path


@pytest.fixture
def remote_with_ca_path(ca_path: Path) -> haulage.Remote:
    """Settings made where blocking is no matter, outside of the loop."""
    return haulage.Remote(ca_cert=ca_path)


async def test_ca_as_path(tls_depot: Depot, remote_with_ca_path: haulage.Remote) -> None:
    """An authority given as a path is trusted, and reading it does not block the loop."""
    await haulage.download(f"{tls_depot.url}/_/bytes/100", remote=remote_with_ca_path)


def test_ca_as_text_of_a_path(tls_depot: Depot, ca_path: Path) -> None:
    """A path may be text as well."""
    haulage.fetch(f"{tls_depot.url}/_/bytes/100", remote=haulage.Remote(ca_cert=str(ca_path)))


async def test_big_file(tls_depot: Depot, target: Path) -> None:
    """Sixteen mebibytes over TLS arrive as they were sent."""
    size = 16 << 20
    await haulage.download(f"{tls_depot.url}/_/bytes/{size}", target, remote=trusting(tls_depot))
    assert target.read_bytes() == generated(size)


@pytest.mark.case("D13")
async def test_untrusted(tls_depot: Depot, target: Path) -> None:
    """A certificate from an unknown authority is refused before anything is asked."""
    with pytest.raises(haulage.ServerSSLVerificationFailure) as caught:
        await haulage.download(f"{tls_depot.url}/_/bytes/100", target)
    assert isinstance(caught.value, ConnectionError)
    assert not caught.value.transient
    assert tls_depot.requests == ()
    assert not target.exists()


@pytest.mark.case("D13")
async def test_another_authority(tls_depot: Depot) -> None:
    """An authority of the caller's replaces the system's, and only what it signed is trusted."""
    with pytest.raises(haulage.ServerSSLVerificationFailure):
        await haulage.download(f"{tls_depot.url}/_/bytes/100", remote=haulage.Remote(ca_cert=stranger()))


@pytest.mark.case("D13")
async def test_wrong_host(raw: OpenRaw) -> None:
    """A trusted certificate for another name is refused before anything is asked."""
    context, ca = server_for("elsewhere.invalid", "127.0.0.2")
    server = await raw(ok(b"hello"), tls=context)
    with pytest.raises(haulage.ServerSSLVerificationFailure):
        await haulage.download(server.url, remote=haulage.Remote(ca_cert=ca))
    assert server.heads == []
    await haulage.download(server.url, remote=haulage.Remote(ca_cert=ca, tls_validation=False))


async def test_host_by_name(tls_depot: Depot) -> None:
    """The certificate fits by name as well as by address."""
    await haulage.download(f"https://localhost:{tls_depot.port}/_/bytes/1", remote=trusting(tls_depot))


async def test_without_validation(tls_depot: Depot) -> None:
    """Who switches validation off gets the bytes, wrong authority and all."""
    remote = haulage.Remote(tls_validation=False, ca_cert=stranger())
    await haulage.download(f"{tls_depot.url}/_/bytes/100", remote=remote)


async def test_client_certificate_as_text(strict_depot: Depot, target: Path) -> None:
    """A certificate and its key, given as text, prove who we are."""
    cert, key = strict_depot.issue_client_certificate("ann")
    remote = trusting(strict_depot, client_cert=cert, client_key=key)
    await haulage.download(f"{strict_depot.url}/_/echo", target, remote=remote)
    assert echoed(target)["client_certificate"] == "ann"


async def test_no_place_for_key_material_now(
    strict_depot: Depot, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenSSL wants a file; without room for it this download fails with a typed error, and the next tries again."""
    cert, key = strict_depot.issue_client_certificate("ann")
    async with haulage.DownloaderFactory(trusting(strict_depot, client_cert=cert, client_key=key)) as factory:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
        with pytest.raises(haulage.StorageError):
            await factory.build(f"{strict_depot.url}/_/echo", destination=target).run()
        monkeypatch.undo()
        await factory.build(f"{strict_depot.url}/_/echo", destination=target).run()
    assert echoed(target)["client_certificate"] == "ann"


async def test_certificate_and_key_in_one(strict_depot: Depot, target: Path) -> None:
    """The key may stand in the same text as the certificate."""
    cert, key = strict_depot.issue_client_certificate("bob")
    await haulage.download(
        f"{strict_depot.url}/_/echo", target, remote=trusting(strict_depot, client_cert=f"{key}\n{cert}")
    )
    assert echoed(target)["client_certificate"] == "bob"


@pytest.fixture
def remote_with_paths(strict_depot: Depot, tmp_path: Path) -> haulage.Remote:
    """A certificate and its key as files."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    for path, text in zip((cert, key), strict_depot.issue_client_certificate("cyd"), strict=True):
        path.write_text(text)
    return trusting(strict_depot, client_cert=cert, client_key=str(key))


async def test_client_certificate_as_paths(
    strict_depot: Depot, remote_with_paths: haulage.Remote, target: Path
) -> None:
    """A certificate and its key, given as paths, prove who we are, and reading them does not block the loop."""
    await haulage.download(f"{strict_depot.url}/_/echo", target, remote=remote_with_paths)
    assert echoed(target)["client_certificate"] == "cyd"


async def test_client_certificate_missing(strict_depot: Depot) -> None:
    """A server that wants a certificate and gets none refuses.

    asyncio's server closes without saying why, so that there is nothing to name the reason by.
    """
    with pytest.raises(haulage.ConnectionFailed):
        await haulage.download(f"{strict_depot.url}/_/echo", remote=trusting(strict_depot, max_retries=0))


async def test_client_certificate_of_a_stranger(strict_depot: Depot, tls_depot: Depot) -> None:
    """A certificate the server does not know is refused."""
    cert, key = tls_depot.issue_client_certificate("eve")
    with pytest.raises(haulage.ConnectionFailed):
        await haulage.download(
            f"{strict_depot.url}/_/echo",
            remote=trusting(strict_depot, client_cert=cert, client_key=key, max_retries=0),
        )


async def test_key_that_does_not_fit(strict_depot: Depot) -> None:
    """A key of another certificate is an error in the settings, found before any byte moves."""
    cert, _ = strict_depot.issue_client_certificate("ann")
    with pytest.raises(haulage.SettingsError) as caught:
        await haulage.download(
            f"{strict_depot.url}/_/echo", remote=trusting(strict_depot, client_cert=cert, client_key=other_key())
        )
    assert caught.value.field in ("client_cert", "client_key")
    assert strict_depot.requests == ()


async def test_certificate_without_its_key(strict_depot: Depot) -> None:
    """A certificate alone proves nothing: an error in the settings."""
    cert, _ = strict_depot.issue_client_certificate("ann")
    with pytest.raises(haulage.SettingsError):
        await haulage.download(f"{strict_depot.url}/_/echo", remote=trusting(strict_depot, client_cert=cert))


@pytest.mark.parametrize("field", ["ca_cert", "client_cert"])
@pytest.mark.parametrize(
    "value",
    ["", "   ", "-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydA==\n-----END CERTIFICATE-----\n", "no such file", "a\nb"],
    ids=["empty", "blank", "garbage", "missing", "text"],
)
async def test_unusable_pem(tls_depot: Depot, field: str, value: str) -> None:
    """PEM that cannot be used is one clear error in the settings, before any byte moves."""
    with pytest.raises(haulage.SettingsError) as caught:
        await haulage.download(f"{tls_depot.url}/_/bytes/1", remote=haulage.Remote(**{field: value}))
    assert caught.value.field == field
    assert tls_depot.requests == ()


async def test_key_material_stays_off_the_disk(
    strict_depot: Depot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: Path
) -> None:
    """After a download no key lies in the temporary directory."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    cert, key = strict_depot.issue_client_certificate("ann")
    remote = trusting(strict_depot, client_cert=cert, client_key=key)
    await haulage.download(f"{strict_depot.url}/_/echo", target, remote=remote)
    assert list(temporary.iterdir()) == []


async def test_plain_server_behind_https(depot: Depot) -> None:
    """https to a server that speaks http is an error of TLS, not of the certificate."""
    with pytest.raises(haulage.TlsError):
        await haulage.HttpDownloader(depot.url.replace("http:", "https:") + "/_/bytes/1").run()


async def test_tls_server_behind_http(tls_depot: Depot) -> None:
    """http to a server that speaks TLS is an error, whatever it answers."""
    with pytest.raises(haulage.DownloadError):
        await haulage.HttpDownloader(tls_depot.url.replace("https:", "http:") + "/_/bytes/1").run()


async def test_cut_body(raw: OpenRaw, target: Path) -> None:
    """A body cut inside TLS is a cut body."""
    context, ca = server_for("127.0.0.1")

    async def cut(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhello")
        call.writer.transport.abort()

    server = await raw(cut, tls=context)
    with pytest.raises(haulage.NetworkError):
        await haulage.download(server.url, target, remote=haulage.Remote(ca_cert=ca, max_retries=0))
    assert not target.exists()


async def test_connections_are_shared_over_tls(tls_depot: Depot) -> None:
    """Downloads one after the other through one factory share a TLS connection."""
    async with haulage.DownloaderFactory(trusting(tls_depot)) as factory:
        for number in range(5):
            await factory.build(f"{tls_depot.url}/_/bytes/{number}").run()
    assert len({record.peer for record in tls_depot.requests}) == 1

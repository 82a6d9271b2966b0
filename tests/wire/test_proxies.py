"""Through a proxy: to http servers by asking it, to https servers through a tunnel."""

from __future__ import annotations

import asyncio
import base64
import socket
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from support.canary import CANARY
from support.proxies import ProxyProcess
from support.raw import Call, RawServer, ok

import haulage
from haulage.depot import Depot, generated

OpenRaw = Callable[..., Awaitable[RawServer]]

BODY = b"hello\n"


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyProcess]:
    """A real proxy that serves everybody."""
    with ProxyProcess(tmp_path_factory.mktemp("proxy")) as process:
        yield process


@pytest.fixture(scope="module")
def locked_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyProcess]:
    """A real proxy that wants to know who is there."""
    with ProxyProcess(tmp_path_factory.mktemp("locked"), auth=f"ann:{CANARY}") as process:
        yield process


async def test_http(depot: Depot, proxy: ProxyProcess, target: Path) -> None:
    """An http server is asked by way of the proxy."""
    remote = haulage.Remote(proxy_url=proxy.url)
    await haulage.download(f"{depot.url}/_/bytes/100000", target, remote=remote)
    assert target.read_bytes() == generated(100_000)
    assert "proxy.py" in (depot.requests[0].header("Via") or "")


async def test_https(tls_depot: Depot, proxy: ProxyProcess, target: Path) -> None:
    """An https server is reached through a tunnel, and its certificate is checked at the end of it."""
    remote = haulage.Remote(proxy_url=proxy.url, ca_cert=tls_depot.ca_pem)
    await haulage.download(f"{tls_depot.url}/_/bytes/100000", target, remote=remote)
    assert target.read_bytes() == generated(100_000)
    assert tls_depot.requests[0].header("Via") is None
    proxy.wait_for(f"CONNECT 127.0.0.1:{tls_depot.port}")
    with pytest.raises(haulage.ServerSSLVerificationFailure):
        await haulage.download(f"{tls_depot.url}/_/bytes/1", remote=haulage.Remote(proxy_url=proxy.url))


async def test_http_with_credentials(depot: Depot, locked_proxy: ProxyProcess) -> None:
    """The proxy gets its credentials and keeps them to itself; the server gets its own."""
    remote = haulage.Remote(
        proxy_url=locked_proxy.url, proxy_username="ann", proxy_password=CANARY, username="bob", password="other"
    )
    await haulage.download(f"{depot.url}/_/auth/bob/other", remote=remote)
    assert depot.requests[0].header("Proxy-Authorization") is None


async def test_https_with_credentials(tls_depot: Depot, locked_proxy: ProxyProcess) -> None:
    """The tunnel is opened with the proxy's credentials, which the server never sees."""
    remote = haulage.Remote(
        proxy_url=locked_proxy.url, proxy_username="ann", proxy_password=CANARY, ca_cert=tls_depot.ca_pem
    )
    await haulage.download(f"{tls_depot.url}/_/echo", remote=remote)
    assert tls_depot.requests[0].header("Proxy-Authorization") is None


async def test_credentials_in_the_proxys_url(depot: Depot, locked_proxy: ProxyProcess) -> None:
    """Credentials may stand in the proxy's URL, and do not stay there."""
    url = locked_proxy.url.replace("://", f"://ann:{CANARY}@")
    remote = haulage.Remote(proxy_url=url)
    assert remote.proxy_url is not None
    assert CANARY not in remote.proxy_url
    await haulage.download(f"{depot.url}/_/bytes/1", remote=remote)
    await haulage.HttpDownloader(f"{depot.url}/_/bytes/1", proxy=url).run()
    await haulage.HttpDownloader(f"{depot.url}/_/bytes/1", proxy=locked_proxy.url, proxy_auth=("ann", CANARY)).run()
    assert len(depot.requests) == 3


@pytest.mark.parametrize("password", [f"wrong-{CANARY}", None])
async def test_wrong_credentials(depot: Depot, locked_proxy: ProxyProcess, password: str | None) -> None:
    """A proxy that wants other credentials is an error of its own, for http, asked once."""
    settings = {} if password is None else {"proxy_username": "ann", "proxy_password": password}
    with pytest.raises(haulage.DownloadError) as caught:
        await haulage.download(f"{depot.url}/_/bytes/1", remote=haulage.Remote(proxy_url=locked_proxy.url, **settings))
    assert isinstance(caught.value, haulage.ProxyAuthorizationFailure)
    assert not caught.value.transient
    assert depot.requests == ()


async def test_wrong_credentials_for_a_tunnel(tls_depot: Depot, locked_proxy: ProxyProcess) -> None:
    """A proxy that wants other credentials is an error of its own, for https."""
    remote = haulage.Remote(
        proxy_url=locked_proxy.url, proxy_username="ann", proxy_password=f"wrong-{CANARY}", ca_cert=tls_depot.ca_pem
    )
    with pytest.raises(haulage.ProxyAuthorizationFailure):
        await haulage.download(f"{tls_depot.url}/_/bytes/1", remote=remote)
    assert tls_depot.requests == ()


async def test_no_proxy_there(depot: Depot) -> None:
    """A proxy that cannot be reached is not confused with the server."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        remote = haulage.Remote(proxy_url=f"http://127.0.0.1:{unused.getsockname()[1]}", max_retries=0)
        with pytest.raises(haulage.ProxyConnectionFailed):
            await haulage.download(f"{depot.url}/_/bytes/1", remote=remote)
    assert depot.requests == ()


async def test_proxy_without_an_address(depot: Depot) -> None:
    """A proxy whose name has no address is an error of its own."""
    remote = haulage.Remote(proxy_url="http://no-such-proxy.invalid:3128", max_retries=0)
    with pytest.raises(haulage.ProxyResolutionError):
        await haulage.download(f"{depot.url}/_/bytes/1", remote=remote)


async def test_proxy_that_refuses_the_tunnel(raw: OpenRaw, tls_depot: Depot) -> None:
    """A proxy that opens no tunnel is an error of the proxy, not of TLS."""
    server = await raw(ok(b"no", status="502 Bad Gateway"))
    remote = haulage.Remote(proxy_url=server.url, max_retries=0, ca_cert=tls_depot.ca_pem)
    with pytest.raises(haulage.ProxyConnectionFailed):
        await haulage.download(f"{tls_depot.url}/_/bytes/1", remote=remote)
    assert server.heads[0].startswith(f"CONNECT 127.0.0.1:{tls_depot.port} ".encode())


async def test_proxy_that_falls_silent(raw: OpenRaw, tls_depot: Depot) -> None:
    """A proxy that takes the request for a tunnel and never answers is left after the read timeout."""
    server = await raw(Call.gone)
    remote = haulage.Remote(proxy_url=server.url, max_retries=0, sock_read_timeout=0.3, ca_cert=tls_depot.ca_pem)
    with pytest.raises(haulage.TimeoutException):
        async with asyncio.timeout(3):
            await haulage.download(f"{tls_depot.url}/_/bytes/1", remote=remote)


async def test_proxy_that_falls_silent_over_http(raw: OpenRaw) -> None:
    """A proxy that takes a request and never answers is left after the read timeout."""
    server = await raw(Call.gone)
    remote = haulage.Remote(proxy_url=server.url, max_retries=0, sock_read_timeout=0.3)
    with pytest.raises(haulage.TimeoutException):
        async with asyncio.timeout(3):
            await haulage.download("http://origin.invalid/", remote=remote)


@pytest.mark.case("D09")
async def test_what_the_proxy_hears(raw: OpenRaw, tls_depot: Depot) -> None:
    """A tunnel is asked for with the proxy's credentials, and without the server's secrets."""
    server = await raw(ok(b"no", status="403 Forbidden"))
    remote = haulage.Remote(
        proxy_url=server.url,
        proxy_username="ann",
        proxy_password=CANARY,
        username="bob",
        password=CANARY,
        headers={"X-Token": CANARY},
        max_retries=0,
    )
    with pytest.raises(haulage.ProxyConnectionFailed):
        await haulage.download(f"{tls_depot.url}/_/echo?secret={CANARY}", remote=remote)
    assert server.header("Proxy-Authorization") == "Basic " + base64.b64encode(f"ann:{CANARY}".encode()).decode()
    assert server.header("Authorization") is None
    assert server.header("X-Token") is None
    assert b"secret" not in server.heads[0]


async def test_url_bytes_through_a_proxy(raw: OpenRaw) -> None:
    """A proxy gets the URL in absolute form, byte for byte."""
    server = await raw(ok(BODY))
    path = "/a%2fb/%7E'()+x?sig=a%2Bb%3D%3d&x=+"
    await haulage.HttpDownloader(f"http://origin.invalid{path}", proxy=server.url).run()
    assert server.targets == [f"http://origin.invalid{path}"]
    assert server.header("Host") == "origin.invalid"


@pytest.mark.case("D09")
async def test_redirects_keep_the_proxys_credentials_with_the_proxy(raw: OpenRaw) -> None:
    """Along redirects to another origin the proxy still gets its credentials, and the new origin none of the old."""
    server = await raw(ok(b"", "Location: http://second.invalid/x", "Connection: close", status="302 Found"), ok(BODY))
    remote = haulage.Remote(
        proxy_url=server.url, proxy_username="ann", proxy_password=CANARY, username="bob", password="other"
    )
    await haulage.download("http://first.invalid/", remote=remote)
    assert [server.header("Proxy-Authorization", number) is not None for number in (0, 1)] == [True, True]
    assert [server.header("Authorization", number) is not None for number in (0, 1)] == [True, False]


@pytest.mark.case("D09")
async def test_environment_is_ignored_by_default(depot: Depot, raw: OpenRaw, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies of the environment are used only when asked for."""
    server = await raw(ok(BODY))
    monkeypatch.setenv("HTTP_PROXY", server.url)
    monkeypatch.setenv("http_proxy", server.url)
    with pytest.raises(haulage.RemoteServerResolutionError):
        await haulage.HttpDownloader("http://origin.invalid/").run()
    assert server.heads == []


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.case("D09")
async def test_environment_on_request(raw: OpenRaw, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """With trust_env the environment's proxy is used, credentials in its URL included."""
    server = await raw(ok(BODY))
    monkeypatch.setenv(variable, server.url.replace("://", f"://ann:{CANARY}@"))
    await haulage.download("http://origin.invalid/x", remote=haulage.Remote(trust_env=True))
    assert server.targets == ["http://origin.invalid/x"]
    assert server.header("Proxy-Authorization") == "Basic " + base64.b64encode(f"ann:{CANARY}".encode()).decode()


@pytest.mark.case("D09")
async def test_environment_for_https(tls_depot: Depot, raw: OpenRaw, monkeypatch: pytest.MonkeyPatch) -> None:
    """For https the environment has a proxy of its own, which is asked for a tunnel."""
    server = await raw(ok(b"no", status="403 Forbidden"))
    monkeypatch.setenv("https_proxy", server.url)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with pytest.raises(haulage.ProxyConnectionFailed):
        await haulage.download("https://origin.invalid/secret", remote=haulage.Remote(trust_env=True, max_retries=0))
    assert server.heads[0].startswith(b"CONNECT origin.invalid:443 ")


@pytest.mark.case("D09")
async def test_no_proxy(raw: OpenRaw, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts of NO_PROXY are asked directly."""
    server = await raw(ok(BODY))
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.setenv("no_proxy", "origin.invalid")
    with pytest.raises(haulage.RemoteServerResolutionError):
        await haulage.download("http://origin.invalid/x", remote=haulage.Remote(trust_env=True, max_retries=0))
    assert server.heads == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.case("D09")
async def test_loopback_is_never_proxied(
    depot: Depot, raw: OpenRaw, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """The environment's proxy is never asked for this machine itself."""
    server = await raw(ok(BODY))
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(variable, server.url)
    await haulage.download(f"http://{host}:{depot.port}/_/bytes/1", remote=haulage.Remote(trust_env=True))
    assert server.heads == []
    assert len(depot.requests) == 1

"""Redirects are followed by our own hand: every hop is judged, and secrets stay with their origin."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from support.canary import CANARY
from support.raw import RawServer, ok

import haulage
from haulage.depot import Depot, generated

OpenRaw = Callable[..., Awaitable[RawServer]]
Check = Callable[[], None]

BODY = b"hello\n"


def to(location: str, status: int = 302) -> bytes:
    """Return a redirect."""
    return ok(b"elsewhere", f"Location: {location}", "Connection: close", status=f"{status} Found")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_each_redirect_status(depot: Depot, target: Path, status: int) -> None:
    """Every kind of redirect is followed with a GET."""
    await haulage.download(f"{depot.url}/_/redirect?to=/_/bytes/100&status={status}", target)
    assert target.read_bytes() == generated(100)
    assert [record.method for record in depot.requests] == ["GET", "GET"]


@pytest.mark.parametrize(
    ("location", "asked"),
    [
        ("/x", "/x"),
        ("x", "/a/x"),
        ("../x?y=%2f", "/x?y=%2f"),
        ("./x", "/a/x"),
        ("?q=1", "/a/b?q=1"),
        ("//127.0.0.1:{port}/y", "/y"),
        ("http://127.0.0.1:{port}/z%7E", "/z%7E"),
        ("HTTP://127.0.0.1:{port}/Z", "/Z"),
        ("/p#fragment", "/p"),
        ("/with space", "/with%20space"),
    ],
)
async def test_relative_locations(raw: OpenRaw, location: str, asked: str) -> None:
    """A Location is read as seen from the URL that answered, and goes out as it was written."""
    server = await raw(b"", ok(BODY))
    server.scripts[0] = to(location.format(port=server.port))
    await haulage.HttpDownloader(f"{server.url}/a/b?old=1").run()
    assert server.targets == ["/a/b?old=1", asked]


async def test_chain(depot: Depot, target: Path) -> None:
    """Ten redirects in a row are followed, the eleventh is one too many."""
    await haulage.download(f"{depot.url}/_/redirects/10?size=50", target)
    assert target.read_bytes() == generated(50)
    depot.clear_requests()
    target.unlink()
    with pytest.raises(haulage.TooManyRedirects):
        await haulage.download(f"{depot.url}/_/redirects/11", target)
    assert len(depot.requests) == 11
    assert not target.exists()


@pytest.mark.case("D07")
async def test_loop(raw: OpenRaw) -> None:
    """A redirect to itself ends after the allowed number, without retries."""
    server = await raw(to("/again"))
    with pytest.raises(haulage.TooManyRedirects):
        await haulage.download(server.url)
    assert len(server.heads) == 11


@pytest.mark.parametrize("location", [None, ""])
async def test_no_location(raw: OpenRaw, target: Path, assert_untouched: Check, location: str | None) -> None:
    """A redirect without a target is an error, not a file."""
    fields = [] if location is None else [f"Location: {location}"]
    server = await raw(ok(BODY, *fields, status="302 Found"))
    with pytest.raises(haulage.RedirectError, match="Location"):
        await haulage.download(server.url, target)
    assert_untouched()


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,hello", "javascript:1", "FILE:/etc/passwd"]
)
@pytest.mark.case("D01")
async def test_other_schemes(raw: OpenRaw, target: Path, assert_untouched: Check, location: str) -> None:
    """A redirect leads to http or https, never into the file system or elsewhere."""
    server = await raw(to(location))
    with pytest.raises(haulage.PolicyError, match="scheme"):
        await haulage.download(server.url, target)
    assert_untouched()
    assert len(server.heads) == 1


@pytest.mark.parametrize(
    "location", ["http://", "http:///x", "http://127.0.0.1:99999/", "http://[::1", "http://2130706433/"]
)
async def test_bad_locations(raw: OpenRaw, location: str) -> None:
    """A Location that is no usable URL is an error of the redirect."""
    server = await raw(to(location))
    with pytest.raises(haulage.RedirectError):
        await haulage.download(server.url)


@pytest.mark.case("D02")
async def test_downgrade(tls_depot: Depot, depot: Depot, target: Path, assert_untouched: Check) -> None:
    """What was asked for over TLS is not taken without it."""
    url = f"{tls_depot.url}/_/redirect?to={quote(depot.url)}/_/bytes/10"
    with pytest.raises(haulage.PolicyError, match="https to http"):
        await haulage.download(url, target, remote=haulage.Remote(ca_cert=tls_depot.ca_pem))
    assert depot.requests == ()
    assert_untouched()


async def test_upgrade(tls_depot: Depot, depot: Depot, target: Path) -> None:
    """From http to https is the right way."""
    url = f"{depot.url}/_/redirect?to={quote(tls_depot.url)}/_/bytes/10"
    await haulage.download(url, target, remote=haulage.Remote(ca_cert=tls_depot.ca_pem))
    assert target.read_bytes() == generated(10)


@pytest.mark.case("D06")
async def test_secrets_stay_with_their_origin(depot: Depot, other_depot: Depot) -> None:
    """Credentials and custom headers are not sent to another origin; another port is another origin."""
    remote = haulage.Remote(username="ann", password=CANARY, headers={"X-Token": CANARY, "Cookie": f"c={CANARY}"})
    await haulage.download(f"{depot.url}/_/redirect?to={quote(other_depot.url)}/_/echo", remote=remote)
    (first,), (second,) = depot.requests, other_depot.requests
    assert first.header("Authorization") is not None
    assert (first.header("X-Token"), first.header("Cookie")) == (CANARY, f"c={CANARY}")
    assert [second.header(name) for name in ("Authorization", "X-Token", "Cookie", "Referer")] == [None] * 4
    assert second.header("User-Agent") == haulage.DownloaderFactory.user_agent()
    assert second.header("Accept-Encoding") == "identity"


async def test_secrets_are_kept_on_the_same_origin(depot: Depot) -> None:
    """On their own origin credentials and custom headers are sent along."""
    remote = haulage.Remote(username="ann", password=CANARY, headers={"X-Token": CANARY})
    await haulage.download(f"{depot.url}/_/redirect?to=/_/echo", remote=remote)
    assert [record.header("X-Token") for record in depot.requests] == [CANARY] * 2
    assert len({record.header("Authorization") for record in depot.requests}) == 1


async def test_secrets_come_back_with_their_origin(depot: Depot, other_depot: Depot) -> None:
    """A detour over another origin tells it nothing, and home is home again."""
    home = f"{depot.url}/_/echo"
    detour = f"{other_depot.url}/_/redirect?to={quote(home, safe='')}"
    remote = haulage.Remote(headers={"X-Token": CANARY})
    await haulage.download(f"{depot.url}/_/redirect?to={quote(detour, safe='')}", remote=remote)
    assert other_depot.requests[0].header("X-Token") is None
    assert depot.requests[0].header("X-Token") == CANARY


@pytest.mark.case("D06")
async def test_another_name_of_the_same_host_is_another_origin(depot: Depot) -> None:
    """Names are not addresses: localhost does not get what 127.0.0.1 was given."""
    url = f"{depot.url}/_/redirect?to=http://localhost:{depot.port}/_/echo"
    await haulage.download(url, remote=haulage.Remote(username="ann"))
    assert depot.requests[0].header("Authorization") is not None
    assert depot.requests[1].header("Authorization") is None


@pytest.mark.case("D10")
async def test_userinfo_in_a_location_is_not_a_way_in(raw: OpenRaw) -> None:
    """Credentials in a Location are the server's idea, not the caller's: they are dropped, also from the result."""
    server = await raw(b"", ok(BODY))
    server.scripts[0] = to(f"http://eve:secret@127.0.0.1:{server.port}/x")
    result = await haulage.HttpDownloader(server.url).run()
    assert server.header("Authorization") is None
    assert "secret" not in repr(result)


@pytest.mark.case("D03")
async def test_private_addresses_on_request(depot: Depot, other_depot: Depot) -> None:
    """With allow_private_addresses=False a redirect to another origin at a private address is refused."""
    url = f"{depot.url}/_/redirect?to={quote(other_depot.url)}/_/bytes/10"
    with pytest.raises(haulage.AddressNotAllowed) as caught:
        await haulage.download(url, remote=haulage.Remote(allow_private_addresses=False))
    assert caught.value.address == "127.0.0.1"
    assert other_depot.requests == ()
    await haulage.download(url, remote=haulage.Remote(allow_private_addresses=True))
    await haulage.download(url)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "169.254.169.254"]
)
@pytest.mark.case("D05")
async def test_spellings_of_private_addresses(depot: Depot, other_depot: Depot, host: str) -> None:
    """Every spelling of a private address is refused when the addresses are."""
    url = f"{depot.url}/_/redirect?to=http://{host}:{other_depot.port}/_/bytes/10"
    with pytest.raises(haulage.AddressNotAllowed):
        await haulage.download(url, remote=haulage.Remote(allow_private_addresses=False))
    assert other_depot.requests == ()


async def test_what_the_caller_names_is_reachable(depot: Depot) -> None:
    """The policy is for redirects to elsewhere: a private address that the caller names is asked."""
    remote = haulage.Remote(allow_private_addresses=False)
    await haulage.download(f"{depot.url}/_/redirect?to=/_/bytes/10", remote=remote)
    assert len(depot.requests) == 2


async def test_status_after_a_redirect(depot: Depot) -> None:
    """An error at the end of a chain is that error, with the URL that answered."""
    with pytest.raises(haulage.HttpFileNotFound) as caught:
        await haulage.HttpDownloader(f"{depot.url}/_/redirect?to=/_/status/404").run()
    assert caught.value.url is not None
    assert caught.value.url.endswith("/_/status/404")


async def test_result_keeps_the_url_asked_for(depot: Depot) -> None:
    """The result names what the caller asked for, not where the bytes were in the end."""
    url = f"{depot.url}/_/redirect?to=/_/bytes/10"
    assert (await haulage.HttpDownloader(url).run()).url == url


async def test_connections_survive_redirects(depot: Depot) -> None:
    """A chain of redirects on one server uses one connection."""
    await haulage.download(f"{depot.url}/_/redirects/8")
    assert len({record.peer for record in depot.requests}) == 1


async def test_redirect_with_an_endless_body(raw: OpenRaw) -> None:
    """The body of a redirect is not read to its end before the next hop."""

    async def endless(call) -> None:  # type: ignore[no-untyped-def]
        await call.send(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            await call.send(b"10000\r\n" + bytes(0x10000) + b"\r\n")

    server = await raw(endless, ok(BODY))
    async with asyncio.timeout(5):
        result = await haulage.HttpDownloader(server.url).run()
    assert result.artifact_attributes["size"] == 6

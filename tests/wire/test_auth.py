"""Credentials reach the server that they are for, whatever way they were given."""

from __future__ import annotations

import base64
import warnings
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
from support.canary import CANARY

import haulage
from haulage.depot import Depot


def basic(user: str, password: str) -> str:
    """Return the header these credentials make."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.case("D10")
async def test_userinfo(depot: Depot) -> None:
    """User information in the URL is authentication and never part of the URL afterwards."""
    url = depot.url.replace("://", "://ann:p%40ss@") + "/_/auth/ann/p%40ss"
    result = await haulage.HttpDownloader(url).run()
    assert result.url == f"{depot.url}/_/auth/ann/p%40ss"
    assert depot.requests[0].header("Authorization") == basic("ann", "p@ss")
    assert depot.requests[0].header("Host") == f"127.0.0.1:{depot.port}"


async def test_userinfo_without_password(depot: Depot) -> None:
    """A user alone in the URL is enough."""
    await haulage.HttpDownloader(depot.url.replace("://", "://token@") + "/_/echo").run()
    assert depot.requests[0].header("Authorization") == basic("token", "")


async def test_remote_credentials(depot: Depot) -> None:
    """User and password of the remote are sent with the first request."""
    remote = haulage.Remote(username="ann", password="päss:word")
    await haulage.download(f"{depot.url}/_/auth/ann/p%C3%A4ss:word", remote=remote)
    assert [record.status for record in depot.requests] == [200]


async def test_remote_user_alone(depot: Depot) -> None:
    """A user name alone is enough."""
    await haulage.download(f"{depot.url}/_/echo", remote=haulage.Remote(username="ann"))
    assert depot.requests[0].header("Authorization") == basic("ann", "")


async def test_credentials_in_the_remotes_url(depot: Depot) -> None:
    """User information in the remote's base URL becomes its credentials, and leaves the URL."""
    remote = haulage.Remote(url=depot.url.replace("://", f"://ann:{CANARY}@") + "/")
    assert (remote.username, remote.password) == ("ann", CANARY)
    assert remote.url == depot.url + "/"
    await haulage.download(f"{depot.url}/_/auth/ann/{CANARY}", remote=remote)


@pytest.mark.parametrize("kind", [tuple, list, pytest.param(None, id="aiohttp.BasicAuth")])
async def test_auth_argument(depot: Depot, kind: Callable[[tuple[str, str]], object] | None) -> None:
    """A pair and aiohttp's own object mean the same."""
    with warnings.catch_warnings():
        # Deprecated by aiohttp, and what Pulp's callers have.
        warnings.simplefilter("ignore", DeprecationWarning)
        auth = aiohttp.BasicAuth("ann", CANARY) if kind is None else kind(("ann", CANARY))
    await haulage.HttpDownloader(f"{depot.url}/_/auth/ann/{CANARY}", auth=auth).run()
    assert [record.status for record in depot.requests] == [200]


async def test_auth_argument_beats_the_url(depot: Depot) -> None:
    """What is given as an argument counts more than what stands in the URL."""
    url = depot.url.replace("://", "://eve:no@") + f"/_/auth/ann/{CANARY}"
    await haulage.HttpDownloader(url, auth=("ann", CANARY)).run()


async def test_a_header_of_the_callers_own(depot: Depot) -> None:
    """Who writes the Authorization header gets it sent as it is."""
    headers = {"authorization": f"Bearer {CANARY}"}
    await haulage.HttpDownloader(f"{depot.url}/_/echo", headers=headers, auth=("ann", "pw")).run()
    assert depot.requests[0].header("Authorization") == f"Bearer {CANARY}"


async def test_wrong_credentials(depot: Depot) -> None:
    """Wrong credentials are a refusal, asked once."""
    with pytest.raises(haulage.AuthorizationFailure) as caught:
        await haulage.download(f"{depot.url}/_/auth/ann/pw", remote=haulage.Remote(username="ann", password=CANARY))
    assert caught.value.status == 401
    assert len(depot.requests) == 1


async def test_no_credentials_are_sent_unasked(depot: Depot) -> None:
    """Without credentials there is no header."""
    await haulage.HttpDownloader(f"{depot.url}/_/echo").run()
    assert depot.requests[0].header("Authorization") is None


@pytest.mark.case("D08")
async def test_netrc_is_not_read(depot: Depot, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A netrc file in the environment adds nothing, not even with trust_env."""
    netrc = workplace / "netrc"
    netrc.write_text("default login eve password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    await haulage.download(f"{depot.url}/_/echo", remote=haulage.Remote(trust_env=True))
    assert depot.requests[0].header("Authorization") is None


@pytest.mark.parametrize(
    "auth", [("a:b", "pw"), ("ann", f"{CANARY}\r\nX: y"), ("ann", f"{CANARY}\0"), "ann", 5, ("ann",)]
)
async def test_impossible_credentials(depot: Depot, auth: object) -> None:
    """Credentials that cannot be sent are refused before any byte moves."""
    with pytest.raises(haulage.MalformedRequest):
        haulage.HttpDownloader(f"{depot.url}/_/echo", auth=auth)


async def test_whole_depot_locked() -> None:
    """A server that locks everything is opened by the right user and by nobody else."""
    async with haulage.DownloaderFactory(haulage.Remote(username="ann", password=CANARY)) as factory:
        with Depot(users={"ann": CANARY}) as depot:
            await factory.build(f"{depot.url}/_/bytes/10").run()
            with pytest.raises(haulage.AuthorizationFailure):
                await haulage.HttpDownloader(f"{depot.url}/_/bytes/10").run()

"""What belongs to one remote is never used for another."""

from __future__ import annotations

import asyncio
import io
import json
from typing import Any

import pytest

import haulage
from haulage.depot import Depot


async def seen_as(factory: haulage.DownloaderFactory, url: str) -> dict[str, Any]:
    """Return what the depot saw of a request."""
    body = io.BytesIO()
    await factory.build(f"{url}/_/echo", destination=body).run()
    seen: dict[str, Any] = json.loads(body.getvalue())
    return seen


@pytest.mark.case("D14")
async def test_connections_made_with_other_certificates_are_not_shared(strict_depot: Depot) -> None:
    """Two remotes of one program, one server: each is seen under its own name, however their requests mix."""
    remotes = {}
    for name in ("alice", "bob"):
        certificate, key = strict_depot.issue_client_certificate(name)
        remotes[name] = haulage.Remote(ca_cert=strict_depot.ca_pem, client_cert=certificate, client_key=key)
    async with (
        haulage.DownloaderFactory(remotes["alice"]) as alice,
        haulage.DownloaderFactory(remotes["bob"]) as bob,
    ):
        factories = {"alice": alice, "bob": bob}
        for _ in range(3):
            names = ["alice", "bob"] * 4
            found = await asyncio.gather(*(seen_as(factories[name], strict_depot.url) for name in names))
            assert [one["client_certificate"] for one in found] == names


@pytest.mark.case("D14")
async def test_a_remote_without_a_certificate_gets_no_connection_of_one_that_has(strict_depot: Depot) -> None:
    """An open connection of somebody else is not a way in."""
    certificate, key = strict_depot.issue_client_certificate("alice")
    named = haulage.Remote(ca_cert=strict_depot.ca_pem, client_cert=certificate, client_key=key)
    async with haulage.DownloaderFactory(named) as alice:
        await seen_as(alice, strict_depot.url)
        stranger = haulage.Remote(ca_cert=strict_depot.ca_pem, max_retries=0)
        with pytest.raises((haulage.TlsError, haulage.NetworkError)):
            await haulage.download(f"{strict_depot.url}/_/echo", io.BytesIO(), remote=stranger)


@pytest.mark.case("D14")
async def test_credentials_are_those_of_each_download(depot: Depot) -> None:
    """Downloads share connections, and nothing else."""
    async with haulage.DownloaderFactory() as factory:

        async def authorization(user: str) -> str | None:
            body = io.BytesIO()
            await factory.build(f"{depot.url}/_/echo", destination=body, auth=(user, "x") if user else None).run()
            return dict(json.loads(body.getvalue())["headers"]).get("Authorization")

        users = ["alice", "", "bob", ""]
        for _ in range(3):
            found = await asyncio.gather(*map(authorization, users))
            assert [value is not None for value in found] == [bool(user) for user in users]
            assert len({value for value in found if value}) == 2

"""Whom to believe: certificates, and redirects that lead astray."""

from __future__ import annotations

import pytest
from support.outcomes import TryOut

import haulage
from haulage.depot import Depot


@pytest.mark.case("D13")
@pytest.mark.parametrize(
    ("certificate", "error"),
    [
        ("expired", haulage.ServerSSLVerificationFailure),
        ("not-yet", haulage.ServerSSLVerificationFailure),
        ("wrong-host", haulage.ServerSSLVerificationFailure),
        ("self-signed", haulage.ServerSSLVerificationFailure),
        ("old-tls", haulage.TlsError),
    ],
)
async def test_certificates_that_prove_nothing(
    certificate: str, error: type[haulage.DownloadError], try_out: TryOut
) -> None:
    """They are refused before anything is asked, and asking again would change nothing."""
    with Depot(tls=True, certificate=certificate) as depot:
        outcome = await try_out(f"{depot.url}/_/bytes/10", settings={"ca_cert": depot.ca_pem, "max_retries": 3})
        assert type(outcome.error) is error, outcome
        assert outcome.error.attempts == 1
        assert depot.requests == ()


@pytest.mark.case("D13")
async def test_the_right_certificate(try_out: TryOut) -> None:
    """So that the refusals above are refusals of what is wrong."""
    with Depot(tls=True, certificate="valid") as depot:
        outcome = await try_out(f"{depot.url}/_/bytes/10", settings={"ca_cert": depot.ca_pem})
        assert outcome.result is not None, outcome.error


@pytest.mark.case("D02")
async def test_a_downgrade(hostile_tls: Depot, try_out: TryOut) -> None:
    """From https there is no way to http."""
    settings = {"ca_cert": hostile_tls.ca_pem, "max_retries": 3}
    outcome = await try_out(f"{hostile_tls.url}/_/fault/redirect-downgrade", settings=settings)
    assert type(outcome.error) is haulage.PolicyError
    assert len(hostile_tls.requests) == 1


@pytest.mark.case("D06")
async def test_a_foreign_origin_gets_nothing_of_the_caller(hostile: Depot, other_depot: Depot, try_out: TryOut) -> None:
    """Neither credentials nor any header the caller added."""
    settings = {
        "username": "alice",
        "password": "c4n4ry",
        "headers": {"X-Api-Key": "c4n4ry", "Cookie": "session=c4n4ry", "X-Anything": "c4n4ry"},
    }
    url = f"{hostile.url}/_/fault/redirect-foreign?to={other_depot.url}/_/bytes/10"
    outcome = await try_out(url, settings=settings)
    assert outcome.result is not None, outcome.error
    (named,), (foreign,) = hostile.requests, other_depot.requests
    assert named.header("X-Api-Key") == "c4n4ry"
    assert named.header("Authorization")
    names = {name.lower() for name, _ in foreign.headers}
    assert names == {"host", "accept", "accept-encoding", "user-agent"}
    assert "c4n4ry" not in str([value for _, value in foreign.headers])

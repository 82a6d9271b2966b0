"""Every lie of a server that ends in a typed error: which one, after how many requests, how soon, and leaving what.

A row is a case, a fault of the depot, and the error that is right. One retry is allowed and waits are nothing, so that
two requests mean "retried" and one means "not retried".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from support.outcomes import TryOut

import haulage
from haulage.depot import Depot, generated_digest

SIZE = 100_000
DIGEST = {"sha256": generated_digest(SIZE)}
SOON = 2.0  # seconds for what needs no waiting at all

BRISK = {"sock_connect_timeout": 0.2, "sock_read_timeout": 0.2}
"""Limits for servers that say nothing."""


@dataclass(frozen=True)
class Lie:
    """A fault and what it must lead to.

    Attributes:
        case: The id.
        fault: Name and query below ``/_/fault/``.
        error: The exact class.
        requests: How many the server must see.
        settings: Of the remote.
        arguments: Of the download.
        says: What the error's text holds.
        within: Seconds it may take.
        parsers: With which of aiohttp's parsers.
    """

    case: str
    fault: str
    error: type[haulage.DownloadError]
    requests: int = 1
    settings: dict[str, Any] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)
    says: str = ""
    within: float = SOON
    parsers: tuple[str, ...] = ("c", "python")


AGAIN = 2  # requests of what is worth a retry

LIES = (
    *(Lie("H01", f"truncate?at={at}", haulage.PartialFile, AGAIN, says=f"{at} of {SIZE}") for at in (0, 1, SIZE - 1)),
    Lie("H01", "truncate?size=5000000&at=4000000", haulage.PartialFile, AGAIN),
    Lie("H01", "truncate", haulage.PartialFile, AGAIN, arguments={"expected_digests": DIGEST, "expected_size": SIZE}),
    *(Lie("H03", f"chunked-cut?inside={inside}", haulage.PartialFile, AGAIN) for inside in (0, 1)),
    Lie("H04", "short?at=500", haulage.SizeValidationError, AGAIN, arguments={"expected_size": SIZE}),
    Lie("H04", "short?at=500", haulage.DigestValidationError, AGAIN, arguments={"expected_digests": DIGEST}),
    Lie("H05", "close?at=500", haulage.SizeValidationError, AGAIN, arguments={"expected_size": SIZE}),
    Lie("H05", "close?at=500", haulage.DigestValidationError, AGAIN, arguments={"expected_digests": DIGEST}),
    Lie("H07", "two-lengths", haulage.ProtocolError),
    Lie("H07", "length-and-chunked", haulage.ProtocolError),
    *(
        Lie("H07", f"length?value={value}", haulage.ProtocolError)
        for value in ("-5", "%2B5", "1e3", "0x10", "5,%206", "5%205", "%D9%A5")
    ),
    # aiohttp's Python parser takes such a size for what it says; then the body ends before it.
    Lie("H08", "chunk-size", haulage.ProtocolError, parsers=("c",)),
    Lie("H08", "chunk-size", haulage.PartialFile, AGAIN, parsers=("python",)),
    Lie("H08", "chunk-size?value=-5", haulage.ProtocolError),
    Lie("H08", "chunk-size?value=0x5", haulage.ProtocolError),
    Lie("H08", "chunk-extension", haulage.ProtocolError),
    Lie("H09", "reset", haulage.PartialFile, AGAIN),
    Lie("H09", "reset?at=0", haulage.PartialFile, AGAIN),
    Lie("H10", "hang-up", haulage.ConnectionFailed, AGAIN),
    Lie("H10", "hang-up?reset=1", haulage.ConnectionFailed, AGAIN),
    *(
        Lie("H11", f"garbage?kind={kind}", haulage.ProtocolError)
        for kind in ("binary", "http09", "nul", "no-colon", "bad-status", "bad-version")
    ),
    Lie("H12", "header-flood", haulage.ProtocolError),
    Lie("H12", "header-giant", haulage.ProtocolError),
    Lie("H13", "interim", haulage.ProtocolError),
    Lie("H13", "interim?code=100", haulage.ProtocolError),
    *(Lie("H14", f"no-location?status={status}", haulage.RedirectError) for status in (301, 302, 303, 307, 308)),
    *(Lie("H14", f"unasked?status={status}", haulage.UnknownResponse) for status in (204, 205, 206, 304)),
    Lie("H14", "unasked?status=416", haulage.HttpStatusError),
    Lie("H15", "page", haulage.DigestValidationError, AGAIN, arguments={"expected_digests": DIGEST}, says="HTML"),
    Lie("H15", "page", haulage.SizeValidationError, AGAIN, arguments={"expected_size": SIZE}),
    Lie("H16", "truncate?size=1&at=1", haulage.SizeValidationError, AGAIN, arguments={"expected_size": 0}),
    Lie("H17", "gzip", haulage.ContentEncodingError, says="gzip"),
    Lie("H18", "gzip-cut", haulage.ContentEncodingError),
    Lie("H19", "bomb", haulage.ContentEncodingError),
    Lie("H19", "bomb?layers=3", haulage.ContentEncodingError),
    Lie("S01", "endless", haulage.TooLarge, settings={"max_size": 1 << 20}),
    Lie("S01", "endless?chunked=0", haulage.TooLarge, settings={"max_size": 1 << 20}),
    Lie("S01", "endless", haulage.SizeValidationError, AGAIN, arguments={"expected_size": SIZE}),
    Lie("S02", "huge", haulage.TooLarge, settings={"max_size": 1 << 30}),
    Lie("S02", "huge", haulage.StorageFull),
    Lie("S02", "huge", haulage.SizeValidationError, AGAIN, arguments={"expected_size": SIZE}),
    Lie("S03", "drip?delay=0.05", haulage.TooSlow, AGAIN, {"low_speed_limit": 1000, "low_speed_time": 0.2}),
    Lie("S03", "drip?delay=0.05", haulage.TimeoutException, AGAIN, {"total_timeout": 0.2}),
    Lie("S04", "silent", haulage.ServerTimedOut, AGAIN, BRISK),
    Lie("S04", "head-drip?delay=0.05", haulage.ServerTimedOut, AGAIN, BRISK),
    Lie("S06", "stall", haulage.ServerTimedOut, AGAIN, BRISK),
    *(Lie("Q05", f"refuse?status={code}&kind=none", haulage.RemoteServerError, AGAIN) for code in (500, 502, 503, 504)),
    *(Lie("Q05", f"refuse?status={code}&kind=none", haulage.HttpStatusError, AGAIN) for code in (408, 425)),
    *(Lie("Q06", f"refuse?status={code}&kind=none", haulage.AuthorizationFailure) for code in (401, 403)),
    *(Lie("Q06", f"refuse?status={code}&kind=none", haulage.HttpFileNotFound) for code in (404, 410)),
    *(Lie("Q06", f"refuse?status={code}&kind=none", haulage.HttpStatusError) for code in (400, 405, 418, 451)),
    *(Lie("Q06", f"refuse?status={code}&kind=none", haulage.RemoteServerError) for code in (501, 505, 507)),
    # Ten tries for a throttling server, whatever the budget, unless it names a time that nobody waits for.
    *(
        Lie("Q02", f"refuse?kind={kind}", haulage.HttpStatusError, 10)
        for kind in ("past", "garbage", "negative", "none")
    ),
    *(Lie("Q03", f"refuse?kind={kind}", haulage.HttpStatusError) for kind in ("far", "huge")),
    *(Lie("D01", f"redirect-scheme?scheme={scheme}", haulage.PolicyError) for scheme in ("file", "ftp", "data")),
    Lie("D07", "redirect-loop", haulage.TooManyRedirects, 11),
)


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(
    "lie", [pytest.param(lie, id=f"{lie.case}-{lie.fault}", marks=pytest.mark.case(lie.case)) for lie in LIES]
)
async def test_a_lie(lie: Lie, parser: str, hostile: Depot, try_out: TryOut) -> None:
    """The error is the right one, comes in time and after the right number of requests, and harms nothing."""
    if parser not in lie.parsers:
        pytest.skip("the other parser sees another lie")
    outcome = await try_out(
        f"{hostile.url}/_/fault/{lie.fault}", settings={"max_retries": 1, **lie.settings}, **lie.arguments
    )
    assert type(outcome.error) is lie.error, f"{outcome.error!r} {outcome.result!r}"
    assert lie.says in str(outcome.error)
    assert len(hostile.requests) == lie.requests
    # The attempts that are told are those that were made; the hops of a redirect belong to one.
    assert outcome.error.attempts == (1 if lie.case.startswith("D") else lie.requests)
    assert outcome.seconds < lie.within


@pytest.mark.case("H01", "H03", "H09", "H10", "S06", "H04")
@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("fault", ["truncate", "chunked-cut", "short?at=5", "reset", "hang-up", "stall?at=5"])
async def test_a_server_that_mends_its_ways(fault: str, parser: str, hostile: Depot, try_out: TryOut) -> None:
    """What is retried succeeds as soon as the server does, with nothing of the failed attempts in it."""
    sign = "&" if "?" in fault else "?"
    outcome = await try_out(
        f"{hostile.url}/_/fault/{fault}{sign}times=2", settings={"max_retries": 2, **BRISK}, expected_digests=DIGEST
    )
    assert outcome.result is not None, outcome.error
    assert outcome.result.attempts == 3
    assert outcome.result.artifact_attributes == {"size": SIZE, **DIGEST}
    assert outcome.result.proof == "digest"

"""What may pass by itself is tried again, within a budget; nothing else is."""

from __future__ import annotations

import asyncio
import email.utils
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest
from support.raw import Call, RawServer, ok

import haulage
from haulage import events
from haulage.depot import Depot, generated, generated_digest

OpenRaw = Callable[..., Awaitable[RawServer]]
Check = Callable[[], None]

BODY = b"hello\n"
BUSY = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def throttled(retry_after: str | None = None) -> bytes:
    """Return a 429."""
    return ok(b"", *([] if retry_after is None else [f"Retry-After: {retry_after}"]), status="429 Too Many Requests")


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
@pytest.mark.case("Q05")
async def test_a_passing_failure(depot: Depot, target: Path, status: int) -> None:
    """A status that may pass is asked again, and the second answer counts."""
    remote = haulage.Remote(max_retries=1)
    url = f"{depot.url}/_/status/{status}?times=1&key={status}&size=100"
    result = await haulage.download(url, target, remote=remote)
    assert result.attempts == 2
    assert [record.status for record in depot.requests] == [status, 200]
    assert target.read_bytes() == generated(100)


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("retries", [0, 1, 3])
async def test_the_budget(depot: Depot, target: Path, assert_untouched: Check, retries: int) -> None:
    """Exactly max_retries further attempts are made, and the last error says how many there were."""
    with pytest.raises(haulage.RemoteServerError) as caught:
        await haulage.download(f"{depot.url}/_/status/503", target, remote=haulage.Remote(max_retries=retries))
    assert len(depot.requests) == retries + 1
    assert caught.value.attempts == retries + 1
    assert_untouched()


@pytest.mark.usefixtures("eager")
async def test_the_default_budgets(depot: Depot) -> None:
    """Alone a downloader asks once; one from a factory asks three times more."""
    with pytest.raises(haulage.RemoteServerError):
        await haulage.HttpDownloader(f"{depot.url}/_/status/500").run()
    assert len(depot.requests) == 1
    depot.clear_requests()
    async with haulage.DownloaderFactory() as factory:
        with pytest.raises(haulage.RemoteServerError):
            await factory.build(f"{depot.url}/_/status/502").run()
    assert len(depot.requests) == 4


@pytest.mark.usefixtures("eager")
async def test_throttling_has_a_budget_of_its_own(depot: Depot) -> None:
    """429 is asked ten times in all, even where no other failure may be retried."""
    with pytest.raises(haulage.HttpStatusError) as caught:
        await haulage.HttpDownloader(f"{depot.url}/_/status/429").run()
    assert caught.value.status == 429
    assert len(depot.requests) == 10


@pytest.mark.usefixtures("eager")
async def test_throttling_does_not_use_up_the_other_budget(raw: OpenRaw) -> None:
    """After several 429 the one allowed retry of a 503 is still there."""
    server = await raw(throttled(), throttled(), BUSY, throttled(), ok(BODY))
    result = await haulage.HttpDownloader(server.url, max_retries=1).run()
    assert result.attempts == 5


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(("status", "least"), [("429 Slow Down", 1.0), ("503 Busy", 1.0)])
@pytest.mark.case("Q01")
async def test_retry_after_seconds(raw: OpenRaw, status: str, least: float) -> None:
    """The next request comes after the seconds the server asked for, not before and not much later."""
    server = await raw(ok(b"", "Retry-After: 1", status=status), ok(BODY))
    started = time.monotonic()
    await haulage.HttpDownloader(server.url, max_retries=1).run()
    assert least <= time.monotonic() - started < least + 1.5


@pytest.mark.usefixtures("eager")
@pytest.mark.case("Q01")
async def test_retry_after_date(raw: OpenRaw) -> None:
    """A date is read against the server's own clock, however wrong that is."""
    year_2001 = 1_000_000_000
    date, until = (email.utils.formatdate(year_2001 + seconds, usegmt=True) for seconds in (0, 1))
    server = await raw(ok(b"", f"Date: {date}", f"Retry-After: {until}", status="429 Slow Down"), ok(BODY))
    started = time.monotonic()
    await haulage.HttpDownloader(server.url).run()
    assert 1.0 <= time.monotonic() - started < 2.5


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(
    "value", ["soon", "-5", "0", "1.5", "", "Thu, 01 Jan 1970 00:00:00 GMT", "Not, a date", "\x01"]
)
@pytest.mark.case("Q02")
async def test_retry_after_garbage(raw: OpenRaw, value: str) -> None:
    """What is no usable time in the future counts for nothing: the usual wait applies."""
    if value == "\x01":
        value = quote(value)
    server = await raw(throttled(value), ok(BODY))
    started = time.monotonic()
    result = await haulage.HttpDownloader(server.url).run()
    assert result.attempts == 2
    assert time.monotonic() - started < 0.9


@pytest.mark.parametrize("value", ["86400", "99999999999999999999", "Fri, 31 Dec 2100 23:59:59 GMT"])
@pytest.mark.case("Q03")
async def test_retry_after_huge(raw: OpenRaw, value: str) -> None:
    """A server that wants to be left alone for longer than anyone waits is given up on at once, with its wish."""
    server = await raw(throttled(value), ok(BODY))
    started = time.monotonic()
    with pytest.raises(haulage.HttpStatusError) as caught:
        await haulage.HttpDownloader(server.url, max_retries=3).run()
    assert time.monotonic() - started < 1
    assert caught.value.retry_after is not None
    assert caught.value.retry_after >= 86400
    assert len(server.heads) == 1


async def test_the_computed_wait_is_bounded_and_jittered(raw: OpenRaw) -> None:
    """Without advice from the server the first wait is at most a second."""
    seen: list[events.Event] = []
    server = await raw(BUSY, ok(BODY))
    await haulage.HttpDownloader(server.url, max_retries=1, observer=seen.append).run()
    (retrying,) = [event for event in seen if isinstance(event, events.Retrying)]
    assert 0 <= retrying.wait <= 1
    assert isinstance(retrying.error, haulage.RemoteServerError)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 411, 451])
@pytest.mark.case("Q06")
async def test_other_refusals_are_final(depot: Depot, status: int) -> None:
    """A refusal that will not pass is not asked again."""
    with pytest.raises(haulage.HttpStatusError):
        await haulage.download(f"{depot.url}/_/status/{status}", remote=haulage.Remote(max_retries=5))
    assert len(depot.requests) == 1


@pytest.mark.case("D13")
async def test_certificate_errors_are_final(tls_depot: Depot) -> None:
    """An untrusted certificate stays untrusted: one attempt."""
    seen: list[events.Event] = []
    with pytest.raises(haulage.ServerSSLVerificationFailure):
        await haulage.HttpDownloader(f"{tls_depot.url}/_/bytes/1", max_retries=5, observer=seen.append).run()
    assert [type(event) for event in seen] == [events.AttemptStarted, events.Failed]


@pytest.mark.case("F07")
async def test_local_disk_errors_are_final(depot: Depot, workplace: Path) -> None:
    """A destination that cannot be written does not become writable: the server is not even asked."""
    with pytest.raises(haulage.DestinationError):
        await haulage.download(
            f"{depot.url}/_/bytes/10", workplace / "no" / "file", remote=haulage.Remote(max_retries=5)
        )
    assert depot.requests == ()


@pytest.mark.usefixtures("eager")
async def test_disable_retry_list(depot: Depot) -> None:
    """An error of a listed class is final for this call."""
    downloader = haulage.HttpDownloader(f"{depot.url}/_/status/503", max_retries=3)
    with pytest.raises(haulage.RemoteServerError):
        await downloader.run({"disable_retry_list": (haulage.HttpStatusError,)})
    assert len(depot.requests) == 1


@pytest.mark.usefixtures("eager")
async def test_disable_retry_list_as_written_for_pulp(depot: Depot) -> None:
    """The list may name aiohttp's class, as Pulp's callers do, and others do not match."""
    downloader = haulage.HttpDownloader(f"{depot.url}/_/status/429", max_retries=3)
    with pytest.raises(aiohttp.ClientResponseError):
        await downloader.run({"disable_retry_list": [aiohttp.ClientResponseError]})
    assert len(depot.requests) == 1
    depot.clear_requests()
    downloader = haulage.HttpDownloader(f"{depot.url}/_/status/503?key=other", max_retries=2)
    with pytest.raises(haulage.RemoteServerError):
        await downloader.run({"disable_retry_list": [TimeoutError]})
    assert len(depot.requests) == 3


@pytest.mark.usefixtures("eager")
async def test_a_lost_connection(raw: OpenRaw, target: Path) -> None:
    """A connection closed without an answer is tried again, and each request is counted."""
    server = await raw(b"", b"", ok(BODY))
    result = await haulage.HttpDownloader(server.url, max_retries=2, destination=target).run()
    assert result.attempts == len(server.heads) == 3


@pytest.mark.usefixtures("eager")
async def test_a_cut_body_starts_afresh(raw: OpenRaw, target: Path) -> None:
    """The attempt after a cut body begins with a fresh file, fresh digests and a fresh size."""
    body = generated(3 << 20, seed=1)
    whole = ok(body)
    server = await raw(whole[: 2 << 20], whole[: (2 << 20) + 17], whole)
    result = await haulage.HttpDownloader(
        server.url,
        expected_digests={"sha256": generated_digest(len(body), seed=1)},
        expected_size=len(body),
        max_retries=2,
        destination=target,
    ).run()
    assert result.attempts == 3
    assert target.read_bytes() == body


@pytest.mark.usefixtures("eager")
async def test_a_wrong_digest_is_tried_again(raw: OpenRaw, target: Path) -> None:
    """Bytes that were damaged once may be right the next time."""
    server = await raw(ok(b"jello\n"), ok(b"hell\n"), ok(BODY))
    digest = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
    result = await haulage.HttpDownloader(
        server.url, expected_digests={"sha256": digest}, expected_size=6, max_retries=2, destination=target
    ).run()
    assert result.attempts == 3
    assert target.read_bytes() == BODY


@pytest.mark.usefixtures("eager")
async def test_a_read_timeout_is_tried_again(raw: OpenRaw, target: Path) -> None:
    """A server that falls silent is given up for this attempt only."""

    async def silent(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhel")
        await call.gone()

    server = await raw(silent, ok(BODY))
    remote = haulage.Remote(sock_read_timeout=0.2, max_retries=1)
    result = await haulage.download(server.url, target, remote=remote)
    assert result.attempts == 2
    assert target.read_bytes() == BODY


@pytest.mark.case("Q04")
async def test_slots_are_free_while_waiting(raw: OpenRaw, depot: Depot) -> None:
    """A download that waits for its retry does not keep the only slot from a healthy host."""
    server = await raw(throttled("1"), ok(BODY))
    done: list[str] = []
    async with haulage.DownloaderFactory(haulage.Remote(download_concurrency=1)) as factory:

        async def one(name: str, url: str) -> None:
            await factory.build(url).run()
            done.append(name)

        slow = asyncio.create_task(one("slow", server.url))
        while not server.heads:
            await asyncio.sleep(0.001)
        started = time.monotonic()
        await one("healthy", f"{depot.url}/_/bytes/10")
        assert time.monotonic() - started < 0.7
        await slow
    assert done == ["healthy", "slow"]


async def test_slots_are_held_on_request(raw: OpenRaw, depot: Depot) -> None:
    """With hold_slots the waiting download keeps its slot, as in Pulp."""
    server = await raw(throttled("1"), ok(BODY))
    done: list[str] = []
    remote = haulage.Remote(download_concurrency=1, hold_slots=True)
    async with haulage.DownloaderFactory(remote) as factory:

        async def one(name: str, url: str) -> None:
            await factory.build(url).run()
            done.append(name)

        slow = asyncio.create_task(one("slow", server.url))
        while not server.heads:
            await asyncio.sleep(0.001)
        await one("healthy", f"{depot.url}/_/bytes/10")
        await slow
    assert done == ["slow", "healthy"]


async def test_a_semaphore_of_the_caller_is_free_while_waiting(raw: OpenRaw) -> None:
    """The caller's own semaphore is given back for the time of the wait."""
    semaphore = asyncio.Semaphore(1)
    server = await raw(throttled("1"), ok(BODY))
    task = asyncio.create_task(haulage.HttpDownloader(server.url, semaphore=semaphore).run())
    while not server.heads:
        await asyncio.sleep(0.001)
    async with asyncio.timeout(0.7):
        await semaphore.acquire()
    semaphore.release()
    await task
    assert not semaphore.locked()


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("status", ["429 Slow Down", "503 Busy"])
@pytest.mark.case("Q01")
async def test_a_pause_holds_for_the_whole_factory(raw: OpenRaw, status: str) -> None:
    """When a host asks for a pause, no download of the factory asks it before the pause is over."""
    times: list[float] = []
    asked = asyncio.Event()

    async def pause(call: Call) -> None:
        times.append(time.monotonic())
        await call.send(ok(b"", "Retry-After: 1", status=status))
        asked.set()

    async def fine(call: Call) -> None:
        times.append(time.monotonic())
        await call.send(ok(BODY))

    server = await raw(pause, fine)
    async with haulage.DownloaderFactory(haulage.Remote(download_concurrency=5)) as factory:
        first = asyncio.create_task(factory.build(server.url).run())
        await asked.wait()
        # The answer has left the server; the others come when the first has read it.
        while not first.done() and not factory.build(server.url)._context._runtimes:
            await asyncio.sleep(0)
        await asyncio.sleep(0.1)
        await asyncio.gather(first, *(factory.build(f"{server.url}/{number}").run() for number in range(5)))
    assert len(times) == 7
    assert min(times[1:]) - times[0] >= 1.0


@pytest.mark.usefixtures("eager")
async def test_a_pause_is_the_hosts_alone(raw: OpenRaw, depot: Depot) -> None:
    """A pause of one host does not hold up another."""
    server = await raw(throttled("1"), ok(BODY))
    async with haulage.DownloaderFactory() as factory:
        first = asyncio.create_task(factory.build(server.url).run())
        while not server.heads:
            await asyncio.sleep(0.001)
        started = time.monotonic()
        await asyncio.gather(*(factory.build(f"{depot.url}/_/bytes/{number}").run() for number in range(10)))
        assert time.monotonic() - started < 0.7
        await first


@pytest.mark.usefixtures("eager")
async def test_nothing_but_the_last_attempt_is_on_the_disk(raw: OpenRaw, target: Path) -> None:
    """While an attempt is retried there is never more than one part, and never a target."""
    body = generated(3 << 20)
    whole = ok(body)
    parts: list[int] = []

    async def watched(call: Call) -> None:
        parts.append(len(list(target.parent.iterdir())))
        await call.send(whole if len(parts) == 4 else whole[: 2 << 20])
        call.writer.close()

    server = await raw(watched)
    await haulage.HttpDownloader(server.url, max_retries=3, destination=target).run()
    assert parts == [0, 0, 0, 0]
    assert target.read_bytes() == body

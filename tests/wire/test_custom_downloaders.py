"""Downloaders of other people: a few lines, and everything the engine has comes with them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.canary import CANARY

import haulage
from haulage import events
from haulage.depot import Depot, generated

Check = Callable[[], None]


class Countdown(haulage.BaseDownloader):
    """The ten lines."""

    async def _run(self, extra_data: dict[str, Any] | None = None) -> None:
        start = int(self.url.partition(":")[2])
        for number in range(start, 0, -1):
            await self.handle_data(b"%d\n" % number)
        await self.finalize()


THREE = b"3\n2\n1\n"
THREE_SHA256 = hashlib.sha256(THREE).hexdigest()


async def test_ten_lines(target: Path) -> None:
    """A subclass that passes its data on and finalizes has digests, sizes, publishing and a result."""
    result = await Countdown("count:3", {"sha256": THREE_SHA256}, 6, destination=target).run()
    assert target.read_bytes() == THREE
    assert tuple(result) == ("count:3", {"size": 6, "sha256": THREE_SHA256}, str(target), None)


async def test_ten_lines_are_validated(target: Path, assert_untouched: Check) -> None:
    """What a subclass brings is held to what was expected."""
    with pytest.raises(haulage.DigestValidationError):
        await Countdown("count:4", {"sha256": THREE_SHA256}, destination=target).run()
    with pytest.raises(haulage.SizeValidationError):
        await Countdown("count:4", expected_size=6, destination=target).run()
    assert_untouched()


async def test_ten_lines_through_a_factory(workplace: Path) -> None:
    """Through a factory a subclass gets its limits and settings."""
    remote = haulage.Remote(max_size=100, digest_algorithms=("md5",))
    async with haulage.DownloaderFactory(remote, {"count": Countdown}) as factory:
        result = await factory.build("count:3").run()
        assert result.artifact_attributes == {"size": 6, "md5": hashlib.md5(THREE).hexdigest()}
        with pytest.raises(haulage.TooLarge):
            await factory.build("count:1000").run()
    assert len(list(workplace.iterdir())) == 1


def test_ten_lines_synchronously(target: Path) -> None:
    """A subclass has fetch for nothing."""
    Countdown("count:3", destination=target).fetch()
    assert target.read_bytes() == THREE


async def test_cutting_does_not_matter(workplace: Path) -> None:
    """However the data is cut, and in whatever bytes-like form, the outcome is the same."""
    body = generated(300_000)

    class Pieces(haulage.BaseDownloader):
        async def _run(self, extra_data: dict[str, Any] | None = None) -> None:
            size = int(self.url.partition(":")[2])
            for start in range(0, len(body), size):
                piece = body[start : start + size]
                await self.handle_data([piece, bytearray(piece), memoryview(piece)][start // size % 3])
            await self.finalize()

    attributes = [
        (await Pieces(f"pieces:{size}", destination=workplace / str(size)).run()).artifact_attributes
        for size in (997, 65_536, 300_000)
    ]
    assert attributes[0] == attributes[1] == attributes[2]
    assert all(path.read_bytes() == body for path in workplace.iterdir())


async def test_a_buffer_may_be_used_again(target: Path) -> None:
    """A buffer that is filled anew after handle_data does not change what was handed over."""

    class Reusing(haulage.BaseDownloader):
        async def _run(self, extra_data: dict[str, Any] | None = None) -> None:
            buffer = bytearray(1000)
            for number in range(100):
                buffer[:] = bytes([number]) * 1000
                await self.handle_data(memoryview(buffer))  # type: ignore[arg-type]
            await self.finalize()

    await Reusing("x:", destination=target).run()
    assert target.read_bytes() == b"".join(bytes([number]) * 1000 for number in range(100))


async def test_empty_data(target: Path) -> None:
    """Nothing handed over is a file of nothing; empty pieces change nothing."""

    class Empty(haulage.BaseDownloader):
        async def _run(self, extra_data: dict[str, Any] | None = None) -> None:
            await self.handle_data(b"")
            await self.finalize()

    await Empty("x:", destination=target, expected_size=0).run()
    assert target.read_bytes() == b""


async def test_forgotten_finalize(target: Path, assert_untouched: Check) -> None:
    """A subclass that does not finalize gets a clear error that names it, and publishes nothing."""

    class Forgetful(haulage.BaseDownloader):
        async def _run(self, extra_data: dict[str, Any] | None = None) -> None:
            await self.handle_data(b"hello")

    class Idle(haulage.BaseDownloader):
        async def _run(self, extra_data: dict[str, Any] | None = None) -> None:
            pass

    for kind in (Forgetful, Idle):
        with pytest.raises(haulage.DownloaderMisuseError, match=rf"{kind.__name__}.*finalize"):
            await kind("x:", destination=target, max_retries=3).run()
    assert_untouched()


async def test_forgotten_run() -> None:
    """The base class alone brings nothing, and says so."""
    with pytest.raises(NotImplementedError):
        await haulage.BaseDownloader("x:").run()


async def test_data_after_the_end(target: Path) -> None:
    """What comes after finalize cannot be in the file any more, and is refused."""

    class Late(haulage.BaseDownloader):
        async def _run(self, extra_data: dict[str, Any] | None = None) -> None:
            await self.handle_data(b"a")
            await self.finalize()
            await self.handle_data(b"b")

    with pytest.raises(haulage.DownloaderMisuseError, match="before finalize"):
        await Late("x:/y", destination=target).run()


async def test_handle_data_outside_of_run() -> None:
    """Data handed over when no download is running is misuse, said clearly."""
    downloader = Countdown("count:3")
    with pytest.raises(haulage.DownloaderMisuseError):
        await downloader.handle_data(b"x")
    with pytest.raises(haulage.DownloaderMisuseError):
        await downloader.finalize()


async def test_finalize_twice(target: Path) -> None:
    """A second finalize changes nothing."""

    class Careful(haulage.BaseDownloader):
        async def _run(self, extra_data: dict[str, Any] | None = None) -> None:
            await self.handle_data(b"hello")
            await self.finalize()
            await self.finalize()

    await Careful("x:", destination=target).run()
    assert target.read_bytes() == b"hello"


async def test_errors_of_its_own_come_out(target: Path, assert_untouched: Check) -> None:
    """An exception of the subclass comes out as it is, is not retried, and leaves nothing."""
    runs: list[int] = []

    class Broken(haulage.BaseDownloader):
        async def _run(self, extra_data: dict[str, Any] | None = None) -> None:
            runs.append(1)
            await self.handle_data(bytes(3 << 20))
            raise LookupError("no such thing")

    with pytest.raises(LookupError, match="no such thing"):
        await Broken("x:", destination=target, max_retries=3).run()
    assert runs == [1]
    assert_untouched()


@pytest.mark.usefixtures("eager")
async def test_transient_errors_of_its_own_are_retried(target: Path) -> None:
    """A subclass that raises one of our passing errors has retries, each with a fresh start."""
    runs: list[int] = []

    class Flaky(haulage.BaseDownloader):
        async def _run(self, extra_data: dict[str, Any] | None = None) -> None:
            runs.append(1)
            await self.handle_data(b"hello")
            if len(runs) < 3:
                raise haulage.ConnectionFailed("gone")
            await self.finalize()

    result = await Flaky("x:", destination=target, max_retries=2).run()
    assert result.attempts == 3
    assert target.read_bytes() == b"hello"


async def test_extra_data_reaches_it() -> None:
    """What is given to run reaches the subclass."""
    seen: list[object] = []

    class Curious(haulage.BaseDownloader):
        async def _run(self, extra_data: dict[str, Any] | None = None) -> None:
            seen.append(extra_data)
            await self.finalize()

    extra = {"mine": 1}
    await Curious("x:").run(extra)
    assert seen == [extra]


async def test_own_result(target: Path) -> None:
    """A subclass may return a result of its own making."""

    class Own(Countdown):
        async def _run(self, extra_data: dict[str, Any] | None = None) -> haulage.DownloadResult:  # type: ignore[override]
            await super()._run(extra_data)
            return haulage.DownloadResult("else:where", self.artifact_attributes, self.path, None)

    result = await Own("count:3", destination=target).run()
    assert result.url == "else:where"
    assert target.read_bytes() == THREE


async def test_run_overridden_with_super(depot: Depot, target: Path) -> None:
    """A subclass may do something around the whole download."""
    steps: list[str] = []

    class Around(haulage.HttpDownloader):
        async def run(self, extra_data: dict[str, Any] | None = None) -> haulage.DownloadResult:
            steps.append("before")
            result = await super().run(extra_data)
            steps.append("after")
            return result

    await Around(f"{depot.url}/_/bytes/10", destination=target).run()
    assert steps == ["before", "after"]


async def test_run_overridden_without_super(target: Path) -> None:
    """A subclass may replace run and use handle_data and finalize there, as Pulp's documents show."""

    class Whole(haulage.BaseDownloader):
        async def run(self, extra_data: dict[str, Any] | None = None) -> haulage.DownloadResult:
            await self.handle_data(b"hello")
            await self.finalize()
            return haulage.DownloadResult(self.url, self.artifact_attributes, self.path, None)

    result = await Whole("x:", destination=target, expected_size=5).run()
    assert target.read_bytes() == b"hello"
    assert result.path == str(target)
    with pytest.raises(haulage.SizeValidationError):
        await Whole("x:", expected_size=6).run()
    with pytest.raises(haulage.DigestValidationError):
        await Whole("x:", expected_digests={"sha256": "0" * 64}).run()


async def test_run_overridden_and_forgetful(target: Path, assert_untouched: Check) -> None:
    """A replaced run that does not finalize leaves no part behind."""

    class Forgetful(haulage.BaseDownloader):
        async def run(self, extra_data: dict[str, Any] | None = None) -> None:  # type: ignore[override]
            await self.handle_data(bytes(3 << 20))

    await Forgetful("x:", destination=target).run()
    assert_untouched()


async def test_another_mirror(depot: Depot, other_depot: Depot, target: Path) -> None:
    """When one mirror has no such file, the next one is asked, as Pulp's documents suggest."""
    mirrors = [other_depot.url + "/_/status/404", other_depot.url + "/_/status/410", depot.url + "/_/bytes/100"]

    class Mirrored(haulage.HttpDownloader):
        async def run(self, extra_data: dict[str, Any] | None = None) -> haulage.DownloadResult:
            for mirror in mirrors:
                self.url = mirror
                try:
                    return await super().run(extra_data)
                except haulage.HttpFileNotFound:
                    continue
            raise haulage.FileNotFound("no mirror has it", url=self.url)

    async with haulage.DownloaderFactory(downloader_overrides={"http": Mirrored}) as factory:
        result = await factory.build("http://mirrors.invalid/file", destination=target).run()
    assert target.read_bytes() == generated(100)
    assert result.url == mirrors[-1]
    assert [record.status for record in other_depot.requests] == [404, 410]


async def test_another_mirror_does_not_get_the_secrets(depot: Depot, other_depot: Depot) -> None:
    """Credentials given for one origin do not go to a mirror at another."""

    class Mirrored(haulage.HttpDownloader):
        async def run(self, extra_data: dict[str, Any] | None = None) -> haulage.DownloadResult:
            try:
                return await super().run(extra_data)
            except haulage.HttpFileNotFound:
                self.url = f"{other_depot.url}/_/echo"
                return await super().run(extra_data)

    url = depot.url.replace("://", f"://ann:{CANARY}@") + "/_/status/404"
    await Mirrored(url).run()
    assert depot.requests[0].header("Authorization") is not None
    assert other_depot.requests[0].header("Authorization") is None


async def test_silenced_status(depot: Depot, target: Path) -> None:
    """A subclass may take the body of an answer that is an error to others."""

    class Lenient(haulage.HttpDownloader):
        def raise_for_status(self, response: Any) -> None:
            if response.status != 404:
                super().raise_for_status(response)

    await Lenient(f"{depot.url}/_/status/404", destination=target).run()
    assert b"404" in target.read_bytes()
    with pytest.raises(haulage.HttpStatusError):
        await Lenient(f"{depot.url}/_/status/403", destination=target).run()


async def test_stricter_status(depot: Depot, assert_untouched: Check) -> None:
    """A subclass may refuse what is fine to others, with an error of its own."""

    class Strict(haulage.HttpDownloader):
        def raise_for_status(self, response: Any) -> None:
            super().raise_for_status(response)
            if "ETag" not in response.headers:
                raise haulage.UnknownResponse("no validator", url=self.url)

    await Strict(f"{depot.url}/_/bytes/10", destination="fine").run()
    with pytest.raises(haulage.UnknownResponse, match="no validator"):
        await Strict(f"{depot.url}/_/echo").run()
    assert [path.name for path in Path.cwd().iterdir()] == ["fine"]


async def test_handle_data_overridden(depot: Depot, target: Path) -> None:
    """A subclass may look at, or change, the data on its way."""

    class Shouting(haulage.HttpDownloader):
        async def handle_data(self, data: bytes) -> None:
            await super().handle_data(data.upper())

    result = await Shouting(f"{depot.url}/_/status/200", destination=target).run()
    assert target.read_bytes() == b"STATUS 200, ATTEMPT 1\n"
    assert result.artifact_attributes["sha256"] == hashlib.sha256(target.read_bytes()).hexdigest()


async def test_validation_overridden(depot: Depot, target: Path, assert_untouched: Check) -> None:
    """A subclass may add a proof of its own: what it raises keeps the file from appearing."""

    class Proving(haulage.HttpDownloader):
        def validate_digests(self) -> None:
            super().validate_digests()
            if self.artifact_attributes["sha256"].startswith("a"):
                raise haulage.ValidationError("MINE01", "starts with an a", url=self.url)

    digest = hashlib.sha256(generated(2)).hexdigest()
    seed = next(seed for seed in range(1000) if hashlib.sha256(generated(2, seed)).hexdigest().startswith("a"))
    with pytest.raises(haulage.ValidationError, match="starts with an a") as caught:
        await Proving(f"{depot.url}/_/bytes/2?seed={seed}", destination=target).run()
    assert caught.value.error_code == "MINE01"
    assert_untouched()
    if not digest.startswith("a"):
        await Proving(f"{depot.url}/_/bytes/2", destination=target).run()


async def test_concurrency_of_custom_downloaders() -> None:
    """The factory's bound holds for other people's downloaders, too."""
    now = most = 0

    class Slow(haulage.BaseDownloader):
        async def _run(self, extra_data: dict[str, Any] | None = None) -> None:
            nonlocal now, most
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.01)
            now -= 1
            await self.finalize()

    remote = haulage.Remote(download_concurrency=3)
    async with haulage.DownloaderFactory(remote, {"slow": Slow}) as factory:
        await asyncio.gather(*(factory.build(f"slow:{number}").run() for number in range(12)))
    assert most == 3


async def test_observer(depot: Depot, target: Path) -> None:
    """An observer hears of everything, in order, with one key."""
    seen: list[events.Event] = []
    downloader = haulage.HttpDownloader(
        f"{depot.url}/_/bytes/300000?seed=s", destination=target, observer=seen.append, key="mine"
    )
    result = await downloader.run()
    kinds = [type(event) for event in seen]
    assert kinds[:2] == [events.AttemptStarted, events.HeadersReceived]
    assert kinds[-1] is events.Succeeded
    assert set(kinds[2:-1]) == {events.BytesReceived}
    assert {event.key for event in seen} == {"mine"}
    counts = [event for event in seen if isinstance(event, events.BytesReceived)]
    assert sum(event.count for event in counts) == counts[-1].received == 300_000
    assert seen[1].total == 300_000  # type: ignore[attr-defined]
    assert seen[-1].result is result  # type: ignore[attr-defined]
    assert all("seed" not in event.url for event in seen)

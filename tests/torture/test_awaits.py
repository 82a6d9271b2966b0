"""A download that fails at any of its awaits ends exactly once and leaves nothing."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import io
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import NoneType
from typing import Any, NamedTuple

import pytest
from support.canary import assert_silent, inspect_error, with_secrets
from support.inject_awaits import FAULTS, Fault, Injection
from support.inject_leftovers import assert_nothing_left
from support.inject_routes import chunked
from support.leaks import Belongings

import haulage
from haulage import events
from haulage.depot import Depot, generated, generated_digest

OLD = b"what was there before"
SMALL, LARGE = 5000, 3 << 20
_serial = itertools.count()


class Scene(NamedTuple):
    """Where one download comes from, and what it is given."""

    url: str
    tls_url: str
    ca_pem: str
    source: Path
    target: Path
    arguments: dict[str, Any]


@pytest.fixture
def scene(tmp_path: Path, workplace: Path) -> Iterator[Scene]:
    """Two depots, a file to copy, and a place to write to."""
    source = tmp_path / "source.bin"
    source.write_bytes(generated(LARGE))
    with Depot(routes={"chunked": chunked}) as plain, Depot(tls=True) as encrypted:
        yield Scene(plain.url, encrypted.url, encrypted.ca_pem or "", source, workplace / "target.bin", {})


Opened = AbstractAsyncContextManager[haulage.BaseDownloader]


@contextlib.asynccontextmanager
async def alone(path: str, scene: Scene) -> AsyncIterator[haulage.BaseDownloader]:
    """A downloader that has nothing in common with others."""
    yield haulage.HttpDownloader(with_secrets(scene.url + path), destination=scene.target, **scene.arguments)


@contextlib.asynccontextmanager
async def made(path: str, scene: Scene, **settings: Any) -> AsyncIterator[haulage.BaseDownloader]:
    """A downloader of a factory that is held open only by its downloads."""
    url = with_secrets((scene.tls_url if "ca_cert" in settings else scene.url) + path)
    factory = haulage.DownloaderFactory(haulage.Remote(**{"max_retries": 0, **settings}))
    yield factory.build(url, destination=scene.target, **scene.arguments)


@contextlib.asynccontextmanager
async def shared(scene: Scene) -> AsyncIterator[haulage.BaseDownloader]:
    """A downloader of a factory with every kind of limit; after it there is room for another one."""
    limits = {"rate_limit": 10_000, "max_speed": 100 << 20, "total_timeout": 50, "low_speed_limit": 1}
    remote = haulage.Remote(download_concurrency=1, concurrency_per_host=1, max_retries=0, **limits)
    before = Belongings.now()
    async with haulage.DownloaderFactory(remote) as factory:
        yield factory.build(f"{scene.url}/_/bytes/{1 << 20}", destination=scene.target, **scene.arguments)
        async with asyncio.timeout(5):
            await factory.build(f"{scene.url}/_/bytes/10", destination=io.BytesIO()).run()
            # Of all connections the last one is kept for the next download: our end of it, and the depot's.
            while sum("socket" in what for _, what in Belongings.now().descriptors - before.descriptors) > 2:
                await asyncio.sleep(0.001)


@contextlib.asynccontextmanager
async def queued(scene: Scene) -> AsyncIterator[haulage.BaseDownloader]:
    """A downloader that has to wait: for the factory's slot, which another origin has, and for the caller's permit."""
    permit: asyncio.Semaphore = scene.arguments["semaphore"]
    await permit.acquire()
    remote = haulage.Remote(download_concurrency=1, concurrency_per_host=1, max_retries=0, ca_cert=scene.ca_pem)
    async with haulage.DownloaderFactory(remote) as factory:
        slow = f"{scene.tls_url}/_/slow?size=2&chunk=1&delay=0.005"
        ahead = asyncio.create_task(factory.build(slow, destination=io.BytesIO()).run())
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_later(0.03, permit.release)
        yield factory.build(f"{scene.url}/_/bytes/{SMALL}", destination=scene.target, **scene.arguments)
        async with asyncio.timeout(5):
            await ahead
            await factory.build(f"{scene.url}/_/bytes/10", destination=io.BytesIO(), semaphore=permit).run()


@contextlib.asynccontextmanager
async def copied(scene: Scene) -> AsyncIterator[haulage.BaseDownloader]:
    """A downloader of a local file."""
    yield haulage.FileDownloader(scene.source.as_uri(), destination=scene.target, **scene.arguments)


@contextlib.asynccontextmanager
async def verified(scene: Scene) -> AsyncIterator[haulage.BaseDownloader]:
    """A downloader that reads what is there already, which is as long as what is wanted, and wrong."""
    digests = {"sha256": generated_digest(len(OLD))}
    url = f"{scene.url}/_/bytes/{len(OLD)}"
    yield haulage.HttpDownloader(
        url, expected_digests=digests, if_exists="verify", destination=scene.target, **scene.arguments
    )


@contextlib.asynccontextmanager
async def streamed(scene: Scene) -> AsyncIterator[haulage.BaseDownloader]:
    """A downloader into a file object that has something in it already."""
    with scene.target.open("r+b", buffering=0) as file:
        file.seek(len(OLD))
        yield haulage.HttpDownloader(f"{scene.url}/_/bytes/{SMALL}", destination=file, **scene.arguments)


class Shape(NamedTuple):
    """A kind of download.

    Attributes:
        open: Makes one.
        content: What its target holds when it was successful.
        os_error: The number of the error that its awaits may end with.
        outcomes: How it may end when one of its awaits of something outside fails once; NoneType is success.
    """

    open: Callable[[Scene], Opened]
    content: bytes = generated(SMALL)
    os_error: int = errno.EHOSTUNREACH
    outcomes: tuple[type[BaseException | None], ...] = (haulage.DownloadError,)


SHAPES = {
    "small": Shape(lambda scene: alone(f"/_/bytes/{SMALL}", scene)),
    "large": Shape(lambda scene: alone(f"/_/bytes/{LARGE}", scene), generated(LARGE)),
    "chunked": Shape(lambda scene: alone(f"/_/chunked/{1 << 20}/{1 << 18}", scene), generated(1 << 20)),
    # The second hop goes over a used connection, and is asked once more when that breaks.
    "redirected": Shape(
        lambda scene: alone(f"/_/redirects/1?size={SMALL}", scene), outcomes=(haulage.DownloadError, NoneType)
    ),
    "retried": Shape(
        lambda scene: made(f"/_/status/503?times=1&size={SMALL}&key={next(_serial)}", scene, max_retries=2),
        outcomes=(NoneType,),
    ),
    "durable": Shape(lambda scene: made(f"/_/bytes/{SMALL}", scene, durable=True)),
    "encrypted": Shape(lambda scene: made(f"/_/bytes/{SMALL}", scene, ca_cert=scene.ca_pem)),
    "shared": Shape(shared, generated(1 << 20)),
    "queued": Shape(queued),
    "copied": Shape(copied, generated(LARGE), os_error=errno.EIO),
    "verified": Shape(verified, generated(len(OLD))),
    "streamed": Shape(streamed, OLD + generated(SMALL)),
}


def check_outcome(shape: Shape, injection: Injection, task: asyncio.Task[Any], told: list[events.Event]) -> bytes:
    """Hold how it ended against what was injected, and return what the target must be."""
    error = asyncio.CancelledError() if task.cancelled() else task.exception()
    (last,) = (event for event in told if isinstance(event, events.Succeeded | events.Failed))
    assert last is told[-1]
    assert_silent(repr(told), "an event")
    if isinstance(error, haulage.DownloadError):
        inspect_error(error)
    if injection.error is None:
        assert isinstance(error, asyncio.CancelledError)
    elif injection.from_outside:
        assert isinstance(error, shape.outcomes)
    else:
        assert error is None or error is injection.error or isinstance(error, haulage.DownloadError)
    if isinstance(last, events.Failed):
        assert type(last.error) is type(error)
        return OLD
    # What was cancelled too late is published (see the decision on late cancellations), and so is what was waited for
    # with a future of the engine's own.
    assert error is None or not injection.from_outside or injection.error is None
    return shape.content


async def strike(shape: Shape, scene: Scene, fault: Fault, at: int) -> bool:
    """Let one download fail at one await; return False when it ended before."""
    told: list[events.Event] = []
    semaphore = asyncio.Semaphore(1)
    scene.target.write_bytes(OLD)
    before = Belongings.now()
    injection = Injection(fault, at, shape.os_error)
    arguments = {"observer": told.append, "semaphore": semaphore}
    async with shape.open(scene._replace(arguments=arguments)) as downloader:
        task = asyncio.create_task(injection.drive(downloader.run()))
        await asyncio.wait({task})
    if not injection.where:
        assert task.exception() is None
        return False
    try:
        content = check_outcome(shape, injection, task, told)
        assert scene.target.read_bytes() == content
        assert semaphore._value == 1
        assert [path.name for path in scene.target.parent.iterdir()] == [scene.target.name]
        await assert_nothing_left(before)
    except BaseException as error:
        error.add_note(f"{fault} at await {at}, in {' > '.join(injection.where)}: {task!r}")
        raise
    return True


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.case("C01", "C03")
async def test_at_each_await(scene: Scene, name: str, fault: Fault) -> None:
    """Whatever goes wrong, and wherever: one outcome, the old bytes or the new ones, and nothing else."""
    struck = 0
    while await strike(SHAPES[name], scene, fault, struck + 1):
        struck += 1
    assert struck >= 3

"""The example programs of Pulp's documents run with nothing but their import changed.

What the documents leave open is filled in: ``example.com`` is a depot, ``my_remote`` a remote, and the artifact from
the database a `RemoteArtifact`. One thing is Python's: since 3.11 ``asyncio.wait`` takes tasks and no bare coroutines,
so the parallel examples make tasks of theirs, here as there.
"""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import haulage
from haulage.depot import Depot, generated_digest

BASIC = """
from haulage import HttpDownloader

downloader = HttpDownloader('http://example.com/')
result = downloader.fetch()
"""

PARALLEL = """
import asyncio
from haulage import HttpDownloader

download_coroutines = [
    HttpDownloader('http://example.com/').run(),
    HttpDownloader('http://pulpproject.org/').run(),
]

loop = asyncio.get_event_loop()
done, not_done = loop.run_until_complete(asyncio.wait([loop.create_task(one) for one in download_coroutines]))

for task in done:
    try:
        task.result()  # This is a DownloadResult
    except Exception as error:
        pass  # fatal exceptions are raised by result()

assert not not_done
result = sorted([task.result() for task in done])[0]
"""

FROM_A_REMOTE = """
from haulage import Remote

my_remote = Remote(download_concurrency=2)
downloader = my_remote.get_downloader(url='http://example.com/')
result = downloader.fetch()  # This downloader is configured with the remote's settings
"""

FROM_AN_ARTIFACT = """
from haulage import Remote, RemoteArtifact

my_remote = Remote()
ra = RemoteArtifact(url='http://example.com/', size=1000, sha256='SHA256')
downloader = my_remote.get_downloader(remote_artifact=ra)
result = downloader.fetch()  # This downloader has the remote's settings and digest+validation checking
"""

FACTORY = """
from haulage import DownloaderFactory, Remote

remote, url_a = Remote(), 'http://example.com/'

the_factory = DownloaderFactory(remote)
downloader = the_factory.build(url_a)
result = downloader.fetch()  # 'result' is a DownloadResult
"""

EXCEPTIONS = """
import aiohttp
from haulage import HttpDownloader, DigestValidationError

try:
    HttpDownloader('http://forbidden.example.com/').fetch()
except aiohttp.ClientResponseError as error:
    assert error.status == 403
else:
    raise AssertionError
try:
    HttpDownloader('http://example.com/', expected_digests={'sha256': '0' * 64}).fetch()
except DigestValidationError as error:
    assert error.expected == '0' * 64
else:
    raise AssertionError
result = HttpDownloader('http://example.com/').fetch()
"""

MIRRORS = """
import aiohttp
from haulage import DownloaderFactory, HttpDownloader, Remote

class MirrorDownloader(HttpDownloader):
    async def run(self, extra_data=None):
        try:
            return await super().run(extra_data=extra_data)
        except aiohttp.ClientResponseError as error:
            if error.status != 403:
                raise
            self.url = 'http://example.com/'
            return await super().run(extra_data=extra_data)

factory = DownloaderFactory(Remote(), downloader_overrides={'http': MirrorDownloader})
result = factory.build('http://forbidden.example.com/').fetch()
"""

NEW_PROTOCOL = """
from haulage import BaseDownloader, DownloaderFactory, Remote, DownloadResult

class MemoryDownloader(BaseDownloader):
    async def run(self, extra_data=None):
        for piece in (b'abc', b'def'):
            await self.handle_data(piece)
        await self.finalize()
        return DownloadResult(url=self.url, artifact_attributes=self.artifact_attributes, path=self.path, headers=None)

factory = DownloaderFactory(Remote(), downloader_overrides={'memory': MemoryDownloader})
result = factory.build('memory://x', expected_size=6).fetch()
assert result.headers is None
assert open(result.path, 'rb').read() == b'abcdef'
"""

ALL_IN_ONE = BASIC + PARALLEL + FROM_A_REMOTE + FACTORY

SHOW = """
import json
print(json.dumps({'url': result.url, 'artifact_attributes': result.artifact_attributes, 'path': result.path}))
"""

PROGRAMS = {
    name.lower(): text
    for name, text in dict(globals()).items()
    if name.isupper() and isinstance(text, str) and "import" in text and name != "SHOW"
}


def run(program: str, depot: Depot) -> dict[str, Any]:
    """Run *program* as a program of its own and return what it says of its result."""
    for example in ("'http://forbidden.example.com/'", "'http://pulpproject.org/'", "'http://example.com/'"):
        path = "/_/status/403" if "forbidden" in example else f"/_/bytes/1000?of={example.strip(chr(39))[7:10]}"
        program = program.replace(example, repr(depot.url + path))
    program = program.replace("SHA256", generated_digest(1000))
    # How the documents get their event loop is deprecated since Python 3.12, and theirs.
    command = [sys.executable, "-W", "ignore:There is no current event loop:DeprecationWarning", "-c", program + SHOW]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    shown: dict[str, Any] = json.loads(done.stdout)
    return shown


@pytest.mark.parametrize("name", PROGRAMS)
def test_example_program(depot: Depot, workplace: Path, name: str) -> None:
    """The program runs to its end without a warning, and its result has what the documents say."""
    shown = run(PROGRAMS[name], depot)
    path = Path(shown["path"])
    assert path.is_absolute()
    assert path.parent == workplace
    assert path.stat().st_size == shown["artifact_attributes"]["size"]
    if name != "new_protocol":
        assert shown["artifact_attributes"] == {"size": 1000, "sha256": generated_digest(1000)}


def leading(kind: type, count: int) -> list[str]:
    """Return the names of the first parameters of a class's constructor that may be given by position."""
    by_position = (inspect.Parameter.POSITIONAL_OR_KEYWORD,)
    parameters = inspect.signature(kind).parameters.values()
    return [parameter.name for parameter in parameters if parameter.kind in by_position][:count]


def test_signatures() -> None:
    """Arguments by position mean what they mean in Pulp."""
    assert leading(haulage.BaseDownloader, 4) == ["url", "expected_digests", "expected_size", "semaphore"]
    assert leading(haulage.HttpDownloader, 9) == [
        *("url", "session", "auth", "proxy", "proxy_auth", "headers_ready_callback", "headers", "throttler"),
        "max_retries",
    ]
    assert leading(haulage.DownloaderFactory, 2) == ["remote", "downloader_overrides"]
    assert haulage.DownloadResult._fields == ("url", "artifact_attributes", "path", "headers")


def test_defaults() -> None:
    """What is not given has Pulp's default."""
    parameters = inspect.signature(haulage.HttpDownloader).parameters
    assert parameters["max_retries"].default == 0
    downloader = haulage.HttpDownloader("http://h/")
    assert (downloader.expected_size, downloader.semaphore, downloader.path) == (None, None, None)


def test_attributes() -> None:
    """The attributes Pulp documents are there."""
    downloader = haulage.HttpDownloader("http://h/x", expected_digests={"sha256": "0" * 64}, expected_size=5)
    assert downloader.url == "http://h/x"
    assert downloader.expected_digests == {"sha256": "0" * 64}
    assert downloader.expected_size == 5
    for name in ("session", "auth", "proxy", "proxy_auth", "headers_ready_callback"):
        assert getattr(downloader, name, "missing") is None, name


def test_exceptions() -> None:
    """The exceptions are made as Pulp makes them and keep what they are given."""
    digest = haulage.DigestValidationError("actual", "expected", url="http://h/x")
    assert (digest.actual, digest.expected, digest.url) == ("actual", "expected", "http://h/x")
    size = haulage.SizeValidationError(5, 6, url="http://h/x")
    assert (size.actual, size.expected, size.url) == (5, 6, "http://h/x")
    assert haulage.ValidationError("PLP0000").error_code == "PLP0000"
    assert isinstance(digest, haulage.ValidationError)
    assert isinstance(size, haulage.ValidationError)
    assert digest.error_code != size.error_code
    assert issubclass(haulage.UnsupportedDigestValidationError, haulage.ValidationError)
    assert issubclass(haulage.TimeoutException, TimeoutError)
    assert issubclass(haulage.HttpStatusError, aiohttp.ClientResponseError)

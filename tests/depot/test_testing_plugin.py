"""The pytest plugin, as its users load it: in a pytest of its own, with nothing of ours around."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

CONFTEST = 'pytest_plugins = ["haulage.testing"]\n'

# What a user's tests look like, synchronous and asynchronous.
TESTS = """
import ssl
import threading
import urllib.error
import urllib.request

import pytest

import haulage
from haulage.depot import Depot

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
SEEN = []


def test_plain(haulage_depot, tmp_path):
    assert isinstance(haulage_depot, Depot)
    assert haulage_depot.root == tmp_path / "haulage-depot"
    (haulage_depot.root / "a.txt").write_text("hello")
    assert OPENER.open(f"{haulage_depot.url}/a.txt").read() == b"hello"
    with pytest.raises(haulage.DownloadError):
        haulage.fetch(
            f"{haulage_depot.url}/_/fault/truncate/a.txt", tmp_path / "out", remote=haulage.Remote(max_retries=0)
        )
    assert not (tmp_path / "out").exists()
    SEEN.append(haulage_depot)


def test_it_is_closed_after_each_test(haulage_depot):
    assert haulage_depot is not SEEN[0]
    assert list(haulage_depot.root.iterdir()) == []
    with pytest.raises(urllib.error.URLError):
        OPENER.open(SEEN[0].url)
    assert sum(thread.name == "haulage-depot-loop" for thread in threading.enumerate()) == 1


async def test_in_a_coroutine(haulage_depot, tmp_path):
    result = await haulage.download(f"{haulage_depot.url}/_/fault/etag-none?size=10", tmp_path / "b")
    assert (result.artifact_attributes["size"], haulage_depot.requests[0].status) == (10, 200)


def test_tls(haulage_tls_depot):
    context = ssl.create_default_context(cadata=haulage_tls_depot.ca_pem)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    assert haulage_tls_depot.url.startswith("https://")
    assert len(opener.open(f"{haulage_tls_depot.url}/_/fault/close?size=10").read()) == 10


def test_both_serve_the_same_directory(haulage_depot, haulage_tls_depot):
    assert haulage_depot.root == haulage_tls_depot.root
    assert haulage_depot.url != haulage_tls_depot.url


def test_a_factory(haulage_depots, tmp_path):
    first, second = haulage_depots(), haulage_depots(tmp_path, faults=False)
    assert first.root is None
    assert b"truncate" in OPENER.open(f"{first.url}/_/fault").read()
    with pytest.raises(urllib.error.HTTPError) as caught:
        OPENER.open(f"{second.url}/_/fault")
    caught.value.close()
    with pytest.raises(ValueError):
        haulage_depots(certificate="expired")
    SEEN.append(first)


def test_what_the_factory_made_is_closed():
    with pytest.raises(urllib.error.URLError):
        OPENER.open(SEEN[-1].url)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("haulage-")]
"""


# Found before any configuration above the directory.
INI = "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"


def run(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest on what lies in a directory."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", *arguments]
    (directory / "pytest.ini").write_text(INI)
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=60, check=False)


def test_the_fixtures(tmp_path: Path) -> None:
    """They open, serve, and close, in sync and async tests."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_mine.py").write_text(TESTS)
    ended = run(tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "7 passed" in ended.stdout


def test_they_are_documented(tmp_path: Path) -> None:
    """``pytest --fixtures`` says what each is."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_mine.py").write_text("def test_nothing(): pass\n")
    said = run(tmp_path, "--fixtures").stdout
    for name, words in (
        ("haulage_depot ", "A depot with faults"),
        ("haulage_tls_depot ", "over TLS"),
        ("haulage_depots ", "Open depots"),
    ):
        assert words in said.partition(name)[2][:300]


def test_nobody_gets_it_unasked(tmp_path: Path) -> None:
    """A test run without the line in its conftest does not know the fixtures and has not imported the library."""
    (tmp_path / "test_mine.py").write_text(
        "import sys\ndef test_it():\n    assert not {'haulage', 'aiohttp'} & set(sys.modules)\n"
        "def test_none(haulage_depot):\n    pass\n"
    )
    ended = run(tmp_path)
    assert "1 passed, 1 error" in ended.stdout, ended.stdout
    assert "fixture 'haulage_depot' not found" in ended.stdout


@pytest.mark.parametrize("name", ["haulage.depot", "trustme", "cryptography"])
def test_the_server_comes_with_the_first_fixture(tmp_path: Path, name: str) -> None:
    """Loading the plugin loads no server, and no TLS for it."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_mine.py").write_text(f"import sys\ndef test_it():\n    assert {name!r} not in sys.modules\n")
    ended = run(tmp_path)
    assert "1 passed" in ended.stdout, ended.stdout

"""What all tests share: the depot, a scripted raw server, and the checks that nothing is left behind.

Every asynchronous test runs with blockbuster armed for the code of this library, and is followed by a look at what it
left: tasks, threads, file descriptors, parts of files, exceptions nobody retrieved.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import inspect
import os
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

# Test modules are imported by their path (importlib mode), so their helpers need a door of their own.
sys.path.insert(0, str(Path(__file__).parent))

from blockbuster import blockbuster_ctx
from support.canary import CanaryWatch
from support.leaks import Belongings, left_in_loop
from support.raw import RawServer, Script
from support.table import CaseTable

from haulage.depot import Depot
from haulage.rules.retry import RetryPolicy

OWN_DIRECTORY = Path(__file__).parent / "wire"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options."""
    parser.addoption("--write-table", action="store_true", help="write what this run shows into docs/reliability.md")
    parser.addoption("--pacifica", metavar="VENV", help="run tests/carts against the services of this environment")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marks, and take signals as a process in the foreground does."""
    config.addinivalue_line("markers", "blocks: the test itself calls a synchronous door on a running loop")
    config.addinivalue_line("markers", "case(*ids): shows how a case of docs/reliability.md is met")
    config.pluginmanager.register(CaseTable(config), "haulage-cases")
    config.pluginmanager.register(CanaryWatch(), "haulage-canary")
    # Started in the background or by nohup we ignore these, and so would the processes that tests send them to.
    for name, default in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, default)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test over the wire a hard limit of its own."""
    for item in items:
        if OWN_DIRECTORY in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(60))


@pytest.fixture(scope="session", autouse=True)
def settled_heap() -> None:
    """Leave what importing made out of the collections that follow each test."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the machine's proxies out of the tests."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "netrc"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(autouse=True)
def leaves_nothing(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """Hold every test to leaving nothing behind."""
    if inspect.iscoroutinefunction(request.function):
        request.getfixturevalue("armed_loop")
    yield
    parts = [str(path) for path in tmp_path.rglob(".haulage-*")]
    assert not parts, f"parts left behind: {parts}"


@pytest_asyncio.fixture
async def armed_loop(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Arm blockbuster on the loop of the test, and look at what is left on it afterwards."""
    unheard: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: unheard.append(f"{context['message']}: {context.get('exception')!r}"))
    before = Belongings.now()
    with contextlib.ExitStack() as stack:
        if request.node.get_closest_marker("blocks") is None:
            armed = stack.enter_context(blockbuster_ctx(["haulage"], excluded_modules=["haulage.depot"]))
            # Coverage guards its data with a lock when it meets a file in two threads at once.
            armed.functions["threading.Lock.acquire"].can_block_in("coverage/collector.py", "lock_data")
            # The current directory counts at the moment of the call; asking for it does not touch the disk.
            for name in ("os.getcwd", "os.path.abspath"):
                armed.functions[name].can_block_in("haulage/sinks/file.py", "__init__")
                armed.functions[name].can_block_in("haulage/cart/retrieval.py", "_checked_location")
        yield
    left = left_in_loop()
    assert not left, f"tasks left behind: {left}"
    await before.assert_nothing_new()
    loop.set_exception_handler(None)
    assert not unheard, f"reported to the loop: {unheard}"


@pytest.fixture
def depot(tmp_path: Path) -> Iterator[Depot]:
    """A depot on a thread of its own; its files are those of ``tmp_path / "served"``."""
    root = tmp_path / "served"
    root.mkdir()
    with Depot(root) as opened:
        yield opened


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current directory."""
    directory = tmp_path / "workplace"
    directory.mkdir()
    monkeypatch.chdir(directory)
    return directory


@pytest.fixture
def other_depot() -> Iterator[Depot]:
    """A second depot: on another port, so another origin."""
    with Depot() as opened:
        yield opened


@pytest.fixture
def tls_depot() -> Iterator[Depot]:
    """A depot that speaks TLS with a certificate of its own authority."""
    with Depot(tls=True) as opened:
        yield opened


@pytest.fixture
def strict_depot() -> Iterator[Depot]:
    """A depot that wants a certificate from its clients."""
    with Depot(tls=True, require_client_certificate=True) as opened:
        yield opened


@pytest_asyncio.fixture
async def raw() -> AsyncIterator[Callable[..., RawServer]]:
    """Raw servers, made of scripts and closed after the test."""
    async with contextlib.AsyncExitStack() as stack:

        async def open_one(*scripts: Script, tls: ssl.SSLContext | None = None) -> RawServer:
            return await stack.enter_async_context(RawServer(*scripts, tls=tls))

        yield open_one  # type: ignore[misc]


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every computed wait between attempts as short as its jitter can make it: nothing."""
    # The jitter is the rule's own seam for tests; its default is what the engine uses.
    defaults = {**(RetryPolicy.__init__.__kwdefaults__ or {}), "jitter": functools.partial(min, 0.0)}
    monkeypatch.setattr(RetryPolicy.__init__, "__kwdefaults__", defaults)


@pytest.fixture
def is_root() -> bool:
    """Whether the tests run as root, whom permissions do not stop."""
    return hasattr(os, "geteuid") and os.geteuid() == 0

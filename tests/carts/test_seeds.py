"""The example programs of Pacifica's documents run with nothing but their import changed, and so do those of our page.

What the documents leave open is filled in: the two addresses are those of a depot, which serves the transaction's
description as a file and its files as carts. Where a program is a server, it gets a socket that listens already, as
from systemd, so nobody has to wait for it or guess a free port.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import importlib.util
import inspect
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import aiohttp
import pytest
import requests
from aiohttp import web

import haulage
from haulage import cart
from haulage.depot import Depot

TRANSACTION_PROGRAM = """
import requests
from haulage.cart import Downloader

from tempfile import mkdtemp

down_path = mkdtemp()
down = Downloader(down_path, 'http://127.0.0.1:8081')
resp = requests.get('http://127.0.0.1:8181/status/transactions/by_id/67')
assert resp.status_code == 200
down.transactioninfo(resp.json())
"""

EVENT_PROGRAM = '''
from haulage.cart import Downloader

from tempfile import mkdtemp
import cherrypy

class Root(object):
    exposed = True
    @cherrypy.tools.json_in()
    @cherrypy.tools.json_out()
    def POST(self):
        """Accept the cloud event data and return the local download path."""
        down_path = mkdtemp()
        down = Downloader(down_path, 'http://127.0.0.1:8081')
        down.cloudevent(cherrypy.request.json)
        return { 'download_path': down_path }


cherrypy.quickstart(Root(), '/', {
    '/': {
        'request.dispatch': cherrypy.dispatch.MethodDispatcher()
    }
})
'''

# What systemd does, and a word once it is able to end; its log is for people.
SOCKET_FIRST = """
import os
os.dup2({fd}, 3)
os.environ["LISTEN_PID"] = str(os.getpid())
import cherrypy
cherrypy.config.update({{"engine.autoreload.on": False, "log.screen": False}})
cherrypy.engine.subscribe("main", lambda: os.write(1, b"."))
"""

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"

FILES = {"1001": ("", "notes.txt", b"notes\n"), "1002": ("raw/été", "0001 (a).bin", bytes(range(256)) * 500)}
ARRIVED = {"notes.txt": FILES["1001"][2], "raw/été/0001 (a).bin": FILES["1002"][2]}
LIMIT = 30  # seconds that no program takes


def about(subdir: str, name: str, content: bytes) -> dict[str, Any]:
    """Return what Pacifica says of a file, more than anybody needs among it."""
    return {
        "name": name,
        "subdir": subdir,
        "size": len(content),
        "hashtype": "sha1",
        "hashsum": hashlib.sha1(content).hexdigest(),
        "mimetype": "application/octet-stream",
        "suspense_date": None,
    }


EVENT = {
    "cloudEventsVersion": "0.1",
    "eventType": "org.pacifica.metadata.ingest",
    "eventID": "ID-1",
    "data": [
        {"destinationTable": "Transactions._id", "value": 67},
        *({"destinationTable": "Files", "_id": int(number), **about(*file)} for number, file in FILES.items()),
        {"destinationTable": "TransactionKeyValue", "key": "a", "value": "b"},
    ],
}


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """An archive with two files, and the policy service's page about their transaction."""
    root = tmp_path / "archive"
    page = root / "status" / "transactions" / "by_id" / "67"
    page.parent.mkdir(parents=True)
    for number, (_, _, content) in FILES.items():
        (root / number).write_bytes(content)
    page.write_text(json.dumps({"_id": 67, "files": {number: about(*file) for number, file in FILES.items()}}))
    return root


@pytest.fixture
def carts(served: Path) -> Iterator[Depot]:
    """The cart service and the policy service."""
    with Depot(served) as depot:
        yield depot


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory for temporary files, here and in the programs that are started."""
    directory = tmp_path / "temporary"
    directory.mkdir()
    monkeypatch.setenv("TMPDIR", str(directory))
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    return directory


def real(program: str, depot: Depot) -> str:
    """Return *program* with the addresses of this test."""
    for address, own in (("http://127.0.0.1:8081", depot.carts_url), ("http://127.0.0.1:8181", depot.url)):
        program = program.replace(address, own)
    return program


def assert_all_there(down_path: str | Path) -> None:
    """Check what arrived."""
    data = Path(down_path) / "data"
    found = {path.relative_to(data).as_posix(): path.read_bytes() for path in data.rglob("*") if path.is_file()}
    assert found == ARRIVED


def test_the_transaction_program(carts: Depot, temporary: Path) -> None:
    """It asks the policy service, and the files of the transaction are in its new directory."""
    program = real(TRANSACTION_PROGRAM, carts)
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    [down_path] = temporary.iterdir()
    assert_all_there(down_path)
    assert [record.method for record in carts.requests if record.method != "HEAD"] == ["GET", "POST", "GET", "DELETE"]


@contextlib.contextmanager
def running_cherrypy(program: str, **environment: str) -> Iterator[str]:
    """Run a program with CherryPy, and hold it to a quiet end."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        fd = listening.fileno()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", SOCKET_FIRST.format(fd=fd) + program],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(fd,),
            env=os.environ | environment,
        )
    try:
        yield url
        assert process.stdout is not None
        assert process.stdout.read(1) == b"."
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=LIMIT)
        assert (process.returncode, out.strip(b"."), err) == (0, b"", b"")
    finally:
        process.kill()
        process.communicate()


def test_the_event_program(carts: Depot, temporary: Path) -> None:
    """It answers an event with the path of a new directory, and the event's files are there."""
    with running_cherrypy(real(EVENT_PROGRAM, carts)) as url:
        answer = requests.post(url, json=EVENT, timeout=LIMIT)
    assert answer.status_code == 200
    assert answer.json() == {"download_path": str(next(temporary.iterdir()))}
    assert_all_there(answer.json()["download_path"])


def test_our_program_with_cherrypy(carts: Depot, temporary: Path) -> None:
    """The program of our page does the same, and says what it refuses."""
    program = (EXAMPLES / "receive_cherrypy.py").read_text()
    with running_cherrypy(program, CARTD_CART_API_URL=carts.carts_url) as url:
        answer = requests.post(url, json=EVENT, timeout=LIMIT)
        refused = requests.post(url, json={"data": []}, timeout=LIMIT)
    assert_all_there(answer.json()["download_path"])
    assert {Path(path).name for path in answer.json()["files"]} == {"notes.txt", "0001 (a).bin"}
    assert refused.status_code == 400
    assert "a cart of no files" in refused.text


def loaded(name: str) -> ModuleType:
    """Return a program of our page as a module."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def slow_carts(served: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Depot]:
    """A cart service that takes a moment, named by the environment."""
    with Depot(served, cart_defaults={"staging": 1.0}) as depot:
        monkeypatch.setenv("CARTD_CART_API_URL", depot.carts_url)
        yield depot


async def test_our_program_with_aiohttp(slow_carts: Depot, temporary: Path) -> None:
    """Events are answered side by side: the loop goes on while carts are staged, brought and unpacked."""
    runner = web.AppRunner(loaded("receive_aiohttp").make_app())
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        since = time.monotonic()
        async with aiohttp.ClientSession() as session:

            async def send(**body: Any) -> tuple[int, dict[str, Any]]:
                async with session.post(site.name, **body) as answer:
                    return answer.status, await answer.json()

            several = await asyncio.gather(*(send(json=EVENT) for _ in range(6)))
            assert time.monotonic() - since < 6 * 1.0
            refused = [await send(json={"data": 5}), await send(data=b"{")]
            (slow_carts.root / "1001").write_bytes(b"other")
            failed = await send(json=EVENT)
    finally:
        await runner.cleanup()
    assert [status for status, _ in several] == [200] * 6
    for _, shown in several:
        assert_all_there(shown["download_path"])
        assert {Path(path).name for path in shown["files"]} == {"notes.txt", "0001 (a).bin"}
    assert [status for status, _ in refused] == [400, 400]
    assert failed[0] == 502
    assert "staging failed" in failed[1]["error"]


def test_our_program_with_aiohttp_by_itself(carts: Depot, temporary: Path) -> None:
    """It is a whole program, and ends on a signal."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-u", str(EXAMPLES / "receive_aiohttp.py")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PORT": "0", "CARTD_CART_API_URL": carts.carts_url},
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split()[3]
        answer = requests.post(url, json=EVENT, timeout=LIMIT)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=LIMIT)
    finally:
        process.kill()
        process.communicate()
    assert_all_there(answer.json()["download_path"])
    assert (process.returncode, err) == (0, "")


def leading(function: Any) -> list[str]:
    """Return the names of the parameters that may be given by position."""
    parameters = inspect.signature(function).parameters.values()
    return [each.name for each in parameters if each.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]


def test_signatures() -> None:
    """Arguments by position mean what they mean in Pacifica's downloader."""
    assert leading(cart.Downloader) == ["location", "cart_api_url"]
    assert leading(cart.CartAPI) == ["cart_api_url"]
    assert leading(cart.Downloader.transactioninfo)[1:] == ["transinfo", "filename"]
    assert leading(cart.Downloader.cloudevent)[1:] == ["cloudevent", "filename"]
    assert leading(cart.CartAPI.setup_cart)[1:] == ["yield_files"]
    assert leading(cart.CartAPI.wait_for_cart)[1:] == ["cart_url", "timeout"]
    assert inspect.signature(cart.CartAPI.wait_for_cart).parameters["timeout"].default == 120
    for method in (cart.Downloader.transactioninfo, cart.Downloader.cloudevent):
        assert inspect.signature(method).parameters["filename"].default == "data"


def test_the_two_pieces_of_the_documents(carts: Depot, workplace: Path) -> None:
    """Parsers give what a cart is made of; the API makes it and waits for it; it is downloaded by its URL."""
    with requests.Session() as session:
        transinfo = session.get(f"{carts.url}/status/transactions/by_id/67", timeout=LIMIT).json()
    api = cart.CartAPI(carts.carts_url)
    assert (api.cart_api_url, api.auth) == (carts.carts_url, None)
    for yield_files in (cart.TransactionInfo.yield_files(transinfo), cart.CloudEvent.yield_files(EVENT)):
        assert callable(yield_files)
        assert {str(entry["id"]) for entry in yield_files()} == set(FILES)
        cart_url = api.setup_cart(yield_files)
        assert api.wait_for_cart(cart_url) == cart_url
        result = haulage.fetch(api.download_url(cart_url), workplace)
        assert_all_there(workplace)
        api.delete_cart(cart_url)
        Path(str(result.path)).rename(workplace / cart_url.rpartition("/")[2])

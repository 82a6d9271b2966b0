"""Pacifica's own cart service and archive, with Redis and a Celery worker between them.

All of it lives in one directory and listens on loopback.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

import aiohttp

from support.daemon import Daemon, DaemonError, free_ports

__all__ = ["PacificaCarts"]

# The archive keeps the open file in one place for all requests, so it must not serve two at a time.
_CHERRYPY = """
[global]
log.screen: True
engine.autoreload.on: False
server.thread_pool: {threads}
[/]
request.dispatch: cherrypy.dispatch.MethodDispatcher()
tools.response_headers.on: True
tools.response_headers.headers: [('Content-Type', 'application/json')]
"""
_ARCHIVE_THREADS, _CART_THREADS = 1, 10

# With SQLite's ordinary locks, the worker and the cart service can each hold what the other one waits for. SQLite then
# fails the worker's task ("database is locked"), and its cart is never ready: one in five. A lock that nobody shares
# cannot do that.
_DATABASE = "carts.db"


class PacificaCarts:
    """The real services, a `support.cart_service.CartService`.

    Args:
        venv: An environment in which ``tests/carts/pacifica.txt`` is installed.
        place: An existing, empty directory for all that they keep.

    Attributes:
        url: Where carts are asked for.
    """

    def __init__(self, venv: Path, place: Path) -> None:
        self._programs = venv.absolute() / "bin"
        self._place = place
        self._cart_port, self._archive_port, self._redis_port = free_ports(3)
        self.url = f"http://127.0.0.1:{self._cart_port}"
        self._archive = f"http://127.0.0.1:{self._archive_port}"
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stack.close()

    async def store(self, contents: Mapping[str, bytes]) -> None:
        """Put files into the archive, one after another; see `CartService.store`."""
        headers = {"Last-Modified": formatdate(usegmt=True), "Content-Type": "application/octet-stream"}
        async with aiohttp.ClientSession(self._archive, raise_for_status=True) as session:
            for file_id, content in contents.items():
                async with session.put(f"/{file_id}", data=content, headers=headers) as response:
                    await response.read()

    @contextlib.contextmanager
    def held_up(self) -> Iterator[dict[str, Any]]:
        """Hold up staging by stopping the worker; see `CartService.held_up`."""
        self._worker.pause()
        try:
            # Stopped while it writes, it would lock out the cart service as well.
            while (self._place / f"{_DATABASE}.lock").exists():
                self._worker.resume()
                self._worker.pause()
            yield {}
        finally:
            self._worker.resume()

    def _start(self, stack: contextlib.ExitStack) -> None:
        environment = self._prepare()
        self._create_tables(environment)

        def start(name: str, *command: str | Path) -> Daemon:
            return stack.enter_context(Daemon(name, command, self._place, environment))

        listen = ["--bind", "127.0.0.1", "--port", str(self._redis_port)]
        redis = start("redis", "redis-server", *listen, "--save", "", "--appendonly", "no")
        archive = start("archive", *self._web("archiveinterface", self._archive_port), "--prefix", "archive")
        carts = start("carts", *self._web("cartd", self._cart_port))
        redis.wait_until(self._redis_answers)
        alone = ("--pool", "solo", "--without-mingle", "--without-gossip", "--without-heartbeat")
        celery = (self._programs / "celery", "-A", "pacifica.cartd.tasks", "worker", "--loglevel", "info", *alone)
        self._worker = start("worker", *celery)
        archive.wait_until(lambda: _is_ok(self._archive_port))
        carts.wait_until(lambda: _is_ok(self._cart_port))
        self._worker.wait_until(lambda: b" ready." in self._worker.log.read_bytes())

    def _prepare(self) -> dict[str, str]:
        """Write what is to be read, and return the environment of all of them."""
        configured = {}
        for name, threads in (("CARTD", _CART_THREADS), ("ARCHIVEINTERFACE", _ARCHIVE_THREADS)):
            file = self._place / f"{name.lower()}.ini"
            file.write_text(_CHERRYPY.format(threads=threads))
            configured[f"{name}_CPCONFIG"] = str(file)
        for name in ("archive", "volume"):
            (self._place / name).mkdir()
        redis = f"redis://127.0.0.1:{self._redis_port}"
        return {
            **configured,
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self._place),  # where they look for more of their settings
            "LC_ALL": "C.UTF-8",
            "PEEWEE_URL": f"sqlite:///?uri=true&timeout=60&database=file:{_DATABASE}?vfs=unix-dotfile",
            "VOLUME_PATH": str(self._place / "volume"),
            "BROKER_URL": f"{redis}/0",
            "BACKEND_URL": f"{redis}/1",
            "ARCHIVE_INTERFACE_URL": f"{self._archive}/",
        }

    def _create_tables(self, environment: dict[str, str]) -> None:
        command = [self._programs / "pacifica-cartd-cmd", "dbsync"]
        done = subprocess.run(command, cwd=self._place, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            msg = f"pacifica-cartd-cmd dbsync has ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            raise DaemonError(msg)

    def _web(self, program: str, port: int) -> list[str | Path]:
        return [self._programs / f"pacifica-{program}", "--address", "127.0.0.1", "--port", str(port)]

    def _redis_answers(self) -> bool:
        with socket.create_connection(("127.0.0.1", self._redis_port), timeout=5) as client:
            client.sendall(b"PING\r\n")
            return client.recv(16) == b"+PONG\r\n"


def _is_ok(port: int) -> bool:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        connection.request("GET", "/")
        return connection.getresponse().status == HTTPStatus.OK

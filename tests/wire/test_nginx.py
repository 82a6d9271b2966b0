"""Against nginx, a server that is not ours."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.canary import CANARY

import haulage
from haulage.depot import generated, generated_chunks, generated_digest

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/sbin")

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")

PATIENCE = 10.0  # seconds

CONFIGURATION = """
daemon off;
master_process off;
worker_processes 1;
pid {place}/pid;
error_log {place}/error.log;
events {{ worker_connections 256; }}
http {{
    log_format plain '$connection $status $request_uri';
    access_log {place}/access.log plain;
    client_body_temp_path {place}/t1; proxy_temp_path {place}/t2; fastcgi_temp_path {place}/t3;
    uwsgi_temp_path {place}/t4; scgi_temp_path {place}/t5;
    sendfile on;
    gzip on; gzip_types *; gzip_min_length 1;
    server {{
        listen 127.0.0.1:{port};
        root {root};
        location /locked/ {{ auth_basic "locked"; auth_basic_user_file {place}/users; alias {root}/; }}
        location /moved/ {{ return 302 /small.txt; }}
        location /busy/ {{ add_header Retry-After 1 always; return 503; }}
    }}
}}
"""


@dataclass(frozen=True)
class Nginx:
    """A running nginx."""

    port: int
    root: Path
    place: Path

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.port}"

    def log(self, requests: int) -> list[list[str]]:
        """Wait for the lines of so many requests: connection, status and target each."""
        deadline = time.monotonic() + PATIENCE
        while len(lines := (self.place / "access.log").read_text().splitlines()) < requests:
            assert time.monotonic() < deadline, lines
            time.sleep(0.01)
        return [line.split(" ") for line in lines]


def free_port() -> int:
    """Return a port that is free now; nginx cannot choose one itself."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Whether somebody listens at *port*."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Nginx]:
    """A fresh nginx with two files."""
    assert NGINX is not None
    place, root = tmp_path / "nginx", tmp_path / "root"
    place.mkdir()
    root.mkdir()
    (root / "small.txt").write_bytes(b"hello\n")
    (place / "users").write_text(f"ann:{{PLAIN}}{CANARY}\n")
    # As root its one process keeps root's rights; the files are reachable either way.
    for _ in range(5):
        port = free_port()
        (place / "nginx.conf").write_text(CONFIGURATION.format(place=place, root=root, port=port))
        process = subprocess.Popen(
            [NGINX, "-p", str(place), "-c", str(place / "nginx.conf"), "-e", str(place / "error.log")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + PATIENCE
        while process.poll() is None and not answers(port):
            assert time.monotonic() < deadline, "nginx did not come up"
            time.sleep(0.01)
        if process.poll() is None:
            break
    else:
        pytest.fail((place / "error.log").read_text())
    try:
        yield Nginx(port, root, place)
    finally:
        process.terminate()
        process.wait(PATIENCE)


async def test_small(nginx: Nginx, target: Path) -> None:
    """A small file arrives, proved, with the server's headers, and not compressed."""
    digest = hashlib.sha256(b"hello\n").hexdigest()
    result = await haulage.download(f"{nginx.url}/small.txt", target, expected_digests={"sha256": digest})
    assert target.read_bytes() == b"hello\n"
    assert result.headers is not None
    assert result.headers["Server"].startswith("nginx")
    assert "Content-Encoding" not in result.headers


async def test_wrong_digest(nginx: Nginx, target: Path) -> None:
    """A wrong digest leaves nothing."""
    with pytest.raises(haulage.DigestValidationError):
        await haulage.download(
            f"{nginx.url}/small.txt",
            target,
            expected_digests={"sha256": "0" * 64},
            remote=haulage.Remote(max_retries=0),
        )
    assert list(target.parent.iterdir()) == []


async def test_hundred_mebibytes(nginx: Nginx, target: Path) -> None:
    """A hundred mebibytes arrive, proved."""
    size = 100 << 20
    with (nginx.root / "big").open("wb") as file:
        file.writelines(generated_chunks(size, seed="nginx"))
    digest = generated_digest(size, seed="nginx")
    await haulage.download(f"{nginx.url}/big", target, expected_size=size, expected_digests={"sha256": digest})
    with target.open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == digest
    os.unlink(target)
    os.unlink(nginx.root / "big")


async def test_keep_alive(nginx: Nginx, workplace: Path) -> None:
    """Hundreds of files use no more connections than there may be downloads at once, and plain GETs throughout."""
    for number in range(300):
        (nginx.root / str(number)).write_bytes(generated(number, seed=1))
    async with haulage.DownloaderFactory(haulage.Remote(download_concurrency=4)) as factory:
        await asyncio.gather(
            *(
                factory.build(f"{nginx.url}/{number}", destination=workplace / str(number), expected_size=number).run()
                for number in range(300)
            )
        )
    for number in range(300):
        assert (workplace / str(number)).read_bytes() == generated(number, seed=1)
    log = nginx.log(300)
    assert {status for _, status, _ in log} == {"200"}
    assert len({connection for connection, _, _ in log}) <= 4


async def test_empty_file_over_and_over(nginx: Nginx, target: Path) -> None:
    """An empty file is asked for plainly every time, never with a range that could not be satisfied."""
    (nginx.root / "empty").write_bytes(b"")
    for _ in range(3):
        await haulage.download(f"{nginx.url}/empty", target, expected_size=0)
    assert [status for _, status, _ in nginx.log(3)] == ["200"] * 3


async def test_names(nginx: Nginx, target: Path) -> None:
    """Names that need escaping are found."""
    (nginx.root / "a b+c 你好%41.txt").write_bytes(b"odd")
    await haulage.download(f"{nginx.url}/a%20b+c%20你好%2541.txt", target)
    assert target.read_bytes() == b"odd"


async def test_authentication(nginx: Nginx, target: Path) -> None:
    """Basic authentication opens what is locked."""
    url = f"{nginx.url}/locked/small.txt"
    with pytest.raises(haulage.AuthorizationFailure):
        await haulage.download(url, target)
    await haulage.download(url, target, remote=haulage.Remote(username="ann", password=CANARY))
    assert target.read_bytes() == b"hello\n"


async def test_redirect_and_errors(nginx: Nginx, target: Path) -> None:
    """Redirects, missing files and directories are what they are anywhere."""
    await haulage.download(f"{nginx.url}/moved/", target)
    assert target.read_bytes() == b"hello\n"
    with pytest.raises(haulage.HttpFileNotFound):
        await haulage.download(f"{nginx.url}/missing")
    with pytest.raises(haulage.AuthorizationFailure):
        await haulage.download(f"{nginx.url}/")
    with pytest.raises(haulage.RemoteServerError) as caught:
        await haulage.download(f"{nginx.url}/busy/", remote=haulage.Remote(max_retries=0))
    assert caught.value.retry_after == 1

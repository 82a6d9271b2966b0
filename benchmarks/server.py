"""Nginx as the server of a run: one worker, sendfile, loopback, no root needed, nothing left over.

Everything it needs (configuration, certificate, sockets' temp folders) lives in the run's scratch
directory. Ports are chosen by the system; if another program takes one in between, it tries again.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.children import capture, last_words, running

CONFIGURATION = """\
{user}
daemon off;
worker_processes 1;
pid {home}/nginx.pid;
error_log {home}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    default_type application/octet-stream;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    server {{
        listen 127.0.0.1:{http};
        listen 127.0.0.1:{https} ssl;
        ssl_certificate {home}/server.pem;
        ssl_certificate_key {home}/server.key;
        root {root};
    }}
}}
"""

ATTEMPTS = 5
"""How many pairs of ports are tried."""

START_SECONDS = 10.0
"""How long nginx may take to answer on its ports."""


class ServerError(Exception):
    """Nginx is missing or does not start; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running nginx: its origins, the authority that signed it, its version."""

    http: str
    https: str
    ca_file: Path
    version: str


@contextmanager
def serve(root: Path, home: Path) -> Iterator[Server]:
    """Serve ``root`` over http and https while the context lasts.

    Args:
        root: The folder whose files are served.
        home: An empty folder for the server's own files.

    Raises:
        ServerError: Nginx or openssl is not installed, or nginx does not start.
    """
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if nginx is None:
        msg = "nginx is not installed"
        raise ServerError(msg)
    make_certificate(home)
    log = home / "error.log"
    for _ in range(ATTEMPTS):
        http, https = _free_ports()
        _configure(root, home, http, https)
        command = [nginx, "-p", str(home), "-e", str(log), "-c", str(home / "nginx.conf")]
        with running(command, cwd=home) as process:
            if _is_listening(process, http) and _is_listening(process, https):
                yield Server(
                    http=f"http://127.0.0.1:{http}",
                    https=f"https://127.0.0.1:{https}",
                    ca_file=home / "authority.pem",
                    version=capture([nginx, "-v"], cwd=home)[2].strip().rpartition("/")[2],
                )
                return
    msg = f"nginx did not start: {last_words(log.read_text() if log.exists() else '')}"
    raise ServerError(msg)


def make_certificate(home: Path) -> None:
    """Make an authority and a certificate of 127.0.0.1 signed by it, with the openssl command."""
    if shutil.which("openssl") is None:
        msg = "openssl is not installed, so there is no certificate for https"
        raise ServerError(msg)
    (home / "leaf.ext").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\n")
    signer = "-CA authority.pem -CAkey authority.key -CAcreateserial"
    curve = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
    for command in (
        f"req -x509 {curve} -keyout authority.key -out authority.pem -days 3 -subj /CN=benchmarks",
        f"req {curve} -keyout server.key -out server.csr -subj /CN=127.0.0.1",
        f"x509 -req -in server.csr {signer} -extfile leaf.ext -days 3 -out server.pem",
    ):
        code, _, err = capture(["openssl", *command.split()], cwd=home)
        if code:
            msg = f"openssl made no certificate: {last_words(err)}"
            raise ServerError(msg)


def _configure(root: Path, home: Path, http: int, https: int) -> None:
    user = "user root;" if os.geteuid() == 0 else ""
    text = CONFIGURATION.format(user=user, home=home, root=root, http=http, https=https)
    (home / "nginx.conf").write_text(text)


def _is_listening(process: subprocess.Popen[str], port: int) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return True
    return False


def _free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]

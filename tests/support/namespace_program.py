"""Inside a network namespace of its own: give the loopback device all kinds of addresses, and redirect between them.

Prints a JSON object: for each source and target how the download ended, and whether the target was connected to.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import haulage
from haulage.depot import Depot

ADDRESSES = {
    "public": "93.184.215.14",
    "private": "10.1.2.3",
    "shared": "100.64.3.4",
    "link": "169.254.1.1",
    "metadata": "169.254.169.254",
    "loopback": "127.0.0.1",
    "public6": "2606:4700::1234",
    "unique-local": "fd00:1::1",
    "loopback6": "::1",
}
NAMES = {"inner.test": "10.1.2.3", "outer.test": "93.184.215.14"}
CLOTHES = {
    "mapped-loopback": "[::ffff:127.0.0.1]",
    "mapped-private": "[::ffff:10.1.2.3]",
    "unspecified": "0.0.0.0",
    "unspecified6": "[::]",
    "loopback-2": "127.9.9.9",
    "name": "inner.test",
    "localhost": "localhost",
    "public-name": "outer.test",
}
SOURCES = ("public", "private", "link", "loopback", "public6")


class Victim:
    """Listens everywhere on one port, counts connections, and tells its secret to everybody."""

    connections = 0

    def __init__(self, host: str = "0.0.0.0", port: int = 0) -> None:
        self._host = host
        self.port = port

    async def __aenter__(self) -> Self:
        """Open it for both families on one port."""
        self._server = await asyncio.start_server(self._accept, self._host, self.port, family=socket.AF_INET)
        self.port = self._server.sockets[0].getsockname()[1]
        self._six = await asyncio.start_server(self._accept, "::", self.port, family=socket.AF_INET6)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """Close it."""
        self._server.close()
        self._six.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret")
        writer.close()


def prepare(place: Path) -> None:
    """Bring the device up, with addresses and names of our own."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in ADDRESSES.values():
        family = ["-6"] if ":" in address else []
        subprocess.run(["ip", *family, "addr", "add", address, "dev", "lo"], check=False, capture_output=True)
    hosts = place / "hosts"
    lines = [f"{address} {name}" for name, address in {**NAMES, "localhost": "127.0.0.1"}.items()]
    hosts.write_text("\n".join([*lines, ""]))
    subprocess.run(["mount", "--bind", str(hosts), "/etc/hosts"], check=True)


def host_of(address: str) -> str:
    """Return *address* as it stands in a URL."""
    return f"[{address}]" if ":" in address else address


async def outcome(url: str, victim: Victim, place: Path, **settings: Any) -> dict[str, Any]:
    """Download and tell how it ended."""
    before = victim.connections
    try:
        await haulage.download(url, place / "target", remote=haulage.Remote(max_retries=0, **settings))
        ended = "success"
    except haulage.DownloadError as error:
        ended = type(error).__name__
    return {"ended": ended, "connected": victim.connections > before}


async def redirects(place: Path) -> dict[str, Any]:
    """Try every source with every target, by default and with the policy set."""
    report: dict[str, Any] = {}
    targets = {**{name: host_of(address) for name, address in ADDRESSES.items()}, **CLOTHES}
    async with Victim() as victim:
        for source in SOURCES:
            async with Depot(host=ADDRESSES[source]) as depot:
                for name, host in targets.items():
                    url = f"{depot.url}/_/redirect?to=http://{host}:{victim.port}/"
                    report[f"{source}>{name}"] = await outcome(url, victim, place)
                    for allowed in (True, False):
                        key = f"{source}>{name}:{allowed}"
                        report[key] = await outcome(url, victim, place, allow_private_addresses=allowed)
                named = f"http://{host_of(ADDRESSES[source])}:{victim.port}/"
                report[f"named {source}"] = await outcome(named, victim, place, allow_private_addresses=False)
    return report


async def rebinding(place: Path) -> dict[str, Any]:
    """Follow a redirect to a name whose address is another each time, or a public and a private one at once."""
    resolve = socket.getaddrinfo
    answers: list[list[str]] = []

    def changing(host: Any, port: Any, *arguments: Any, **options: Any) -> Any:
        if host != "rebind.test":
            return resolve(host, port, *arguments, **options)
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [found for address in addresses for found in resolve(address, port, *arguments, **options)]

    socket.getaddrinfo = changing
    report: dict[str, Any] = {}
    public, private = ADDRESSES["public"], ADDRESSES["loopback"]
    # The victim has the port of the depot, at the address that the name must not be followed to.
    async with Depot(host=public) as depot, Victim(private, depot.port) as victim:
        for name, given in {
            "first private": [[private]],
            "public, then private": [[public], [private]],
            "both, private first": [[private, public]],
            "both, public first": [[public, private]],
        }.items():
            answers[:] = given
            url = f"{depot.url}/_/redirect?to=http://rebind.test:{depot.port}/_/echo"
            report[name] = await outcome(url, victim, place)
    return report


async def main() -> None:
    """Report what was asked for."""
    place = Path(sys.argv[1])
    os.chdir(place)
    prepare(place)
    what = {"redirects": redirects, "rebinding": rebinding}[sys.argv[2]]
    print(json.dumps(await what(place)))


if __name__ == "__main__":
    asyncio.run(main())

"""Curl into tar: a bound. The cart is asked for and waited for before the clock starts; no digest is checked."""

import json
import resource
import subprocess
import time
from pathlib import Path
from urllib.request import Request, urlopen
from uuid import uuid4

from benchmarks.carts.peers._order import Order
from benchmarks.peers._command import version
from benchmarks.peers._job import answer

TICK = 0.05
"""Seconds between two looks at the cart."""


def ready_cart(order: Order) -> str:
    """Ask for the cart, wait until it is ready, and return its URL."""
    cart_url = f"{order.carts_url}/{uuid4()}"
    fileids = [
        {
            "id": file_id,
            "path": f"{about['subdir']}/{about['name']}",
            "hashsum": about["hashsum"],
            "hashtype": about["hashtype"],
        }
        for file_id, about in order.transinfo["files"].items()
    ]
    body = json.dumps({"fileids": fileids}).encode()
    _ask(cart_url, "POST", body)
    while _ask(cart_url, "HEAD") != "ready":
        time.sleep(TICK)
    return cart_url


def work(cart_url: str, destination: str) -> None:
    """Download and unpack a cart that is ready.

    Raises:
        RuntimeError: One of the two commands failed.
    """
    download = ["curl", "--disable", "--silent", "--show-error", "--fail", f"{cart_url}?filename=data"]
    unpack = ["tar", "--extract", "--file=-", f"--directory={destination}"]
    with subprocess.Popen(download, stdout=subprocess.PIPE) as curl:
        assert curl.stdout is not None
        with subprocess.Popen(unpack, stdin=curl.stdout) as tar:
            curl.stdout.close()
    if curl.returncode or tar.returncode:
        msg = f"curl ended with {curl.returncode}, tar with {tar.returncode}"
        raise RuntimeError(msg)


def _ask(url: str, method: str, body: bytes | None = None) -> str | None:
    headers = {"Content-Type": "application/json"}
    with urlopen(Request(url, body, headers, method=method)) as response:  # noqa: S310 - the harness's own
        status: str | None = response.headers["X-Pacifica-Status"]
        return status


def main() -> None:
    """Do what was ordered."""
    order = Order.read()
    told = version("curl", Path(order.destination))
    cart_url = ready_cart(order)
    start = time.perf_counter()
    work(cart_url, order.destination)
    seconds = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    answer(seconds, told, 0, rest=seconds, cpu=used.ru_utime + used.ru_stime)


if __name__ == "__main__":
    main()

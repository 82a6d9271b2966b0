"""What the demo downloads, and from where."""

from __future__ import annotations

import os
import pathlib
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from haulage.cli.demo_cart import CART_CONTENT, write_transaction
from haulage.errors import DigestValidationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haulage.errors import DownloadError

__all__ = ["Case", "Depots", "cases", "open_depots"]

_MIB = 1 << 20
_FILE_NAME, _FILE_SIZE, _FILE_SEED = "stored.bin", 24 * _MIB, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One download, and what must become of it.

    Attributes:
        name: The file's name.
        what: What it shows, in a few words.
        url: The URL.
        size: Bytes there are.
        digest: Their SHA-256.
        expected_digest: The SHA-256 that is asked for.
        failure: The error it must end with; None for success.
        attempts: Attempts it must take.
        retries: Further attempts it may take after errors other than 429.
        transaction: For a cart, what Pacifica would say of its files; the URL is then that of the service, and size and
            digest are those of all its files one after the other.
    """

    name: str
    what: str
    url: str
    size: int
    digest: str
    expected_digest: str
    failure: type[DownloadError] | None = None
    attempts: int = 1
    retries: int = 3
    transaction: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Depots:
    """The open servers.

    Attributes:
        url: Where http is served.
        carts_url: Where carts are served.
        transaction: What Pacifica would say of the files for a cart.
        tls_url: Where https is served, or None.
        ca_pem: The certificate to trust, or None.
        path: The file that is there to be served.
        missing: Why there is no https; empty when there is.
    """

    url: str
    carts_url: str
    transaction: dict[str, Any]
    tls_url: str | None
    ca_pem: str | None
    path: str
    missing: str


@contextmanager
def open_depots(home: str) -> Iterator[Depots]:
    """Write real data below *home* and serve it over http and, where it can be, https."""
    from haulage.depot import Depot, generated_chunks  # noqa: PLC0415 - a server, which takes a while to import

    root = os.path.join(home, "depot")
    os.mkdir(root)
    path = os.path.join(root, _FILE_NAME)
    with open(path, "wb") as file:
        file.writelines(generated_chunks(_FILE_SIZE, _FILE_SEED))
    transaction = write_transaction(root)
    with ExitStack() as stack:
        plain = stack.enter_context(Depot(root))
        try:
            secure = stack.enter_context(Depot(root, tls=True))
        except ImportError as error:
            yield Depots(plain.url, plain.carts_url, transaction, None, None, path, str(error))
        else:
            yield Depots(plain.url, plain.carts_url, transaction, secure.url, secure.ca_pem, path, "")


def cases(depots: Depots) -> list[Case]:
    """Return what can be shown with *depots*."""
    from haulage.depot import generated_digest  # noqa: PLC0415 - as above

    def made(name: str, what: str, path: str, size: int, seed: int, attempts: int = 1) -> Case:
        digest = generated_digest(size, seed)
        return Case(name=name, what=what, url=path, size=size, digest=digest, expected_digest=digest, attempts=attempts)

    http, stored = depots.url, (_FILE_SIZE, _FILE_SEED)
    slow = f"{http}/_/slow?size={4 * _MIB}&chunk=65536&delay=0.03&seed=2"
    busy = f"{http}/_/status/429?times=1&retry_after=1&size={2 * _MIB}&seed=3"
    shaky = f"{http}/_/status/503?times=1&retry_after=0&size={_MIB}&seed=4"
    found = [
        made("http.bin", "http, a file", f"{http}/{_FILE_NAME}", *stored),
        made("large.bin", "http, made up on the way", f"{http}/_/bytes/{40 * _MIB}?seed=5", 40 * _MIB, 5),
        made("slow.bin", "http, a slow server", slow, 4 * _MIB, 2),
        made("redirected.bin", "http, after a redirect", f"{http}/_/redirect?to=/{_FILE_NAME}", *stored),
        made("busy.bin", "http 429, asked again after 1 s", busy, 2 * _MIB, 3, attempts=2),
        made("shaky.bin", "http 503, asked again", shaky, _MIB, 4, attempts=2),
        made("empty.bin", "http, an empty file", f"{http}/_/bytes/0", 0, 0),
    ]
    if depots.tls_url is not None:
        tls = depots.tls_url
        found.append(made("https.bin", "https, a file", f"{tls}/{_FILE_NAME}", *stored))
        found.append(made("https-large.bin", "https, made up", f"{tls}/_/bytes/{16 * _MIB}?seed=6", 16 * _MIB, 6))
    found.append(_cart(depots))
    found.append(made("file.bin", "file, from this disk", pathlib.Path(depots.path).as_uri(), *stored))
    wrong = made("wrong.bin", "http, another digest asked for", f"{http}/{_FILE_NAME}", *stored)
    other = generated_digest(1, 7)
    found.append(replace(wrong, expected_digest=other, failure=DigestValidationError, retries=0))
    return found


def _cart(depots: Depots) -> Case:
    from haulage.depot import generated_digest  # noqa: PLC0415 - as above

    digest = generated_digest(*CART_CONTENT)
    count = len(depots.transaction["files"])
    return Case(
        name="cart",
        what=f"cart of {count} files, unpacked",
        url=depots.carts_url,
        size=CART_CONTENT[0],
        digest=digest,
        expected_digest=digest,
        transaction=depots.transaction,
    )

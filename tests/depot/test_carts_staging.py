"""Which files a cart can have, and which it cannot."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest
from support.depot_carts import CartOverWire, entry

from haulage.depot import Depot

if TYPE_CHECKING:
    from pathlib import Path

Ask = Callable[..., Awaitable[Any]]

posix_only = pytest.mark.skipif(os.name != "posix", reason="names and links as POSIX has them")


@pytest.fixture(autouse=True)
def files(root: Path) -> None:
    """A file, and a directory."""
    (root / "sub ü").mkdir()
    (root / "small").write_bytes(b"hello")


@pytest.fixture
def cart(depot: Depot, ask: Ask, hear: Ask) -> CartOverWire:
    """A cart that has not been ordered yet."""
    return CartOverWire(depot, ask, hear)


@pytest.mark.parametrize(
    "file_id",
    ["", ".", "..", "../secret", "sub ü/../small", "/small", "sub ü", "small/", "missing", "a\0", "\ud800", -1],
)
async def test_ids_that_are_none(root: Path, cart: CartOverWire, file_id: str | int) -> None:
    """What is no file below the root makes staging fail; such a cart never becomes ready, and can be removed."""
    (root.parent / "secret").write_bytes(b"hello")
    await cart.post(entry(root, "small"), {**entry(root, "small", "b"), "id": file_id})
    status, word, message = await cart.settle()
    assert (status, word) == (500, "error")
    assert message is not None
    assert message.startswith("Failed to pull file")
    assert message.endswith("(no such file)")
    assert (await cart.get()).lines[0] == b"HTTP/1.1 202 Accepted"
    assert (await cart.delete(), (await cart.head())[0]) == (200, 404)


@posix_only
async def test_links(root: Path, cart: CartOverWire) -> None:
    """Links are followed as long as they stay below the root."""
    (root.parent / "secret").write_bytes(b"hello")
    (root / "in").symlink_to("small")
    (root / "out").symlink_to(root.parent / "secret")
    await cart.fill(entry(root, "in"))
    assert b"hello" in await cart.members()
    await cart.post(entry(root, "out"))
    assert await cart.settle() == (500, "error", "Failed to pull file 'out' (no such file)")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"hashsum": "0" * 40}, "File hash does not match provided hash"),
        ({"hashsum": ""}, "File hash does not match provided hash"),
        ({"hashsum": hashlib.sha1(b"hello").hexdigest().upper()}, "File hash does not match provided hash"),
        ({"hashtype": "sha256"}, "File hash does not match provided hash"),
        ({"hashtype": "sha0"}, "unsupported hash type 'sha0'"),
        ({"hashtype": "shake_128"}, "unsupported hash type 'shake_128'"),
        ({"hashtype": "\ud800"}, r"unsupported hash type '\ud800'"),
    ],
)
async def test_wrong_digests(root: Path, cart: CartOverWire, change: dict[str, str], reason: str) -> None:
    """A file that is not what it should be makes staging fail, and the message says why."""
    await cart.post({**entry(root, "small"), **change})
    assert await cart.settle() == (500, "error", f"Failed to pull file 'small' ({reason})")


async def test_paths_that_leave(root: Path, cart: CartOverWire) -> None:
    """They make staging fail as well."""
    await cart.post(entry(root, "small", "a/../../b"))
    assert await cart.settle() == (500, "error", "Failed directory create: 'a/../../b' is no path in a cart")


async def test_without_a_root(ask: Ask, hear: Ask, root: Path) -> None:
    """A depot without files has a cart service, but nothing to put into carts."""
    async with Depot() as depot:
        cart = CartOverWire(depot, ask, hear)
        await cart.post(entry(root, "small"))
        assert (await cart.settle())[0] == 500
        await cart.fill()

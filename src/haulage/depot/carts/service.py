"""The carts of one depot: which there are, how far each has come, and when it is gone.

Strategy: a cart is staged by a task of its own, and expires by the clock whenever somebody looks for it. Everything
here happens on the loop; only staging itself goes to a thread. Whoever removes a cart ends its task and its sending.
"""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING

from haulage.depot.carts.members import StagingError
from haulage.depot.carts.staging import stage

if TYPE_CHECKING:
    from haulage.depot.carts.members import Member
    from haulage.depot.carts.orders import Order, Plan
    from haulage.depot.workers import Workers

__all__ = ["Cart", "CartService"]

_MOST = 1000
"""Carts that are kept; the oldest is removed, as otherwise a long-lived depot would only grow."""

_AT_ONCE = 4
"""Carts whose files are read at the same time: half of the depot's threads, so that it goes on answering meanwhile."""


class Cart:
    """A cart and how far it has come.

    Attributes:
        uid: Its name.
        order: What it was ordered with.
        status: ``ready``, ``error``, or whatever its plan calls the time before.
        message: Why it failed; empty otherwise.
        members: What is in its tar, once it is ready.
        created: When it became ready, in seconds since the epoch.
        removed: Set when it has been removed.
    """

    def __init__(self, uid: str, order: Order) -> None:
        """Begin a cart.

        Args:
            uid: Its name.
            order: What it was ordered with.
        """
        self.uid = uid
        self.order = order
        self.status = order.plan.status
        self.message = ""
        self.members: tuple[Member, ...] = ()
        self.created = 0.0
        self.removed = threading.Event()
        self.is_ready = False
        self._ends: float | None = None

    @property
    def has_expired(self) -> bool:
        """Whether its time is over."""
        return self._ends is not None and time.monotonic() >= self._ends

    def finish(self, members: tuple[Member, ...]) -> None:
        """Become ready.

        Args:
            members: What is in its tar.
        """
        self.members = members
        self.created = time.time()
        self.is_ready, self.status = True, "ready"
        if self.order.plan.expires is not None:
            self._ends = time.monotonic() + self.order.plan.expires

    def fail(self, message: str) -> None:
        """Become an error.

        Args:
            message: Why.
        """
        self.status, self.message = "error", message


class CartService:
    """Keeps the carts of a depot and stages them."""

    def __init__(self, root: str | None, workers: Workers, defaults: Plan) -> None:
        """Start without carts.

        Args:
            root: The resolved directory whose files can be ordered, or ``None``.
            workers: Threads for staging.
            defaults: How carts behave whose orders do not say it.
        """
        self.root = root
        self.defaults = defaults
        self._workers = workers
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._carts: dict[str, Cart] = {}
        self._tasks: dict[Cart, asyncio.Task[None]] = {}

    def add(self, uid: str, order: Order) -> None:
        """Take an order and begin to stage it. A cart of the same name is removed.

        Args:
            uid: The name of the cart.
            order: The order.
        """
        self.remove(uid)
        if len(self._carts) >= _MOST:
            self.remove(next(iter(self._carts)))
        cart = self._carts[uid] = Cart(uid, order)
        task = self._tasks[cart] = asyncio.get_running_loop().create_task(self._stage(cart))
        task.add_done_callback(lambda _: self._tasks.pop(cart, None))

    def find(self, uid: str) -> Cart | None:
        """Look for a cart.

        Args:
            uid: Its name.

        Returns:
            The cart, or ``None`` if there is none, any more.
        """
        cart = self._carts.get(uid)
        if cart is not None and cart.has_expired:
            self._carts.pop(uid)
            return None
        return cart

    def remove(self, uid: str) -> bool:
        """Remove a cart, whatever is being done with it.

        Args:
            uid: Its name.

        Returns:
            Whether there was one.
        """
        cart = self.find(uid)
        if cart is None:
            return False
        del self._carts[uid]
        cart.removed.set()
        if (task := self._tasks.get(cart)) is not None:
            task.cancel()
        return True

    async def close(self) -> None:
        """Remove all carts and wait for what was being done with them."""
        tasks = tuple(self._tasks.values())
        for uid in tuple(self._carts):
            self.remove(uid)
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _stage(self, cart: Cart) -> None:
        """Stage a cart."""
        await asyncio.sleep(cart.order.plan.staging)
        try:
            async with self._turns:
                members = await self._workers.run(stage, self.root, cart.order, cart.removed)
            cart.finish(members)
        except StagingError as error:
            cart.fail(str(error))

"""Haulage, through the call that stands in for Pacifica's."""

# mypy: disable-error-code="import-not-found,import-untyped"

import sys
from importlib import import_module

from benchmarks.carts.peers._order import Order, run
from haulage.cart import Downloader


def work(order: Order) -> None:
    """Ask for the cart, wait, download and unpack it."""
    Downloader(order.destination, order.carts_url).transactioninfo(order.transinfo)


def choose_loop(order: Order) -> None:
    """See to it that haulage, which takes uvloop where it is installed, runs on the loop that was ordered."""
    if order.loop == "uvloop":
        import_module("uvloop")
    else:
        sys.modules["uvloop"] = None  # type: ignore[assignment] # makes importing it an ImportError


if __name__ == "__main__":
    ordered = Order.read()
    choose_loop(ordered)
    run("haulage", ordered, work)

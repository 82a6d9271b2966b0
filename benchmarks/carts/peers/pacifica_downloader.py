"""Pacifica's own downloader: it looks every second whether the cart is ready, and checks no digest."""

# mypy: disable-error-code="import-not-found,import-untyped"

from pacifica.downloader import Downloader

from benchmarks.carts.peers._order import Order, run


def work(order: Order) -> None:
    """Ask for the cart, wait, download and unpack it."""
    Downloader(cart_api_url=order.carts_url).transactioninfo(order.destination, order.transinfo)


if __name__ == "__main__":
    run("pacifica-downloader", Order.read(), work)

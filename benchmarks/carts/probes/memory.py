"""How many bytes of memory a cart takes beyond the idle process: everything imported, nothing opened."""

# mypy: disable-error-code="import-not-found,import-untyped"

from benchmarks.carts.peers._order import Order
from benchmarks.carts.peers.haulage import choose_loop, work
from benchmarks.peers._job import answer
from benchmarks.probes.memory import over_idle, reset_peak

if __name__ == "__main__":
    order = Order.read()
    choose_loop(order)
    idle = reset_peak()
    work(order)
    sizes = over_idle(idle)
    answer(0, "", 0, **sizes)

"""What a peer is asked to do, and how it answers."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from benchmarks.peers._job import answer, memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One cart to bring.

    Attributes:
        carts_url: The cart service.
        times_url: Where the service says what it noted of the last cart.
        transinfo: The files, as Pacifica's policy service describes them.
        destination: The directory to download into.
        loop: The event loop to use, for those who have one.
    """

    carts_url: str
    times_url: str
    transinfo: dict[str, Any]
    destination: str
    loop: str

    @classmethod
    def read(cls) -> "Order":
        """Read the order that the command line names."""
        return cls(**json.loads(Path(sys.argv[1]).read_text()))

    def times(self) -> dict[str, float]:
        """Return the seconds in which the cart was staged, and then waited to be asked for."""
        with urlopen(self.times_url) as response:  # noqa: S310 - the harness's own
            times: dict[str, float] = json.load(response)
        return times


def run(distribution: str, order: Order, work: Callable[[Order], object]) -> None:
    """Do what was ordered, and answer the harness with the time and its parts."""
    start, cpu = time.perf_counter(), time.process_time()
    work(order)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    times = order.times()
    rest = seconds - sum(times.values())
    answer(seconds, metadata.version(distribution), memory("VmHWM"), **times, rest=rest, cpu=cpu)

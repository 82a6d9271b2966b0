"""What is gauged of carts, and the bounds that haulage has promised to keep."""

from collections.abc import Sequence
from dataclasses import replace

from benchmarks.carts.catalogue import PACIFICA
from benchmarks.catalogue import HAULAGE
from benchmarks.gates import VARIANTS
from benchmarks.gauges import MEMORY_ONE, Kind
from benchmarks.works import readable

CARTS = "carts"
"""The key of the work in which peers are compared."""

RATIO_GATES = ((CARTS, PACIFICA, 0.6),)
"""Work, peer, and the largest share of the peer's time that haulage may take."""

MOST_MEMORY = 48.0
"""MiB over idle, at any size of the cart."""

MOST_WAITING = 0.3
"""Seconds from the moment the cart is ready, where staging takes less than `QUICK` seconds."""

QUICK = 2.0


def memory(size: int) -> Kind:
    """Return the gauge of memory for a cart of ``size`` bytes."""
    return replace(MEMORY_ONE, key=f"memory-{readable(size).replace(' ', '')}", probe="benchmarks.carts.probes.memory")


def waiting(staging: float) -> Kind:
    """Return the gauge of waiting for a cart whose staging takes ``staging`` seconds."""
    return Kind(
        key=f"waiting-{staging:g}s",
        title="from ready to asked for, {work}; the largest counts",
        probe=None,
        field="waiting",
        factor=1.0,
        unit="s",
        worst=True,
    )


def gauge_gates(sizes: Sequence[int], stagings: Sequence[float]) -> tuple[tuple[Kind, float, tuple[str, ...]], ...]:
    """Return gauge, the largest value it may have, and which variants have it."""
    return (
        *((memory(size), MOST_MEMORY, VARIANTS) for size in sizes),
        *((waiting(staging), MOST_WAITING, (HAULAGE,)) for staging in stagings if staging < QUICK),
    )

"""What is measured of haulage alone: memory over idle, lag of the loop, time to import."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from benchmarks.catalogue import HAULAGE, Peer
from benchmarks.children import capture, last_words
from benchmarks.process import PeerError, Place, missing, run_module
from benchmarks.rounds import FAILED, MEASURED, SKIPPED, Plan, Workload

IMPORT_CODE = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A sort of gauge: which probe measures it, which field it answers, times what, in what.

    ``probe`` is a module; without one the peer's own answer has the field. Of all rounds the median
    counts, or with ``worst`` the largest value.
    """

    key: str
    title: str
    probe: str | None
    field: str
    factor: float
    unit: str
    worst: bool = False


MEMORY_ONE = Kind(
    key="memory-one",
    title="peak memory over idle, {work}",
    probe="benchmarks.probes.memory",
    field="over_idle",
    factor=1 / (1 << 20),
    unit="MiB",
)
MEMORY_MANY = replace(MEMORY_ONE, key="memory-many")
LAG = Kind(
    key="lag",
    title="event-loop lag, 99.9th percentile, {work}",
    probe="benchmarks.probes.lag",
    field="p999",
    factor=1000.0,
    unit="ms",
)
IMPORT = Kind(
    key="import",
    title="import haulage / import aiohttp, fresh interpreters",
    probe=None,
    field="",
    factor=1.0,
    unit="x",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """One figure of one variant: ``values`` are those of all rounds, in the unit of its kind."""

    kind: Kind
    peer: str
    title: str
    state: str = MEASURED
    values: tuple[float, ...] = ()
    reason: str = ""

    @property
    def value(self) -> float | None:
        """The figure that counts, or None if it was not measured."""
        if not self.values:
            return None
        return max(self.values) if self.kind.worst else median(self.values)


def gauge_work(
    kinds: Sequence[Kind], work: Workload, peers: Sequence[Peer], place: Place, plan: Plan
) -> tuple[Gauge, ...]:
    """Measure each kind with each variant of haulage, ``plan.rounds`` times, in turn."""
    gauges = [_start(kind, peer, work, missing(peer, place)) for kind in kinds for peer in peers]
    by_name = {peer.name: peer for peer in peers}
    for number in range(1, plan.rounds + 1):
        plan.say(f"gauges, {work.title}: round {number} of {plan.rounds}")
        for index, gauge in enumerate(gauges):
            if gauge.state == MEASURED:
                gauges[index] = _one(gauge, work, by_name[gauge.peer], place, plan)
    place.clear()
    return tuple(gauges)


def skip_gauges(kinds: Sequence[Kind], peers: Sequence[Peer], reason: str) -> tuple[Gauge, ...]:
    """Return gauges that were not measured, for the report to name them."""
    return tuple(
        Gauge(kind=kind, peer=peer.name, title=kind.key, state=SKIPPED, reason=reason)
        for kind in kinds
        for peer in peers
    )


def gauge_import(peer: Peer, place: Place, plan: Plan) -> Gauge:
    """Compare ``import haulage`` with ``import aiohttp``, ``plan.rounds`` fresh interpreters in turn."""
    reason = missing(peer, place)
    gauge = Gauge(kind=IMPORT, peer=HAULAGE, title=IMPORT.title)
    if reason is not None:
        return replace(gauge, state=SKIPPED, reason=reason)
    plan.say(f"{IMPORT.title}: {plan.rounds} rounds")
    try:
        for package in ("haulage", "aiohttp"):
            _import_seconds(package, peer, place)
        values = tuple(
            _import_seconds("haulage", peer, place) / _import_seconds("aiohttp", peer, place)
            for _ in range(plan.rounds)
        )
    except PeerError as error:
        return replace(gauge, state=FAILED, reason=str(error))
    return replace(gauge, values=values)


def _start(kind: Kind, peer: Peer, work: Workload, reason: str | None) -> Gauge:
    return Gauge(
        kind=kind,
        peer=peer.name,
        title=kind.title.format(work=work.title),
        state=MEASURED if reason is None else SKIPPED,
        reason=reason or "",
    )


def _one(gauge: Gauge, work: Workload, peer: Peer, place: Place, plan: Plan) -> Gauge:
    kind = gauge.kind
    place.clear()
    try:
        job = work.job(peer, place.destination)
        line = run_module(kind.probe or f"{work.peers}.{peer.module}", job, place, peer)
    except PeerError as error:
        plan.say(f"  {gauge.peer}, {kind.key}: failed, {error}")
        return replace(gauge, state=FAILED, reason=str(error), values=())
    value = line[kind.field] * kind.factor
    plan.say(f"  {gauge.peer}, {kind.key}: {value:.2f} {kind.unit}")
    return replace(gauge, values=(*gauge.values, value))


def _import_seconds(package: str, peer: Peer, place: Place) -> float:
    command = [place.python(peer.venv), "-P", "-c", IMPORT_CODE.format(package)]
    code, out, err = capture(command, cwd=place.scratch)
    if code:
        raise PeerError(last_words(err))
    return float(out)

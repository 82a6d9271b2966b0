"""The bounds that haulage has promised to keep, and whether a run kept them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from benchmarks.catalogue import HAULAGE, UVLOOP
from benchmarks.gauges import IMPORT, LAG, MEMORY_MANY, MEMORY_ONE, Gauge, Kind
from benchmarks.rounds import Outcome
from benchmarks.stats import named, ratio
from benchmarks.works import BIG_HTTP, BIG_HTTPS, SMALL

RATIO_GATES = (
    (BIG_HTTP, "pulpcore", 0.35),
    (BIG_HTTP, "obstore", 1.0),
    (BIG_HTTP, "curl + openssl", 1.0),
    (BIG_HTTPS, "pulpcore", 0.5),
    (SMALL, "pulpcore", 0.40),
    (SMALL, "aria2c", 1.1),
    (SMALL, "aiohttp floor", 1.6),
)
"""Work, peer, and the largest share of the peer's time that haulage may take."""

VARIANTS = (HAULAGE, UVLOOP)

GAUGE_GATES = (
    (MEMORY_ONE, 32.0, VARIANTS),
    (MEMORY_MANY, 64.0, VARIANTS),
    (LAG, 20.0, VARIANTS),
    (IMPORT, 1.3, (HAULAGE,)),
)
"""Gauge, the largest value it may have, in its own unit, and which variants have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One line of the check: ``value`` is None if it could not be measured."""

    title: str
    variant: str
    bound: float
    value: float | None
    unit: str

    @property
    def word(self) -> str:
        """``pass``, ``FAIL`` or ``not measured``."""
        if self.value is None:
            return "not measured"
        return "pass" if self.value <= self.bound else "FAIL"


def judge(
    outcomes: Mapping[str, tuple[Outcome, ...]],
    gauges: tuple[Gauge, ...],
    *,
    ratio_gates: Iterable[tuple[str, str, float]] = RATIO_GATES,
    gauge_gates: Iterable[tuple[Kind, float, tuple[str, ...]]] = GAUGE_GATES,
) -> tuple[Verdict, ...]:
    """Compare a run with every bound, for each variant of haulage."""
    verdicts = [
        Verdict(
            title=f"{work}: {variant} / {peer}",
            variant=variant,
            bound=bound,
            value=_ratio(outcomes.get(work, ()), variant, peer),
            unit="x",
        )
        for work, peer, bound in ratio_gates
        for variant in VARIANTS
    ]
    verdicts += [
        Verdict(
            title=f"{kind.key}: {variant}",
            variant=variant,
            bound=bound,
            value=next((g.value for g in gauges if g.kind == kind and g.peer == variant), None),
            unit=kind.unit,
        )
        for kind, bound, variants in gauge_gates
        for variant in variants
    ]
    return tuple(verdicts)


def are_kept(verdicts: tuple[Verdict, ...]) -> bool:
    """Tell whether haulage on the standard event loop kept every bound, none unmeasured."""
    return all(verdict.word == "pass" for verdict in verdicts if verdict.variant == HAULAGE)


def _ratio(outcomes: tuple[Outcome, ...], variant: str, peer: str) -> float | None:
    ours, theirs = named(outcomes, variant), named(outcomes, peer)
    return None if ours is None or theirs is None else ratio(ours, theirs)

"""Arithmetic on rounds: medians, and ratios taken pair by pair."""

from collections.abc import Iterable
from statistics import median

from benchmarks.rounds import MEASURED, Outcome


def ratio(ours: Outcome, theirs: Outcome) -> float | None:
    """Return how long we took as a share of their time: the median of the rounds' ratios.

    Times of one round are neighbours, so a noisy moment hits both; that is why the ratio is taken
    before the median. None means that one of the two has no times.
    """
    if ours.state != MEASURED or theirs.state != MEASURED:
        return None
    pairs = list(zip(ours.seconds, theirs.seconds, strict=True))
    return median(mine / other for mine, other in pairs) if pairs else None


def named(outcomes: Iterable[Outcome], name: str) -> Outcome | None:
    """Return the outcome of the peer called ``name``, if it was asked to take part."""
    return next((outcome for outcome in outcomes if outcome.peer.name == name), None)

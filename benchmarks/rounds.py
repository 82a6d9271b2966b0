"""Alternate the peers, round after round, and keep what each of them took."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from benchmarks.catalogue import Peer
from benchmarks.process import PeerError, Place, check, make_job, missing, run_module
from benchmarks.works import Work

MEASURED, SKIPPED, FAILED = "measured", "skipped", "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one peer did in one work.

    ``seconds`` holds one time per counted round; ``peak_rss`` is the largest, in bytes;
    ``reason`` says why there is nothing, when the state is skipped or failed.
    """

    peer: Peer
    state: str
    seconds: tuple[float, ...] = ()
    peak_rss: int = 0
    version: str = ""
    reason: str = ""

    def with_round(self, seconds: float, peak_rss: int) -> "Outcome":
        """Return this outcome with one more counted round."""
        return replace(self, seconds=(*self.seconds, seconds), peak_rss=max(self.peak_rss, peak_rss))

    def failed(self, reason: str) -> "Outcome":
        """Return this outcome as a failure: its times no longer count."""
        return replace(self, state=FAILED, reason=reason, seconds=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How often, and how strictly, peers run.

    ``verify_all`` reads every peer's files again after every round, not only after the warm-up.
    ``import_rounds`` is the number of fresh interpreters per package; each is short.
    """

    rounds: int
    import_rounds: int
    verify_all: bool
    say: Callable[[str], None] = field(repr=False)


def find_peers(peers: Iterable[Peer], place: Place) -> tuple[Outcome, ...]:
    """Return an outcome without times for each peer: ready to be measured, or skipped."""
    found = []
    for peer in peers:
        reason = missing(peer, place)
        state = MEASURED if reason is None else SKIPPED
        found.append(Outcome(peer=peer, state=state, reason=reason or ""))
    return tuple(found)


def compare(work: Work, found: tuple[Outcome, ...], place: Place, plan: Plan) -> tuple[Outcome, ...]:
    """Run all peers once as a warm-up, then ``plan.rounds`` times, in turn.

    A peer that fails once is not run again in this work: there is nothing to compare it with.
    """
    outcomes = list(found)
    for number in range(plan.rounds + 1):
        plan.say(f"{work.title}: " + (f"round {number} of {plan.rounds}" if number else "warm-up"))
        for index, outcome in enumerate(outcomes):
            if outcome.state == MEASURED:
                outcomes[index] = _one(work, outcome, place, plan, number)
    place.clear()
    return tuple(outcomes)


def _one(work: Work, outcome: Outcome, place: Place, plan: Plan, number: int) -> Outcome:
    """Run one peer in one round; round 0 is the warm-up, which is verified and not counted."""
    peer = outcome.peer
    place.clear()
    try:
        module = f"benchmarks.peers.{peer.module}"
        line = run_module(module, make_job(work, peer, place), place, peer)
        if peer.stores and (plan.verify_all or number == 0):
            check(work.bodies, place.destination)
    except PeerError as error:
        plan.say(f"  {peer.name}: failed, {error}")
        return outcome.failed(str(error))
    plan.say(f"  {peer.name}: {line['seconds']:.3f} s")
    if number == 0:
        return replace(outcome, version=line["version"])
    return outcome.with_round(line["seconds"], line["peak_rss"])


def today() -> str:
    """Return the day of a run, in UTC, as the report prints it."""
    return time.strftime("%Y-%m-%d", time.gmtime())

"""Alternate the peers, round after round, and keep what each of them took."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from benchmarks.catalogue import Peer
from benchmarks.process import PeerError, Place, missing, run_module

MEASURED, SKIPPED, FAILED = "measured", "skipped", "failed"


class Workload(Protocol):
    """One thing to do, in which peers can be compared or gauged."""

    @property
    def title(self) -> str:
        """What it is called in the report."""

    @property
    def peers(self) -> str:
        """The package that has a module for each peer."""

    @property
    def parts(self) -> tuple[str, ...]:
        """What else of its time, in seconds, a peer may say in its answer."""

    def job(self, peer: Peer, destination: Path) -> Mapping[str, Any]:
        """Return what a peer receives, as plain JSON values."""

    def check(self, destination: Path) -> None:
        """Read again what a peer wrote.

        Raises:
            PeerError: It is not what was asked for.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one peer did in one work.

    ``seconds`` holds one time per counted round, and ``parts`` the same for parts of it by name;
    ``peak_rss`` is the largest, in bytes; ``reason`` says why there is nothing, when the state is
    skipped or failed.
    """

    peer: Peer
    state: str
    seconds: tuple[float, ...] = ()
    parts: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    peak_rss: int = 0
    version: str = ""
    reason: str = ""

    def with_round(self, line: Mapping[str, Any], parts: Iterable[str]) -> "Outcome":
        """Return this outcome with one more counted round, as the peer's answer tells of it."""
        return replace(
            self,
            seconds=(*self.seconds, line["seconds"]),
            parts={name: (*self.parts.get(name, ()), line[name]) for name in parts if name in line},
            peak_rss=max(self.peak_rss, line["peak_rss"]),
        )

    def failed(self, reason: str) -> "Outcome":
        """Return this outcome as a failure: its times no longer count."""
        return replace(self, state=FAILED, reason=reason, seconds=(), parts={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How often, and how strictly, peers run.

    ``verify_all`` reads every peer's files again after every round, not only after the warm-up.
    """

    rounds: int
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


def compare(work: Workload, found: tuple[Outcome, ...], place: Place, plan: Plan) -> tuple[Outcome, ...]:
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


def _one(work: Workload, outcome: Outcome, place: Place, plan: Plan, number: int) -> Outcome:
    """Run one peer in one round; round 0 is the warm-up, which is verified and not counted."""
    peer = outcome.peer
    place.clear()
    try:
        line = run_module(f"{work.peers}.{peer.module}", work.job(peer, place.destination), place, peer)
        if peer.stores and (plan.verify_all or number == 0):
            work.check(place.destination)
    except PeerError as error:
        plan.say(f"  {peer.name}: failed, {error}")
        return outcome.failed(str(error))
    plan.say(f"  {peer.name}: {line['seconds']:.3f} s")
    if number == 0:
        return replace(outcome, version=line["version"])
    return outcome.with_round(line, work.parts)


def today() -> str:
    """Return the day of a run, in UTC, as the report prints it."""
    return time.strftime("%Y-%m-%d", time.gmtime())

"""A whole run: archive, service, comparison, gauges, verdicts."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import gates
from benchmarks.carts.catalogue import PACIFICA, PEERS
from benchmarks.carts.gauges import CARTS, RATIO_GATES, gauge_gates, memory, waiting
from benchmarks.carts.options import Options
from benchmarks.carts.server import serve
from benchmarks.carts.works import CartWork, make_archive, make_hollow
from benchmarks.catalogue import HAULAGE
from benchmarks.gauges import Gauge, gauge_work
from benchmarks.process import Place
from benchmarks.report import Report, Table, machine
from benchmarks.rounds import Plan, compare, find_peers, today
from benchmarks.scratch import Scratch
from benchmarks.works import readable

TITLE = "Carts: haulage beside Pacifica's downloader"

OURS = tuple(peer for peer in PEERS if peer.name in gates.VARIANTS)
WAITERS = (HAULAGE, PACIFICA)
"""Whose waiting is gauged: one variant of haulage, as loops make no difference to it, and, to compare, the peer."""

AT_ONCE = 0.0
"""Seconds of staging beside the reading of the files, where waiting is not what is gauged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What the parts of a run share."""

    options: Options
    scratch: Scratch
    place: Place
    plan: Plan

    def report(self) -> Report:
        """Do everything that was asked for.

        Raises:
            OSError: The cart service does not start.
        """
        options = self.options
        load = os.getloadavg()[0]
        root = self.scratch.path / "archive"
        root.mkdir()
        with serve(root, (AT_ONCE, *options.staging), self.place) as urls:
            table = self._compare(root, urls[AT_ONCE])
            gauges = tuple(self._gauge(root, urls)) if options.gauges else ()
        verdicts: tuple[gates.Verdict, ...] = ()
        if options.gates:
            verdicts = gates.judge(
                {table.key: table.outcomes},
                gauges,
                ratio_gates=RATIO_GATES,
                gauge_gates=gauge_gates(options.memory, options.staging),
            )
        return Report(title=TITLE, notes=self._notes(load), tables=(table,), gauges=gauges, verdicts=verdicts)

    def _compare(self, root: Path, url: str) -> Table:
        options = self.options
        found = find_peers((peer for peer in PEERS if peer.name in options.peers), self.place)
        self.plan.say("making the archive")
        title = f"{options.files:,} files of {readable(options.size)} through a cart"
        work = CartWork(title=title, url=url, entries=make_archive(root, options.files, options.size))
        return Table(
            key=CARTS,
            title=title,
            size=work.size,
            files=len(work.entries),
            outcomes=compare(work, found, self.place, self.plan),
            parts=work.parts,
        )

    def _gauge(self, root: Path, urls: Mapping[float, str]) -> Iterator[Gauge]:
        options = self.options
        plan = replace(self.plan, rounds=options.memory_rounds)
        for number, size in enumerate(options.memory):
            each = min(size, options.size)
            entries = make_hollow(root, f"hollow{number}", size // each, each)
            work = CartWork(title=f"a cart of {readable(size)}", url=urls[AT_ONCE], entries=entries)
            yield from gauge_work((memory(size),), work, OURS, self.place, plan)
        plan = replace(self.plan, rounds=options.staging_rounds)
        entries = make_hollow(root, "one", 1, min(4096, options.size))
        waiters = [peer for peer in PEERS if peer.name in WAITERS and peer.name in {HAULAGE, *options.peers}]
        for seconds in options.staging:
            work = CartWork(title=f"staging takes {seconds:g} s", url=urls[seconds], entries=entries)
            yield from gauge_work((waiting(seconds),), work, waiters, self.place, plan)

    def _notes(self, load: float) -> tuple[str, ...]:
        rounds = self.options.rounds
        return (
            f"{machine()}; {today()}. When the run began, {load:.1f} processes were running (load average).",
            f"Server: the depot's cart service, one process, loopback. {self.scratch.sentence}",
            f"One warm-up, then counted rounds: {rounds}; peers in turn within each.",
            "From the call to its return; interpreter's start and imports do not count. Staging is a part of it.",
            "Of it, by the service's clock: staging (it reads all files), and waiting until a ready cart is taken.",
            "cpu: processor time of the client, in all its threads.",
            "haulage proves every file by its SHA-1; pacifica-downloader and tar check no digest.",
            "curl + tar is a bound and no peer: it is given a cart that is ready, so it has nothing but the rest.",
            "A ratio is the median of the rounds' ratios, below 1 where haulage is faster.",
        )

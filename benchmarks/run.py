"""A whole run: bodies, server, comparisons, gauges, verdicts."""

from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import gates
from benchmarks.catalogue import HAULAGE, PEERS, UVLOOP
from benchmarks.gauges import (
    LAG,
    MEMORY_MANY,
    MEMORY_ONE,
    Gauge,
    gauge_import,
    gauge_work,
    skip_gauges,
)
from benchmarks.options import Options
from benchmarks.process import Place
from benchmarks.report import Report, Table, machine
from benchmarks.rounds import MEASURED, SKIPPED, Outcome, Plan, compare, find_peers, today
from benchmarks.scratch import Scratch
from benchmarks.server import Server, ServerError, serve
from benchmarks.works import make_corpus, make_parallel, make_works, titles

TITLE = "Haulage beside its peers"

OURS = tuple(peer for peer in PEERS if peer.name in {HAULAGE, UVLOOP})
"""The variants the gauges measure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What the parts of a run share."""

    options: Options
    scratch: Scratch
    place: Place
    plan: Plan

    def report(self) -> Report:
        """Do everything that was asked for."""
        found = find_peers((p for p in PEERS if p.name in self.options.peers), self.place)
        root, home = self.scratch.path / "served", self.scratch.path / "server"
        root.mkdir()
        home.mkdir()
        try:
            with serve(root, home) as server:
                notes = self._notes(server)
                tables, gauges = self._measure(found, server, root)
        except ServerError as error:
            self.plan.say(f"nothing can be downloaded: {error}")
            notes = (f"{machine()}; {today()}.", f"Nothing was downloaded: {error}.")
            tables, gauges = self._without_server(found, str(error))
        if self.options.gauges:
            gauges += (gauge_import(OURS[0], self.place, replace(self.plan, rounds=self.options.import_rounds)),)
        verdicts: tuple[gates.Verdict, ...] = ()
        if self.options.gates:
            verdicts = gates.judge({table.key: table.outcomes for table in tables}, gauges)
        return Report(title=TITLE, notes=notes, tables=tables, gauges=gauges, verdicts=verdicts)

    def _measure(
        self, found: tuple[Outcome, ...], server: Server, root: Path
    ) -> tuple[tuple[Table, ...], tuple[Gauge, ...]]:
        self.plan.say("making the bodies")
        corpus = make_corpus(root, self.options.sizes)
        works = make_works(corpus, server, self.options.sizes)
        tables = tuple(
            Table(
                key=work.key,
                title=work.title,
                size=work.size,
                files=len(work.bodies),
                outcomes=compare(work, found, self.place, self.plan),
            )
            for work in works
            if work.key in self.options.works
        )
        gauges: tuple[Gauge, ...] = ()
        if self.options.gauges:
            one, many = works[0], make_parallel(corpus, server)
            gauges += gauge_work((MEMORY_ONE, LAG), one, OURS, self.place, self.plan)
            gauges += gauge_work((MEMORY_MANY,), many, OURS, self.place, self.plan)
        return tables, gauges

    def _without_server(self, found: tuple[Outcome, ...], reason: str) -> tuple[tuple[Table, ...], tuple[Gauge, ...]]:
        skipped = tuple(
            replace(outcome, state=SKIPPED, reason=reason) if outcome.state == MEASURED else outcome
            for outcome in found
        )
        tables = tuple(
            Table(key=key, title=title, size=0, files=0, outcomes=skipped)
            for key, title in titles(self.options.sizes).items()
            if key in self.options.works
        )
        if not self.options.gauges:
            return tables, ()
        return tables, skip_gauges((MEMORY_ONE, MEMORY_MANY, LAG), OURS, reason)

    def _notes(self, server: Server) -> tuple[str, ...]:
        setting = f"Server: nginx {server.version}, one worker, sendfile, loopback."
        rounds, at_once = self.options.rounds, self.options.sizes.concurrency
        method = f"One warm-up, then counted rounds: {rounds}; peers in turn within each."
        return (
            f"{machine()}; {today()}.",
            f"{setting} {self.scratch.sentence}",
            f"{method} {at_once} downloads at once where it can be set, else their defaults.",
            "A ratio is the median of the rounds' ratios, below 1 where haulage is faster.",
            "Commands are timed whole; Python peers without the interpreter's start and imports.",
        )

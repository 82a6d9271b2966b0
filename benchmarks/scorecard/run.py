"""The whole run: every contestant in every case, one after the other."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from benchmarks.children import capture
from benchmarks.process import Place, missing
from benchmarks.scorecard.case import Case
from benchmarks.scorecard.catalogue import Contestant
from benchmarks.scorecard.ground import GroundError, known
from benchmarks.scorecard.judge import Verdict, Word, judge
from benchmarks.scorecard.outcome import Outcome
from benchmarks.scorecard.play import play

VERSION_CODE = "import sys, importlib.metadata as m; print(m.version(sys.argv[1]))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One field of the card: what happened, if anything was tried, and the verdict."""

    verdict: Verdict
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A finished run.

    Attributes:
        contestants: Who took part, with versions.
        absent: Who could not, with reasons.
        cases: What was tried.
        left_out: What could not be, with reasons.
        cells: What came of it, by the keys of the cases and the names of the contestants.
    """

    contestants: tuple[tuple[Contestant, str], ...]
    absent: tuple[tuple[Contestant, str], ...]
    cases: tuple[Case, ...]
    left_out: tuple[tuple[Case, str], ...]
    cells: dict[tuple[str, str], Cell]


def make_card(
    cases: Iterable[Case], contestants: Iterable[Contestant], place: Place, rounds: int, say: Callable[[str], None]
) -> Card:
    """Run all contestants in all cases; who is right has to be so in all rounds."""
    present: list[tuple[Contestant, str]] = []
    absent: list[tuple[Contestant, str]] = []
    for contestant in contestants:
        reason = missing(contestant.peer, place)
        if reason is None:
            present.append((contestant, _version(contestant, place)))
        else:
            say(f"{contestant.name} is skipped: {reason}")
            absent.append((contestant, reason))
    tried: list[Case] = []
    left_out: list[tuple[Case, str]] = []
    cells: dict[tuple[str, str], Cell] = {}
    for case in cases:
        try:
            row = {(case.key, one.name): _cell(case, one, place, rounds, say) for one, _ in present}
        except GroundError as error:
            say(f"{case.key} is left out: {error}")
            left_out.append((case, str(error)))
        else:
            tried.append(case)
            cells |= row
    return Card(
        contestants=tuple(present), absent=tuple(absent), cases=tuple(tried), left_out=tuple(left_out), cells=cells
    )


def _cell(case: Case, contestant: Contestant, place: Place, rounds: int, say: Callable[[str], None]) -> Cell:
    if not contestant.has(case.needs):
        return Cell(verdict=Verdict(word=Word.NA, what=f"no {case.needs}"))
    outcome, verdict = _once(case, contestant, place)
    for _ in range(rounds - 1):
        if verdict.word is Word.RIGHT:
            outcome, verdict = _once(case, contestant, place)
    said = "" if verdict.word is Word.RIGHT else f" ({verdict.kind}: {verdict.what})"
    say(f"{case.key:14} {contestant.name:16} {outcome.seconds:6.2f} s  {verdict.word}{said}")
    return Cell(verdict=verdict, outcome=outcome)


def _once(case: Case, contestant: Contestant, place: Place) -> tuple[Outcome, Verdict]:
    outcome = play(case, contestant, place)
    return outcome, judge(case, known(case), outcome)


def _version(contestant: Contestant, place: Place) -> str:
    peer = contestant.peer
    if peer.tools:
        words = capture([peer.tools[0], "--version"], cwd=place.scratch)[1].split()
        return next((word for word in words if word[0].isdigit()), "unknown")
    code = [place.python(peer.venv), "-P", "-c", VERSION_CODE, *peer.distributions]
    return capture(code, cwd=place.scratch)[1].strip()

"""From what happened to a verdict. Nothing here knows who it was.

A tool is right when its user is not deceived: no wrong bytes under the final name, no success without the file, no
failure where there was no need, no end that never comes, no secret in the wrong hands.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from benchmarks.scorecard.case import Case, Right
from benchmarks.scorecard.cases import TELLING
from benchmarks.scorecard.outcome import Found, Outcome, Stop

CODED_SIZE = 4 << 20
"""Most bytes that the bomb may have on the disk, still coded."""

TOLERANCE = 0.1
"""Seconds that a wait may be shorter, as clocks are read at both ends."""


_WHOM = {True: "the server, unasked", False: "the other server"}


class Word(StrEnum):
    """The verdict in a word."""

    RIGHT = "right"
    WRONG = "wrong"
    HANGS = "hangs"
    NA = "n/a"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A verdict: its word, which kind of wrong it is in two or three words, and what happened in a sentence."""

    word: Word
    kind: str = ""
    what: str = ""


RIGHT = Verdict(word=Word.RIGHT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bytes:
    """The files that a case knows: the right one, another version of it, and the one that was there before."""

    right: Found
    other: Found
    old: Found | None


def judge(case: Case, known: Bytes, outcome: Outcome) -> Verdict:
    """Judge one run."""
    if outcome.leaks:
        return _wrong("leaks", f"{outcome.leaks[0]} was sent to {_WHOM[case.netrc]}")
    if outcome.stop is Stop.TIME:
        return Verdict(word=Word.HANGS, kind="hangs", what=f"had not ended after {outcome.seconds:.0f} s")
    if outcome.stop is Stop.SPACE:
        return _wrong("no limit", "was still writing when it was stopped, at four times the limit")
    if outcome.code is not None and outcome.code < 0:
        return _wrong("crash", f"died of signal {-outcome.code}")
    return _RULES[case.right](case, known, outcome)


def _fail(_case: Case, known: Bytes, outcome: Outcome) -> Verdict:
    if outcome.code == 0:
        kind = "accepts it" if outcome.final == known.right else "false success"
        return _wrong(kind, f"exit 0 with {_described(known, outcome.final)}")
    return _clean(known, outcome)


def _whole(case: Case, known: Bytes, outcome: Outcome) -> Verdict:
    if outcome.code != 0:
        return _wrong("gives up", f"exit {outcome.code}: {outcome.words}")
    if outcome.final != known.right:
        return _wrong("false success", f"exit 0 with {_described(known, outcome.final)}")
    shortest = min(outcome.gaps, default=0.0)
    if shortest < case.wait - TOLERANCE:
        return _wrong("no wait", f"asked again after {shortest:.1f} s")
    return RIGHT


def _either(_case: Case, known: Bytes, outcome: Outcome) -> Verdict:
    if outcome.code != 0:
        return _clean(known, outcome)
    if outcome.final != known.right:
        return _wrong("false success", f"exit 0 with {_described(known, outcome.final)}")
    return RIGHT


def _coded(case: Case, known: Bytes, outcome: Outcome) -> Verdict:
    final = outcome.final
    if outcome.code == 0 and final is not None and final.is_gzip and final.size <= CODED_SIZE:
        return RIGHT
    return _fail(case, known, outcome)


def _untouched(_case: Case, known: Bytes, outcome: Outcome) -> Verdict:
    return _clean(known, outcome)


def _named(case: Case, known: Bytes, outcome: Outcome) -> Verdict:
    verdict = _whole(case, known, outcome)
    if verdict == RIGHT and TELLING in outcome.final_name:
        return _wrong("secret name", f"called the file {outcome.final_name}")
    return verdict


def _inside(case: Case, known: Bytes, outcome: Outcome) -> Verdict:
    if outcome.outside:
        return _wrong("escapes", f"wrote {', '.join(outcome.outside)}")
    return _either(case, known, outcome)


def _version(_case: Case, known: Bytes, outcome: Outcome) -> Verdict:
    # A part may be left: it was to be resumed.
    if outcome.code == 0 and outcome.final not in {known.right, known.other}:
        return _wrong("false success", f"exit 0 with {_described(known, outcome.final)}")
    return RIGHT


def _clean(known: Bytes, outcome: Outcome) -> Verdict:
    """Judge what a failure left."""
    if outcome.final == known.old:
        return RIGHT
    said = "killed" if outcome.stop is Stop.KILL else f"exit {outcome.code}"
    if outcome.final is None:
        return _wrong("old file lost", f"{said}, and the old file is gone")
    kind = "part left" if known.old is None else "old file lost"
    return _wrong(kind, f"{said}, and {_described(known, outcome.final)} under the final name")


def _described(known: Bytes, found: Found | None) -> str:
    if found is None:
        return "no file"
    if found in {known.old, known.right}:
        return "the old file" if found == known.old else "the whole file"
    if found.size == 0:
        return "an empty file"
    whole = known.right.size
    if found.size == whole:
        return f"{whole} bytes that are others"
    return f"{found.size} {'of' if found.size < whole else 'in place of'} {whole} bytes"


def _wrong(kind: str, what: str) -> Verdict:
    return Verdict(word=Word.WRONG, kind=kind, what=what)


_RULES: dict[Right, Callable[[Case, Bytes, Outcome], Verdict]] = {
    Right.FAIL: _fail,
    Right.WHOLE: _whole,
    Right.EITHER: _either,
    Right.CODED: _coded,
    Right.UNTOUCHED: _untouched,
    Right.NAMED: _named,
    Right.INSIDE: _inside,
    Right.VERSION: _version,
    Right.SECRET: _either,
}

"""A finished card as a page for people and as JSON for programs."""

import dataclasses
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any

from benchmarks.report import machine
from benchmarks.rounds import today
from benchmarks.scorecard.case import Case, Right
from benchmarks.scorecard.catalogue import Contestant
from benchmarks.scorecard.ground import LIMITS, SILENCE
from benchmarks.scorecard.judge import Word
from benchmarks.scorecard.play import MOST_BYTES
from benchmarks.scorecard.run import Card, Cell

LEFT_SIZE = 1000
"""Bytes from which on a file that is left is a part of a body, and no note of the tool's own."""

EXPECTED = {
    Right.FAIL: "fail",
    Right.WHOLE: "succeed",
    Right.EITHER: "either",
    Right.CODED: "fail or as sent",
    Right.UNTOUCHED: "untouched",
    Right.NAMED: "succeed, harmless name",
    Right.INSIDE: "stay inside",
    Right.VERSION: "no mixture",
    Right.SECRET: "no secrets",
}
"""What the table says in a word or two."""

INTRODUCTION = """\
# Scorecard

One hostile server, and what haulage and its peers make of it. The server is the [depot with its faults](testing.md);
the ids are those of [A hostile world](reliability.md). A command writes this page from a run:

```console
$ python -m benchmarks.setup_peers --venvs build/bench-venvs
$ python -m benchmarks.scorecard --venvs build/bench-venvs --output docs/scorecard.md
```

- {machine}; {day}.
- Every run is a process of its own with an empty home directory and an empty folder, against a server of its own, on
  loopback.
- Where the column *told* says yes, size and SHA-256 of the file are told to those that take them.
- All are told to give up after {silence} seconds of silence, and not to try again, except in the cases Q and R06.
- In S (but for S06 and S07), H12, H13, H19 and Q03 those that can are told to take at most {size} MiB, not less than
  {speed} bytes per second over {speed_time} seconds, and at most {total} seconds altogether.
- Who is right has been so in {rounds} runs; any other verdict is that of the first run that led to it.
- Who has not ended after {timeout:g} seconds *hangs*. Who has written {most} MiB is stopped.

A verdict comes from the outside: from the exit code (of a Python peer: whether it raised), from what lies under the
final name, and from what the servers saw. *right* means that nobody is deceived: who fails leaves under the final name
what was there before, nothing or the old file; who succeeds has exactly the right bytes there. Where the server is
merely odd, either will do. Kinds of wrong:

- *false success*: it says that it has the file, and has other bytes, or none.
- *part left*: it says that it failed, and leaves a part of the body under the final name. Who looks at the exit code
  knows; who looks at the file does not. Tools that resume do so on purpose, and aria2c marks it with a file beside it.
- *old file lost*: it failed, and the file that was there before is gone.
- *accepts it*: it brings the file where it should have refused.
- *gives up*: it fails where it could have succeeded.
- *leaks*, *escapes*, *secret name*, *no limit*, *no wait*, *crash*: see below.

The cases are those that haulage was built against, so it would be odd if it failed them; a tool that was built for
something else is held against them all the same. Versions are those that a user of the system gets today; others may do
better.

*n/a* is for what a tool has no option for and does not do by itself. Where an option is missing that would only have
protected it, such as a limit, it is judged without.
"""


def to_markdown(card: Card, *, timeout: float, rounds: int) -> str:
    """Write the page.

    Args:
        card: What came of the run.
        timeout: Seconds after which a peer was stopped.
        rounds: Times that one had to be right.
    """
    introduction = INTRODUCTION.format(
        machine=machine(),
        day=today(),
        silence=SILENCE,
        size=LIMITS.max_size >> 20,
        speed=LIMITS.speed,
        speed_time=LIMITS.speed_time,
        total=LIMITS.total,
        timeout=timeout,
        rounds=rounds,
        most=MOST_BYTES >> 20,
    )
    parts = [introduction.rstrip(), "## Results", _table(card)]
    if card.left_out:
        parts.append(_list(f"Not run: {case.key}, {case.what}: {_plain(reason)}." for case, reason in card.left_out))
    parts += ["## Who, and how", _who(card), "## What was wrong"]
    for contestant, _ in card.contestants:
        lines = list(_details(card, contestant))
        parts += [f"### {contestant.name}", _list(lines) if lines else "Nothing."]
    return "\n\n".join(parts) + "\n"


def to_json(card: Card) -> str:
    """Write everything that was seen."""
    whole = {
        "contestants": [
            {"name": one.name, "version": version, "features": sorted(one.features), "note": one.peer.note}
            for one, version in card.contestants
        ],
        "absent": {one.name: reason for one, reason in card.absent},
        "left_out": {case.key: reason for case, reason in card.left_out},
        "cases": [_case(card, case) for case in card.cases],
    }
    return json.dumps(whole, indent=1, ensure_ascii=False, default=_value) + "\n"


def _said(facts: dict[str, Any]) -> dict[str, Any]:
    """Leave out what says nothing."""
    return {name: value for name, value in facts.items() if value not in (None, "", (), {})}


def _case(card: Card, case: Case) -> dict[str, Any]:
    cells = ((one.name, card.cells[case.key, one.name]) for one, _ in card.contestants)
    results = {
        name: _said(dataclasses.asdict(cell.verdict))
        | {"outcome": None if cell.outcome is None else _said(dataclasses.asdict(cell.outcome))}
        for name, cell in cells
    }
    return dataclasses.asdict(case) | {"results": results}


def _value(value: object) -> str:
    assert isinstance(value, Enum)
    return str(value.value)


def _table(card: Card) -> str:
    names = [one.name for one, _ in card.contestants]
    rows = [
        (
            case.key,
            case.what,
            "yes" if case.knows else "",
            EXPECTED[case.right],
            *(_shown(card.cells[case.key, name]) for name in names),
        )
        for case in card.cases
    ]
    counts = {name: Counter(card.cells[case.key, name].verdict.word for case in card.cases) for name in names}
    rows += [("", f"**{word}**", "", "", *(f"**{counts[name][word]}**" for name in names)) for word in Word]
    rows.append(("", "runs that left parts under other names", "", "", *(str(_left(card, name)) for name in names)))
    return _grid(("id", "what happens", "told", "right is to", *names), rows)


def _shown(cell: Cell) -> str:
    verdict = cell.verdict
    return f"wrong: {verdict.kind}" if verdict.word is Word.WRONG else str(verdict.word)


def _left(card: Card, name: str) -> int:
    """Count the runs that left a part of a body somewhere else. Who was killed could not help it."""
    outcomes = [card.cells[case.key, name].outcome for case in card.cases if not case.kill]
    return sum(any(size >= LEFT_SIZE for size in one.others.values()) for one in outcomes if one is not None)


def _who(card: Card) -> str:
    rows = [
        (one.name, version, ", ".join(sorted(one.features)) or "nothing", one.peer.note)
        for one, version in card.contestants
    ]
    rows += [(one.name, "not run", "", _plain(reason)) for one, reason in card.absent]
    return _grid(("", "version", "can be told, or does by itself", "how it was called"), rows)


def _details(card: Card, contestant: Contestant) -> Iterator[str]:
    for case in card.cases:
        verdict = card.cells[case.key, contestant.name].verdict
        if verdict.word in {Word.WRONG, Word.HANGS}:
            yield f"{case.key}, {case.what}: {_plain(verdict.what)}."


def _plain(text: str) -> str:
    """Write foreign text so that Markdown leaves it alone."""
    kept = "".join(sign if sign.isprintable() else " " for sign in text)
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]<>|#$~" else sign for sign in kept)


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _grid(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    rule = ("---",) * len(head)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))

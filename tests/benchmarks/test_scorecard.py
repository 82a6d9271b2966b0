"""The scorecard: verdicts follow from what happened, and the command writes them down."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.cases import CASES as RELIABILITY

# The benchmarks are no part of the package; they are found from the root of the repository.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.scorecard.case import Case, Feature, Right
from benchmarks.scorecard.cases import CASES, TELLING
from benchmarks.scorecard.catalogue import CONTESTANTS
from benchmarks.scorecard.judge import Bytes, Verdict, Word, judge
from benchmarks.scorecard.outcome import Found, Outcome, Stop
from benchmarks.scorecard.page import to_markdown
from benchmarks.scorecard.run import Card, Cell

ROOT = Path(__file__).resolve().parents[2]

WHOLE = Found(size=1000, sha256="whole")
HALF = Found(size=500, sha256="half")
OTHER = Found(size=1000, sha256="other version")
MIXED = Found(size=1000, sha256="half and half")
EMPTY = Found(size=0, sha256="empty")
LONG = Found(size=1010, sha256="long")
CODED = Found(size=3000, sha256="coded", is_gzip=True)
OLD = Found(size=7, sha256="old")

SMALL_RUN = ("H01", "H14-204", "Q05", "D01")


class Told(NamedTuple):
    """Something that happened, and the verdict it has to lead to."""

    right: Right
    outcome: Outcome
    word: str
    kind: str = ""
    what: str = ""
    old: bool = False
    netrc: bool = False
    wait: float = 0.0


def ended(code: int, final: Found | None = None, **seen: Any) -> Outcome:
    """Return an outcome of a run that ended by itself."""
    return Outcome(code=code, final=final, words="no more", **seen)


def stopped(stop: Stop, final: Found | None = None) -> Outcome:
    """Return an outcome of a run that was stopped."""
    return Outcome(stop=stop, final=final, seconds=30)


TOLD = {
    "a failure that leaves nothing": Told(Right.FAIL, ended(1), "right"),
    "a failure that leaves the old file": Told(Right.FAIL, ended(1, OLD), "right", old=True),
    "a success where there can be none": Told(
        Right.FAIL, ended(0, HALF), "wrong", "false success", "exit 0 with 500 of 1000 bytes"
    ),
    "a success without a file": Told(Right.FAIL, ended(0), "wrong", "false success", "exit 0 with no file"),
    "an empty file": Told(Right.FAIL, ended(0, EMPTY), "wrong", "false success", "exit 0 with an empty file"),
    "the old file as a success": Told(
        Right.FAIL, ended(0, OLD), "wrong", "false success", "exit 0 with the old file", old=True
    ),
    "something accepted": Told(Right.FAIL, ended(0, WHOLE), "wrong", "accepts it", "exit 0 with the whole file"),
    "a part under the final name": Told(
        Right.FAIL, ended(18, HALF), "wrong", "part left", "exit 18, and 500 of 1000 bytes under the final name"
    ),
    "an empty part": Told(
        Right.FAIL, ended(4, EMPTY), "wrong", "part left", "exit 4, and an empty file under the final name"
    ),
    "an old file overwritten": Told(
        Right.FAIL,
        ended(1, HALF),
        "wrong",
        "old file lost",
        "exit 1, and 500 of 1000 bytes under the final name",
        old=True,
    ),
    "an old file removed": Told(
        Right.FAIL, ended(1), "wrong", "old file lost", "exit 1, and the old file is gone", old=True
    ),
    "no end": Told(Right.FAIL, stopped(Stop.TIME), "hangs", "hangs", "had not ended after 30 s"),
    "no end of writing": Told(
        Right.FAIL,
        stopped(Stop.SPACE),
        "wrong",
        "no limit",
        "was still writing when it was stopped, at four times the limit",
    ),
    "a crash": Told(Right.FAIL, ended(-6), "wrong", "crash", "died of signal 6"),
    "the right bytes": Told(Right.WHOLE, ended(0, WHOLE), "right"),
    "a needless failure": Told(Right.WHOLE, ended(22), "wrong", "gives up", "exit 22: no more"),
    "a wrong success": Told(
        Right.WHOLE, ended(0, LONG), "wrong", "false success", "exit 0 with 1010 in place of 1000 bytes"
    ),
    "a wait that was kept": Told(Right.WHOLE, ended(0, WHOLE, gaps=(3.2,)), "right", wait=3),
    "a wait that was not kept": Told(
        Right.WHOLE, ended(0, WHOLE, gaps=(1.01,)), "wrong", "no wait", "asked again after 1.0 s", wait=3
    ),
    "a wait of which nothing was seen": Told(
        Right.WHOLE, ended(0, WHOLE), "wrong", "no wait", "asked again after 0.0 s", wait=3
    ),
    "either: the right bytes": Told(Right.EITHER, ended(0, WHOLE), "right"),
    "either: a clean failure": Told(Right.EITHER, ended(1), "right"),
    "either: neither": Told(
        Right.EITHER, ended(0, MIXED), "wrong", "false success", "exit 0 with 1000 bytes that are others"
    ),
    "coded bytes as they came": Told(Right.CODED, ended(0, CODED), "right"),
    "a bomb that went off": Told(
        Right.CODED, ended(0, LONG), "wrong", "false success", "exit 0 with 1010 in place of 1000 bytes"
    ),
    "killed with nothing there": Told(Right.UNTOUCHED, stopped(Stop.KILL), "right"),
    "killed with a part there": Told(
        Right.UNTOUCHED,
        stopped(Stop.KILL, HALF),
        "wrong",
        "part left",
        "killed, and 500 of 1000 bytes under the final name",
    ),
    "a harmless name": Told(Right.NAMED, ended(0, WHOLE, final_name="file.bin"), "right"),
    "a secret in the name": Told(
        Right.NAMED,
        ended(0, WHOLE, final_name=f"file?{TELLING}"),
        "wrong",
        "secret name",
        f"called the file file?{TELLING}",
    ),
    "an escape": Told(Right.INSIDE, ended(0, outside=("escaped.bin",)), "wrong", "escapes", "wrote escaped.bin"),
    "a name made harmless": Told(Right.INSIDE, ended(0, WHOLE), "right"),
    "the newer version": Told(Right.VERSION, ended(0, OTHER), "right"),
    "a part to be resumed": Told(Right.VERSION, ended(18, HALF), "right"),
    "a mixture": Told(
        Right.VERSION, ended(0, MIXED), "wrong", "false success", "exit 0 with 1000 bytes that are others"
    ),
    "a secret kept": Told(Right.SECRET, ended(1), "right"),
    "a secret told": Told(
        Right.SECRET,
        ended(0, WHOLE, leaks=("X-Api-Key",)),
        "wrong",
        "leaks",
        "X-Api-Key was sent to the other server",
    ),
    "a password nobody asked for": Told(
        Right.SECRET,
        ended(0, WHOLE, leaks=("Authorization",)),
        "wrong",
        "leaks",
        "Authorization was sent to the server, unasked",
        netrc=True,
    ),
}


@pytest.mark.parametrize("told", [pytest.param(told, id=name) for name, told in TOLD.items()])
def test_a_verdict_follows_from_what_happened(told: Told) -> None:
    """Made-up outcomes are judged as they deserve, whoever they are of."""
    case = Case(key="X", what="", right=told.right, path="/", old=told.old, netrc=told.netrc, wait=told.wait)
    known = Bytes(right=WHOLE, other=OTHER, old=OLD if told.old else None)
    assert judge(case, known, told.outcome) == Verdict(word=Word(told.word), kind=told.kind, what=told.what)


def test_every_way_to_be_right_has_been_told() -> None:
    """None of the rules is without an example of either kind."""
    for right in Right:
        assert {told.word for told in TOLD.values() if told.right is right} >= {"right", "wrong"}, right


def test_cases_have_names_of_their_own_and_ids_of_the_table() -> None:
    """A case can be looked up in docs/reliability.md."""
    assert len({case.key for case in CASES}) == len(CASES)
    assert not {case.id for case in CASES} - set(RELIABILITY)


def test_every_contestant_can_be_started() -> None:
    """A contestant is a command or has a module of its own, and each module has a contestant."""
    modules = {one.peer.module for one in CONTESTANTS if one.command is None}
    folder = ROOT / "benchmarks" / "scorecard" / "peers"
    assert modules == {path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")}


def test_the_page_says_who_was_wrong_in_what_and_who_did_not_take_part() -> None:
    """Every word of a verdict is in the table or below it, and foreign text does no harm there."""
    case = Case(key="X01", what="something odd", right=Right.FAIL, path="/")
    good, bad, absent = CONTESTANTS[:3]
    wrong = Verdict(word=Word.WRONG, kind="part left", what="exit 1, and a | `b`\n<c> under the final name")
    card = Card(
        contestants=((good, "1.0"), (bad, "2.0")),
        absent=((absent, "it is not installed"),),
        cases=(case,),
        left_out=((Case(key="X02", what="more", right=Right.FAIL, path="/"), "no room"),),
        cells={
            ("X01", good.name): Cell(verdict=Verdict(word=Word.RIGHT), outcome=Outcome(code=1)),
            ("X01", bad.name): Cell(
                verdict=wrong, outcome=Outcome(code=1, others={"elsewhere": 5000, "a note of its own": 5})
            ),
        },
    )
    lines = to_markdown(card, timeout=30, rounds=3).splitlines()
    assert "| X01 | something odd | yes | fail | right | wrong: part left |" in lines
    assert "|  | **right** |  |  | **1** | **0** |" in lines
    assert "|  | **wrong** |  |  | **0** | **1** |" in lines
    assert "|  | runs that left parts under other names |  |  | 0 | 1 |" in lines
    assert r"- X01, something odd: exit 1, and a \| \`b\` \<c\> under the final name." in lines
    assert f"| {absent.name} | not run |  | it is not installed |" in lines
    assert "- Not run: X02, more: no room." in lines


class Finished(NamedTuple):
    """A run of the command that is over."""

    code: int
    progress: str
    page: str
    data: dict[str, Any]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A small run with haulage and curl, shared by the tests below."""
    page = tmp_path_factory.mktemp("scorecard") / "page.md"
    data = page.with_suffix(".json")
    command = [sys.executable, "-m", "benchmarks.scorecard", "--output", str(page), "--json", str(data)]
    command += ["--timeout", "20", "--rounds", "1", "--peers", "haulage", "curl", "--cases", *SMALL_RUN]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)
    if done.returncode:
        return Finished(done.returncode, done.stderr, "", {})
    return Finished(done.returncode, done.stderr, page.read_text(), json.loads(data.read_text()))


def test_a_run_ends_well_and_leaves_nothing(finished: Finished) -> None:
    """It says what it does, and its folder is gone in the end."""
    assert finished.code == 0, finished.progress
    scratch = Path(finished.progress.splitlines()[0].removeprefix("working in "))
    assert scratch.is_absolute()
    assert not scratch.exists()


def test_haulage_is_right(finished: Finished) -> None:
    """It is never wrong and never hangs: if it is, it has to be mended."""
    cases = {case["key"] for case in finished.data["cases"]}
    assert {"H01", "H01-old", "H14-204", "Q05", "D01"} == cases
    for case in finished.data["cases"]:
        result = case["results"]["haulage"]
        assert result["word"] == "right", (case["key"], result)


def test_what_curl_did_is_seen(finished: Finished) -> None:
    """It is judged by the same rules, or named as missing."""
    if shutil.which("curl") is None:
        assert finished.data["absent"]["curl"]
        assert "curl is skipped" in finished.progress
        return
    results = {case["key"]: case["results"]["curl"] for case in finished.data["cases"]}
    assert results["H01"]["outcome"]["code"] == 18
    assert results["D01"]["word"] == "right"
    # A 204 is an empty success to curl, which is what the judge sees.
    assert results["H14-204"]["outcome"]["final"]["size"] == 0
    assert results["H14-204"]["kind"] == "false success"
    assert "wrong: false success" in finished.page


def test_what_a_tool_cannot_do_is_not_held_against_it() -> None:
    """Whoever takes neither digest nor size is not asked to find out by them."""
    by_name = {one.name: one for one in CONTESTANTS}
    assert not by_name["curl"].has(Feature.PROOF)
    assert by_name["pooch"].has(Feature.PROOF)
    assert by_name["huggingface_hub"].has(Feature.PROOF)
    assert by_name["requests"].has(None)

"""The benchmark command, run whole with tiny works against whatever this environment has."""

import json
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]

WORKS = {"big-http", "big-https", "small-http"}

INTERRUPTED = 130

TINY = (
    *("--big", "256K", "--files", "20", "--small", "4K", "--rounds", "1", "--import-rounds", "1"),
    *("--parallel", "4", "--parallel-size", "64K", "--timeout", "30", "--gates"),
)

FAST = ("haulage", "haulage+uvloop", "aiohttp floor", "obstore", "aria2c", "curl + openssl")
"""Peers quick enough for a test; pypdl alone would sleep for seconds."""


class Finished(NamedTuple):
    """A run of the command that is over."""

    code: int
    markdown: str
    progress: str
    output: Path
    report: dict[str, Any]


def command(output: Path) -> list[str]:
    """Return the command line of a tiny run."""
    return [
        *(sys.executable, "-m", "benchmarks", "--output", str(output)),
        *TINY,
        *("--peers", *FAST),
    ]


def scratch(progress: str) -> Path:
    """Return the scratch folder that a run named in its first line."""
    return Path(progress.splitlines()[0].removeprefix("working in "))


def users(folder: Path) -> list[str]:
    """Return the command lines of all processes that mention ``folder``."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return [line for line in lines if str(folder) in line]


def is_gone(folder: Path) -> bool:
    """Tell whether a folder and its users are gone; a killed process may take a moment."""
    deadline = time.monotonic() + 5
    while (folder.exists() or users(folder)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not folder.exists() and not users(folder)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """One tiny run, shared by the tests below."""
    output = tmp_path_factory.mktemp("benchmarks")
    done = subprocess.run(command(output), cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    source = output / "benchmarks.json"
    report = json.loads(source.read_text()) if source.exists() else {}
    return Finished(done.returncode, done.stdout, done.stderr, output, report)


def test_the_run_ends_well_and_writes_the_same_table_that_it_prints(finished: Finished) -> None:
    """The Markdown on standard output and in the folder are one text with every work in it."""
    assert finished.code == 0, finished.progress
    assert (finished.output / "benchmarks.md").read_text() == finished.markdown
    for work in finished.report["works"].values():
        assert f"## {work['title']}" in finished.markdown


def test_every_peer_of_every_work_is_measured_or_named_with_a_reason(finished: Finished) -> None:
    """No peer disappears: it has times, or a state and a reason that the table shows."""
    assert set(finished.report["works"]) == WORKS
    for work in finished.report["works"].values():
        assert set(work["peers"]) == set(FAST)
        for name, peer in work["peers"].items():
            if peer["state"] == "measured":
                assert len(peer["seconds"]) == 1
                assert f"| {name} | {peer['version']} |" in finished.markdown
            else:
                assert peer["reason"]
                assert f"- {name}: {peer['reason']}" in finished.markdown


def test_no_peer_that_is_installed_fails(finished: Finished) -> None:
    """A peer that runs delivers the right bytes; a failure here is a fault of its file."""
    failures = [
        f"{name}: {peer['reason']}"
        for work in finished.report["works"].values()
        for name, peer in work["peers"].items()
        if peer["state"] == "failed"
    ]
    assert not failures


def test_ratios_are_haulage_to_peer_within_one_round(finished: Finished) -> None:
    """With one round the ratio is just the quotient of two times."""
    for work in finished.report["works"].values():
        ours = work["peers"]["haulage"]["seconds"]
        for peer in work["peers"].values():
            ratio = peer["ratios"]["haulage"]
            if ours and peer["seconds"]:
                assert ratio == pytest.approx(ours[0] / peer["seconds"][0])
            else:
                assert ratio is None


def test_gauges_and_gates_say_what_they_measured_or_why_not(finished: Finished) -> None:
    """Each gauge has a value or a reason; each gate a verdict."""
    assert {gauge["gauge"] for gauge in finished.report["gauges"]} == {*("memory-one", "memory-many", "lag", "import")}
    for gauge in finished.report["gauges"]:
        assert (gauge["value"] is None) == bool(gauge["reason"])
    words = {gate["verdict"] for gate in finished.report["gates"]}
    assert words
    assert words <= {"pass", "FAIL", "not measured"}


def test_the_plot_is_written_or_its_absence_is_said(finished: Finished) -> None:
    """With matplotlib there is an SVG; without it one line says so."""
    plot = finished.output / "benchmarks.svg"
    if find_spec("matplotlib") is None:
        assert "no plot: " in finished.progress
        assert not plot.exists()
    else:
        assert "<svg" in plot.read_text()


def test_nothing_is_left_behind(finished: Finished) -> None:
    """The scratch folder and every process that worked in it are gone."""
    assert is_gone(scratch(finished.progress))


def test_nothing_is_left_behind_when_it_is_interrupted(tmp_path: Path) -> None:
    """Ctrl-C while peers run stops them and the server, and removes the scratch folder."""
    with subprocess.Popen(
        command(tmp_path), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        progress = ""
        while "warm-up" not in progress and process.poll() is None:
            progress += process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=20)
    if "nothing can be downloaded" not in progress:
        assert process.returncode == INTERRUPTED, progress + rest
    assert is_gone(scratch(progress))


def test_every_peer_has_a_file_of_its_own() -> None:
    """The catalogue names only modules that are there, and all that are there."""
    code = "from benchmarks.catalogue import PEERS; print(*{peer.module for peer in PEERS})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    folder = ROOT / "benchmarks" / "peers"
    assert set(done.stdout.split()) == {path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")}

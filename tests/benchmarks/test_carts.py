"""The benchmark command for carts, run whole with tiny carts against whatever this environment has."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest

# The benchmarks are no part of the package; they are found from the root of the repository.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.carts.catalogue import PEERS
from benchmarks.carts.gauges import gauge_gates, memory, waiting
from benchmarks.carts.works import CartWork, Entry
from benchmarks.corpus import make_many
from benchmarks.gates import judge
from benchmarks.gauges import Gauge
from benchmarks.process import PeerError

ROOT = Path(__file__).resolve().parents[2]

INTERRUPTED = 130

TINY = (
    *("--files", "3", "--size", "4K", "--rounds", "1", "--timeout", "30", "--gates"),
    *("--memory", "64K", "--memory-rounds", "1", "--staging", "0.1", "--staging-rounds", "1"),
)


class Finished(NamedTuple):
    """A run of the command that is over."""

    code: int
    markdown: str
    progress: str
    output: Path
    report: dict[str, Any]


def command(output: Path) -> list[str]:
    """Return the command line of a tiny run."""
    return [sys.executable, "-m", "benchmarks.carts", "--output", str(output), *TINY]


def scratch(progress: str) -> Path:
    """Return the scratch folder that a run named in its first line."""
    return Path(progress.splitlines()[0].removeprefix("working in "))


def is_gone(folder: Path) -> bool:
    """Tell whether a folder is gone, and every process that mentions it; a killed one may take a moment."""
    deadline = time.monotonic() + 5
    while (left := folder.exists() or has_users(folder)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not left


def has_users(folder: Path) -> bool:
    """Tell whether the command line of some process mentions ``folder``."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder).encode() in path.read_bytes():
                return True
        except OSError:
            continue
    return False


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """One tiny run, shared by the tests below."""
    output = tmp_path_factory.mktemp("carts")
    done = subprocess.run(command(output), cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)
    source = output / "carts.json"
    report = json.loads(source.read_text()) if source.exists() else {}
    return Finished(done.returncode, done.stdout, done.stderr, output, report)


def test_a_run_ends_well_and_leaves_nothing(finished: Finished) -> None:
    """The printed report is the written one, and folder and processes are gone."""
    assert finished.code == 0, finished.progress
    assert (finished.output / "carts.md").read_text() == finished.markdown
    assert is_gone(scratch(finished.progress))


def test_every_peer_is_measured_or_named_with_a_reason(finished: Finished) -> None:
    """No peer disappears, and none that is installed fails: the files of a warm-up are right."""
    peers = finished.report["works"]["carts"]["peers"]
    assert set(peers) == {peer.name for peer in PEERS}
    for name, peer in peers.items():
        if peer["state"] == "measured":
            assert len(peer["seconds"]) == 1
            assert f"| {name} | {peer['version']} |" in finished.markdown
        else:
            assert peer["state"] == "skipped", (name, peer["reason"])
            assert f"- {name}: {peer['reason']}" in finished.markdown
    assert peers["haulage"]["state"] == "measured"


def test_the_parts_of_the_time_make_up_the_whole(finished: Finished) -> None:
    """Staging, waiting and the rest are all there is; none of them is negative."""
    peer = finished.report["works"]["carts"]["peers"]["haulage"]
    parts = {name: seconds for name, (seconds,) in peer["parts"].items()}
    assert set(parts) == {"staging", "waiting", "rest", "cpu"}
    assert min(parts.values()) >= 0
    assert parts["staging"] + parts["waiting"] + parts["rest"] == pytest.approx(peer["seconds"][0])


def test_gauges_and_gates_say_what_they_measured(finished: Finished) -> None:
    """Each gauge has a value or a reason, and each promise a verdict."""
    gauges = {(gauge["gauge"], gauge["peer"]): gauge for gauge in finished.report["gauges"]}
    assert {key for key, _ in gauges} == {"memory-64KiB", "waiting-0.1s"}
    for gauge in gauges.values():
        assert (gauge["value"] is None) == bool(gauge["reason"])
    assert 0 <= gauges["waiting-0.1s", "haulage"]["value"] < 10
    verdicts = {gate["title"]: gate["verdict"] for gate in finished.report["gates"]}
    assert set(verdicts.values()) <= {"pass", "FAIL", "not measured"}
    assert {"carts: haulage / pacifica-downloader", "memory-64KiB: haulage", "waiting-0.1s: haulage"} <= set(verdicts)


def test_nothing_is_left_behind_when_it_is_interrupted(tmp_path: Path) -> None:
    """Ctrl-C while peers run stops them and the service, and removes the scratch folder."""
    with subprocess.Popen(
        command(tmp_path), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        progress = ""
        while "warm-up" not in progress and process.poll() is None:
            progress += process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=20)
    assert process.returncode == INTERRUPTED, progress + rest
    assert is_gone(scratch(progress))


def test_of_a_wait_the_largest_counts_and_of_memory_the_median() -> None:
    """One late look at a cart breaks the promise; one big peak among small ones does not."""
    late = Gauge(kind=waiting(0.5), peer="haulage", title="", values=(0.0, 0.31, 0.0))
    big = Gauge(kind=memory(1 << 30), peer="haulage", title="", values=(5.0, 49.0, 5.0))
    verdicts = judge({}, (late, big), ratio_gates=(), gauge_gates=gauge_gates([1 << 30], [0.5, 2.0]))
    assert {v.title: v.word for v in verdicts if v.variant == "haulage"} == {
        "memory-1GiB: haulage": "pass",
        "waiting-0.5s: haulage": "FAIL",
    }


def test_wrong_bytes_are_seen(tmp_path: Path) -> None:
    """What a peer wrote is held against the archive, file by file."""
    body = make_many(tmp_path, "files", 1, 10)[0]
    work = CartWork(title="", url="", entries=(Entry(body=body, sha1="", subdir="run0", name="a.bin"),))
    written = tmp_path / "data" / "run0" / "a.bin"
    with pytest.raises(PeerError, match=r"a\.bin is missing"):
        work.check(tmp_path)
    written.parent.mkdir(parents=True)
    written.write_bytes((tmp_path / body.path).read_bytes())
    work.check(tmp_path)
    written.write_bytes(b"other")
    with pytest.raises(PeerError, match=r"a\.bin has wrong bytes"):
        work.check(tmp_path)


def test_every_peer_has_a_file_of_its_own() -> None:
    """The catalogue names only modules that are there, and all that are there."""
    folder = ROOT / "benchmarks" / "carts" / "peers"
    modules = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")}
    assert {peer.module for peer in PEERS} == modules

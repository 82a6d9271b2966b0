"""Redirects from a public server into private networks, judged on the address that is connected to.

A network namespace with nothing in it but a loopback device can give that device any address: here public ones and
private ones, so that real listeners can tell whether somebody connected.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[1] / "support" / "namespace_program.py"
UNSHARE = ["unshare", "--net", "--mount", "--map-root-user", "--fork", "--kill-child"]


def run(tmp_path: Path, *arguments: str) -> dict[str, object]:
    """Run the program in a namespace and return what it reports."""
    command = [*UNSHARE, sys.executable, str(PROGRAM), str(tmp_path), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    report: dict[str, object] = json.loads(done.stdout)
    return report


@pytest.fixture(scope="module", autouse=True)
def namespaces() -> None:
    """Skip where the system makes none."""
    if sys.platform != "linux" or shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("network namespaces need Linux, util-linux and iproute2")
    if subprocess.run([*UNSHARE, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this environment does not let a network namespace be made")


ALLOWED = {
    "public": {"public", "public6", "public-name"},
    "public6": {"public", "public6", "public-name"},
    "private": {"public", "public6", "public-name", "private", "shared", "unique-local", "mapped-private", "name"},
    "link": {
        *("public", "public6", "public-name", "private", "shared", "unique-local", "mapped-private", "name"),
        *("link", "metadata"),
    },
    "loopback": {
        *("public", "public6", "public-name", "private", "shared", "unique-local", "mapped-private", "name"),
        *("loopback", "loopback6", "mapped-loopback", "loopback-2", "localhost", "unspecified", "unspecified6"),
    },
}
"""Where a server is → the targets its redirects may lead to by default."""

PUBLIC = {"public", "public6", "public-name"}


@pytest.mark.case("D03")
def test_no_redirect_leads_into_a_more_private_network(tmp_path: Path) -> None:
    """Sources, targets and their spellings: who must not be reached is not even connected to."""
    report = run(tmp_path, "redirects")
    judged = 0
    for key, found in report.items():
        if key.startswith("named "):
            assert found == {"ended": "success", "connected": True}, key
            continue
        way, _, setting = key.partition(":")
        source, _, target = way.partition(">")
        allowed = {"": target in ALLOWED[source], "True": True, "False": target in PUBLIC}[setting]
        expected = ("success", True) if allowed else ("AddressNotAllowed", False)
        assert (found["ended"], found["connected"]) == expected, key  # type: ignore[index]
        judged += 1
    assert judged >= 200


@pytest.mark.case("D04")
def test_a_name_that_changes_its_address(tmp_path: Path) -> None:
    """The address that was judged is the one that is connected to."""
    report = run(tmp_path, "rebinding")
    assert len(report) == 4
    for name, found in report.items():
        assert not found["connected"], name  # type: ignore[index]
    assert report["first private"]["ended"] == "AddressNotAllowed"  # type: ignore[index]
    assert report["public, then private"]["ended"] == "success"  # type: ignore[index]
    assert report["both, public first"]["ended"] == "success"  # type: ignore[index]

"""The look that is taken at every test finds what it looks for."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

SUPPORT = Path(__file__).parents[1]
CONFTEST = f"""
import sys
sys.path.insert(0, {str(SUPPORT)!r})
from support.canary import CanaryWatch

def pytest_configure(config):
    config.pluginmanager.register(CanaryWatch())
"""
TESTS = """
import base64, logging, sys
import pytest, haulage
from support.canary import CANARY

BASIC = base64.b64encode(f"ann:{CANARY}".encode()).decode()

@pytest.fixture
def late():
    yield
    print(CANARY)

def test_stdout(): print(CANARY)
def test_stderr(): print(f"p%61ss=c4nary%2D7f3a", file=sys.stderr)
def test_log(): logging.getLogger("asyncio").debug("sent %s", BASIC)
def test_log_of_a_value(): logging.getLogger("x").debug("sent", {"Authorization": BASIC})
def test_file(tmp_path): (tmp_path / f"x?sig={CANARY}").touch()
def test_teardown(late): pass

def test_error():
    with pytest.raises(haulage.DownloadError):
        raise haulage.DownloadError(CANARY)

def test_error_of_a_call():
    def fail():
        raise haulage.DownloadError(CANARY)
    pytest.raises(haulage.DownloadError, fail)

def test_chain():
    with pytest.raises(haulage.DownloadError):
        try:
            raise ValueError(CANARY)
        except ValueError:
            raise haulage.DownloadError("bad")

def test_note():
    with pytest.raises(haulage.DownloadError):
        error = haulage.DownloadError("bad")
        error.add_note(CANARY)
        raise error

def test_attribute():
    with pytest.raises(haulage.DownloadError):
        error = haulage.DownloadError("bad")
        error.hint = CANARY
        raise error

def test_unicode_error():
    with pytest.raises(haulage.DownloadError):
        try:
            f"{CANARY}\\ud800".encode()
        except UnicodeEncodeError:
            raise haulage.DownloadError("bad")

def test_silent(tmp_path):
    (tmp_path / "x").touch()
    logging.getLogger().debug("fine")
    print("fine")
    with pytest.raises(haulage.DownloadError, match="bad"):
        raise haulage.DownloadError("bad", url=f"http://a:{CANARY}@host/?{CANARY}")
"""


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A directory whose file names nobody looks at."""
    with tempfile.TemporaryDirectory() as directory:
        yield Path(directory)


def test_what_is_said_is_found(elsewhere: Path) -> None:
    """In every place where a test may say it, and nowhere else."""
    (elsewhere / "conftest.py").write_text(CONFTEST)
    (elsewhere / "test_all.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "--basetemp", "made"]
    ended = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, timeout=50, check=False)
    passed = [line.rpartition("::")[2] for line in ended.stdout.splitlines() if line.startswith("PASSED")]
    # What is found after a test has passed is an error of its own.
    assert passed == ["test_file", "test_teardown", "test_silent"], ended.stdout
    for name in ("test_file", "test_teardown"):
        assert f"ERROR test_all.py::{name} - the secret is in" in ended.stdout
    assert ended.stdout.count("the secret is in") >= TESTS.count("def test_") - len(["test_silent"])
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED

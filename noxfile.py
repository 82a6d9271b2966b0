"""Everything there is to run, as nox sessions: ``nox -l`` lists them.

Tests run against the built wheel, never against the source tree. Servers from Debian (nginx, aria2, Redis) are
installed when that is possible and said to be missing when it is not.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import nox
from nox.command import CommandFailed

nox.needs_version = ">=2025.2.9"
nox.options.sessions = ["lint", "types", "pacifica", "tests", "docs", "demo"]
nox.options.default_venv_backend = "virtualenv"
nox.options.error_on_missing_interpreters = False

PYTHONS = ["3.11", "3.12", "3.13"]
PROJECT = nox.project.load_toml("pyproject.toml")


def group(name: str) -> tuple[str, ...]:
    """Return the requirements of a dependency group."""
    return nox.project.dependency_groups(PROJECT, name)


def ensure_debian(session: nox.Session, command: str, package: str) -> None:
    """Have *command* from Debian's *package*, where this machine lets us install it."""
    if shutil.which(command) or shutil.which(command, path="/usr/sbin:/sbin"):
        return
    if not (shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0):
        session.warn(f"{command} is not installed and cannot be installed here: what needs it is skipped")
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-qq", "-y", "--no-install-recommends", package]):
        if subprocess.run(["apt-get", *arguments], env=environment, check=False, stdout=subprocess.DEVNULL).returncode:
            session.warn(f"{package} could not be installed: what needs it is skipped")
            return


@nox.session
def lint(session: nox.Session) -> None:
    """Check style with ruff."""
    session.install(*group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check types with mypy, and the public API with a second checker."""
    session.install(".[cli,depot]", "nox", *group("types"))
    session.run("mypy")
    session.run("basedpyright", "tests/typing")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run all tests against the built wheel; arguments go to pytest."""
    ensure_debian(session, "nginx", "nginx-light")
    ensure_debian(session, "curl", "curl")
    session.install(".[cli,depot]", *group("test"))
    session.env["COVERAGE_FILE"] = str(Path(session.create_tmp()) / "coverage")
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *session.posargs)
    if not session.posargs:
        session.run("coverage", "combine", "--quiet")
        session.run("coverage", "report", "--skip-covered", "--fail-under=90")


@nox.session(python="3.11")
def pacifica(session: nox.Session) -> None:
    """Run the tests of carts against Pacifica's own services; arguments go to pytest."""
    ensure_debian(session, "redis-server", "redis-server")
    for command in ("redis-server", "setpriv"):
        if shutil.which(command) is None:
            session.skip(f"no {command}, so NOT TESTED: carts against Pacifica's own services")
    venv = Path(session.create_tmp()) / "services"
    session.install("virtualenv", ".[depot]", *group("test"))
    session.run("virtualenv", "--quiet", "--clear", str(venv))
    try:
        pip = (str(venv / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check")
        session.run(*pip, "install", "--requirement", "tests/carts/pacifica.txt", external=True)
    except CommandFailed:
        session.skip("Pacifica cannot be installed, so NOT TESTED: carts against Pacifica's own services")
    session.run("pytest", "tests/carts/test_services.py", "--pacifica", str(venv), *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site strictly and run its examples."""
    session.install(".[cli,depot]", *group("docs"))
    session.run("python", "docs/run_examples.py")
    session.run("sphinx-build", "-W", "--keep-going", "-n", "-q", "-b", "html", "docs", "docs/_build/html")


@nox.session
def demo(session: nox.Session) -> None:
    """Run the demo, with the live display and as plain lines."""
    session.install(".[cli,depot]")
    session.run("haulage", "demo")


@nox.session(python="3.11")
def fuzz(session: nox.Session) -> None:
    """Fuzz all that reads foreign text, a minute for each reader; arguments (``--seconds 600``) go to the fuzzer."""
    session.install(".[cli,depot]", "atheris>=3", *group("test"))
    made = Path(session.create_tmp())
    for target in sorted(path.stem for path in Path("tests/fuzz/targets").glob("[a-z]*.py")):
        kept = ["--findings", str(made / "findings"), "--corpus", str(made / "corpus" / target)]
        session.run("python", "tests/fuzz", target, *kept, *session.posargs)
    # The laws that need a server, or structure, are hypothesis's: with fifty times as many examples.
    session.env["HYPOTHESIS_PROFILE"] = "long"
    session.run("pytest", "tests/properties", "--timeout=1800")


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Measure haulage beside its peers (tens of minutes); arguments go to the command, after ``carts`` to that one."""
    ensure_debian(session, "nginx", "nginx-light")
    ensure_debian(session, "aria2c", "aria2")
    ensure_debian(session, "curl", "curl")
    session.install(".", "matplotlib", "uvloop")
    venvs = Path(session.create_tmp()) / "peers"
    # Who could not be installed is skipped by name.
    session.run("python", "-m", "benchmarks.setup_peers", "--venvs", str(venvs), success_codes=[0, 1])
    first, *others = session.posargs or [""]
    if first != "carts":
        session.run("python", "-m", "benchmarks", "--venvs", str(venvs), *(session.posargs or ["--gates"]))
    if first in ("", "carts"):
        session.run("python", "-m", "benchmarks.carts", "--venvs", str(venvs), *(others or ["--gates"]))


@nox.session
def scorecard(session: nox.Session) -> None:
    """Hold haulage and its peers against a hostile server (half an hour); arguments go to the command."""
    for command, package in (("curl", "curl"), ("wget", "wget"), ("wget2", "wget2"), ("aria2c", "aria2")):
        ensure_debian(session, command, package)
    session.install(".[depot]")
    venvs = Path(session.create_tmp()) / "peers"
    peers = ("haulage", "pulpcore", "parfive", "pooch", "huggingface_hub", "requests")
    setup = ("python", "-m", "benchmarks.setup_peers", "--venvs", str(venvs), "--no-system", "--only", *peers)
    # Who could not be installed is skipped by name.
    session.run(*setup, success_codes=[0, 1])
    session.run("python", "-m", "benchmarks.scorecard", "--venvs", str(venvs), *session.posargs)

"""Make the peers' environments, one folder each, and install nginx and aria2 where possible.

Peers have conflicting dependencies, so each gets an environment of its own. What could not be
installed is said by name at the end; the benchmarks then skip it by name.
"""

import argparse
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The root of the repository: where haulage itself is installed from."""

ENVIRONMENTS = {
    "haulage": (f"{ROOT}[uvloop]",),
    "floor": ("aiohttp", "uvloop"),
    "pulpcore": ("pulpcore",),
    "parfive": ("parfive",),
    "pypdl": ("pypdl",),
    "httpx": ("httpx",),
    "requests": ("requests",),
    "obstore": ("obstore",),
    "hf_transfer": ("hf_transfer",),
    "pooch": ("pooch",),
    "huggingface_hub": ("huggingface_hub",),
    "pacifica_downloader": ("pacifica-downloader==0.4.1",),
    "plot": ("matplotlib",),
}
"""Folder of the environment, and what is installed in it."""

PACKAGES = {"nginx": "nginx", "aria2c": "aria2", "curl": "curl", "openssl": "openssl"}
"""Command, and Debian's package that has it."""


class SetupError(Exception):
    """One environment or command could not be installed; the message says why."""


def main(arguments: list[str] | None = None) -> int:
    """Install everything that is asked for; return 1 if something is missing at the end."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.setup_peers", description=__doc__)
    parser.add_argument("--venvs", type=Path, required=True, help="folder for the environments")
    parser.add_argument("--only", nargs="+", choices=list(ENVIRONMENTS), default=list(ENVIRONMENTS), metavar="NAME")
    parser.add_argument("--editable", action="store_true", help="haulage as an editable install")
    parser.add_argument("--no-system", action="store_true", help="leave Debian's packages alone")
    options = parser.parse_args(arguments)
    problems = [] if options.no_system else install_commands()
    for name in options.only:
        try:
            say(f"{name}: {make_environment(options.venvs / name, name, options.editable)}")
        except SetupError as error:
            problems.append(f"{name}: {error}")
    for problem in problems:
        say(f"NOT INSTALLED  {problem}")
    return 1 if problems else 0


def make_environment(folder: Path, name: str, editable: bool) -> str:  # noqa: FBT001 - a flag
    """Make the environment called ``name``, or bring it up to date.

    Returns:
        What was installed, with versions.

    Raises:
        SetupError: The environment could not be made, or pip could not install.
    """
    python = folder / "bin" / "python"
    if not python.exists():
        try:
            venv.create(folder, with_pip=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise SetupError(str(error)) from error
    wanted = ENVIRONMENTS[name]
    pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
    flags = ["--quiet", "--upgrade"]
    if name == "haulage":
        flags += ["--editable"] if editable else ["--force-reinstall"]
    _run([*pip, "install", *flags, *wanted])
    names = {requirement.partition("==")[0].replace("_", "-") for requirement in wanted} | {"haulage", "uvloop"}
    frozen = _run([*pip, "list", "--format=freeze"]).splitlines()
    return ", ".join(line for line in frozen if line.partition("==")[0].replace("_", "-") in names)


def install_commands() -> list[str]:
    """Install missing commands from Debian's packages, and return what is still missing."""
    missing = [command for command in PACKAGES if not _has(command)]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        packages = [PACKAGES[command] for command in missing]
        say(f"apt-get install {' '.join(packages)} (its nginx may start a service of its own)")
        try:
            _run(["apt-get", "update"])
            _run(["apt-get", "install", "--yes", "--no-install-recommends", *packages])
        except SetupError as error:
            say(f"apt-get: {error}")
    return [
        f"the command {command}: install Debian's package {package}, or your system's, as root"
        for command, package in PACKAGES.items()
        if not _has(command)
    ]


def say(line: str) -> None:
    """Tell the person who waits."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _has(command: str) -> bool:
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])
    return shutil.which(command, path=path) is not None


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(
        command,
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        errors = [line for line in lines if "error" in line.lower()] or lines[-1:]
        raise SetupError(" ".join(errors[:2]) or f"{command[0]} ended with {done.returncode}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())

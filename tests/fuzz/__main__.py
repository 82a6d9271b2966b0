"""``python tests/fuzz TARGET``: fuzz one target with atheris, which is not among the requirements of the tests."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

# As in the tests, helpers are found beside this package.
sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz.targets import NAMES, target

SEEDS = Path(__file__).parent / "corpus"

# What of the standard library reads the text in our name.
STANDARD = ("email", "encodings.idna", "ipaddress", "urllib.parse")
LONGEST = 4096  # bytes of an input
PATIENCE = 10  # seconds for one input


def main() -> None:
    """Fuzz until the time is up or a law is broken; the input that broke it is kept."""
    parser = argparse.ArgumentParser(prog="python tests/fuzz", description="Fuzz one reader of foreign text.")
    parser.add_argument("target", choices=NAMES)
    parser.add_argument("--seconds", type=int, default=60, help="for how long (default: 60)")
    parser.add_argument("--findings", metavar="DIR", help="where an input that breaks a law is kept (default: here)")
    parser.add_argument("--corpus", metavar="DIR", help="where what is interesting is kept (default: temporary files)")
    options = parser.parse_args()

    import atheris

    atheris.enabled_hooks.add("str")
    for name in STANDARD:
        # What atheris itself has imported would be left as it is.
        sys.modules.pop(name, None)
    with atheris.instrument_imports(include=["haulage", *STANDARD]):
        test_one = target(options.target)
    findings = Path(options.findings or ".")
    corpus = Path(options.corpus or Path(tempfile.gettempdir(), "haulage-fuzz", options.target))
    for directory in (findings, corpus):
        directory.mkdir(parents=True, exist_ok=True)
    arguments = [f"-max_total_time={options.seconds}", f"-max_len={LONGEST}", f"-timeout={PATIENCE}"]
    arguments += [f"-artifact_prefix={findings}/{options.target}-", "-print_final_stats=1"]
    # New inputs go to the first directory; the seeds are only read.
    atheris.Setup([sys.argv[0], *arguments, str(corpus), str(SEEDS / options.target)], test_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

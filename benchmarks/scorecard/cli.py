"""The command: read the flags, run, write the page and the JSON."""

import argparse
from pathlib import Path

from benchmarks.command import guarded, say, write
from benchmarks.options import count
from benchmarks.process import Place
from benchmarks.scorecard.cases import CASES
from benchmarks.scorecard.catalogue import CONTESTANTS
from benchmarks.scorecard.page import to_json, to_markdown
from benchmarks.scorecard.play import MOST_BYTES
from benchmarks.scorecard.run import make_card
from benchmarks.scratch import open_scratch

EPILOG = """\
examples:
  python -m benchmarks.setup_peers --venvs build/bench-venvs     once, from PyPI (minutes)
  python -m benchmarks.scorecard --venvs build/bench-venvs       everything (half an hour)
  python -m benchmarks.scorecard --cases H01 D06 --peers haulage curl
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command.

    Returns:
        0; 2 if it could not run; 130 if it was interrupted.
    """
    options = _parser().parse_args(arguments)
    return guarded(lambda: _run(options))


def _run(options: argparse.Namespace) -> int:
    wanted = set(options.cases or (case.key for case in CASES))
    cases = [case for case in CASES if {case.key, case.id} & wanted]
    contestants = [one for one in CONTESTANTS if one.name in options.peers]
    with open_scratch(2 * MOST_BYTES) as scratch:
        say(f"working in {scratch.path}")
        place = Place(venvs=options.venvs, scratch=scratch.path, timeout=options.timeout)
        card = make_card(cases, contestants, place, options.rounds, say)
    write(options.output, to_markdown(card, timeout=options.timeout, rounds=options.rounds))
    write(options.json, to_json(card))
    return 0


def _parser() -> argparse.ArgumentParser:
    names = [one.name for one in CONTESTANTS]
    keys = [case.key for case in CASES]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scorecard",
        description="Run one hostile server against haulage and its peers, and write down what each made of it.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--venvs", type=Path, help="folder of environments made by benchmarks.setup_peers")
    add("--output", type=Path, default=Path("build/scorecard/scorecard.md"), help="the page (%(default)s)")
    add("--json", type=Path, default=Path("build/scorecard/scorecard.json"), help="all that was seen (%(default)s)")
    add("--peers", nargs="+", choices=names, default=names, metavar="PEER", help="of: " + ", ".join(names))
    add(
        "--cases",
        nargs="+",
        choices=sorted({*keys, *(case.id for case in CASES)}),
        metavar="CASE",
        help="ids, or one of: " + ", ".join(keys),
    )
    add("--rounds", type=count, default=3, help="times that one has to be right (%(default)s)")
    add("--timeout", type=float, default=30.0, help="seconds after which a peer hangs (%(default)g)")
    return parser

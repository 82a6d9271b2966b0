"""The command: read the flags, run, write the report and the JSON."""

from benchmarks import gates
from benchmarks.carts.options import Options, parse
from benchmarks.carts.run import Run
from benchmarks.command import guarded, say
from benchmarks.process import Place
from benchmarks.report import publish
from benchmarks.rounds import Plan
from benchmarks.scratch import open_scratch


def main(arguments: list[str] | None = None) -> int:
    """Run the command.

    Returns:
        0; 1 if ``--strict`` refused; 2 if it could not run; 130 if it was interrupted.
    """
    options = parse(arguments)
    return guarded(lambda: _run(options))


def _run(options: Options) -> int:
    with open_scratch(options.needed) as scratch:
        say(f"working in {scratch.path}")
        place = Place(venvs=options.venvs, scratch=scratch.path, timeout=options.timeout)
        place.clear()
        plan = Plan(rounds=options.rounds, verify_all=options.verify_all, say=say)
        report = Run(options=options, scratch=scratch, place=place, plan=plan).report()
    publish(report, options.output, "carts")
    return 1 if options.strict and not gates.are_kept(report.verdicts) else 0

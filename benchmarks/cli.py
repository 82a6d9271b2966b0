"""The command: read the flags, run, write the report, the JSON and the plot."""

from benchmarks import gates
from benchmarks.children import capture, last_words
from benchmarks.command import guarded, say
from benchmarks.options import Options, parse
from benchmarks.process import Place, module_environment
from benchmarks.report import publish
from benchmarks.rounds import Plan
from benchmarks.run import Run
from benchmarks.scratch import open_scratch


def main(arguments: list[str] | None = None) -> int:
    """Run the command.

    Returns:
        0; 1 if ``--strict`` refused; 2 if it could not run; 130 if it was interrupted.
    """
    options = parse(arguments)
    return guarded(lambda: _run(options))


def _run(options: Options) -> int:
    with open_scratch(options.sizes.needed) as scratch:
        say(f"working in {scratch.path}")
        place = Place(venvs=options.venvs, scratch=scratch.path, timeout=options.timeout)
        place.clear()
        plan = Plan(rounds=options.rounds, verify_all=options.verify_all, say=say)
        report = Run(options=options, scratch=scratch, place=place, plan=plan).report()
        publish(report, options.output, "benchmarks")
        _plot(options, place)
    return 1 if options.strict and not gates.are_kept(report.verdicts) else 0


def _plot(options: Options, place: Place) -> None:
    source = options.output / "benchmarks.json"
    target = options.output / f"benchmarks.{options.plot}"
    command = [place.python("plot"), "-P", "-m", "benchmarks.plot"]
    files = [str(source.absolute()), str(target.absolute())]
    code, _, err = capture([*command, *files], cwd=place.scratch, env=module_environment())
    if code:
        say(f"no plot: {last_words(err)}")
    else:
        say(f"plot: {target}")

"""The command: read the flags, run, write the report, the JSON and the plot."""

import signal
import sys
from types import FrameType
from typing import NoReturn

from benchmarks import gates
from benchmarks.children import capture, last_words
from benchmarks.options import Options, parse
from benchmarks.process import Place, module_environment
from benchmarks.report import Report, to_json, to_markdown
from benchmarks.rounds import Plan
from benchmarks.run import Run
from benchmarks.scratch import open_scratch

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command.

    Returns:
        0; 1 if ``--strict`` refused; 2 if it could not run; 130 if it was interrupted.
    """
    options = parse(arguments)
    interrupts: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - a handler
        interrupts.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        with open_scratch(options.sizes.needed) as scratch:
            say(f"working in {scratch.path}")
            place = Place(venvs=options.venvs, scratch=scratch.path, timeout=options.timeout)
            place.clear()
            plan = Plan(
                rounds=options.rounds, import_rounds=options.import_rounds, verify_all=options.verify_all, say=say
            )
            report = Run(options=options, scratch=scratch, place=place, plan=plan).report()
            publish(report, options, place)
    except (KeyboardInterrupt, OSError) as error:
        # Raised between two lines of shutil, an interrupt has it close a descriptor twice and comes out as that error.
        if interrupts or isinstance(error, KeyboardInterrupt):
            say("interrupted; what this run started is stopped and its files are removed")
            return INTERRUPTED
        say(f"could not run: {error}")
        return 2
    return 1 if options.strict and not gates.are_kept(report.verdicts) else 0


def publish(report: Report, options: Options, place: Place) -> None:
    """Print the report and write it, its JSON and its plot into the output folder."""
    options.output.mkdir(parents=True, exist_ok=True)
    markdown, data = to_markdown(report), to_json(report)
    sys.stdout.write(markdown)
    sys.stdout.flush()
    (options.output / "benchmarks.md").write_text(markdown)
    source = options.output / "benchmarks.json"
    source.write_text(data)
    target = options.output / f"benchmarks.{options.plot}"
    command = [place.python("plot"), "-P", "-m", "benchmarks.plot"]
    files = [str(source.absolute()), str(target.absolute())]
    code, _, err = capture([*command, *files], cwd=place.scratch, env=module_environment())
    if code:
        say(f"no plot: {last_words(err)}")
    else:
        say(f"plot: {target}")


def say(line: str) -> None:
    """Tell the person who waits; the report alone goes to standard output."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()

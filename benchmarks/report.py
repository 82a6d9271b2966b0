"""A finished run as Markdown for people and as JSON for programs."""

import json
import os
import platform
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.catalogue import HAULAGE, UVLOOP
from benchmarks.command import write
from benchmarks.gates import Verdict
from benchmarks.gauges import Gauge
from benchmarks.rounds import FAILED, MEASURED, SKIPPED, Outcome
from benchmarks.stats import named, ratio

TIMES = ("peer", "version", "median s", "min s", "max s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The outcomes of one work.

    ``size`` is all its bodies together in bytes; ``parts`` names the parts of the time to be shown.
    """

    key: str
    title: str
    size: int
    files: int
    outcomes: tuple[Outcome, ...]
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything a run found out; ``notes`` are the sentences above the tables."""

    title: str
    notes: tuple[str, ...]
    tables: tuple[Table, ...]
    gauges: tuple[Gauge, ...]
    verdicts: tuple[Verdict, ...]


def machine() -> str:
    """Return one sentence about this machine."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    model = models[0] if models else platform.machine()
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} x {model}, {platform.system()} {platform.release()}, {python}"


def to_markdown(report: Report) -> str:
    """Return the report as Markdown."""
    parts = [f"# {report.title}", "\n".join(f"- {note}" for note in report.notes)]
    for table in report.tables:
        parts += [f"## {table.title}", *_tables(table)]
    if report.gauges:
        parts += ["## Gauges", _gauges(report.gauges)]
    if report.verdicts:
        parts += ["## Gates", _verdicts(report.verdicts)]
    return "\n\n".join(parts) + "\n"


def to_json(report: Report) -> str:
    """Return the report as JSON, with every round's time in seconds."""
    works = {
        table.key: {
            "title": table.title,
            "bytes": table.size,
            "files": table.files,
            "peers": {outcome.peer.name: _plain(outcome, table) for outcome in table.outcomes},
        }
        for table in report.tables
    }
    gauges = [
        {
            "gauge": gauge.kind.key,
            "title": gauge.title,
            "peer": gauge.peer,
            "unit": gauge.kind.unit,
            "state": gauge.state,
            "reason": gauge.reason,
            "value": gauge.value,
            "values": gauge.values,
        }
        for gauge in report.gauges
    ]
    gates = [asdict(verdict) | {"verdict": verdict.word} for verdict in report.verdicts]
    whole = {"notes": report.notes, "works": works, "gauges": gauges, "gates": gates}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def publish(report: Report, folder: Path, name: str) -> None:
    """Print a report, and write it and its JSON into ``folder``, as ``name``."""
    markdown = to_markdown(report)
    sys.stdout.write(markdown)
    sys.stdout.flush()
    write(folder / f"{name}.md", markdown)
    write(folder / f"{name}.json", to_json(report))


def _tables(table: Table) -> Iterable[str]:
    measured = [outcome for outcome in table.outcomes if outcome.seconds]
    if measured:
        pace = "files/s" if table.files > 1 else "MB/s"
        parts = (f"{name} s" for name in table.parts)
        head = (*TIMES, *parts, pace, "peak RSS MiB", f"{HAULAGE} / it", f"{UVLOOP} / it")
        rows = sorted(measured, key=lambda outcome: median(outcome.seconds))
        yield _grid(head, (_row(outcome, table) for outcome in rows))
    for state in (FAILED, SKIPPED):
        lines = [f"- {o.peer.name}: {o.reason}" for o in table.outcomes if o.state == state]
        if lines:
            yield f"{state.capitalize()}:\n\n" + "\n".join(lines)


def _row(outcome: Outcome, table: Table) -> tuple[str, ...]:
    middle = median(outcome.seconds)
    pace = table.files / middle if table.files > 1 else table.size / middle / 1e6
    return (
        outcome.peer.name,
        outcome.version,
        f"{middle:.3f}",
        f"{min(outcome.seconds):.3f}",
        f"{max(outcome.seconds):.3f}",
        *(f"{median(outcome.parts[name]):.3f}" if name in outcome.parts else "-" for name in table.parts),
        f"{pace:,.0f}",
        f"{outcome.peak_rss / (1 << 20):.0f}" if outcome.peak_rss else "-",
        _number(_ratio(table, HAULAGE, outcome)),
        _number(_ratio(table, UVLOOP, outcome)),
    )


def _ratio(table: Table, variant: str, theirs: Outcome) -> float | None:
    ours = named(table.outcomes, variant)
    return None if ours is None else ratio(ours, theirs)


def _plain(outcome: Outcome, table: Table) -> dict[str, Any]:
    times = outcome.seconds
    return {
        "state": outcome.state,
        "reason": outcome.reason,
        "note": outcome.peer.note,
        "version": outcome.version,
        "seconds": times,
        "parts": outcome.parts,
        "median": median(times) if times else None,
        "peak_rss": outcome.peak_rss,
        "ratios": {variant: _ratio(table, variant, outcome) for variant in (HAULAGE, UVLOOP)},
    }


def _gauges(gauges: tuple[Gauge, ...]) -> str:
    rows = (
        (
            gauge.title,
            gauge.peer,
            f"{gauge.value:.2f} {gauge.kind.unit}" if gauge.value is not None else gauge.state,
            f"{min(gauge.values):.2f} to {max(gauge.values):.2f}"
            if gauge.state == MEASURED and gauge.values
            else gauge.reason,
        )
        for gauge in gauges
    )
    return _grid(("gauge", "variant", "value", "range"), rows)


def _verdicts(verdicts: tuple[Verdict, ...]) -> str:
    rows = ((v.title, f"{v.bound:g} {v.unit}", _number(v.value), v.word) for v in verdicts)
    return _grid(("gate", "at most", "measured", "verdict"), rows)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _grid(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    rule = ("---",) * len(head)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))

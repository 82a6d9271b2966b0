"""From a run of the tests to the page that says how each hostile case is met.

Tests name the cases they show with ``@pytest.mark.case``. A run of everything is held against the page: where the two
contradict each other, the run fails. ``--write-table`` writes the page anew.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from support.cases import CASES, ROOMS

__all__ = ["CaseTable"]

_PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
_BEGIN, _END = "<!-- cases: begin -->\n", "<!-- cases: end -->\n"
_ROW = re.compile(r"^\| ([A-Z]\d\d) \|.*\| (\w[^|]*?) \|$", re.MULTILINE)

HOLDS, FAILS, NOT_RUN, NO_TEST = "holds", "fails", "not run", "no test"


class CaseTable:
    """A plugin of this project's own tests.

    Args:
        config: The run.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._ids: dict[str, tuple[str, ...]] = {}
        self._outcomes: dict[str, set[str]] = defaultdict(set)
        self._counts: dict[str, int] = defaultdict(int)
        self._complaints: list[str] = []
        self._is_whole = False

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Note which test shows which case."""
        for item in items:
            ids = tuple(name for mark in item.iter_markers("case") for name in mark.args)
            unknown = [name for name in ids if name not in CASES]
            if unknown:
                msg = f"{item.nodeid}: no such case: {unknown}"
                raise pytest.UsageError(msg)
            if ids:
                self._ids[item.nodeid] = ids
        choices = ("keyword", "markexpr", "lf", "collectonly", "maxfail", "deselect", "ignore")
        chosen = any(getattr(config.option, name, None) for name in choices)
        self._is_whole = not chosen and list(config.args) == list(config.getini("testpaths"))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how it went: its body, or an earlier or later step that did not pass."""
        if report.nodeid in self._ids and (report.when == "call" or not report.passed):
            for name in self._ids[report.nodeid]:
                self._outcomes[name].add(report.outcome)
                self._counts[name] += report.passed

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the page, or hold a whole run against it."""
        if self._config.option.write_table:
            text = _PAGE.read_text(encoding="utf-8")
            before, _, rest = text.partition(_BEGIN)
            _PAGE.write_text(f"{before}{_BEGIN}{self._table()}{_END}{rest.partition(_END)[2]}", encoding="utf-8")
        elif self._is_whole:
            written = dict(_ROW.findall(_PAGE.read_text(encoding="utf-8")))
            for name in CASES:
                state = self._state(name)
                if state != written.get(name) and state != NOT_RUN:
                    self._complaints.append(f"{name}: the page says {written.get(name)!r}, this run {state!r}")
            if self._complaints and session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what the page has wrong."""
        for line in self._complaints:
            terminalreporter.write_line(f"docs/reliability.md is out of date (--write-table): {line}", red=True)

    def _state(self, name: str) -> str:
        outcomes = self._outcomes.get(name)
        if outcomes is None:
            return ROOMS.get(name[0], NO_TEST)
        if "failed" in outcomes:
            return FAILS
        return HOLDS if "passed" in outcomes else NOT_RUN

    def _table(self) -> str:
        lines = ["| id | case | what is right | tests | state |", "|---|---|---|---|---|"]
        for name, (case, right) in CASES.items():
            count = str(self._counts[name] or "")
            lines.append(f"| {name} | {case} | {right} | {count} | {self._state(name)} |")
        return "\n".join([*lines, ""])

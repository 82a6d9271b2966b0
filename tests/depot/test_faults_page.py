"""The page of the documentation has the table of the package, word for word."""

from __future__ import annotations

from pathlib import Path

import pytest

from haulage.depot.certificates import CERTIFICATES
from haulage.depot.faults import FAULTS, Fault

PAGE = Path(__file__).parent.parent.parent / "docs" / "testing.md"


def row(fault: Fault) -> str:
    """A fault as a row of the page's table."""
    return f"| `{fault.usage}` | {fault.description} | {fault.case} |"


def test_the_page_has_the_table() -> None:
    """All faults, in order, and no others."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("| name and parameters"))
    table = lines[start + 2 : lines.index("", start)]
    assert table == [row(fault) for fault in FAULTS.values()]


@pytest.mark.parametrize("kind", CERTIFICATES[1:])
def test_the_page_has_the_certificates(kind: str) -> None:
    """Every kind is explained."""
    assert f"\n| `{kind}` | " in PAGE.read_text(encoding="utf-8")

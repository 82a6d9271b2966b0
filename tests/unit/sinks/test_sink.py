"""The contract of a sink, and who keeps it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from haulage.sinks import Sink
from haulage.sinks.directory import Directory
from haulage.sinks.file import FileSink, FileTarget
from haulage.sinks.stream import StreamTarget

if TYPE_CHECKING:
    from pathlib import Path


def test_both_sinks_have_the_methods_of_the_contract(tmp_path: Path) -> None:
    """Open, write, commit, abort and a path."""
    directory = Directory(str(tmp_path))
    sinks: list[Sink] = [FileSink(FileTarget(str(tmp_path / "x")), directory), StreamTarget(io.BytesIO())]
    for sink in sinks:
        assert all(callable(getattr(sink, name)) for name in ("open", "write", "commit", "abort"))
        assert sink.path in (str(tmp_path / "x"), None)
    directory.close()

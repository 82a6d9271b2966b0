"""From the fuzzer's bytes to what the readers take."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["CANARY", "lines_of", "text_of", "value_of"]

CANARY = "s3cr3tCANARY"
"""Stands where secrets stand; no input holds it by itself."""


def text_of(data: bytes) -> str:
    """Return *data* as text: UTF-8, encoded half characters among it, or bytes as Python reads them from arguments."""
    try:
        text = data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        text = data.decode("utf-8", "surrogateescape")
    return text.replace(CANARY, "")


def lines_of(data: bytes, count: int) -> list[str]:
    """Return exactly *count* texts, which stand on lines of their own; the last one has the rest, line breaks and all.

    A seed ends with a line break, as text files do; it belongs to no text.
    """
    lines = text_of(data.removesuffix(b"\n")).split("\n", count - 1)
    return lines + [""] * (count - len(lines))


def value_of(text: str) -> Any:
    """Return the value that *text* is in JSON; what is no JSON is itself."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text

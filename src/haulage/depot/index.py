"""The page that lists a directory.

Strategy: every name is untrusted twice over: it is escaped for HTML where it is shown and percent-encoded from its
bytes where it is linked. Links are relative and start with ``./``, so a name with a colon cannot become a
scheme.
"""

from __future__ import annotations

import html
import os
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from haulage.depot.files import Directory

__all__ = ["render_index"]


def render_index(directory: Directory, segments: tuple[bytes, ...]) -> str:
    """Write the page for a directory.

    Args:
        directory: Its entries.
        segments: The decoded path it was asked by, for the title.

    Returns:
        An HTML document. Bytes in names that are no text are shown as replacement characters.
    """
    title = html.escape("/" + _shown(b"/".join(segments)))
    rows = [_row(name, is_directory=is_directory) for name, is_directory in directory.entries]
    up = ['<li><a href="../">../</a></li>'] if any(segments) else []
    return "\n".join(
        [
            f'<!doctype html>\n<html><head><meta charset="utf-8"><title>{title}</title></head>',
            f"<body><h1>{title}</h1>\n<ul>",
            *up,
            *rows,
            "</ul></body></html>",
        ]
    )


def _row(name: str, *, is_directory: bool) -> str:
    """One entry; directories end in a slash."""
    slash = "/" if is_directory else ""
    raw = os.fsencode(name)
    return f'<li><a href="./{quote(raw, safe="")}{slash}">{html.escape(_shown(raw))}{slash}</a></li>'


def _shown(raw: bytes) -> str:
    """Bytes of a name as text that can be sent."""
    return raw.decode("utf-8", "replace")

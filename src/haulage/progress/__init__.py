"""Event readers that show how downloads go: a live display, plain lines, or JSON lines.

Each is an observer, to be handed to downloaders, and a context manager that owns the thread which does the writing:

Example:
    >>> import io
    >>> from haulage.progress import JsonProgress
    >>> out = io.StringIO()
    >>> with JsonProgress(out) as progress:
    ...     factory = DownloaderFactory()
    ...     result = factory.build(f"{depot.url}/hello.txt", observer=progress, key=1).fetch()
    >>> out.getvalue().startswith('{"event": "started", "key": 1, "url": "http://')
    True

`RichProgress` needs the extra ``haulage[cli]`` and imports it when it is opened.
"""

from __future__ import annotations

from haulage.progress.jsonlines import JsonProgress
from haulage.progress.live import RichProgress
from haulage.progress.plain import PlainProgress
from haulage.progress.reader import Reader

__all__ = ["JsonProgress", "PlainProgress", "Reader", "RichProgress"]

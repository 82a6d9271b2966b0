"""An embedded HTTP server for files, tests and demonstrations.

Strategy: a depot serves the files under a directory with the range and validator semantics of RFC 9110, makes up
content and behaviours under ``/_/``, misbehaves there if it may, and remembers what it was asked. It shares no code
with the client of this library, so the two check each other.

Example:
    >>> from haulage.depot import Depot, generated
    >>> with Depot() as depot:
    ...     depot.url.startswith("http://")
    True
    >>> generated(4, seed=7).hex()
    '3d87aeca'
"""

from haulage.depot.content import generated, generated_chunks, generated_digest
from haulage.depot.records import RequestRecord
from haulage.depot.server import Depot, serve

__all__ = ["Depot", "RequestRecord", "generated", "generated_chunks", "generated_digest", "serve"]

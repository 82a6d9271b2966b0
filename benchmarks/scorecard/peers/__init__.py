"""One small file per Python peer: each does one task with one library, as that library's documentation shows.

A peer is started as ``python -P -m benchmarks.scorecard.peers.NAME TASK.json`` in an environment of its own. It may
import its own library, ``_task`` and the peers of the benchmarks, never the harness. It ends with 0 if the library says
that it has the file, and with an exception if the library says that it has not.
"""

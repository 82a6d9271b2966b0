"""One small file per peer: each does the given job with one library or tool, and nothing else.

A peer is started as ``python -P -m benchmarks.peers.NAME JOB.json``. It may import its own library
and ``_job``, never the harness: it lives in an environment of its own.
"""

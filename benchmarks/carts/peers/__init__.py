"""One small file per peer: each downloads the cart it is asked for with one library or tool, and nothing else.

A peer is started as ``python -P -m benchmarks.carts.peers.NAME ORDER.json``. It may import its own library, ``_order``
and ``benchmarks.peers``' shared modules, never the harness: it lives in an environment of its own.
"""

"""Haulage beside its peers: the same work, one machine, one run, alternating.

Run it from the root of the repository::

    python -m benchmarks.setup_peers --venvs build/bench-venvs
    python -m benchmarks --venvs build/bench-venvs --output build/benchmarks

Every peer is a process of its own (``benchmarks/peers``) that receives a job as JSON and answers
one line of JSON. This package's harness needs only the standard library; matplotlib, if it is
installed, draws the plot.
"""

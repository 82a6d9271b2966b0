"""The scorecard: one hostile server, haulage and its peers, and what each of them made of it.

Run it from the root of the repository, where haulage is installed with its depot::

    python -m benchmarks.setup_peers --venvs build/bench-venvs
    python -m benchmarks.scorecard --venvs build/bench-venvs --output docs/scorecard.md

Every run of a peer is a process of its own against a depot of its own. It is judged from the outside: by its exit code,
by what lies under the final name, and by what the servers saw.
"""

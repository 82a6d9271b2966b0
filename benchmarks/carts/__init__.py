"""Carts: haulage beside Pacifica's own downloader, on the same cart service, the depot's.

Run it from the root of the repository::

    python -m benchmarks.setup_peers --venvs build/bench-venvs --only haulage pacifica_downloader
    python -m benchmarks.carts --venvs build/bench-venvs --gates

The service is a process of its own (``depot.py``); so is every run of a peer (``peers``), which receives an order as
JSON and answers one line of JSON. Of each cart the service notes when it was asked for, ready and taken.
"""

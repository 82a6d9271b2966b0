"""Faults by name: what servers do to clients, on request.

Strategy: ``Depot(faults=True)`` answers ``/_/fault/NAME`` out of this package. One table names the faults, and each is
a small function. Where aiohttp's server is too polite, they write to the connection themselves.
"""

from haulage.depot.faults.route import answer_fault
from haulage.depot.faults.table import FAULTS, Fault

__all__ = ["FAULTS", "Fault", "answer_fault"]

"""The cart service: ask for many files, wait until they are staged, receive one tar.

Strategy: after Pacifica's. A cart is ordered by POST, watched by HEAD, taken by GET and removed by DELETE. Reading an
order and laying out the archive are plain decisions; staging and writing the tar block, so they run on worker threads,
step by step. The tar is made while it is sent and is stored nowhere.
"""

from haulage.depot.carts.orders import OrderError, Plan, read_plan
from haulage.depot.carts.route import answer_carts
from haulage.depot.carts.service import CartService

__all__ = ["CartService", "OrderError", "Plan", "answer_carts", "read_plan"]

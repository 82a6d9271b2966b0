"""What holds for every refusal, whatever was refused."""

from __future__ import annotations

import pickle

from fuzz.data import CANARY

__all__ = ["check_refusal"]


def check_refusal(error: Exception) -> None:
    """Fail unless *error* is one line, without a secret in itself and its chain, and survives pickling."""
    one: BaseException | None = error
    while one is not None:
        # What Python puts into the chain unasked is not shown, and found all the same by those who look for it.
        for shown in (str(one), repr(one), repr(one.args), repr(vars(one))):
            assert CANARY not in shown, shown
        one = one.__cause__ or one.__context__
    assert len(str(error).splitlines()) == 1, str(error)
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    copied = pickle.loads(pickle.dumps(error))
    assert (type(copied), str(copied), vars(copied).keys()) == (type(error), str(error), vars(error).keys())

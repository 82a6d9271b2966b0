"""Renaming that replaces nothing: Linux and macOS can do that, and Python has no function for it."""

from __future__ import annotations

import ctypes
import errno
import os
import sys

__all__ = ["rename_new"]

# System → its function, and the flag for a name that must be free (renameat2(2), renameatx_np(2)).
_FUNCTIONS = {"linux": ("renameat2", 1), "darwin": ("renameatx_np", 4)}
_UNKNOWN = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}


def rename_new(directory: int, old: str, new: str, new_directory: int | None = None) -> bool:
    """Rename *old*, in the open *directory*, to *new*, there or in *new_directory*, if nothing is called that.

    Returns:
        Whether system and file system can do it; if not, nothing was done.

    Raises:
        OSError: It failed; FileExistsError if something is called *new*.
    """
    name, flag = _FUNCTIONS.get(sys.platform, ("", 0))
    function = getattr(ctypes.CDLL(None, use_errno=True), name, None) if name else None
    if function is None:
        return False
    function.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    target = directory if new_directory is None else new_directory
    if function(directory, os.fsencode(old), target, os.fsencode(new), flag) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNKNOWN:
        return False
    raise OSError(number, os.strerror(number), old, None, new)

"""The file system's functions as unpacking sees them, with something happening at one call; in this process or another.

`UnpackingOs` does for a tree what `support.inject_disk` does for a file: it stands for the module `os` in what writes,
in what unpacks, and in what removes a tree. `UnpackNursery` is a nursery whose children meet it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from support.inject_disk import FaultyOs
from support.inject_process import Nursery

__all__ = ["UnpackNursery", "UnpackingOs"]

_MORE = ("mkdir", "rmdir", "utime")


class UnpackingOs(FaultyOs):
    """A stand-in for the module `os`; see `FaultyOs`. The renaming that replaces nothing is a call as well."""

    def __getattr__(self, name: str) -> Any:
        found = self._struck(name, getattr(os, name)) if name in _MORE else super().__getattr__(name)
        # What removes a tree asks which function it was that failed.
        self.__dict__[name] = found
        return found

    def _struck(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any, **options: Any) -> Any:
            call = self._noted(name, arguments)
            for strike in self._strikes:
                outcome = strike(call)
                if isinstance(outcome, OSError):
                    raise outcome
                if outcome is not None:
                    return outcome
            return real(*arguments, **options)

        return called

    def install(self, replace: Callable[[Any, str, Any], None] = setattr) -> None:
        """Take the place of `os`, by means of *replace*."""
        from haulage.archives import tree

        super().install(replace)
        for name, module in tuple(sys.modules.items()):
            if name.startswith("haulage.archives.") and getattr(module, "os", None) is os:
                replace(module, "os", self)
        replace(shutil, "os", self)
        replace(tree, "rename_new", self._struck("rename new", tree.rename_new))


class UnpackNursery(Nursery):
    """Where archives are unpacked by processes that are killed; the target of a child is a directory."""

    def __enter__(self) -> Self:
        command = [sys.executable, "-W", "error", __file__]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self


if __name__ == "__main__":
    from support import inject_disk, inject_process

    inject_disk.FaultyOs = UnpackingOs  # type: ignore[misc]
    inject_process._warm_up()
    inject_process._main()

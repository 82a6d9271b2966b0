"""The cart service's process, for as long as a run lasts."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.children import last_words, outputs, running
from benchmarks.process import Place, module_environment


@contextmanager
def serve(root: Path, stagings: Sequence[float], place: Place) -> Iterator[dict[float, str]]:
    """Run one depot for each of ``stagings``, the seconds that staging takes, and yield their URLs.

    Raises:
        OSError: They do not start.
    """
    seconds = tuple(dict.fromkeys(stagings))
    command = [place.python("haulage"), "-P", "-m", "benchmarks.carts.depot", str(root), *map(str, seconds)]
    with running(command, cwd=place.scratch, env=module_environment()) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            msg = f"the cart service does not start: {last_words(outputs(process)[1])}"
            raise OSError(msg)
        yield dict(zip(seconds, json.loads(line), strict=True))

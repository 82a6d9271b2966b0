"""The flags of the command, as one typed value."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from benchmarks.carts.catalogue import PEERS
from benchmarks.options import add_comparison, count, size

EPILOG = """\
examples:
  python -m benchmarks.setup_peers --venvs build/bench-venvs --only haulage pacifica_downloader
  python -m benchmarks.carts --venvs build/bench-venvs --gates              everything (minutes)
  python -m benchmarks.carts --venvs build/bench-venvs --memory 1G 4G       and a cart of 4 GiB
  python -m benchmarks.carts --files 3 --size 4K --rounds 1 --memory 64K --staging 0 --staging-rounds 1   smoke
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command was asked to do.

    ``memory`` holds the sizes of the carts whose memory is gauged, in bytes; ``staging`` the seconds that staging takes
    in the gauges of waiting; ``timeout`` is in seconds per peer and round.
    """

    venvs: Path | None
    output: Path
    peers: tuple[str, ...]
    files: int
    size: int
    memory: tuple[int, ...]
    staging: tuple[float, ...]
    rounds: int
    memory_rounds: int
    staging_rounds: int
    timeout: float
    verify_all: bool
    gauges: bool
    gates: bool
    strict: bool

    @property
    def needed(self) -> int:
        """Bytes of temporary space that a run needs: what is served and what is written."""
        served = self.files * max(self.size, 4096)
        return served + max((served, *(self.memory if self.gauges else ())))


def parse(arguments: list[str] | None) -> Options:
    """Read the command line; a mistake in it ends the program with code 2."""
    given = _parser().parse_args(arguments)
    return Options(
        venvs=given.venvs,
        output=given.output,
        peers=tuple(given.peers),
        files=given.files,
        size=given.size,
        memory=tuple(given.memory),
        staging=tuple(given.staging),
        rounds=given.rounds,
        memory_rounds=given.memory_rounds,
        staging_rounds=given.staging_rounds,
        timeout=given.timeout,
        verify_all=given.verify_all,
        gauges=given.gauges,
        gates=given.gates or given.strict,
        strict=given.strict,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.carts",
        description="Download carts with haulage and its peers, in turn, and print the ratios.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_comparison(parser, PEERS)
    add = parser.add_argument
    add("--files", type=count, default=500, help="files of the cart that is compared (%(default)s)")
    add("--size", type=size, default=1 << 20, help="size of each file, in all carts (1M)")
    add("--memory", type=size, nargs="+", default=[1 << 30], metavar="SIZE", help="carts of the memory gauge (1G)")
    add("--memory-rounds", type=count, default=3, help="of the memory gauge (%(default)s)")
    add(
        "--staging",
        type=float,
        nargs="+",
        default=[0, 0.1, 0.5, 1, 1.9],
        metavar="SECONDS",
        help="how long carts of the waiting gauge are staged (0 0.1 0.5 1 1.9)",
    )
    add("--staging-rounds", type=count, default=5, help="of the waiting gauge (%(default)s)")
    return parser

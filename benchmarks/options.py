"""The flags of the command, as one typed value."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.catalogue import PEERS, Peer
from benchmarks.works import WORKS, Sizes

UNITS = {"K": 10, "M": 20, "G": 30}

EPILOG = """\
examples:
  python -m benchmarks.setup_peers --venvs build/bench-venvs     once, from PyPI (minutes)
  python -m benchmarks --venvs build/bench-venvs --gates         everything (tens of minutes)
  python -m benchmarks --venvs build/bench-venvs --works big-http --rounds 3 --no-gauges \\
      --peers haulage pulpcore obstore "aiohttp floor"           one work, a few peers
  python -m benchmarks --big 256K --files 20 --parallel 4 --parallel-size 64K --rounds 1   smoke
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command was asked to do; ``timeout`` is in seconds per peer and round."""

    venvs: Path | None
    output: Path
    plot: str
    works: tuple[str, ...]
    peers: tuple[str, ...]
    sizes: Sizes
    rounds: int
    import_rounds: int
    timeout: float
    verify_all: bool
    gauges: bool
    gates: bool
    strict: bool


def parse(arguments: list[str] | None) -> Options:
    """Read the command line; a mistake in it ends the program with code 2."""
    given = _parser().parse_args(arguments)
    sizes = Sizes(
        big=given.big,
        files=given.files,
        small=given.small,
        parallel=given.parallel,
        parallel_size=given.parallel_size,
        concurrency=given.concurrency,
    )
    return Options(
        venvs=given.venvs,
        output=given.output,
        plot=given.plot,
        works=tuple(given.works),
        peers=tuple(given.peers),
        sizes=sizes,
        rounds=given.rounds,
        import_rounds=given.import_rounds,
        timeout=given.timeout,
        verify_all=given.verify_all,
        gauges=given.gauges,
        gates=given.gates or given.strict,
        strict=given.strict,
    )


def size(text: str) -> int:
    """Read a size in bytes: ``4096``, ``256K``, ``16M`` or ``1G``, in powers of 1024."""
    shift = UNITS.get(text[-1:].upper(), 0)
    number = text[:-1] if shift else text
    if not number.isdecimal() or not int(number):
        msg = f"{text!r} is not a size such as 4096, 256K, 16M or 1G"
        raise argparse.ArgumentTypeError(msg)
    return int(number) << shift


def count(text: str) -> int:
    """Read a whole number of at least one."""
    if not text.isdecimal() or not int(text):
        msg = f"{text!r} is not a whole number of at least 1"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def add_comparison(parser: argparse.ArgumentParser, peers: Sequence[Peer]) -> None:
    """Add the flags of every command that compares peers in rounds."""
    add = parser.add_argument
    names = [peer.name for peer in peers]
    add("--venvs", type=Path, help="folder of environments made by benchmarks.setup_peers")
    add("--output", type=Path, default=Path("build/benchmarks"), help="folder for the report")
    add(
        "--peers",
        nargs="+",
        choices=names,
        default=names,
        metavar="PEER",
        help="which peers take part, of: " + ", ".join(names),
    )
    add("--rounds", type=count, default=5, help="counted rounds, after one warm-up (%(default)s)")
    add("--timeout", type=float, default=180.0, help="seconds a peer may take (%(default)g)")
    add("--verify-all", action="store_true", help="re-read files after each round, not the warm-up only")
    add("--no-gauges", dest="gauges", action="store_false", help="leave out what is measured of haulage alone")
    add("--gates", action="store_true", help="compare with the promised bounds, line by line")
    add("--strict", action="store_true", help="--gates, and exit with 1 unless all are kept")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Run haulage beside its peers on the same work, in turn, and print the ratios.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_comparison(parser, PEERS)
    add = parser.add_argument
    add("--plot", choices=("svg", "png"), default="svg", help="format of the plot")
    add("--works", nargs="+", choices=WORKS, default=list(WORKS), help="which works to compare")
    add("--import-rounds", type=count, default=15, help="of the import gauge (%(default)s)")
    add("--big", type=size, default=1 << 30, metavar="SIZE", help="the big body (1G)")
    add("--files", type=count, default=10_000, help="number of small files (%(default)s)")
    add("--small", type=size, default=4 << 10, metavar="SIZE", help="size of a small file (4K)")
    add("--parallel", type=count, default=100, help="bodies at once, memory gauge (%(default)s)")
    add("--parallel-size", type=size, default=16 << 20, metavar="SIZE", help="of each (16M)")
    add("--concurrency", type=count, default=10, help="downloads at once, all peers (%(default)s)")
    return parser

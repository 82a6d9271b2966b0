"""Who is compared: one entry per peer, saying which file runs it and what it needs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A peer, or a variant of one.

    ``tools`` are commands; ``distributions`` are Python packages that its environment must have.
    """

    name: str
    module: str
    note: str
    distributions: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    loop: str = "asyncio"
    environment: tuple[tuple[str, str], ...] = ()
    stores: bool = True

    @property
    def venv(self) -> str:
        """The name of the folder its environment may have of its own."""
        return self.module


HAULAGE = "haulage"
UVLOOP = "haulage+uvloop"

PEERS = (
    Peer(
        name=HAULAGE,
        module="haulage",
        note="its public factory, sha256 and size checked, atomic publishing",
        distributions=("haulage",),
    ),
    Peer(
        name=UVLOOP,
        module="haulage",
        note="the same on uvloop",
        distributions=("haulage", "uvloop"),
        loop="uvloop",
    ),
    Peer(
        name="aiohttp floor",
        module="floor",
        note="a bare aiohttp loop: reads the bodies, stores and verifies nothing",
        distributions=("aiohttp",),
        stores=False,
    ),
    Peer(
        name="aiohttp floor+uvloop",
        module="floor",
        note="the same on uvloop",
        distributions=("aiohttp", "uvloop"),
        loop="uvloop",
        stores=False,
    ),
    Peer(
        name="pulpcore",
        module="pulpcore",
        note="sha256 only, without Django's start-up",
        distributions=("pulpcore",),
    ),
    Peer(
        name="pulpcore (its defaults)",
        module="pulpcore",
        note="the four digests Pulp computes unless told otherwise",
        distributions=("pulpcore",),
        environment=(("PEER_DIGESTS", "default"),),
    ),
    Peer(
        name="parfive",
        module="parfive",
        note="its own sha-256 check, its default splits",
        distributions=("parfive",),
    ),
    Peer(
        name="pypdl",
        module="pypdl",
        note="its own sha256, its default segments",
        distributions=("pypdl",),
    ),
    Peer(
        name="httpx",
        module="httpx",
        note="streamed, sha256 and rename added",
        distributions=("httpx",),
    ),
    Peer(
        name="requests",
        module="requests",
        note="in threads, streamed, sha256 and rename added",
        distributions=("requests",),
    ),
    Peer(
        name="obstore",
        module="obstore",
        note="streamed, sha256 and rename added",
        distributions=("obstore",),
    ),
    Peer(
        name="hf_transfer",
        module="hf_transfer",
        note="ranges in parallel, sha256 read back from the file, rename added",
        distributions=("hf_transfer",),
    ),
    Peer(
        name="aria2c",
        module="aria2c",
        note="--checksum, one connection per file; timed whole",
        tools=("aria2c",),
    ),
    Peer(
        name="curl + openssl",
        module="curl",
        note="curl, then openssl dgst -sha256; timed whole",
        tools=("curl", "openssl"),
    ),
)

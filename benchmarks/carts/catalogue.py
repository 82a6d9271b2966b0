"""Who is compared: one entry per peer, saying which file runs it and what it needs."""

from benchmarks.catalogue import HAULAGE, UVLOOP, Peer

PACIFICA = "pacifica-downloader"
TAR = "curl + tar"

PEERS = (
    Peer(
        name=HAULAGE,
        module="haulage",
        note="Downloader.transactioninfo: every file proved by its digest, published by one rename; cart deleted",
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
        name=PACIFICA,
        module="pacifica_downloader",
        note="Downloader.transactioninfo: no digest checked, files in place as they come; cart left",
        distributions=("pacifica-downloader",),
    ),
    Peer(
        name=TAR,
        module="curl",
        note="a bound: a cart that is ready already, unpacked by tar, no digest checked; timed whole",
        tools=("curl", "tar"),
    ),
)

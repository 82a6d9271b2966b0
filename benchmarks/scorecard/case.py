"""What a case is: a server's behaviour, what a tool is told beforehand, and what is right."""

from dataclasses import dataclass
from enum import Enum, StrEnum

from haulage.depot.certificates import Certificate

SIZE = 100_000
"""Bytes of the file that is asked for, where a case does not say otherwise."""


class Right(Enum):
    """How a download ends rightly; each value says it in words."""

    FAIL = "fails, and leaves the final name as it was"
    WHOLE = "succeeds with exactly these bytes"
    EITHER = "fails and leaves the final name as it was, or succeeds with exactly these bytes"
    CODED = "fails and leaves the final name as it was, or stores the coded bytes as they came"
    UNTOUCHED = "killed, the final name is as it was"
    NAMED = "succeeds with exactly these bytes under one name in its directory"
    INSIDE = "writes nothing outside of its directory"
    VERSION = "fails, or succeeds with one version or the other"
    SECRET = "gives the other server no credentials"  # noqa: S105 - a sentence


class Feature(StrEnum):
    """What a tool can be told, or does by itself; a case that needs what a tool does not have does not apply to it."""

    DIGEST = "digest"
    SIZE = "size"
    PROOF = "digest or size"
    MAX_SIZE = "largest size"
    SLOWEST = "lowest speed"
    TOTAL = "total time"
    HTTPS_ONLY = "https only"
    RETRIES = "retries"
    HEADERS = "own headers"
    CREDENTIALS = "user and password"
    URL_NAMES = "file names from URLs"
    SERVER_NAMES = "file names from servers"
    RESUME = "resuming"
    SEGMENTS = "segments at once"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One thing that happens to a download.

    Attributes:
        key: The id of ``docs/reliability.md``, with more behind a hyphen where an id has several cases.
        what: What the server does, in a few words.
        right: How the download ends rightly.
        path: Path and query below the depot's URL; ``{foreign}`` is the URL of another depot.
        size: Bytes of the right file.
        knows: Whether size and digest are told to the tools that take them.
        needs: Features without which the case does not apply.
        old: Whether there is an old file under the final name.
        limits: Whether tools are told a largest size, a lowest speed and a total time, as far as they take them.
        retries: How many further attempts are allowed.
        wait: Least seconds between two requests.
        certificate: The kind of certificate of a depot with TLS, or None for one without.
        foreign: Whether there is another depot.
        locked: Whether both depots want a user and a password; the tool is told those of the first.
        header: Whether the tool is told a secret header of its own.
        netrc: Whether the home directory has a ``.netrc`` with a password for the depot.
        small_disk: Whether the directory is on a file system with less room than the file needs.
        kill: Whether the tool is killed when half of the file has come.
        changing: Whether the file is replaced after the first request.
        https_only: Whether tools are told to stay with https, as far as they can be.
    """

    key: str
    what: str
    right: Right
    path: str
    size: int = SIZE
    knows: bool = True
    needs: Feature | None = None
    old: bool = False
    limits: bool = False
    retries: int = 0
    wait: float = 0.0
    certificate: Certificate | None = None
    foreign: bool = False
    locked: bool = False
    header: bool = False
    netrc: bool = False
    small_disk: bool = False
    kill: bool = False
    changing: bool = False
    https_only: bool = False

    @property
    def id(self) -> str:
        """The id of ``docs/reliability.md``."""
        return self.key.partition("-")[0]

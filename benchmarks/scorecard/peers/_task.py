"""What a peer is asked to do once."""

import dataclasses
import json
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When a download has to be given up.

    Attributes:
        max_size: Most bytes of a file.
        speed: Fewest bytes per second.
        speed_time: Seconds for which the speed may be lower.
        total: Most seconds altogether.
    """

    max_size: int
    speed: int
    speed_time: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One file to bring; what a tool cannot be told it is not told.

    Attributes:
        url: Where from.
        directory: Where to.
        name: The file's name there, or None if the tool is to find one.
        server_names: Whether the tool may ask the server for the name.
        size: Bytes that the file has, or None if nobody knows.
        sha256: The digest it has, or None if nobody knows.
        ca_file: Certificates to trust, or None for the system's.
        silence: Seconds without a byte after which to give up.
        limits: Further limits, or None.
        retries: Further attempts after one that failed.
        user: User and password, or None.
        header: A header to add, or None.
        https_only: Whether to refuse everything but https.
        resume: Whether to go on where an earlier attempt ended.
        segments: Whether to bring several segments at once.
    """

    url: str
    directory: str
    name: str | None
    server_names: bool
    size: int | None
    sha256: str | None
    ca_file: str | None
    silence: int
    limits: Limits | None
    retries: int
    user: tuple[str, str] | None
    header: tuple[str, str] | None
    https_only: bool
    resume: bool
    segments: bool

    @property
    def path(self) -> Path:
        """Where the file has to be in the end, for tools that are told."""
        assert self.name is not None
        return Path(self.directory) / self.name

    @property
    def headers(self) -> dict[str, str]:
        """The headers to add."""
        return {} if self.header is None else dict([self.header])

    def write(self, path: Path) -> None:
        """Write the task as JSON."""
        path.write_text(json.dumps(dataclasses.asdict(self)))

    @classmethod
    def read(cls) -> "Task":
        """Read the task that the command line names."""
        raw = json.loads(Path(sys.argv[1]).read_text())
        for name in ("user", "header"):
            raw[name] = None if raw[name] is None else tuple(raw[name])
        raw["limits"] = None if raw["limits"] is None else Limits(**raw["limits"])
        return cls(**raw)

"""The ground on which one run takes place: its folders, and the servers of its case."""

import hashlib
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from benchmarks.children import capture, last_words
from benchmarks.scorecard.case import SIZE, Case, Feature
from benchmarks.scorecard.cases import TELLING
from benchmarks.scorecard.judge import Bytes
from benchmarks.scorecard.outcome import Found
from benchmarks.scorecard.peers._task import Limits, Task
from haulage.depot import Depot, RequestRecord, generated, generated_digest
from haulage.depot.exchange import Exchange

NAME = "target.bin"
"""The final name, where a tool can be told one."""

OLD = b"what was there before"

SILENCE = 2
"""Seconds without a byte after which every tool is told to give up."""

LIMITS = Limits(max_size=16 << 20, speed=1000, speed_time=3, total=8)

USER = ("alice", TELLING)
HEADER = ("X-Api-Key", TELLING)

SMALL_DISK = 1 << 20
"""Bytes of room on the small disk."""


class GroundError(Exception):
    """The ground cannot be made on this machine; the message says why."""


@dataclass(slots=True)
class Ground:
    """Folders and servers of one run.

    Attributes:
        root: The folder of the run; tools are started in it.
        case: The case.
        depot: The server that is asked first.
        foreign: The server that a redirect leads to, or None.
        times: When requests to the first server were over, in seconds of the monotonic clock.
    """

    root: Path
    case: Case
    depot: Depot
    foreign: Depot | None
    times: list[float] = field(default_factory=list)

    @property
    def directory(self) -> Path:
        """Where the file has to go."""
        return directory(self.root)

    @property
    def home(self) -> Path:
        """The home directory of the tool."""
        return self.root / "home"

    def task(self, features: frozenset[Feature]) -> Task:
        """Make the task for a tool with these features."""
        case = self.case
        foreign = "" if self.foreign is None else self.foreign.url.replace("127.0.0.1", "localhost")
        ca_file = self.root / "authority.pem"
        return Task(
            url=self.depot.url + case.path.format(foreign=foreign),
            directory=str(self.directory),
            name=None if case.needs in {Feature.URL_NAMES, Feature.SERVER_NAMES} else NAME,
            server_names=case.needs is Feature.SERVER_NAMES,
            size=case.size if case.knows and Feature.SIZE in features else None,
            sha256=generated_digest(case.size) if case.knows and Feature.DIGEST in features else None,
            ca_file=str(ca_file) if ca_file.exists() else None,
            silence=10 * SILENCE if case.kill else SILENCE,
            limits=LIMITS if case.limits else None,
            retries=case.retries,
            user=USER if case.locked else None,
            header=HEADER if case.header else None,
            https_only=case.https_only,
            resume=case.needs is Feature.RESUME,
            segments=case.needs is Feature.SEGMENTS,
        )

    def leaks(self) -> tuple[str, ...]:
        """Return the secrets that were seen where they do not belong."""
        seen = self.depot.requests if self.case.netrc else () if self.foreign is None else self.foreign.requests
        secrets = ("Authorization", HEADER[0])
        return tuple(name for name in secrets if any(request.header(name) for request in seen))


def directory(root: Path) -> Path:
    """Return the directory of a run into which tools write; what is two levels above is still ours."""
    return root / "outer" / "inner" / "files"


def known(case: Case) -> Bytes:
    """Return the files of a case, as they can be found."""
    return Bytes(
        right=Found(size=case.size, sha256=generated_digest(case.size)),
        other=Found(size=case.size, sha256=generated_digest(case.size, 1)),
        old=_old() if case.old else None,
    )


@contextmanager
def open_ground(root: Path, case: Case) -> Iterator[Ground]:
    """Make folders and servers for one run, and close the servers in the end.

    Args:
        root: A folder that is emptied first.
        case: The case.

    Raises:
        GroundError: This machine cannot give what the case needs.
    """
    shutil.rmtree(root, ignore_errors=True)
    place = directory(root)
    for folder in (place, root / "home", root / "tmp", root / "served"):
        folder.mkdir(parents=True)
    (root / "served" / NAME).write_bytes(generated(SIZE))
    with ExitStack() as stack:
        if case.small_disk:
            stack.enter_context(_small_disk(place))
        if case.old:
            (place / NAME).write_bytes(OLD)
        if case.netrc:
            _write_netrc(root / "home" / ".netrc")
        foreign = None
        users = dict([USER]) if case.locked else None
        if case.foreign:
            foreign = stack.enter_context(Depot(faults=True, users=users))
        times: list[float] = []

        def note(_record: RequestRecord) -> None:
            times.append(time.monotonic())
            if case.changing and len(times) == 1:
                (root / "next").write_bytes(generated(SIZE, 1))
                (root / "next").replace(root / "served" / NAME)

        depot = stack.enter_context(
            Depot(
                root / "served",
                faults=True,
                tls=case.certificate is not None,
                certificate=case.certificate or "valid",
                users=users,
                routes={"named": _answer_named},
                on_request=note,
            )
        )
        if depot.ca_pem is not None:
            (root / "authority.pem").write_text(depot.ca_pem)
        yield Ground(root=root, case=case, depot=depot, foreign=foreign, times=times)


@contextmanager
def _small_disk(place: Path) -> Iterator[None]:
    """Put a file system with little room there."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "scorecard", str(place)]
    code, _, err = capture(command, cwd=place.parent)
    if code:
        msg = f"no small file system can be mounted: {last_words(err)}"
        raise GroundError(msg)
    try:
        yield
    finally:
        capture(["umount", "-l", str(place)], cwd=place.parent)


def _write_netrc(path: Path) -> None:
    user, password = USER
    path.write_text(
        "".join(f"machine {host} login {user} password {password}\n" for host in ("127.0.0.1", "localhost"))
    )
    path.chmod(0o600)


async def _answer_named(exchange: Exchange) -> web.StreamResponse:
    """``/_/named?name=&size=``: the content, with a name in Content-Disposition."""
    response = web.Response(
        body=generated(exchange.whole("size", SIZE)),
        headers={"Content-Disposition": f'attachment; filename="{exchange.option("name")}"'},
    )
    exchange.entry.status = response.status
    await response.prepare(exchange.request)
    await response.write_eof()
    return response


def _old() -> Found:
    return Found(size=len(OLD), sha256=hashlib.sha256(OLD).hexdigest())

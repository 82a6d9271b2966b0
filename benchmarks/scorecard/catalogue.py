"""Who is judged: what each tool can be told, and how it is called."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.catalogue import Peer
from benchmarks.scorecard import commands
from benchmarks.scorecard.case import Feature
from benchmarks.scorecard.peers._task import Task

MODULES = "benchmarks.scorecard.peers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """A peer that is judged.

    Attributes:
        peer: What it needs to run, and how it is called.
        features: What it can be told, or does by itself.
        command: Makes its command line, or None for a Python peer, which has a module of its own.
        own_name: Whether it finds a name for the file itself, so that the only file there is the one.
    """

    peer: Peer
    features: frozenset[Feature]
    command: Callable[[Task], list[str]] | None = None
    own_name: bool = False

    @property
    def name(self) -> str:
        """What it is called."""
        return self.peer.name

    def has(self, feature: Feature | None) -> bool:
        """Tell whether it has a feature; everybody has None."""
        if feature is Feature.PROOF:
            return bool(self.features & {Feature.DIGEST, Feature.SIZE})
        return feature is None or feature in self.features


def _library(name: str, note: str, *features: Feature) -> Contestant:
    peer = Peer(name=name, module=name, note=note, distributions=(name,))
    return Contestant(peer=peer, features=frozenset(features))


def _tool(command: Callable[[Task], list[str]], note: str, *features: Feature, own_name: bool = False) -> Contestant:
    name = command.__name__
    peer = Peer(name=name, module=name, note=note, tools=(name,))
    return Contestant(peer=peer, features=frozenset(features), command=command, own_name=own_name)


HAULAGE = "haulage"

CONTESTANTS = (
    _library(
        HAULAGE,
        "`haulage.fetch` with a `Remote`; `NamedByServer` where the tool is to find the name",
        *set(Feature) - {Feature.PROOF, Feature.RESUME, Feature.SEGMENTS},
    ),
    _tool(
        commands.curl,
        "`--fail --location --remove-on-error`, `--speed-limit 1 --speed-time 2`; with limits `--max-filesize`, "
        "`--max-time`; `--proto-redir =https` for D02; `--remote-name`, `--remote-header-name` for names; for R06 "
        "`--continue-at -` in place of `--remove-on-error`, run twice",
        *(Feature.MAX_SIZE, Feature.SLOWEST, Feature.TOTAL, Feature.HTTPS_ONLY, Feature.RETRIES, Feature.HEADERS),
        *(Feature.CREDENTIALS, Feature.URL_NAMES, Feature.SERVER_NAMES, Feature.RESUME),
    ),
    _tool(
        commands.wget,
        "`--timeout=2 --tries=1` and no `--output-document`, as that makes an empty file beforehand: what it names the "
        "file counts as the final name; with `--output-document` only over an old file; `--https-only` for D02; "
        "`--retry-on-http-error=429,503` for Q; `--content-disposition` for F01; `--continue` for R06",
        *(Feature.HTTPS_ONLY, Feature.RETRIES, Feature.HEADERS, Feature.CREDENTIALS),
        *(Feature.URL_NAMES, Feature.SERVER_NAMES, Feature.RESUME),
        own_name=True,
    ),
    _tool(
        commands.wget2,
        "`--timeout=2 --tries=1 --output-document`; `--https-only` for D02; `--content-disposition` for F01; "
        "`--cut-file-get-vars` for F05; `--continue` for R06; `--chunk-size=1M` for R15",
        *(Feature.HTTPS_ONLY, Feature.RETRIES, Feature.HEADERS, Feature.CREDENTIALS),
        *(Feature.URL_NAMES, Feature.SERVER_NAMES, Feature.RESUME, Feature.SEGMENTS),
    ),
    _tool(
        commands.aria2c,
        "`--checksum=sha-256=…`, `--timeout=2 --max-tries=1 --file-allocation=none --allow-overwrite=true`; with "
        "limits `--lowest-speed-limit` and `--stop`; for R06 `--continue=true` in place of `--allow-overwrite`, run "
        "twice; `--split=4` for R15",
        *(Feature.DIGEST, Feature.SLOWEST, Feature.TOTAL, Feature.RETRIES, Feature.HEADERS, Feature.CREDENTIALS),
        *(Feature.URL_NAMES, Feature.SERVER_NAMES, Feature.RESUME, Feature.SEGMENTS),
    ),
    _library(
        "pulpcore",
        "`DownloaderFactory(Remote(…)).build(…).run()` without its start-up and database; the file is renamed into "
        "place after success; 1 retry, the fewest it takes",
        *(Feature.DIGEST, Feature.SIZE, Feature.TOTAL, Feature.RETRIES, Feature.HEADERS, Feature.CREDENTIALS),
    ),
    _library(
        "parfive",
        "`Downloader(overwrite=True, max_splits=1)`, its default of 5 splits in R15, with `enqueue_file(…, "
        "checksum=…)`; `SessionConfig` with timeouts, headers (also for the password) and, for certificates, a session "
        "of its own; it has no retries that it does by itself",
        *(Feature.DIGEST, Feature.TOTAL, Feature.HEADERS, Feature.CREDENTIALS),
        *(Feature.URL_NAMES, Feature.SERVER_NAMES, Feature.SEGMENTS),
    ),
    _library(
        "pooch",
        "`pooch.create` with a registry of one file, `HTTPDownloader(timeout=2)`; `pooch.retrieve` for F05",
        *(Feature.DIGEST, Feature.RETRIES, Feature.HEADERS, Feature.CREDENTIALS, Feature.URL_NAMES),
    ),
    _library(
        "huggingface_hub",
        "`hf_hub_download(local_dir=…)` from a hub of its own that tells the size and redirects to the case's URL, as "
        "the real one does to its storage; its retries cannot be switched off; it does not verify digests",
        *(Feature.SIZE, Feature.RETRIES, Feature.HEADERS, Feature.CREDENTIALS, Feature.RESUME),
    ),
    _library(
        "requests",
        "as in its quickstart: `requests.get(stream=True, timeout=2)`, `raise_for_status()`, `iter_content` into the "
        "file",
        *(Feature.HEADERS, Feature.CREDENTIALS),
    ),
)
"""All contestants, haulage first."""

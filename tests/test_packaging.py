"""What is installed: names at the door, typing marker, version, dependencies, and the price of an import."""

from __future__ import annotations

import importlib.metadata
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import haulage
from haulage import errors
from haulage.transport import status

ROOT = Path(__file__).parent.parent

# The names of the specification's first section. CartDownloader comes with the cart room.
SPECIFIED = {
    *("Remote", "RemoteArtifact", "DownloaderFactory", "BaseDownloader", "HttpDownloader", "FileDownloader"),
    *("DownloadResult", "download", "fetch"),
    *("DownloadError", "HttpStatusError", "ValidationError", "DigestValidationError", "SizeValidationError"),
    *("UnsupportedDigestValidationError", "TimeoutException"),
    # Nectar's names (section 2)
    *("UnsupportedProtocol", "MalformedRequest", "ReadError", "FileNotFound", "PartialFile"),
    *("RemoteServerResolutionError", "ServerTimedOut", "AuthorizationFailure", "TooManyRedirects", "UnknownResponse"),
    *("RemoteServerError", "ProxyResolutionError", "ProxyConnectionTimedOut", "ProxyAuthorizationFailure"),
    *("ServerSSLVerificationFailure", "ClientSSLAuthorizationFailure"),
}

OPTIONAL = (
    "rich",
    "tqdm",
    "uvloop",
    "trustme",
    "cryptography",
    "obstore",
    "haulage.cli",
    "haulage.depot",
    "haulage.progress",
)


def test_every_name_of_the_door_exists() -> None:
    """What the door lists is there, each name once."""
    for name in haulage.__all__:
        assert hasattr(haulage, name), name
    assert len(haulage.__all__) == len(set(haulage.__all__))


def test_the_specified_names_are_at_the_door() -> None:
    """Who moves over finds the names he knows, and every error."""
    assert set(haulage.__all__) >= SPECIFIED
    assert set(haulage.__all__) >= set(errors.__all__)
    assert set(haulage.__all__) >= {name for name in status.__all__ if isinstance(getattr(status, name), type)}


def test_the_door_shows_nothing_by_accident() -> None:
    """What can be seen without an underscore is listed, or a room of the house."""
    seen = {name for name in vars(haulage) if not name.startswith("_")}
    rooms = {name for name in seen if inspect.ismodule(getattr(haulage, name))}
    assert seen - rooms - set(haulage.__all__) <= {"annotations"}


def test_the_signatures_of_the_seeds() -> None:
    """Arguments keep the order and the names that callers of the older systems use."""
    base = list(inspect.signature(haulage.BaseDownloader).parameters)
    assert base[:4] == ["url", "expected_digests", "expected_size", "semaphore"]
    http = list(inspect.signature(haulage.HttpDownloader).parameters)
    names = "url session auth proxy proxy_auth headers_ready_callback headers throttler max_retries kwargs"
    assert http == names.split()
    for function in (haulage.download, haulage.fetch):
        parameters = inspect.signature(function).parameters
        assert list(parameters) == ["url", "destination", "expected_digests", "expected_size", "if_exists", "remote"]
        assert all(parameters[name].kind is inspect.Parameter.KEYWORD_ONLY for name in list(parameters)[2:])
    assert inspect.iscoroutinefunction(haulage.download)
    assert not inspect.iscoroutinefunction(haulage.fetch)
    assert list(inspect.signature(haulage.DownloaderFactory).parameters) == ["remote", "downloader_overrides"]
    builds = list(inspect.signature(haulage.Remote.get_downloader).parameters)
    assert builds == ["self", "url", "remote_artifact", "download_factory", "kwargs"]


def test_the_version_comes_from_one_place() -> None:
    """The package, its metadata and its User-Agent agree, and no other file repeats the number."""
    version = haulage.__version__
    assert importlib.metadata.version("haulage") == version
    assert f"haulage/{version} " in haulage.DownloaderFactory.user_agent()
    package = Path(haulage.__file__).parent
    holders = [
        path.name for path in package.rglob("*.py") if re.search(rf"[\"']{re.escape(version)}[\"']", path.read_text())
    ]
    assert holders == ["_version.py"]
    if (ROOT / "pyproject.toml").exists():
        assert not re.search(r"^version\s*=", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)


def test_type_checkers_are_told_to_look() -> None:
    """The marker of PEP 561 lies beside the package."""
    assert Path(haulage.__file__).with_name("py.typed").exists()


def test_the_marker_is_in_the_wheel() -> None:
    """What was installed from a wheel has the marker in its list of files."""
    files = {str(file) for file in importlib.metadata.files("haulage") or ()}
    if "haulage/__init__.py" not in files:
        pytest.skip("installed from the source tree, not from a wheel")
    assert "haulage/py.typed" in files
    assert not {file for file in files if file.startswith(("tests/", "benchmarks/", "docs/"))}


def test_the_core_needs_four_packages() -> None:
    """aiohttp, aiofiles, asyncio-throttle and backoff, and nothing more without an extra."""
    core = [line for line in importlib.metadata.requires("haulage") or () if "extra ==" not in line]
    names = {re.split(r"[\s<>=!~;\[(]", line, maxsplit=1)[0].lower() for line in core}
    assert names == {"aiohttp", "aiofiles", "asyncio-throttle", "backoff"}
    assert len(core) == 4


def test_importing_brings_no_option() -> None:
    """Whoever imports the library pays for none of its extras, doors or servers, and starts no thread."""
    code = (
        "import json, sys, threading; import haulage; "
        "print(json.dumps([sorted(sys.modules), threading.active_count(), 'asyncio_throttle' in sys.modules]))"
    )
    output = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], check=True, capture_output=True, text=True
    ).stdout
    modules, threads, _ = json.loads(output)
    assert "haulage.downloaders.http" in modules
    assert not {name for name in modules for option in OPTIONAL if name == option or name.startswith(f"{option}.")}
    assert threads == 1


def test_every_module_can_be_imported() -> None:
    """Also those the door does not reach, and without a warning."""
    package = Path(haulage.__file__).parent
    names = [
        ".".join(["haulage", *path.relative_to(package).with_suffix("").parts]).removesuffix(".__init__")
        for path in sorted(package.rglob("*.py"))
        if path.name != "__main__.py"
    ]
    code = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"
    subprocess.run([sys.executable, "-W", "error", "-c", code, *names], check=True, capture_output=True, text=True)

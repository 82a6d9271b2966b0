"""Run the examples of the documentation and of the README against depots; end with 1 if one of them fails.

Every page is one program: its Python blocks run in order, in one namespace and in a new directory that holds the
files the examples speak of. A block that begins with a fence of ``text`` right after a Python block is what that block
prints; three dots in it stand for anything. Blocks may use ``await``, as in ``python -m asyncio``. Lines of ``console``
blocks that begin with ``$ haulage`` are run as well.

The hosts in the examples are made up; here they are depots:

==============================  ====================================================
``https://example.com``         plain, with the files
``https://mirror.example.com``  plain, with the same files
``https://tls.example.com``     TLS, with its authority in ``ca.pem``
``https://mtls.example.com``    TLS, wants the client certificate in ``client.pem``
``https://carts.example.com``   the cart service of the first one
``https://policy.example.com``  the first one, which has Pacifica's page about a transaction
==============================  ====================================================

An HTML comment before a block says what is special about it: ``<!-- not run: reason -->``, or ``<!-- exits 3 -->`` for
a command that fails. A comment that begins with ``<!-- run`` holds code that runs and is not shown.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import hashlib
import inspect
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import traceback
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haulage.depot import Depot, generated

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
PAGES = (HERE.parent / "README.md", *sorted(HERE.glob("*.md")))
COMMAND_SECONDS = 60.0


class ExampleError(Exception):
    """An example did something else than the page says."""


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a page: its language, or ``hidden``, its text, the line it begins in, and the comment before it."""

    language: str
    text: str
    line: int
    note: str


def blocks(page: str) -> Iterator[Block]:
    """Yield the fenced blocks and the hidden code of a page, in order."""
    lines = iter(enumerate(page.splitlines(), 1))
    note = ""
    for number, line in lines:
        if line.startswith("<!-- run"):
            text = _until(lines, "-->")
            yield Block("hidden", text, number + 1, "")
        elif fence := re.match(r"(```+)\s*([a-z]+)\s*$", line):
            text = _until(lines, fence[1])
            yield Block(fence[2], text, number + 1, note)
            note = ""
        elif comment := re.match(r"<!--\s*(.*?)\s*-->$", line):
            note = comment[1]
        elif line.startswith("```"):
            _until(lines, "```")
            note = ""
        elif line.strip():
            note = "prose"


def _until(lines: Iterator[tuple[int, str]], end: str) -> str:
    found = []
    for _, line in lines:
        if line.strip() == end:
            break
        found.append(line)
    return "\n".join(found) + "\n"


class Page:
    """One page as a program.

    Args:
        path: The page.
        hosts: Made-up origin → real one.
        runner: Its event loop.
    """

    def __init__(self, path: Path, hosts: dict[str, str], runner: asyncio.Runner) -> None:
        self._path = path
        self._hosts = hosts
        self._runner = runner
        self._names: dict[str, Any] = {"__name__": "__main__", "hosts": hosts}
        self.count = 0

    def run(self) -> None:
        """Run all blocks.

        Raises:
            ExampleError: One failed, or printed something else.
        """
        printed: str | None = None
        for block in blocks(self._path.read_text(encoding="utf-8")):
            try:
                if block.language == "text" and printed is not None and block.note != "prose":
                    self._compare(printed, block.text)
                printed = self._one(block)
            except Exception as error:
                traceback.print_exc()
                msg = f"{self._path.name}:{block.line}"
                raise ExampleError(msg) from error

    def _one(self, block: Block) -> str | None:
        if block.language == "toml":
            self._names["toml"] = block.text
        if block.note.startswith("not run") or block.language not in ("python", "hidden", "console"):
            return None
        self.count += 1
        if block.language == "console":
            return self._console(block)
        return self._python(block)

    def _python(self, block: Block) -> str:
        text = "\n" * (block.line - 1) + self._real(block.text)
        code = compile(text, str(self._path), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            result = eval(code, self._names)
            if inspect.iscoroutine(result):
                self._runner.run(result)
        return output.getvalue()

    def _console(self, block: Block) -> str:
        output = ""
        expected = int(match[1]) if (match := re.match(r"exits (\d+)", block.note)) else 0
        for line in self._real(block.text).replace("\\\n", " ").splitlines():
            if not line.startswith("$ haulage"):
                continue
            command = [sys.executable, "-W", "error", "-m", *shlex.split(line[2:], comments=True)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False)
            if done.returncode != expected:
                msg = f"{line}\nended with {done.returncode}, not {expected}:\n{done.stdout}{done.stderr}"
                raise ExampleError(msg)
            output += done.stdout
        return output

    def _compare(self, printed: str, expected: str) -> None:
        pattern = re.escape(self._real(expected).strip()).replace(r"\.\.\.", ".*")
        if not re.fullmatch(pattern, printed.strip(), re.DOTALL):
            msg = f"printed\n{printed}\nand not\n{expected}"
            raise ExampleError(msg)

    def _real(self, text: str) -> str:
        for name, origin in self._hosts.items():
            text = text.replace(name, origin)
        return text


def make_files(directory: Path) -> None:
    """Write the files that the examples download."""
    directory.mkdir()
    (directory / "hello.txt").write_bytes(b"hello\n")
    (directory / "data.bin").write_bytes(generated(1_000_000, seed=7))
    for name in ("one", "two", "three"):
        (directory / f"{name}.bin").write_bytes(generated(100_000, seed=name))
    transaction = directory / "status" / "transactions" / "by_id" / "67"
    transaction.parent.mkdir(parents=True)
    files = {"1001": ("", "notes.txt", b"hello\n"), "1002": ("raw", "0001.bin", generated(100_000, seed=8))}
    about = {}
    for number, (subdir, name, content) in files.items():
        (directory / number).write_bytes(content)
        digest = hashlib.sha1(content).hexdigest()
        about[number] = {"name": name, "subdir": subdir, "hashtype": "sha1", "hashsum": digest, "size": len(content)}
    transaction.write_text(json.dumps({"_id": 67, "files": about}), encoding="ascii")


def main(arguments: list[str]) -> int:
    """Run all pages, or those named on the command line; return the exit code."""
    warnings.simplefilter("error")
    pages = [Path(name).resolve() for name in arguments] or list(PAGES)
    failed = 0
    with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as stack:
        served = Path(scratch, "served")
        make_files(served)
        plain, mirror, tls, mtls = (
            stack.enter_context(Depot(served, **options))
            for options in ({}, {}, {"tls": True}, {"tls": True, "require_client_certificate": True})
        )
        certificate, key = mtls.issue_client_certificate("reader")
        hosts = {
            "https://example.com": plain.url,
            "https://mirror.example.com": mirror.url,
            "https://tls.example.com": tls.url,
            "https://mtls.example.com": mtls.url,
            # The scheme is that of the depot, so this goes first.
            "cart+https://carts.example.com": plain.carts_url.replace("http:", "cart:"),
            "https://carts.example.com": plain.carts_url,
            "https://policy.example.com": plain.url,
        }
        for path in pages:
            directory = Path(scratch, path.stem)
            directory.mkdir()
            os.chdir(directory)
            Path("ca.pem").write_text(f"{tls.ca_pem}{mtls.ca_pem}", encoding="ascii")
            Path("client.pem").write_text(certificate, encoding="ascii")
            Path("client.key").write_text(key, encoding="ascii")
            with asyncio.Runner() as runner:
                page = Page(path, hosts, runner)
                try:
                    page.run()
                except ExampleError as error:
                    failed += 1
                    print(f"FAILED  {error}")
                else:
                    print(f"ok      {path.name}: {page.count} examples")
        os.chdir(HERE)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Sphinx settings of haulage's documentation, and the tables that are written by the code itself."""

from __future__ import annotations

import inspect
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
from sphinx.util import logging

import haulage
from haulage.cli import cart, commands, exits
from haulage.cli.arguments import Parser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

HERE = Path(__file__).parent
GENERATED = HERE / "_generated"
LOG = logging.getLogger(__name__)

project = "haulage"
author = "The haulage developers"
project_copyright = author
version = release = haulage.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "_generated", "adr/template.md", "benchmarks"]
nitpicky = True
# Names of other projects. Their pages would have to be fetched to link to them, and a build needs no network.
nitpick_ignore_regex = [
    (r"py:.*", r"(aiohttp|asyncio|asyncio_throttle|collections|contextvars|hashlib|multidict)\..*"),
    (r"py:.*", r"(os|pathlib|ssl|typing)\..*"),
    # Aliases of types, which have no entry of their own, and what is not public.
    (r"py:class", r"Certificate|Console|Context|Destination|Headers|IfExists|Path|PathOrPem|Proof|Response|Route"),
    (r"py:class", r"Session|YieldFiles"),
    # Type variables.
    (r"py:class", r"(haulage\.factory\.)?[DT]"),
]
default_role = "code"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True}
napoleon_use_ivar = True
napoleon_use_rtype = False

html_theme = "furo"
html_title = f"haulage {release}"
copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True


def error_classes(root: type[Exception]) -> Iterator[tuple[int, type[Exception]]]:
    """Yield the error classes of haulage below *root*, each after its parent, with its depth."""

    def walk(kind: type[Exception], depth: int) -> Iterator[tuple[int, type[Exception]]]:
        yield depth, kind
        for child in sorted(kind.__subclasses__(), key=lambda item: item.__name__):
            # A class with two parents of ours stands below the first.
            if child.__module__.startswith("haulage.") and child.__bases__[0] is kind:
                yield from walk(child, depth + 1)

    return walk(root, 0)


def builtins_of(kind: type[Exception]) -> str:
    """Return the builtin (or aiohttp) classes that also catch *kind*."""
    own = []
    for base in kind.__mro__:
        if base.__module__ == "builtins" and base not in (Exception, BaseException, object):
            own.append(base.__name__)
        elif base is aiohttp.ClientResponseError:
            own.append("aiohttp.ClientResponseError")
    return ", ".join(f"`{name}`" for name in own)


def retried(kind: type[Exception]) -> str:
    """Say whether *kind* is followed by another attempt."""
    if issubclass(kind, haulage.HttpStatusError):
        return "by status"
    return "yes" if getattr(kind, "transient", False) else ""


def write_error_pages() -> None:
    """Write the tree of errors, and the reference of each, from the classes themselves."""
    tree = ["| error | also a | retried | when |", "|---|---|---|---|"]
    reference: list[str] = []
    for depth, kind in error_classes(haulage.DownloadError):
        indent = "&emsp;" * depth
        first = (inspect.getdoc(kind) or "").partition("\n\n")[0].replace("\n", " ").replace("|", "\\|")
        name = f"{{py:exc}}`~haulage.{kind.__name__}`"
        tree.append(f"| {indent}{name} | {builtins_of(kind)} | {retried(kind)} | {first} |")
        reference += [
            "```{eval-rst}",
            f".. autoexception:: haulage.{kind.__name__}",
            "   :no-inherited-members:",
            "```",
            "",
        ]
    (GENERATED / "errors-tree.md").write_text("\n".join(tree) + "\n", encoding="utf-8")
    (GENERATED / "errors-reference.md").write_text("\n".join(reference), encoding="utf-8")


def write_command_pages() -> None:
    """Write the options of each command and the exit codes, from the parser itself."""
    # The help text is as wide as the terminal it believes to be on, and has its colours.
    os.environ.update(COLUMNS="110", NO_COLOR="1")
    pages = {command.NAME: command.add_arguments for command in commands.COMMANDS if command is not cart}
    pages["cart get"] = cart.add_get_options
    for name, add_options in pages.items():
        parser = Parser(prog=f"haulage {name}")
        add_options(parser)
        text = f"```text\n{parser.format_help().rstrip()}\n```\n"
        (GENERATED / f"cli-{name.replace(' ', '-')}.md").write_text(text, encoding="utf-8")
    rows = (line.strip().partition("  ") for line in exits.table().splitlines())
    codes = [f"| {code} | {meaning} |" for code, _, meaning in rows]
    (GENERATED / "cli-exits.md").write_text(
        "\n".join(["| code | meaning |", "|---|---|", *codes, ""]), encoding="utf-8"
    )


def check_reference(_app: Sphinx, env: BuildEnvironment) -> None:
    """Warn about a public name without an entry: a warning ends a strict build."""
    known = env.get_domain("py").objects  # type: ignore[attr-defined]
    for name in haulage.__all__:
        if f"haulage.{name}" not in known and name != "__version__":
            LOG.warning("haulage.%s is public and not in the reference", name)


def help_napoleon(_app: Sphinx, what: str, _name: str, _thing: object, _options: object, lines: list[str]) -> None:
    """Spell out what napoleon reads in another way than people do."""
    if what in ("attribute", "data", "property"):
        # Here "word: word" is a sentence, and no type with its description.
        lines[:0] = ["..", ""]
    elif what == "class" and "Attributes:" in lines:
        # "a, b: …" is one entry for each name; only arguments are taken apart by napoleon itself.
        start = lines.index("Attributes:") + 1
        found = []
        for line in lines[start:]:
            names = re.match(r"( +)(\w+(?:, \w+)+): (.*)", line)
            found += [f"{names[1]}{name}: {names[3]}" for name in names[2].split(", ")] if names else [line]
        lines[start:] = found


def setup(app: Sphinx) -> None:
    """Write what is written by code, and hold the reference against the code."""
    GENERATED.mkdir(exist_ok=True)
    write_error_pages()
    write_command_pages()
    app.connect("autodoc-process-docstring", help_napoleon, priority=1)
    app.connect("env-check-consistency", check_reference)

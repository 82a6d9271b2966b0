"""The walls of the house, read from the source itself.

Imports are read by AST, three kinds of them:

- at module level: they hold the floor table, and no two modules may need each other (no cycles);
- inside functions: they hold the floor table and the rooms of foreign packages as well; they are left out of the search
  for cycles, since they run later;
- under ``TYPE_CHECKING``: they hold the floor table too (a floor does not even know the names above it), but neither
  the search for cycles nor the rooms of foreign packages, since they are never run.
"""

from __future__ import annotations

import ast
import graphlib
import inspect
import io
import operator
import re
import sys
import textwrap
import tokenize
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import haulage

if TYPE_CHECKING:
    from collections.abc import Iterator

# Room → floor. A room is a module, or a package with all that is in it.
FLOORS: dict[str, int] = {
    # words: plain values, standard library only
    "haulage._version": 0,
    "haulage.checks": 0,
    "haulage.errors": 0,
    "haulage.events": 0,
    "haulage.headers": 0,
    "haulage.result": 0,
    "haulage.settings": 0,
    "haulage.urls": 0,
    # rules: decisions
    "haulage.archives.blocks": 1,
    "haulage.archives.contents": 1,
    "haulage.archives.judge": 1,
    "haulage.archives.names": 1,
    "haulage.archives.tar": 1,
    "haulage.cart.manifest": 1,
    "haulage.cart.metadata": 1,
    "haulage.rules": 1,
    # hands: one kind of I/O each
    "haulage.archives": 2,
    "haulage.blocking": 2,
    "haulage.sinks": 2,
    "haulage.steadfast": 2,
    "haulage.transport": 2,
    "haulage.workers": 2,
    # engine
    "haulage.downloaders": 3,
    "haulage.factory": 3,
    # uses
    "haulage.cart": 4,
    "haulage.remote": 4,
    "haulage.shortcuts": 4,
    # doors
    "haulage.__main__": 5,
    "haulage.cli": 5,
    "haulage.depot": 5,
    "haulage.progress": 5,
    "haulage.testing": 5,
}
DOOR = "haulage"  # the package's own __init__: above everything

# Foreign package → rooms that may import it. What is not named here may be imported nowhere.
FOREIGN: dict[str, tuple[str, ...]] = {
    "aiohttp": ("haulage.transport", "haulage.depot"),
    "multidict": ("haulage.transport", "haulage.depot", "haulage.downloaders.http"),
    "yarl": ("haulage.transport", "haulage.depot"),
    "aiofiles": ("haulage.downloaders", "haulage.cli"),
    "asyncio_throttle": ("haulage.downloaders",),
    "backoff": ("haulage.rules.retry",),
    "uvloop": ("haulage.blocking",),
    "rich": ("haulage.progress", "haulage.cli"),
    "tqdm": ("haulage.progress", "haulage.cli"),
    "trustme": ("haulage.depot",),
    "cryptography": ("haulage.depot",),
    "pytest": ("haulage.testing",),
}

MOST_LINES = 300
MOST_CODE_IN_A_FUNCTION = 60

# Calls that make something at import time that would have to be closed, or that acts on the whole process.
NOT_AT_IMPORT = {
    *("Thread", "Timer", "ThreadPoolExecutor", "ProcessPoolExecutor", "Pool", "Semaphore", "BoundedSemaphore"),
    *("ClientSession", "TCPConnector", "new_event_loop", "get_event_loop", "set_event_loop", "Workers", "Runner"),
    *("register", "register_at_fork", "signal", "set_wakeup_fd", "basicConfig", "addHandler", "install", "open"),
    *("TemporaryDirectory", "NamedTemporaryFile", "socket", "Popen", "Client", "DownloaderFactory", "Depot"),
    *("filterwarnings", "simplefilter", "putenv", "chdir", "umask"),
}

SOURCE = Path(haulage.__file__).parent


@dataclass(frozen=True)
class Import:
    """One import of one module."""

    target: str
    line: int
    for_types: bool
    in_function: bool


@dataclass(frozen=True)
class Module:
    """A source file."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def imports(self) -> Iterator[Import]:
        """All imports in this file, with how they are made."""
        return _imports(self.tree, for_types=False, in_function=False)


def _imports(node: ast.AST, *, for_types: bool, in_function: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(alias.name, child.lineno, for_types, in_function)
        elif isinstance(child, ast.ImportFrom):
            assert not child.level, "imports are absolute"
            assert child.module
            for alias in child.names:
                inner = f"{child.module}.{alias.name}"
                yield Import(inner if inner in NAMES else child.module, child.lineno, for_types, in_function)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            for part in child.body:
                yield from _imports(ast.Module([part], []), for_types=True, in_function=in_function)
            for part in child.orelse:
                yield from _imports(ast.Module([part], []), for_types=for_types, in_function=in_function)
        else:
            is_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _imports(child, for_types=for_types, in_function=in_function or is_function)


def _name(path: Path) -> str:
    parts = [DOOR, *path.relative_to(SOURCE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _read(path: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    return Module(_name(path), path, text, ast.parse(text))


FILES = sorted(SOURCE.rglob("*.py"))
NAMES = {_name(path) for path in FILES}
MODULES = [_read(path) for path in FILES]


def _is_in(name: str, room: str) -> bool:
    return name == room or name.startswith(f"{room}.")


def _floor(name: str) -> int | None:
    if name == DOOR:
        return max(FLOORS.values()) + 1
    return next((floor for room, floor in FLOORS.items() if _is_in(name, room)), None)


def _on_floors(*floors: int) -> list[Module]:
    return [module for module in MODULES if _floor(module.name) in floors]


NAME = operator.attrgetter("name")
EACH = pytest.mark.parametrize("module", MODULES, ids=NAME)


def test_the_source_was_found() -> None:
    """These tests look at something."""
    assert {"haulage", "haulage.urls", "haulage.rules.retry", "haulage.downloaders.base"} <= NAMES


def test_every_module_has_a_floor() -> None:
    """A new room gets a place in the table before it gets in."""
    assert not [name for name in NAMES if _floor(name) is None]


@EACH
def test_imports_go_down(module: Module) -> None:
    """No module imports from a floor above its own, not even for types or inside a function."""
    mine = _floor(module.name)
    assert mine is not None
    for found in module.imports:
        if not _is_in(found.target, DOOR):
            continue
        floor = _floor(found.target)
        assert floor is not None, f"line {found.line}: {found.target} is not in the floor table"
        assert floor <= mine, f"line {found.line}: floor {mine} imports {found.target} of floor {floor}"


def test_no_two_modules_need_each_other() -> None:
    """Within a floor, too, imports go one way."""
    graph = {
        module.name: {
            found.target
            for found in module.imports
            if found.target in NAMES and not (found.for_types or found.in_function) and found.target != module.name
        }
        for module in MODULES
    }
    assert tuple(graphlib.TopologicalSorter(graph).static_order())


@EACH
def test_foreign_packages_stay_in_their_rooms(module: Module) -> None:
    """Each foreign package has a job, and only the rooms that do that job import it; the rest is standard library."""
    for found in module.imports:
        package = found.target.partition(".")[0]
        if found.for_types or package == DOOR or package in sys.stdlib_module_names:
            continue
        assert package in FOREIGN, f"line {found.line}: {package} has no job here"
        rooms = FOREIGN[package]
        assert any(_is_in(module.name, room) for room in rooms), f"line {found.line}: {package} in {module.name}"


@pytest.mark.parametrize("module", _on_floors(0), ids=NAME)
def test_words_use_the_standard_library_only(module: Module) -> None:
    """Floor 0 knows nothing but Python, not even for types."""
    for found in module.imports:
        package = found.target.partition(".")[0]
        assert package == DOOR or package in sys.stdlib_module_names, f"line {found.line}: {package}"


@pytest.mark.parametrize("module", _on_floors(0, 1), ids=NAME)
def test_rules_are_synchronous_and_without_io(module: Module) -> None:
    """Floors 0 and 1 decide: no coroutines, no sockets, no clock, no threads."""
    assert not [node for node in ast.walk(module.tree) if isinstance(node, ast.AsyncFunctionDef | ast.Await)]
    forbidden = {"asyncio", "socket", "threading", "time", "subprocess", "tempfile", "selectors", "queue"}
    assert not {found.target.partition(".")[0] for found in module.imports if not found.for_types} & forbidden


@pytest.mark.parametrize("module", [each for each in MODULES if _is_in(each.name, "haulage.depot")], ids=NAME)
def test_the_depot_is_a_second_opinion(module: Module) -> None:
    """The embedded server shares no code with the client, but for the version."""
    ours = {found.target for found in module.imports if _is_in(found.target, DOOR)}
    assert not {name for name in ours if not _is_in(name, "haulage.depot")} - {"haulage._version"}


@EACH
def test_nothing_is_opened_at_import(module: Module) -> None:
    """No pools, sessions, threads, handlers or exit hooks come with an import."""
    assert not {found.target for found in module.imports if found.target in ("atexit", "faulthandler")}
    for node in _at_import(module.tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            assert called not in NOT_AT_IMPORT, f"line {node.lineno}: {called}() at import"


def _at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Return what is run when a module is imported: all but the bodies of functions and the last lines of a script."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "__main__" in ast.dump(child.test):
            continue
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            for part in (*child.decorator_list, *child.args.defaults, *child.args.kw_defaults):
                if part is not None:
                    yield part
                    yield from ast.walk(part)
        elif not isinstance(child, ast.Lambda):
            yield child
            yield from _at_import(child)


def test_no_name_is_changed_globally() -> None:
    """There are no singletons: no function writes a module's variables."""
    assert not [
        (module.name, node.lineno)
        for module in MODULES
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Global)
    ]


@EACH
def test_a_file_is_short(module: Module) -> None:
    """Who needs more lines has two subjects."""
    assert len(module.text.splitlines()) <= MOST_LINES


@EACH
def test_a_function_is_short(module: Module) -> None:
    """A function fits on a screen, its documentation and comments not counted."""
    code = _code_lines(module.text)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = set(range(node.lineno, (node.end_lineno or 0) + 1)) & code
            if ast.get_docstring(node) is not None:
                lines -= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
            assert len(lines) <= MOST_CODE_IN_A_FUNCTION, f"{node.name} has {len(lines)} lines of code"


def _code_lines(text: str) -> set[int]:
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in silent:
            lines.update(range(token.start[0], token.end[0] + 1))
    return lines


def test_a_module_says_what_it_is_for() -> None:
    """A file opens by saying its strategy."""
    assert not [module.name for module in MODULES if not ast.get_docstring(module.tree)]


@EACH
def test_a_module_names_what_it_offers(module: Module) -> None:
    """Where there is something public there is an ``__all__``, and what it lists is there."""
    public = [
        node.name
        for node in module.tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_")
    ]
    if not public:
        return
    offered: set[str] = set()
    for node in module.tree.body:
        if isinstance(node, ast.Assign) and any(getattr(target, "id", "") == "__all__" for target in node.targets):
            offered = set(ast.literal_eval(node.value))
    assert offered, f"{module.name} has no __all__"
    defined = {name for node in module.tree.body for name in _defined(node)}
    assert not offered - defined


def _defined(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name for alias in node.names)
    else:
        yield from (part.id for part in ast.walk(node) if isinstance(part, ast.Name))


# --- the public names ------------------------------------------------------------------------------------------------

PUBLIC = [(name, getattr(haulage, name)) for name in sorted(haulage.__all__)]
CALLABLES = [(name, value) for name, value in PUBLIC if inspect.isclass(value) or inspect.isfunction(value)]


def _documented() -> Iterator[Any]:
    """Yield a name and a function, for each public function and each public method defined in our classes."""
    for name, value in CALLABLES:
        if inspect.isfunction(value):
            yield pytest.param(value, id=name)
            continue
        for inner, member in vars(value).items():
            function = getattr(member, "__func__", member)
            if inspect.isfunction(function) and not inner.startswith("_"):
                yield pytest.param(function, id=f"{name}.{inner}")


def _parameters(function: Any) -> list[str]:
    names = [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]
    return [name for name in names if not name.startswith("_")]


def _raises(function: Any) -> bool:
    tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))
    return any(isinstance(node, ast.Raise) and node.exc is not None for node in ast.walk(tree))


@pytest.mark.parametrize(("name", "value"), PUBLIC, ids=[name for name, _ in PUBLIC])
def test_a_public_name_has_a_docstring_of_its_own(name: str, value: Any) -> None:
    """Modules, classes and functions at the door say what they are, and do not inherit their words."""
    if isinstance(value, str):
        return
    doc = value.__dict__.get("__doc__") if inspect.isclass(value) else value.__doc__
    assert doc, name
    assert doc.strip().splitlines()[0].endswith((".", "?", "!", ":")), doc.strip().splitlines()[0]


@pytest.mark.parametrize(("name", "kind"), [(name, value) for name, value in CALLABLES if inspect.isclass(value)])
def test_a_public_class_explains_its_arguments(name: str, kind: type) -> None:
    """A class with a constructor of its own has Args, or, as an error, Attributes; fields have words of their own."""
    own = kind.__dict__.get("__init__") or kind.__dict__.get("__new__")
    if own is None or hasattr(kind, "__dataclass_fields__") or not _parameters(own):
        return
    doc = kind.__doc__ or ""
    errors = issubclass(kind, BaseException)
    assert re.search(r"^\s*Args:$", doc, re.MULTILINE) or (
        (errors and re.search(r"^\s*Attributes:$", doc, re.MULTILINE)) or _only_message(own)
    ), name


def _only_message(function: Any) -> bool:
    return set(_parameters(function)) <= {"message", "url"}


@pytest.mark.parametrize("function", list(_documented()))
def test_a_public_function_explains_itself(function: Any) -> None:
    """It has a docstring, Args where there are parameters, and Raises where it raises itself."""
    doc = inspect.unwrap(function).__doc__ or ""
    assert doc
    if _parameters(function):
        assert re.search(r"^\s*Args:$", doc, re.MULTILINE), "no Args"
        for name in _parameters(function):
            assert re.search(rf"\b{name}\b", doc), f"{name} is not explained"
    if _raises(function):
        assert re.search(r"^\s*Raises:$", doc, re.MULTILINE), "no Raises"


@pytest.mark.parametrize("field", sorted(haulage.Remote.__dataclass_fields__))
def test_a_setting_has_words_of_its_own(field: str) -> None:
    """Each field of the settings is followed by a text that says what it means."""
    tree = next(module.tree for module in MODULES if module.name == "haulage.settings")
    settings = next(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == "RemoteSettings")
    for place, node in enumerate(settings.body):
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == field:
            after = settings.body[place + 1]
            assert isinstance(after, ast.Expr)
            assert isinstance(after.value, ast.Constant)
            return
    raise AssertionError(field)

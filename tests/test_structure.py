"""The house: which module may import which, what it may cost to import, and what may not be in it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import rxtweets

ROOT = Path(rxtweets.__file__).parent

ROOMS = [
    {"__main__"},
    {"cli"},
    {"compat"},
    {"__init__"},
    {"signin", "streams"},
    {"management"},
    {"rules"},
    {"rest"},
    {"connection"},
    {"testing"},
    {"transport"},
    {"_run", "operators"},
    {"filters"},
    {"messages"},
    {"auth"},
    {"endpoints"},
    {"framing", "backoff"},
    {"errors"},
    {"_version", "_observable", "_schedulers", "_unlogged"},
]
"""The rooms from the top down: a module imports from its own room and from those below."""

APART = {"emulator"}
"""The emulator imports none of the client side, so that one misreading cannot hide another; see `SHARED`."""

SHARED = {"_version", "_unlogged", "messages", "filters", "rules", "errors"}
"""What the emulator has in common with clients: what messages are, and what filters and rules match."""

WITHOUT_IO = {
    "messages",
    "framing",
    "backoff",
    "errors",
    "endpoints",
    "filters",
}
"""Rooms without sockets and clocks."""

IO = {"socket", "ssl", "time", "http.client", "urllib3", "asyncio", "selectors", "subprocess"}

NETWORK = {"requests", "urllib3", "socket", "http", "ssl"}
"""What only the transport's rooms import, but for requests' plain data types."""


def room(path: Path) -> str:
    """The room that the module at *path* is in."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """The modules that *path* imports, absolutely named, and whether when it is itself imported."""
    package = [rxtweets.__name__, *path.relative_to(ROOT).parts[:-1]]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    at_once = set(map(id, _outside_functions(tree)))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, id(node) in at_once
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            if module == rxtweets.__name__:
                for alias in node.names:
                    yield f"{module}.{alias.name}", id(node) in at_once
            else:
                yield module, id(node) in at_once


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from _outside_functions(child)


MODULES = sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_rooms_only_call_down(path: Path) -> None:
    """A module imports from its own room and the rooms below it."""
    here = room(path)
    floor = {name: level for level, names in enumerate(ROOMS) for name in names}
    for module, _ in imports(path):
        if not module.startswith("rxtweets."):
            continue
        there = module.split(".")[1]
        if here in APART:
            assert there in {here, *SHARED}, f"{here} imports {module}"
            assert module not in {"rxtweets.rules.management.client", "rxtweets.messages.lifecycle"}, (
                f"{here} imports {module}"
            )
        elif there in APART:
            assert here in {"cli"}, f"{here} imports {module}"
        else:
            assert there == here or floor[there] > floor[here], f"{here} imports {module}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_sans_io(path: Path) -> None:
    """Rooms without I/O import nothing that does any; only the transport knows the HTTP library."""
    here = room(path)
    for module, _ in imports(path):
        if here in WITHOUT_IO or (here == "rules" and path.name != "client.py"):
            assert module not in IO, f"{here} imports {module}"
        if here not in {"transport", "emulator", "cli", "auth", "testing"}:
            plain = {"requests.structures", "requests.auth"}
            assert module in plain or module.split(".")[0] not in NETWORK - {"http"}, (
                f"{here} imports {module}"
            )


def test_nothing_sleeps() -> None:
    """Time enters through schedulers: no module sleeps."""
    for path in MODULES:
        if room(path) not in APART:
            assert "time.sleep" not in path.read_text(encoding="utf-8"), path


def test_importing_brings_in_only_what_it_needs() -> None:
    """`import rxtweets` loads neither the extras nor what is costly and rarely used."""
    program = "import sys, rxtweets; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    for name in (
        "h11",
        "click",
        "lark",
        "rxtweets.rules.language.ast",
        "requests_oauthlib",
        "oauthlib",
        "dataclasses",
        "tomllib",
        "rxtweets.emulator",
    ):
        assert name not in loaded


def test_all_is_sorted_and_there() -> None:
    """Every name in `__all__` exists."""
    for module in (rxtweets, rxtweets.operators, rxtweets.messages):
        assert len(set(module.__all__)) == len(module.__all__)
        for name in module.__all__:
            assert hasattr(module, name)

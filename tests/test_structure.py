"""The house: which module may import which, what it may cost to import, and what may not be in it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import rxtweets

ROOT = Path(rxtweets.__file__).parent

ROOMS = [
    {"__main__"},
    {"cli"},
    {"compat"},
    {"__init__"},
    {"hub"},
    {"signin", "streams", "relay"},
    {"recovery"},
    {"management", "search"},
    {"rules"},
    {"rest"},
    {"connection"},
    {"_session_runner"},
    {"testing"},
    {"transport"},
    {"aio", "notebook"},
    {"operators", "gui"},
    {"recordings"},
    {"_iterate"},
    {"_handoff"},
    {"_logs"},
    {"filters"},
    {"budgets"},
    {"prices"},
    {"messages"},
    {"auth"},
    {"endpoints"},
    {"framing", "backoff"},
    {"errors"},
    {"_printable", "_loopback", "_pace", "_file_lock"},
    {"_run"},
    {"_observable"},
    {"_observer"},
    {"_waiting"},
    {"_version", "_loops", "_schedulers", "_unlogged"},
    {"_on_demand"},
]
"""The rooms from the top down: a module imports from its own room and from those below."""

APART = {"emulator"}
"""The emulator imports none of the client side, so that one misreading cannot hide another; see `SHARED`."""

SHARED = {
    *("_version", "_unlogged", "_printable", "_loopback", "errors"),
    *("messages", "filters", "rules", "recordings", "prices"),
}
"""The rooms that the emulator shares with the client: messages, filters, rules, recordings, and prices."""

CLIENTS = {
    "rxtweets.rules.management.base",
    "rxtweets.rules.management.client",
    "rxtweets.rules.management.powerstream",
    "rxtweets.messages.lifecycle",
    "rxtweets.recordings.events",
    "rxtweets.recordings.replay",
}
"""Modules of shared rooms that are the client's alone."""

EMULATOR_ROOMS = [
    {"__init__"},
    {"emulator"},
    {"app.control"},
    {"console", "faults.scenario"},
    {"app.router", "api.v1.endpoints", "api.v2.endpoints", "faults.actions", "faults.reading"},
    {"app.services"},
    {"faults"},
    {"api"},
    {"app.rate_limits"},
    {"streams"},
    {
        *("api.v1.forms", "api.v1.entities", "api.v1.escapes"),
        *("api.v2.forms", "api.v2.entities", "api.v2.objects"),
        *("api.v2.fields", "api.v2.params", "api.v2.recorded"),
    },
    {"faults.distortion", "server"},
    {"world"},
    {"app.usage"},
    {"app.clock", "app.limits", "app.records"},
]
"""The emulator's rooms, and the modules that stand elsewhere than their room, from the top down."""

WITHOUT_IO = {
    "messages",
    "prices",
    "framing",
    "backoff",
    "errors",
    "endpoints",
    "filters",
}
"""Rooms without sockets and clocks."""

IO = {"socket", "ssl", "time", "http.client", "urllib3", "asyncio", "selectors", "subprocess"}

NETWORK = {"requests", "urllib3", "socket", "ssl"}
"""Modules that only the transport's rooms import, but for `PLAIN`."""

NATS = "rxtweets.relay._nats"
"""The room that speaks NATS, another protocol than the transport's, over TLS of its own."""

PLAIN = {"requests.structures", "requests.auth"}
"""Data types of `requests`, which do no I/O."""


def name(path: Path) -> str:
    """Return the name of the module at *path*: `rxtweets.auth` for `auth/__init__.py`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join([rxtweets.__name__, *parts]).removesuffix(".__init__")


def room(path: Path) -> str:
    """Return the room that the module at *path* is in."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


MODULES = sorted(ROOT.rglob("*.py"))
NAMES = {name(path): path for path in MODULES}


@cache
def imports(path: Path) -> Sequence[tuple[str, bool]]:
    """Return the modules that *path* imports, by their full names, True beside those outside functions.

    Imports for type checkers and those inside functions count.
    """
    found = []
    package = [rxtweets.__name__, *path.relative_to(ROOT).parts[:-1]]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    at_once = set(map(id, _outside_functions(tree)))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found.append((alias.name, id(node) in at_once))
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{module}.{alias.name}"
                if inner in NAMES or module == rxtweets.__name__:
                    found.append((inner, id(node) in at_once))
                else:
                    found.append((module, id(node) in at_once))
    return found


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from _outside_functions(child)


def circles() -> list[set[str]]:
    """Return the sets of modules that import each other, directly or through others."""
    imported = {one: {module for module, _ in imports(path)} & NAMES.keys() for one, path in NAMES.items()}
    reached = {one: _reachable(one, imported) for one in NAMES}
    found: list[set[str]] = []
    for one in NAMES:
        circle = {other for other in reached[one] if one in reached[other]}
        if circle and circle not in found:
            found.append(circle)
    return found


def _reachable(start: str, imported: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    ahead = [*imported[start]]
    while ahead:
        if (module := ahead.pop()) not in reached:
            reached.add(module)
            ahead += imported[module]
    return reached


def test_no_circle_of_imports() -> None:
    """No module imports itself through others, at run time or for type checkers only."""
    assert circles() == []


def test_rooms_only_call_down() -> None:
    """A module imports from its own room and the rooms below it."""
    floor = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}
    wrong = []
    for path in MODULES:
        here = room(path)
        for module, _ in imports(path):
            if not module.startswith("rxtweets."):
                continue
            there = module.split(".")[1]
            if here in APART:
                allowed = there in {here, *SHARED} and module not in CLIENTS
            elif there in APART:
                allowed = here == "cli"
            else:
                allowed = there == here or floor[there] > floor[here]
            if not allowed:
                wrong.append(f"{name(path)} imports {module}")
    assert wrong == []


def _emulator_row(module: str) -> int:
    """Return the row of a module of the emulator: that of the longest entry which it is or is in."""
    inner = module.removeprefix("rxtweets.emulator").removeprefix(".") or "__init__"
    rows = {entry: row for row, entries in enumerate(EMULATOR_ROOMS) for entry in entries}
    return rows[max((entry for entry in rows if f"{inner}.".startswith(f"{entry}.")), key=len)]


def test_the_emulators_rooms_only_call_down() -> None:
    """Inside the emulator, too, a module imports from its own room and the rooms below it."""
    wrong = []
    for path in MODULES:
        here = name(path)
        if room(path) not in APART or (len(path.relative_to(ROOT).parts) > 2 and path.name == "__init__.py"):
            continue
        for module, _ in imports(path):
            if not module.startswith("rxtweets.emulator."):
                continue
            above, below = _emulator_row(here), _emulator_row(module)
            if not (below > above or (below == above and here.split(".")[2:3] == module.split(".")[2:3])):
                wrong.append(f"{here} imports {module}")
    assert wrong == []


def test_sans_io() -> None:
    """Rooms without I/O import nothing that does any; one room each knows HTTP's library and NATS."""
    wrong = []
    for path in MODULES:
        here = room(path)
        banned = set[str]()
        if here in WITHOUT_IO or (here == "rules" and path.name != "client.py"):
            banned |= IO
        speaks_nats = name(path).startswith(NATS)
        if not speaks_nats:
            banned.add("nats")
        if here not in {"transport", "emulator", "cli", "auth", "testing"} and not speaks_nats:
            banned |= NETWORK
        for module, _ in imports(path):
            if (module in banned or module.split(".")[0] in banned) and module not in PLAIN:
                wrong.append(f"{name(path)} imports {module}")
    assert wrong == []


def test_nothing_sleeps() -> None:
    """Time enters through schedulers: no module sleeps."""
    for path in MODULES:
        if room(path) not in APART:
            assert "time.sleep" not in path.read_text(encoding="utf-8"), path


CHAIN = """
import rxtweets as rxt
from rxtweets import operators as tw
rxt.StreamingClient(rxt.BearerToken("token")).sample().pipe(tw.posts()).map(lambda post: post.text)
"""


def _loaded(program: str) -> set[str]:
    """Return the modules that a new Python has after it ran *program*."""
    command = [sys.executable, "-c", f"{program}\nimport sys; print(*sys.modules)"]
    return {*subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()}


def test_a_stream_loads_only_what_it_needs() -> None:
    """A stream and its operators load neither the extras nor the rooms that it does without."""
    loaded = _loaded(CHAIN)
    assert "rxtweets.connection" in loaded
    assert loaded.isdisjoint(
        {
            *("h11", "opentelemetry", "click", "lark", "requests_oauthlib", "oauthlib"),
            *("dataclasses", "tomllib", "sqlite3", "multiprocessing"),
            *("rxtweets.budgets", "rxtweets.compat", "rxtweets.emulator", "rxtweets.filters"),
            *("rxtweets.hub", "rxtweets.prices", "rxtweets.recordings", "rxtweets.relay"),
            *("rxtweets.rules", "rxtweets.search", "rxtweets.signin", "rxtweets.testing"),
            *("rxtweets._handoff", "rxtweets._iterate", "rxtweets.operators.snapshots"),
        }
    )


@pytest.mark.parametrize("module", [rxtweets, rxtweets.operators])
def test_what_is_loaded_on_demand_is_what_type_checkers_see(module: ModuleType) -> None:
    """The names that a package loads when they are used come from where type checkers find them."""
    assert module.__file__
    branches = [
        node
        for node in ast.parse(Path(module.__file__).read_text(encoding="utf-8")).body
        if isinstance(node, ast.If)
    ]
    (call,) = (node for node in ast.walk(branches[0]) if isinstance(node, ast.Call))
    homes: dict[str, tuple[str, ...]] = ast.literal_eval(call.args[1])
    seen = {
        alias.name: node.module
        for node in branches[0].body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert {name: home for home, names in homes.items() for name in names} == {
        name: home for name, home in seen.items() if home is not None
    }
    assert {name for name, home in seen.items() if home is None} <= homes.keys()
    for home, names in homes.items():
        there = import_module(f"{module.__name__}.{home}")
        assert all(getattr(module, name) is getattr(there, name) for name in names)


def test_threads_may_use_names_for_the_first_time_at_once() -> None:
    """Each of several threads finds whole what another one is just loading."""
    program = """
import sys, threading
import rxtweets
from rxtweets import operators
sys.setswitchinterval(1e-6)
left = [(home, name) for home in (rxtweets, operators) for name in home.__all__ if name not in vars(home)]
assert left
gate = threading.Barrier(8)
found = []
def use(mine):
    gate.wait()
    found.extend(getattr(home, name) for home, name in mine)
threads = [threading.Thread(target=use, args=[left[each::8]]) for each in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert len(found) == len(left)
"""
    assert "rxtweets.hub" in _loaded(program)


def test_names_are_listed_before_they_are_loaded() -> None:
    """`dir` has the names that aren't loaded yet; a module of the package is an attribute, a typo is none."""
    program = """
import rxtweets
from rxtweets import operators
assert {*rxtweets.__all__} <= {*dir(rxtweets)}
assert {*operators.__all__} <= {*dir(operators)}
assert rxtweets.endpoints.v2
try:
    rxtweets.Steam
except AttributeError as error:
    assert str(error) == "module 'rxtweets' has no attribute 'Steam'"
else:
    raise AssertionError
from rxtweets import *
assert StreamingClient is rxtweets.StreamingClient
"""
    assert "rxtweets.hub" in _loaded(program)


def test_all_is_sorted_and_there() -> None:
    """Every name in `__all__` exists."""
    for module in (rxtweets, rxtweets.operators, rxtweets.messages):
        assert len(set(module.__all__)) == len(module.__all__)
        for name in module.__all__:
            assert hasattr(module, name)


QUESTIONS = {"What", "Whatever", "Who", "Whom", "Whose", "Whether", "How", "Which", "Where"}


def test_docstrings_are_plain() -> None:
    """No docstring begins with a question word, those of classes, modules, attributes and tests included.

    That functions of the package begin with a verb is for the linter (D401).
    """
    root = ROOT.parent
    others = [*(root / "examples").glob("*.py"), *root.glob("*.py"), *(root / "tests").rglob("*.py")]
    wrong = []
    begun = re.compile(rf"""["']\s*({"|".join(QUESTIONS)})\b""")
    for path in [*MODULES, *others]:
        source = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)) if begun.search(source) else ():  # parsing takes long
            match node:
                case ast.Expr(value=ast.Constant(value=str(text))) if QUESTIONS & {*text.split()[:1]}:
                    wrong.append(f"{path.relative_to(root)}:{node.lineno}: {text}")
    assert wrong == []

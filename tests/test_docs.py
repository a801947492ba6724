"""The documentation: its programs run, its reference is complete, its links lead somewhere."""

from __future__ import annotations

import configparser
import contextlib
import importlib
import inspect
import os
import pkgutil
import re
import runpy
import shutil
import subprocess
import sys
import textwrap
import threading
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

import pytest

from rxtweets import operators
from rxtweets.emulator import Emulator
from rxtweets.emulator.app.limits import Level
from tests import pyright, snippets
from tests import test_structure as structure
from tests.forked import PIPE, Program, write_command
from tests.relay import servers

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
RUNNABLE = [page for page in PAGES if any(snippets.blocks(page, "python"))]

TYPED = [ROOT / "README.md", ROOT / "docs" / "index.md", ROOT / "docs" / "guide.md"]
"""Pages that a newcomer copies from. The other pages leave types out, to be short."""

WIDEST = 92
"""Columns."""

REFERENCE = {
    "rxtweets": "rxtweets",
    "rxtweets.aio": "aio",
    "rxtweets.auth": "auth",
    "rxtweets.backoff": "backoff",
    "rxtweets.budgets": "budgets",
    "rxtweets.compat": "compat",
    "rxtweets.connection": "rxtweets",
    "rxtweets.emulator": "emulator",
    "rxtweets.endpoints": "endpoints",
    "rxtweets.filters": "filters",
    "rxtweets.framing": "framing",
    "rxtweets.gui.gtk": "gui",
    "rxtweets.gui.qt": "gui",
    "rxtweets.gui.tk": "gui",
    "rxtweets.gui.wx": "gui",
    "rxtweets.hub": "hub",
    "rxtweets.management": "management",
    "rxtweets.messages": "messages",
    "rxtweets.messages.v2": "messages-v2",
    "rxtweets.notebook": "notebook",
    "rxtweets.operators": "operators",
    "rxtweets.recovery": "recovery",
    "rxtweets.relay": "relay",
    "rxtweets.rules": "rules",
    "rxtweets.search": "search",
    "rxtweets.signin": "rxtweets",
    "rxtweets.streams": "rxtweets",
    "rxtweets.testing": "testing",
    "rxtweets.transport": "transport",
}
"""The public modules, and the pages of the reference that they are on."""


ENTERPRISE = {"docs/how-to/filtered-stream.md"}
"""The pages with a program that says that it needs enterprise access."""


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", RUNNABLE, ids=name)
def test_every_program_runs(page: Path, tmp_path: Path) -> None:
    """The Python blocks of a page run in order against the emulator, as a reader would run them."""
    level: Level = "enterprise" if name(page) in ENTERPRISE else "pay_per_use"
    with contextlib.ExitStack() as stack:
        emulator = stack.enter_context(Emulator(rate=200, level=level))
        variables = {**os.environ, **emulator.env(), "PYTHONPATH": str(ROOT)}
        if page.stem == "relay":
            variables["NATS_URL"] = stack.enter_context(servers.running(tmp_path / "nats")).url
        program = stack.enter_context(
            Program(
                ["-m", "tests.snippets", str(page)], cwd=tmp_path, env=variables, stdout=PIPE, stderr=PIPE
            )
        )
        out, err = program.communicate()
    assert program.returncode == 0, out[-2000:] + err[-4000:]
    assert "Traceback" not in err, err


def test_programs_are_typed(tmp_path: Path) -> None:
    """The Python blocks of such a page are one program that mypy's strict mode passes."""
    pytest.importorskip("mypy")
    programs = [tmp_path / f"{page.stem}.py" for page in TYPED]
    for page, program in zip(TYPED, programs, strict=True):
        program.write_text(snippets.program(page), encoding="utf-8")
    options = ["--strict", "--config-file=", "--follow-imports=silent"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, *map(str, programs)],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(ROOT), "MYPY_CACHE_DIR": str(ROOT / ".mypy_cache" / "docs")},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_programs_are_typed_under_pyright(tmp_path: Path) -> None:
    """pyright's strict mode, by which editors go, passes these programs, too."""
    for page in TYPED:
        (tmp_path / f"{page.stem}.py").write_text(snippets.program(page), encoding="utf-8")
    pyright.check(tmp_path, [tmp_path])


@pytest.fixture
def commands(tmp_path: Path) -> Path:
    """A folder to put first on the PATH, where `rxtweets` is this interpreter's."""
    write_command(tmp_path / "bin" / "rxtweets")
    return tmp_path / "bin"


@pytest.mark.skipif(shutil.which("bash") is None, reason="the blocks are typed into bash")
def test_every_command_runs(commands: Path, tmp_path: Path) -> None:
    """The shell blocks of the page on the command line run in one shell, one after the other, as typed."""
    page = ROOT / "docs" / "how-to" / "command-line.md"
    environment = {
        **os.environ,
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    shell = subprocess.Popen(
        ["bash", "-m"],
        cwd=tmp_path,
        env={**environment, "PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    watchdog = threading.Timer(120, shell.kill)
    watchdog.start()
    assert shell.stdin is not None
    assert shell.stdout is not None
    try:
        for block in snippets.blocks(page, "sh"):
            command = block.text.strip()
            # Whoever reads a stream without an end has seen enough after some lines.
            endless = command.startswith("rxtweets") and "--limit" not in command and "&" not in command
            typed = f"{command} | head -{snippets.ENOUGH}" if endless else command
            shell.stdin.write(f'{typed}\necho "ended: $?"\n')
            shell.stdin.flush()
            said = _said(shell.stdout, "ended: ")
            assert said[-1] == "ended: 0\n", said
            if command.endswith("&"):
                assert _said(shell.stdout, "For example")
            elif not command.startswith("kill"):
                assert len(said) > 1, command
        shell.stdin.close()
        assert shell.wait(10) in (0, 143)
    finally:
        watchdog.cancel()
        shell.kill()
        shell.stdin.close()
        shell.stdout.close()
        shell.wait()


def _said(output: IO[str], last: str) -> list[str]:
    """The lines up to the first that begins with *last*."""
    lines = []
    for line in output:
        lines.append(line)
        if line.startswith(last):
            return lines
    raise AssertionError(f"the shell ended after {lines}")


@pytest.mark.parametrize("module", REFERENCE)
def test_reference_is_complete(module: str) -> None:
    """Every public name is in the reference, on its module's page."""
    page = (ROOT / "docs" / "reference" / f"{REFERENCE[module]}.rst").read_text(encoding="utf-8")
    whole = set(re.findall(r"^\.\. automodule:: (\S+)\n   :members:$", page, re.MULTILINE))
    told = set(re.findall(r"[\w.]+", page))
    for public in importlib.import_module(module).__all__:
        places = {f"{module}.{public}", f"rxtweets.{public}"}
        assert places & (told | whole) or module in whole, f"{module}.{public}"


def test_the_extra_docs_brings_what_the_reference_imports() -> None:
    """The extra `docs` installs each package that a documented module imports."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    extras = {name: text.split() for name, text in setup["options.extras_require"].items()}
    wanted = {*setup["options"]["install_requires"].split(), *extras["docs"]}
    while own := {one for one in wanted if one.startswith("rxtweets[")}:
        wanted = (wanted - own) | {one for each in own for one in extras[each[9:-1]]}
    brought = {re.split(r"[<>=]", one)[0] for one in wanted}
    found = {*sys.stdlib_module_names, "rxtweets", "urllib3"}  # the last is a part of requests
    packages = packages_distributions()
    documented, seen = [*REFERENCE], set[str]()
    while documented:
        module = documented.pop()
        if module.split(".")[0] == "rxtweets":
            place = ROOT / module.replace(".", "/")
            path = next(
                (one for one in (place / "__init__.py", place.with_suffix(".py")) if one.exists()), None
            )
            if path and module not in seen:
                documented += [name for name, at_once in structure.imports(path) if at_once]
            seen.add(module)
        elif (package := module.split(".")[0]) not in found:
            assert brought & {name.lower() for name in packages[package]}, f"{module} is imported"


def test_reference_has_every_public_module() -> None:
    """A module with an `__all__` and a public name is in the list above, or is re-exported by its package."""
    package = ROOT / "rxtweets"
    for path in sorted(package.glob("[!_]*.py")) + sorted(package.glob("*/__init__.py")):
        module = path.relative_to(ROOT).with_suffix("").as_posix().removesuffix("/__init__").replace("/", ".")
        if "__all__" in path.read_text(encoding="utf-8") and module != "rxtweets.cli":
            assert module in REFERENCE


def test_no_property_has_words_for_a_type() -> None:
    """No property's docstring has a colon in its first line: Sphinx takes what stands before for a type."""
    wrong = []
    for page in sorted((ROOT / "docs" / "reference").glob("*.rst")):
        for found in re.findall(r"autoclass:: (\S+)", page.read_text(encoding="utf-8")):
            module, _, kind = found.rpartition(".")
            for attribute, value in vars(getattr(importlib.import_module(module), kind)).items():
                if isinstance(value, property) and ": " in (value.__doc__ or "").partition("\n")[0]:
                    wrong.append(f"{found}.{attribute}")
    assert wrong == []


def test_programs_fit_the_page() -> None:
    """No line of a program is wider than the pages show without scrolling."""
    for page in PAGES:
        for language in ("python", "text"):
            for block in snippets.blocks(page, language):
                for line in block.text.splitlines():
                    assert len(line) <= WIDEST, f"{name(page)}: {line}"


def test_marble_diagrams_are_drawn() -> None:
    """Each diagram in an operator's docstring becomes a picture; code stays code."""
    drawn = runpy.run_path(str(ROOT / "docs" / "marbles.py"))["drawn"]
    picture = drawn("--a--en-x  a: <1>\n   f(<)\n-----|")
    assert [*ElementTree.fromstring(picture).itertext()] == ["a", "en", "f(<)", "a: <1>"]
    assert re.findall("error|end", picture) == ["error", "end"]
    found = []
    for operator in operators.__all__:
        for block in re.split(r"^ *::\n\n", inspect.getdoc(getattr(operators, operator)) or "", flags=re.M)[
            1:
        ]:
            text = textwrap.dedent(block.split("\n\n")[0])
            found.append(drawn(text) is not None)
            assert found[-1] == text.lstrip().startswith("-"), text
    assert found.count(True) > 8


def test_links_lead_somewhere() -> None:
    """Each relative link of a page is to a file there is."""
    for page in PAGES:
        text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert (page.parent / link).exists(), f"{name(page)} links to {link}"


def test_each_promise_names_tests_that_there_are() -> None:
    """Each row of the page of promises names tests, and they are in the files that it says."""
    page = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and "| held by |" not in line]
    assert len(rows) > 20
    for row in rows:
        tests = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)
        assert tests, row
        for path, test in tests:
            assert f"def {test}(" in (ROOT / path).read_text(encoding="utf-8"), f"{path}::{test}"


def _first_words(page: Path) -> list[str]:
    """Return the first column of the pictures of *page*, which more than one blank ends."""
    pictures = "".join(block.text for block in snippets.blocks(page, "text"))
    return [re.split(r" {2,}", line)[0] for line in pictures.splitlines()]


def test_the_picture_of_the_rooms_is_right() -> None:
    """The picture has the rooms that the structure test has, and the folders of the emulator."""
    rows = _first_words(ROOT / "docs" / "architecture.md")
    count = len(structure.ROOMS)
    assert [set(row.split(", ")) for row in rows[:count]] == structure.ROOMS
    emulator = ROOT / "rxtweets" / "emulator"
    folders = {path.parent.name for path in emulator.glob("*/__init__.py")}
    assert {*rows[count:]} == {"emulator", *folders}


def test_the_walks_name_what_there_is() -> None:
    """Each dotted name on the page on the architecture is a module, or a name in one."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    names = re.findall(r"`(rxtweets\.[\w.]+)`", page)
    assert len(names) > 30
    for dotted in names:
        pkgutil.resolve_name(dotted)


def test_each_errand_has_its_test() -> None:
    """The errands of the page for contributors are those of `tests/errands`, and their files are there."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    tests = {name(path) for path in (ROOT / "tests" / "errands").glob("test_*.py")}
    assert set(re.findall(r"`(tests/errands/\w+\.py)`", page)) == tests
    for file in re.findall(r"`((?:rxtweets|tests|docs)/[\w/.-]+)`", page):
        assert (ROOT / file).exists(), file


def test_nothing_points_to_this_machine() -> None:
    """The pages name no path of a developer's machine."""
    for page in [*PAGES, *sorted((ROOT / "examples").rglob("*.py"))]:
        assert not re.search(r"/(home|Users|work|tmp|root)/", page.read_text(encoding="utf-8")), name(page)

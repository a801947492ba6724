"""What the docstrings of rxtweets mean by their form, told to Sphinx.

Indented text is a marble diagram or code, lines that begin with `|` are a table, and a message's fields are
shown as its class body would show them.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from typing import Any

import msgspec
from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.domains.python._object import PyObject
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

_SECTION = re.compile(r"(Args|Attributes|Raises|Returns|Yields|Errors):$")
_ROOMS = (
    "",
    "messages.",
    "errors.",
    "backoff.",
    "auth.",
    "endpoints.",
    "transport.",
    "rules.",
    "track.",
    "filterindex.",
    "emulator.",
    "testing.",
)
_WRAPPED = re.compile(r"^(?:Lazy|FromEnvelope)\[(.*)\]$")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("autodoc-process-docstring", _docstring, priority=400)  # before napoleon
    app.connect("autodoc-process-signature", _signature)
    app.connect("autodoc-skip-member", _skipped)
    app.connect("missing-reference", _linked)
    for field in PyObject.doc_field_types:
        if field.name == "variable":
            field.label = "Attributes"
    return {"parallel_read_safe": True}


def _docstring(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    if what == "class":
        for base in obj.__bases__:  # what a private base says of its parameters holds for the class
            if base.__name__.startswith("_") and base.__module__.startswith("rxtweets."):
                lines += ["", *inspect.cleandoc(base.__doc__ or "").split("\n")[2:]]
    lines[:] = _blocks(lines)
    if what in ("attribute", "data", "property"):
        lines[:0] = ["..", ""]  # or napoleon takes what stands before the first colon for a type
    if what == "class" and isinstance(obj, msgspec.StructMeta):
        at = lines.index("Attributes:") if "Attributes:" in lines else len(lines)
        lines[at:at] = _fields(obj)


def _blocks(lines: list[str]) -> list[str]:
    """*lines* with a directive before each indented block and each table; sections stay as they are."""
    made: list[str] = []
    at = 0
    section = False
    while at < len(lines):
        line = lines[at]
        if line and not line.startswith(" "):
            section = bool(_SECTION.match(line))
        after_blank = not made or not made[-1].strip()
        if line.startswith("|"):
            end = _end(lines, at, lambda text: text.startswith("|"))
            made += _table(lines[at:end])
            at = end
        elif line.startswith("    ") and after_blank and not section and not _listed(made):
            end = _end(lines, at, lambda text: not text.strip() or text.startswith(" "))
            body = textwrap.dedent("\n".join(lines[at:end])).strip("\n")
            made += [f".. code-block:: {_language(body)}", "", textwrap.indent(body, "    "), ""]
            at = end
        else:
            made.append(line)
            at += 1
    return "\n".join(made).split("\n")


def _end(lines: list[str], at: int, belongs: Any) -> int:
    while at < len(lines) and belongs(lines[at]):
        at += 1
    return at


def _listed(made: list[str]) -> bool:
    """Whether what comes next continues a list item, or is a literal block already."""
    last = next((line for line in reversed(made) if line.strip()), "")
    return last.startswith(("* ", "- ", "  ")) or last.rstrip().endswith("::")


def _language(body: str) -> str:
    try:
        ast.parse(body)
    except SyntaxError:
        return "text"
    return "python"


def _table(rows: list[str]) -> list[str]:
    cells = [[cell.strip() for cell in row.strip().strip("|").split("|")] for row in rows]
    cells = [row for row in cells if not all(set(cell) <= {"-", ":"} for cell in row)]
    made = [".. list-table::", "    :header-rows: 1", ""]
    for row in cells:
        made += [f"    {'* ' if n == 0 else '  '}- {cell}" for n, cell in enumerate(row)]
    return [*made, ""]


def _fields(kind: type[msgspec.Struct]) -> list[str]:
    """Return a struct's own fields, written as in its class body."""
    shown = [
        f"    {name}: {_type(text)}"
        for name, text in inspect.get_annotations(kind).items()
        if name in kind.__struct_fields__ and name != "past"
    ]
    return ["", ".. code-block:: python", "", *shown, ""] if shown else []


def _type(text: Any) -> str:
    """Return a field's type as it is read, whatever the type that decodes it."""
    text = text if isinstance(text, str) else getattr(text, "__name__", str(text))
    if found := _WRAPPED.match(text):
        text = found[1]
    return "datetime | None" if text == "RawTimestamp" else str(text)


def _skipped(app: Sphinx, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool | None:
    """Skip a NamedTuple's fields, which are in its signature."""
    return True if (getattr(obj, "__doc__", None) or "").startswith("Alias for field") else None


def _linked(app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement) -> Any:
    """Link a name as a program writes it: `BackoffPolicy.standard()`, `tw.statuses()`, `Status`."""
    target = node.get("reftarget", "").removesuffix("()").removeprefix("rxt.").removeprefix("rxtweets.")
    operator = target.startswith("tw.")
    if node.get("refdomain") != "py" or not (operator or target[:1].isupper() or "." in target):
        return None
    python = env.domains["py"]
    for room in ("operators.",) if operator else _ROOMS:
        found = python.objects.get(f"rxtweets.{room}{target.removeprefix('tw.')}")
        if found is not None:
            return make_refnode(app.builder, node["refdoc"], found.docname, found.node_id, content)
    return None


def _signature(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, signature: str | None, returns: str | None
) -> tuple[str | None, str | None] | None:
    """Structs are shown by their fields: none is made by hand with forty arguments."""
    return ("", None) if what == "class" and isinstance(obj, msgspec.StructMeta) else None

"""Sphinx configuration: `sphinx-build -W -b html docs docs/_build/html`."""

from __future__ import annotations

import inspect
import re
import sys
from datetime import datetime
from importlib import import_module
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import msgspec
from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

import rxtweets

sys.path.insert(0, str(Path(__file__).parent))  # for `marbles`

# Autodoc only warns of a module that can't be imported, and leaves its page empty.
for module in ("rxtweets.emulator", "rxtweets.rules.language.validate"):
    import_module(module)

# These are imported for type checkers only, as they are loaded when they are used. Without them autodoc can't
# tell which `Rule` and `Post` the signatures mean.
rules, search = import_module("rxtweets.rules"), import_module("rxtweets.search")
vars(import_module("rxtweets.hub.hub")).update(Limits=rules.Limits, Rule=rules.Rule)
vars(import_module("rxtweets.streams.v1")).update(FilterQuery=rxtweets.FilterQuery)
vars(import_module("rxtweets.streams.v2")).update(
    datetime=datetime, Budget=rxtweets.Budget,
    Rule=rules.Rule, RulesClient=rules.RulesClient,
    Granularity=search.Granularity, PostCounts=search.PostCounts, Searches=search.Searches,
)  # fmt: skip

project = "rxtweets"
release = version = installed("rxtweets")
project_copyright = "the rxtweets authors"
html_title = f"rxtweets {release}"
html_theme = "furo"
html_show_sphinx = False
exclude_patterns = ["_build"]

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "marbles"]
html_static_path = ["_static"]
html_css_files = ["marbles.css"]
myst_heading_anchors = 3
# What docstrings quote is a link where there is something to link to, and code in any case.
default_role = "py:obj"
napoleon_use_ivar = True
napoleon_attr_annotations = False
autodoc_class_signature = "mixed"
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
maximum_signature_line_length = 80
pygments_style = "friendly"


def setup(app: Sphinx) -> None:
    """Show structs by their fields, and find names that are written without their modules."""
    app.connect("autodoc-process-signature", _without_arguments)
    app.connect("autodoc-process-docstring", _with_fields, priority=400)  # before napoleon
    app.connect("missing-reference", _find)


def _without_arguments(app: Sphinx, what: str, name: str, obj: Any, *_: object) -> tuple[str, None] | None:
    return ("", None) if what == "class" and isinstance(obj, msgspec.StructMeta) else None


def _with_fields(app: Sphinx, what: str, name: str, obj: Any, options: object, lines: list[str]) -> None:
    """Add the fields as the class body has them, with the types that they are read as."""
    if what == "class" and isinstance(obj, msgspec.StructMeta):
        fields = [
            f"    {field}: {re.sub(r'^(?:Lazy|FromEnvelope).(.*).$', lambda wrapped: wrapped[1], text)}"
            for field, text in inspect.get_annotations(obj).items()
            if field in obj.__struct_fields__ and not text.startswith("_")
        ]
        fields = [field.replace("RawTimestamp", "datetime | None") for field in fields]
        at = lines.index("Attributes:") if "Attributes:" in lines else len(lines)
        lines[at:at] = ["", ".. code-block:: python", "", *fields, ""] if fields else []


def _find(app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement) -> Any:
    """Return a link to `Status`, `BackoffPolicy.standard()` or `tw.posts()`; the client's come first."""
    name = re.sub(r"^(tw|rxt|rxtweets)\.|\(\)$", "", node["reftarget"])
    found = env.domains["py"].find_obj(env, None, None, name, None, 1)  # type: ignore[attr-defined]
    if node.get("refdomain") != "py" or not found or not re.search(r"[A-Z.]", node["reftarget"]):
        return None
    _, there = min(found, key=lambda match: (bool(re.search("compat|emulator", match[0])), match[0]))
    return make_refnode(app.builder, node["refdoc"], there.docname, there.node_id, content)

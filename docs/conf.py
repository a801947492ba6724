"""Sphinx configuration: `sphinx-build -W -b html docs docs/_build/html`."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import version as installed
from pathlib import Path

# Autodoc only warns of a module that can't be imported, and leaves its page empty.
for module in ("rxtweets.emulator", "rxtweets.rules.language.validate"):
    import_module(module)

sys.path.insert(0, str(Path(__file__).parent))  # for `docstrings`, beside this file

project = "rxtweets"
release = version = installed("rxtweets")
project_copyright = "the rxtweets authors"
html_title = f"rxtweets {release}"
html_theme = "furo"
html_show_sphinx = False
exclude_patterns = ["_build"]

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "docstrings"]
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

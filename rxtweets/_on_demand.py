"""Names of a package that are loaded when they are first used."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

_loading = threading.RLock()
"""Held while something is loaded: of threads that import parts of a package at once, one may find half."""


def on_demand(
    package: str, homes: Mapping[str, tuple[str, ...]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return a package's `__getattr__` and `__dir__` (PEP 562), which know what isn't loaded yet.

    Args:
        package: its name.
        homes: the modules of the package, which are attributes of it, and the names that it has from each.
    """
    origins = {name: module for module, names in homes.items() for name in names}

    def load(name: str) -> Any:
        if name in origins:
            with _loading:
                value = getattr(import_module(f"{package}.{origins[name]}"), name)
            setattr(sys.modules[package], name, value)  # from now on it is found without this
            return value
        if name in homes:
            with _loading:
                return import_module(f"{package}.{name}")
        raise AttributeError(
            f"module {package!r} has no attribute {name!r}", name=name, obj=sys.modules[package]
        )

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *origins})

    return load, names

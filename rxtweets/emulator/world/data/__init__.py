"""The words, names and places of the emulated world, as TOML files."""

from __future__ import annotations

from importlib import resources
from typing import TypeVar

import msgspec

_T = TypeVar("_T")


def load(name: str, type: type[_T]) -> _T:
    """Return what the file `name` holds, as that type."""
    return msgspec.toml.decode(resources.files(__name__).joinpath(f"{name}.toml").read_bytes(), type=type)

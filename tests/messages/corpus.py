"""Frames to decode: the project's own, and X's where they lie nearby."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from rxtweets.messages import Message

DATA = Path(__file__).parent.parent / "data" / "messages"


def frames(name: str) -> list[bytes]:
    """The frames of `tests/data/messages/<name>.jsonl`."""
    return (DATA / f"{name}.jsonl").read_bytes().splitlines()


STATUSES = frames("statuses")
POSTS = frames("posts")
NOTICES = frames("notices")
EVERYTHING = STATUSES + POSTS + NOTICES


def reference(name: str) -> Path | None:
    """X's own material *name* in a `shared/reference` folder above the project; None where there is none."""
    for folder in Path(__file__).resolve().parents:
        path = folder / "shared" / "reference" / name
        if path.exists():
            return path
    return None


_MISSING = object()


def differences(value: Any, typed: Any, path: str = "") -> Iterator[str]:
    """The paths at which *value* is not what the typed object says; an id is what its `…_str` says."""
    if isinstance(value, Mapping) and value != typed:
        for key, inner in value.items():
            text = value.get(f"{key}_str")
            inner = int(text) if isinstance(text, str) and isinstance(inner, int) else inner
            held = typed.get(key, _MISSING) if isinstance(typed, Mapping) else getattr(typed, key, _MISSING)
            if held is _MISSING:
                yield f"{path}.{key} missing"
            else:
                yield from differences(inner, held, f"{path}.{key}")
    elif isinstance(value, Sequence) and not isinstance(value, str) and value != typed:
        if not isinstance(typed, tuple) or len(typed) != len(value):
            yield f"{path}: {typed!r} is not {value!r}"
            return
        for n, inner in enumerate(value):
            yield from differences(inner, typed[n], f"{path}[{n}]")
    elif isinstance(typed, datetime):
        if typed.tzinfo is None or not isinstance(value, str):
            yield f"{path}: {typed!r} is not {value!r}"
    elif value != typed:
        yield f"{path}: {typed!r} is not {value!r}"


def fields_of(message: Message) -> dict[str, Any]:
    """Return the value of every field of *message* except `raw` and `mismatches`."""
    return {
        name: getattr(message, name)
        for name in message.__struct_fields__
        if name not in ("raw", "mismatches")
    }


def encode(value: Any) -> bytes:
    """*value* as the bytes of a frame."""
    return msgspec.json.encode(value)

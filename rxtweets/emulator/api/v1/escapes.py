r"""Texts as v1.1 wrote them: in ASCII, all else escaped (`\u3042`)."""

from __future__ import annotations

import json

import msgspec

escape = json.JSONEncoder(separators=(",", ":")).encode


def escaped(text: str) -> str | msgspec.Raw:
    """Return the text as a value to encode, its characters beyond ASCII escaped."""
    return text if text.isascii() else msgspec.Raw(escape(text))

"""X's description as the project holds it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .messages.corpus import reference
from .openapi_facts import facts, written

HELD = Path(__file__).parent / "data/openapi/x-api-v2-streaming.json"


def test_it_holds_facts_only() -> None:
    """There is nothing in it to strip."""
    held = json.loads(HELD.read_bytes())
    assert facts(held) == held


def test_it_is_the_original_without_its_prose() -> None:
    """The copy of X's description leaves out prose only."""
    original = reference("x-api-v2-streaming.openapi.json")
    if original is None:
        pytest.skip("the original is not here")
    assert HELD.read_text(encoding="utf-8") == written(json.loads(original.read_bytes()))

"""X's description as the project holds it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .messages.corpus import reference
from .openapi_facts import facts, written

each_part = pytest.mark.parametrize(
    "held", sorted((Path(__file__).parent / "data/openapi").glob("*.json")), ids=lambda path: path.stem
)


@each_part
def test_it_holds_facts_only(held: Path) -> None:
    """There is nothing in it to strip."""
    whole = json.loads(held.read_bytes())
    assert facts(whole) == whole


@each_part
def test_it_is_the_original_without_its_prose(held: Path) -> None:
    """The copy of X's description leaves out prose only."""
    original = reference(f"{held.stem}.openapi.json")
    if original is None:
        pytest.skip("the original is not here")
    assert held.read_text(encoding="utf-8") == written(json.loads(original.read_bytes()))

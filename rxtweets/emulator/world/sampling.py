"""Random choices that are made for every post, and have to be cheap."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_T = TypeVar("_T")


def pick(rng: random.Random, things: Sequence[_T]) -> _T:
    """Return one of the things, in a third of the time that `random.Random.choice` takes."""
    return things[int(rng.random() * len(things))]


def short_link(rng: random.Random) -> str:
    """Return a random link of the form that X shortens links to."""
    return "https://t.co/" + "".join(rng.choices(ALPHABET, k=10))

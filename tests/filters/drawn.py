"""Queries and statuses drawn so that some match: few words, few users, boxes that overlap."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from rxtweets import FilterQuery

from .statuses import content, place, point, status

_WORDS = ["a", "b", "c", "#a", "@b", "c++", "😀", "👍🏽", ":)", "日本語"]


def _box(west: float, south: float, width: float, height: float) -> tuple[float, float, float, float]:
    return west, south, min(west + width, 180), min(south + height, 90)


_SIZES = st.sampled_from([0.01, 0.5, 1, 3, 10, 45, 180, 360])
BOXES = st.builds(_box, st.integers(-180, 179), st.integers(-90, 89), _SIZES, _SIZES)

QUERIES = st.builds(
    FilterQuery,
    track=st.lists(
        st.lists(st.sampled_from(_WORDS), min_size=1, max_size=3).map(" ".join), min_size=1, max_size=4
    ),
    follow=st.lists(st.integers(1, 4), max_size=3),
    locations=st.lists(BOXES, max_size=3),
    languages=st.sampled_from([None, "en", "ja", "en,ja"]),
    filter_level=st.sampled_from([None, "low", "medium"]),
)


def _said(text: str, quoted: str | None, **fields: Any) -> Any:
    return status(text, quoted_status=None if quoted is None else content(quoted), **fields)


_TEXTS = st.lists(st.sampled_from(_WORDS), max_size=4).map(" ".join)

STATUSES = st.builds(
    _said,
    _TEXTS,
    st.none() | _TEXTS,
    user=st.fixed_dictionaries({"id": st.integers(1, 6)}),
    coordinates=st.none() | st.builds(point, st.floats(-180, 180), st.floats(-90, 90)),
    place=st.none() | BOXES.map(lambda box: place(*box)),
    lang=st.sampled_from(["en", "ja", "de"]),
    filter_level=st.sampled_from(["none", "low", "medium"]),
)

"""The parameters of v1.1's filter as options give them."""

from __future__ import annotations

from collections.abc import Sequence

from rxtweets.filters import FilterQuery

from .parsing import usage


def filter_query(
    track: Sequence[str], follow: Sequence[str], locations: Sequence[str], languages: Sequence[str]
) -> FilterQuery:
    """What options that may be given several times, each with commas, ask for together.

    Raises:
        UsageError: one of them is not what v1.1's filter takes, or nothing says what to match.
    """
    with usage():
        return FilterQuery(
            track=",".join(track) or None,
            follow=",".join(follow) or None,
            locations=",".join(locations) or None,
            languages=",".join(languages) or None,
        )

"""The parameters of v1.1's filter, from options of the command."""

from __future__ import annotations

from collections.abc import Sequence

from rxtweets.filters import FilterQuery

from .parsing import usage


def filter_query(
    track: Sequence[str], follow: Sequence[str], locations: Sequence[str], languages: Sequence[str]
) -> FilterQuery:
    """Return the query of options, each of which may be given several times and with commas.

    Raises:
        UsageError: v1.1's filter takes no such value, or there is nothing to match.
    """
    with usage():
        return FilterQuery(
            track=",".join(track) or None,
            follow=",".join(follow) or None,
            locations=",".join(locations) or None,
            languages=",".join(languages) or None,
        )

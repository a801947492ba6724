"""The parameters of v1.1's filter, from options of the command."""

from __future__ import annotations

from collections.abc import Sequence

import click

from rxtweets.filters import FilterQuery

from .parsing import options, usage

predicate_options = options(
    click.option(
        "--follow", multiple=True, metavar="ID", help="Posts by, retweets of, and replies to this user."
    ),
    click.option(
        "--locations", multiple=True, metavar="W,S,E,N", help="Posts from within this box, in degrees."
    ),
    click.option("--language", "languages", multiple=True, metavar="XX", help="Only posts in this language."),
)


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

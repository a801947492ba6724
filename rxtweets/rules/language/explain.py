"""What a rule means, in words, and which fields a post needs for it to be matched on this side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rxtweets.rules.words import words

from .ast import AllOf, AnyOf, Not, Rule, Term
from .validate import parse

if TYPE_CHECKING:
    from rxtweets.endpoints.v2 import PostFields

_TEXT = ("tweet.fields=entities,note_tweet,referenced_tweets", "expansions=referenced_tweets.id")
_LINKS = ("tweet.fields=attachments",)
_PICTURES = (*_LINKS, "expansions=attachments.media_keys,referenced_tweets.id.attachments.media_keys")
_AUTHOR = ("expansions=author_id",)
_COUNTS = (*_AUTHOR, "user.fields=public_metrics")
_REFERS = ("tweet.fields=referenced_tweets",)
_ANSWERS = ("tweet.fields=conversation_id,in_reply_to_user_id,referenced_tweets",)
_REPEATS = (*_REFERS, "expansions=referenced_tweets.id,referenced_tweets.id.author_id")
_PLACE = ("tweet.fields=geo", "expansions=geo.place_id")
_BADGE = ("user.fields=affiliation",)

_MEANING: dict[str, tuple[str, tuple[str, ...]]] = {
    "keyword": ("has the word “{0}”", _TEXT),
    "phrase": ("has the words “{0}”, next to each other", _TEXT),
    "near": ("has the words “{0}” in any order, with at most {1} others between", _TEXT),
    "hashtag": ("has the hashtag #{0}", _TEXT),
    "mention": ("mentions @{0}", _TEXT),
    "cashtag": ("has the cashtag ${0}", _TEXT),
    "from": ("is by {0}", _AUTHOR),
    "to": ("replies to {0}", (*_ANSWERS, "expansions=in_reply_to_user_id")),
    "retweets_of": ("is a retweet of a post by {0}", _REPEATS),
    "from_affiliate_of": ("is by an account with the badge of {0}", (*_AUTHOR, *_BADGE)),
    "to_affiliate_of": (
        "replies to an account with the badge of {0}",
        (*_ANSWERS, "expansions=in_reply_to_user_id", *_BADGE),
    ),
    "url": ("has a link with the words “{0}”", _TEXT),
    "url_title": ("has a link to a page with “{0}” in its title", _TEXT),
    "url_description": ("has a link to a page with “{0}” in its description", _TEXT),
    "url_contains": ("has a link with the characters “{0}”", _TEXT),
    "context": ("is on the topic {0}, as X sees it", ("tweet.fields=context_annotations",)),
    "entity": ("names {0}, as X recognises it", _TEXT),
    "conversation_id": ("is in the conversation {0}", ("tweet.fields=conversation_id",)),
    "bio": ("is by an account with “{0}” in its bio", (*_AUTHOR, "user.fields=description")),
    "bio_name": ("is by an account with “{0}” in its display name", _AUTHOR),
    "bio_location": (
        "is by an account with “{0}” in its profile's location",
        (*_AUTHOR, "user.fields=location"),
    ),
    "place": ("is from the place {0}", (*_PLACE, "place.fields=name")),
    "place_country": ("is from the country {0}", (*_PLACE, "place.fields=country_code")),
    "point_radius": ("is from within the circle [{0}]", (*_PLACE, "place.fields=geo")),
    "bounding_box": ("is from within the box [{0}], west south east north", (*_PLACE, "place.fields=geo")),
    "in_reply_to_tweet_id": ("replies to the post {0}", _ANSWERS),
    "retweets_of_tweet_id": ("is a retweet of the post {0}", _REFERS),
    "source": ("was sent with {0}", ("tweet.fields=source",)),
    "embedding": ("is close in meaning to “{0}”, as X judges", ()),
    "is:retweet": ("is a retweet", _REFERS),
    "is:reply": ("is a reply", _ANSWERS),
    "is:quote": ("is a quote", _REFERS),
    "is:verified": ("is by a verified account", (*_AUTHOR, "user.fields=verified")),
    "is:nullcast": ("is shown in advertising only", ("tweet.fields=scopes",)),
    "has:hashtags": ("has a hashtag", _TEXT),
    "has:cashtags": ("has a cashtag", _TEXT),
    "has:links": ("has a link, to a photo or a video also", _TEXT),
    "has:mentions": ("mentions somebody", _TEXT),
    "has:media": ("has a photo, GIF or video", (*_TEXT, *_LINKS)),
    "has:images": ("has a photo", (*_TEXT, *_PICTURES)),
    "has:video_link": ("has a video", (*_TEXT, *_PICTURES)),
    "has:geo": ("names where it was sent from", ("tweet.fields=geo",)),
    "sample": ("is among a random {0} % of all posts", ()),
    "lang": ("is in the language {0}", ("tweet.fields=lang",)),
    "min_followers": ("is by an account with at least {0} followers", _COUNTS),
    "followers_count": ("is by an account with {0} followers", _COUNTS),
    "tweets_count": ("is by an account with {0} posts", _COUNTS),
    "following_count": ("is by an account that follows {0} others", _COUNTS),
    "listed_count": ("is by an account that is in {0} lists", _COUNTS),
    "embedding_threshold": ("is at least {0} alike, as X judges", ()),
}
"""What each operator says of a post, and the parameters that bring what it looks at."""


def explain(rule: str | Rule) -> str:
    """What *rule* matches, in words: a line for each operator, indented under what joins them.

    >>> print(explain("cat (has:images OR lang:fr) -is:retweet"))
    all of
      has the word “cat”
      at least one of
        has a photo
        is in the language fr
      NOT: is a retweet

    Raises:
        ValueError: as `parse` does, of which this is RuleSyntaxError for text that is no rule.
    """
    return "\n".join(_lines(parse(rule), ""))


def fields_for(*rules: str | Rule) -> PostFields:
    """The fields and expansions to ask for, so that each of *rules* can be matched on this side.

    Made for `StreamingClient.filter`: `client.filter(**fields_for(rule))`. What `embedding:` and `sample:`
    look at no field brings.

    Raises:
        ValueError: as `explain`.
    """
    made: dict[str, set[str]] = {}
    for rule in rules:
        for term, _ in parse(rule).terms():
            for needed in _MEANING[_name(term)][1]:
                parameter, _, names = needed.partition("=")
                made.setdefault(parameter.replace(".", "_"), set()).update(names.split(","))
    order = ("tweet_fields", "user_fields", "place_fields", "expansions")
    return {name: sorted(made[name]) for name in order if name in made}  # type: ignore[return-value]


def _lines(rule: Rule, indent: str) -> Iterator[str]:
    if isinstance(rule, AllOf | AnyOf):
        yield indent + ("all of" if isinstance(rule, AllOf) else "at least one of")
        for part in rule.parts:
            yield from _lines(part, indent + "  ")
    elif isinstance(rule, Not):
        yield f"{indent}NOT: {_said(rule.term)}"
    elif isinstance(rule, Term):
        yield indent + _said(rule)


def _said(term: Term) -> str:
    value = term.value
    if term.name in _AMOUNTS:
        low, dots, high = value.partition("..")
        value = f"{int(low):,} to {int(high):,}" if dots else f"{_AMOUNTS[term.name]}{int(low):,}"
    if term.name in _ACCOUNTS:
        value = f"the account {value}" if value.isdigit() else f"@{value}"
    if term.name in ("keyword", "phrase"):
        return _of_words(value)
    return _MEANING[_name(term)][0].format(value, term.within)


_AMOUNTS = {
    "min_followers": "",
    **dict.fromkeys(("followers_count", "tweets_count", "following_count", "listed_count"), "at least "),
}
_ACCOUNTS = {"from", "to", "retweets_of", "from_affiliate_of", "to_affiliate_of"}


def _of_words(value: str) -> str:
    """A quoted text may hold one word, several, or nothing but punctuation."""
    found = words(value)
    if not found:
        return f"has the characters “{value}”"
    return _MEANING["phrase" if len(found) > 1 else "keyword"][0].format(" ".join(found))


def _name(term: Term) -> str:
    return f"{term.name}:{term.value}" if term.name in ("is", "has") else term.name

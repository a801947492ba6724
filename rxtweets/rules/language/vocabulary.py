"""All operators of the rule language, in one table.

Everything that is specific to an operator is in its row: parsing, printing, checking, explaining and matching
read it there. To add one, add its row, with a matcher from `rxtweets.rules.matching`.

Source: X's pages "Filtered stream operators", "Search operators" and "Powerstream" (docs.x.com).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from rxtweets.rules import values
from rxtweets.rules.matching import people, post, text
from rxtweets.rules.matching.terms import CompiledTerm, Evaluate, Matcher, Operand
from rxtweets.rules.values import Kind

Dialect = Literal["stream", "search", "powerstream"]
"""The languages that X has for what to match: rules of the filtered stream, queries of search, and rules of
Powerstream."""

CALLED: dict[Dialect, str] = {
    "stream": "the filtered stream",
    "search": "search",
    "powerstream": "Powerstream",
}
"""The dialects in words."""

_EVERY: tuple[Dialect, ...] = ("stream", "search", "powerstream")
_BOTH: tuple[Dialect, ...] = ("stream", "search")
_STREAMS: tuple[Dialect, ...] = ("stream", "powerstream")
_STREAM: tuple[Dialect, ...] = ("stream",)
_SEARCH: tuple[Dialect, ...] = ("search",)
_POWERSTREAM: tuple[Dialect, ...] = ("powerstream",)


class Choice(NamedTuple):
    """One value of an operator that takes a few fixed ones.

    Attributes:
        evaluate: returns whether a post matches.
        meaning: what it says about a post, in words.
        fields: the parameters that bring what it looks at.
        negated_only: whether X takes it only with `-` before it.
        aliases: other names that X takes for it.
        in_powerstream: the name that Powerstream has for it, if that is another.
        dialects: those that have it.
    """

    evaluate: Evaluate
    meaning: str
    fields: tuple[str, ...]
    negated_only: bool = False
    aliases: tuple[str, ...] = ()
    in_powerstream: str = ""
    dialects: tuple[Dialect, ...] = _BOTH


class Operator(NamedTuple):
    """An operator.

    Attributes:
        kind: the values that it takes.
        example: one of them, as written in a rule.
        matcher: compiles it with a value.
        meaning: what it says about a post, in words: `{0}` is the value, `{1}` the distance of `near`.
        fields: the parameters that bring what it looks at; empty if only X can tell.
        standalone: whether it makes a rule alone; else it needs another that does.
        negatable: whether `-` may stand before it.
        form: of one that is not written `name:value`, how it is written, with the same two.
        aliases: other names that X takes for it; a rule has the first name, whichever was written.
        in_powerstream: the name that Powerstream has for it, if that is another.
        foreign_names: the names that other query languages, X's own among them, have for it.
        choices: the values, if they are few and fixed; these have their own meaning and fields.
        dialects: those that have it.
    """

    kind: Kind
    example: str
    matcher: Matcher
    meaning: str
    fields: tuple[str, ...]
    standalone: bool = True
    negatable: bool = True
    form: str = ""
    aliases: tuple[str, ...] = ()
    in_powerstream: str = ""
    foreign_names: tuple[str, ...] = ()
    choices: Mapping[str, Choice] = MappingProxyType({})
    dialects: tuple[Dialect, ...] = _BOTH


def _with_choices(
    choices: Mapping[str, Choice], *, example: str, foreign_names: tuple[str, ...] = ()
) -> Operator:
    """Return the operator that takes *choices*."""
    aliases = {
        alias: name
        for name, choice in choices.items()
        for alias in (*choice.aliases, choice.in_powerstream)
        if alias
    }

    def matcher(operand: Operand) -> CompiledTerm:
        return CompiledTerm(choices[operand.value].evaluate)

    kind = values.one_of(*choices, aliases=aliases)
    return Operator(
        kind,
        example,
        matcher,
        "",
        (),
        standalone=False,
        foreign_names=foreign_names,
        choices=choices,
        dialects=_EVERY,
    )


_TEXT = ("tweet.fields=entities,note_tweet,referenced_tweets", "expansions=referenced_tweets.id")
_ATTACHED = (*_TEXT, "tweet.fields=attachments")
_MEDIA = (*_ATTACHED, "expansions=attachments.media_keys,referenced_tweets.id.attachments.media_keys")
_AUTHOR = ("expansions=author_id",)
_COUNTS = (*_AUTHOR, "user.fields=public_metrics")
_METRICS = ("tweet.fields=public_metrics",)
_REFERENCES = ("tweet.fields=referenced_tweets",)
_REPLY = ("tweet.fields=conversation_id,in_reply_to_user_id,referenced_tweets",)
_REPLIED_TO = (*_REPLY, "expansions=in_reply_to_user_id")
_RETWEETED = (*_REFERENCES, "expansions=referenced_tweets.id,referenced_tweets.id.author_id")
_PLACE = ("tweet.fields=geo", "expansions=geo.place_id")
_BOX = (*_PLACE, "place.fields=geo")
_BADGE = ("user.fields=affiliation",)

UNNAMED: dict[str, Operator] = {
    "keyword": Operator(values.WORDS, "cat", text.keyword, "has the {0}", _TEXT, form="{0}", dialects=_EVERY),
    "phrase": Operator(
        values.WORDS, "red panda", text.keyword, "has the {0}", _TEXT, form='"{0}"', dialects=_EVERY
    ),
    "near": Operator(
        values.TEXT,
        "red panda",
        text.near,
        "has the words “{0}” in any order, with at most {1} others between",
        _TEXT,
        form='"{0}"~{1}',
        dialects=_STREAM,
    ),
    "hashtag": Operator(
        values.HASHTAG, "cat", text.tagged("hashtags", "#"), "has the hashtag #{0}", _TEXT, form="#{0}"
    ),
    "mention": Operator(
        values.MENTION,
        "XDevelopers",
        text.tagged("mentions", "@"),
        "mentions @{0}",
        _TEXT,
        form="@{0}",
        dialects=_EVERY,
    ),
    "cashtag": Operator(
        values.CASHTAG, "TSLA", text.tagged("cashtags", "$"), "has the cashtag ${0}", _TEXT, form="${0}"
    ),
}
"""The operators that are written without a name."""

OPERATORS: dict[str, Operator] = {
    "from": Operator(
        values.ACCOUNT,
        "XDevelopers",
        people.from_,
        "is by {0}",
        _AUTHOR,
        foreign_names=("user", "by", "follow"),
        dialects=_EVERY,
    ),
    "to": Operator(
        values.ACCOUNT,
        "XDevelopers",
        people.to,
        "replies to {0}",
        _REPLIED_TO,
        foreign_names=("reply_to",),
        dialects=_EVERY,
    ),
    "retweets_of": Operator(
        values.ACCOUNT,
        "XDevelopers",
        people.retweets_of,
        "is a retweet of a post by {0}",
        _RETWEETED,
        dialects=_EVERY,
    ),
    "contains": Operator(
        values.TEXT,
        "panda",
        text.contains,
        "has the characters “{0}” in its text, also within a word",
        _TEXT,
        dialects=_POWERSTREAM,
    ),
    "from_affiliate_of": Operator(
        values.ACCOUNT,
        "XDevelopers",
        people.from_affiliate_of,
        "is by an account with the badge of {0}",
        (*_AUTHOR, *_BADGE),
        dialects=_STREAM,
    ),
    "to_affiliate_of": Operator(
        values.ACCOUNT,
        "XDevelopers",
        people.to_affiliate_of,
        "replies to an account with the badge of {0}",
        (*_REPLIED_TO, *_BADGE),
        dialects=_STREAM,
    ),
    "url": Operator(
        values.TEXT,
        '"https://developer.x.com"',
        text.url,
        "has a link with the words “{0}”",
        _TEXT,
        foreign_names=("http", "https"),
    ),
    "url_title": Operator(
        values.TEXT,
        "snow",
        text.linked_page("title"),
        "has a link to a page with “{0}” in its title",
        _TEXT,
        dialects=_STREAM,
    ),
    "url_description": Operator(
        values.TEXT,
        "weather",
        text.linked_page("description"),
        "has a link to a page with “{0}” in its description",
        _TEXT,
        dialects=_STREAM,
    ),
    "url_contains": Operator(
        values.TEXT,
        "photos",
        text.url_contains,
        "has a link with the characters “{0}”",
        _TEXT,
        dialects=_STREAMS,
    ),
    "context": Operator(
        values.CONTEXT,
        "10.799022225751871488",
        text.context,
        "is on the topic {0}, as X sees it",
        ("tweet.fields=context_annotations",),
    ),
    "entity": Operator(values.TEXT, '"Michael Jordan"', text.entity, "names {0}, as X recognises it", _TEXT),
    "conversation_id": Operator(
        values.ID,
        "1334987486343299072",
        post.field("conversation_id", indexed=True),
        "is in the conversation {0}",
        ("tweet.fields=conversation_id",),
    ),
    "bio": Operator(
        values.TEXT,
        "developer",
        people.profile("description"),
        "is by an account with “{0}” in its bio",
        (*_AUTHOR, "user.fields=description"),
        dialects=_STREAMS,
    ),
    "bio_name": Operator(
        values.TEXT,
        "phd",
        people.profile("name"),
        "is by an account with “{0}” in its display name",
        _AUTHOR,
        dialects=_STREAMS,
    ),
    "bio_location": Operator(
        values.TEXT,
        '"big apple"',
        people.profile("location"),
        "is by an account with “{0}” in its profile's location",
        (*_AUTHOR, "user.fields=location"),
        dialects=_STREAM,
    ),
    "place": Operator(
        values.TEXT,
        '"new york city"',
        post.place,
        "is from the place {0}",
        (*_PLACE, "place.fields=name"),
        dialects=_EVERY,
    ),
    "place_country": Operator(
        values.COUNTRY,
        "JP",
        post.place_country,
        "is from the country {0}",
        (*_PLACE, "place.fields=country_code"),
        foreign_names=("country",),
    ),
    "point_radius": Operator(
        values.CIRCLE,
        "[2.355128 48.861118 16km]",
        post.point_radius,
        "is from within the circle [{0}]",
        _BOX,
        foreign_names=("geocode",),
        dialects=_EVERY,
    ),
    "bounding_box": Operator(
        values.BOX,
        "[-105.301758 39.964069 -105.178505 40.09455]",
        post.bounding_box,
        "is from within the box [{0}], west south east north",
        _BOX,
        foreign_names=("locations",),
        dialects=_EVERY,
    ),
    "in_reply_to_tweet_id": Operator(
        values.ID,
        "1539382664746020864",
        post.references("replied_to"),
        "replies to the post {0}",
        _REPLY,
        aliases=("in_reply_to_status_id",),
        in_powerstream="in_reply_to_status_id",
        dialects=_EVERY,
    ),
    "retweets_of_tweet_id": Operator(
        values.ID,
        "1539382664746020864",
        post.references("retweeted"),
        "is a retweet of the post {0}",
        _REFERENCES,
        aliases=("retweets_of_status_id",),
        in_powerstream="retweets_of_status_id",
        dialects=_EVERY,
    ),
    "source": Operator(
        values.TEXT,
        '"X for iPhone"',
        post.field("source"),
        "was sent with {0}",
        ("tweet.fields=source",),
        dialects=_STREAM,
    ),
    "embedding": Operator(
        values.TEXT,
        '"open source"',
        text.never_known("embedding:"),
        "is close in meaning to “{0}”, as X judges",
        (),
        negatable=False,
        dialects=_STREAM,
    ),
    "is": _with_choices(
        {
            "retweet": Choice(post.is_retweet, "is a retweet", _REFERENCES, dialects=_EVERY),
            "reply": Choice(post.is_reply, "is a reply", _REPLY, dialects=_EVERY),
            "quote": Choice(post.is_quote, "is a quote", _REFERENCES),
            "verified": Choice(
                people.is_verified, "is by a verified account", (*_AUTHOR, "user.fields=verified")
            ),
            "nullcast": Choice(
                post.is_nullcast, "is shown in advertising only", ("tweet.fields=scopes",), negated_only=True
            ),
        },
        example="retweet",
    ),
    "has": _with_choices(
        {
            "hashtags": Choice(text.has_tags("hashtags"), "has a hashtag", _TEXT),
            "cashtags": Choice(
                text.has_tags("cashtags"), "has a cashtag", _TEXT, in_powerstream="symbols", dialects=_EVERY
            ),
            "links": Choice(text.has_links, "has a link, to a photo or a video also", _TEXT, dialects=_EVERY),
            "mentions": Choice(text.has_tags("mentions"), "mentions somebody", _TEXT, dialects=_EVERY),
            "media": Choice(text.has_media, "has a photo, GIF or video", _ATTACHED, dialects=_EVERY),
            "images": Choice(text.has_media_of("photo"), "has a photo", _MEDIA, dialects=_EVERY),
            "video_link": Choice(
                text.has_media_of("video"),
                "has a video",
                _MEDIA,
                aliases=("videos",),
                in_powerstream="videos",
                dialects=_EVERY,
            ),
            "geo": Choice(
                post.has_geo, "names where it was sent from", ("tweet.fields=geo",), dialects=_EVERY
            ),
            "lang": Choice(
                post.has_language,
                "is in a language that X recognises",
                ("tweet.fields=lang",),
                dialects=_POWERSTREAM,
            ),
        },
        example="images",
        foreign_names=("filter",),
    ),
    "sample": Operator(
        values.PERCENT,
        "10",
        post.sample,
        "is among a random {0} % of all posts",
        (),
        standalone=False,
        negatable=False,
        dialects=_STREAM,
    ),
    "lang": Operator(
        values.LANGUAGE,
        "en",
        post.language,
        "is in the language {0}",
        ("tweet.fields=lang",),
        standalone=False,
        foreign_names=("language",),
        dialects=_EVERY,
    ),
    "min_followers": Operator(
        values.COUNT,
        "500",
        people.count("followers_count"),
        "is by an account with at least {0} followers",
        _COUNTS,
        standalone=False,
        dialects=_STREAM,
    ),
    "followers_count": Operator(
        values.RANGE,
        "1000..10000",
        people.count("followers_count"),
        "is by an account with {0} followers",
        _COUNTS,
        standalone=False,
        dialects=_STREAM,
    ),
    "tweets_count": Operator(
        values.RANGE,
        "1000..10000",
        people.count("tweet_count"),
        "is by an account with {0} posts",
        _COUNTS,
        standalone=False,
        foreign_names=("statuses_count",),
        dialects=_STREAM,
    ),
    "following_count": Operator(
        values.RANGE,
        "1000..10000",
        people.count("following_count"),
        "is by an account that follows {0} others",
        _COUNTS,
        standalone=False,
        foreign_names=("friends_count",),
        dialects=_STREAM,
    ),
    "listed_count": Operator(
        values.RANGE,
        "10..100",
        people.count("listed_count"),
        "is by an account that is in {0} lists",
        _COUNTS,
        standalone=False,
        dialects=_STREAM,
    ),
    "embedding_threshold": Operator(
        values.SHARE,
        "0.45",
        text.never_known("embedding:"),
        "is at least {0} alike, as X judges",
        (),
        standalone=False,
        dialects=_STREAM,
    ),
    "list": Operator(
        values.ID,
        "84839422",
        text.never_known("list:"),
        "is by a member of the list {0}",
        (),
        dialects=_SEARCH,
    ),
    "quotes_of_tweet_id": Operator(
        values.ID,
        "1539382664746020864",
        post.references("quoted"),
        "quotes the post {0}",
        _REFERENCES,
        dialects=_SEARCH,
    ),
    "min_likes": Operator(
        values.COUNT,
        "100",
        post.metric("like_count"),
        "has at least {0} likes",
        _METRICS,
        standalone=False,
        foreign_names=("min_faves",),
        dialects=_SEARCH,
    ),
    "min_replies": Operator(
        values.COUNT,
        "10",
        post.metric("reply_count"),
        "has at least {0} replies",
        _METRICS,
        standalone=False,
        dialects=_SEARCH,
    ),
    "min_reposts": Operator(
        values.COUNT,
        "50",
        post.metric("repost_count"),
        "has at least {0} retweets",
        _METRICS,
        standalone=False,
        foreign_names=("min_retweets",),
        dialects=_SEARCH,
    ),
}
"""The operators that are written `name:value`."""


def lookup(name: str) -> Operator:
    """Return the operator that a `Term` has under *name*. Raises KeyError where there is none."""
    return OPERATORS.get(name) or UNNAMED[name]


def details(name: str, value: str) -> Operator | Choice:
    """Return the row that has the meaning and the fields of `name:value`."""
    operator = lookup(name)
    return operator.choices.get(value, operator)


def spellings(name: str, row: Operator | Choice, dialect: Dialect) -> tuple[str, ...]:
    """Return the names that *dialect* takes for *row*, called *name* here, the one to write first."""
    if dialect == "powerstream":
        return (row.in_powerstream or name,)
    return (name, *row.aliases)


def canonical(name: str) -> str | None:
    """Return the first name of the operator that X calls *name* also; None if there is no such operator."""
    if name in OPERATORS:
        return name
    return next((first for first, operator in OPERATORS.items() if name in operator.aliases), None)


def did_you_mean(name: str, value: str) -> str:
    """Return a question that suggests what `name:value` was meant to be; empty if there is no suggestion."""
    found = [f"{name}:{suggestion}" for suggestion in OPERATORS[name].kind.suggest(value)]
    return f"did you mean {' or '.join(found)}?" if found else ""

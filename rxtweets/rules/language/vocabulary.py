"""All operators of the rule language, in one table.

Source: X's page "Filtered stream operators" (docs.x.com).
"""

from __future__ import annotations

from typing import NamedTuple

from rxtweets.rules import values
from rxtweets.rules.matching import people, post, text
from rxtweets.rules.matching.terms import Matcher
from rxtweets.rules.values import Kind


class Operator(NamedTuple):
    """What there is to know of an operator.

    Attributes:
        kind: which values it takes.
        example: one of them, as written in a rule.
        matcher: makes a question to posts of it and a value.
        standalone: whether it makes a rule alone; else it needs another that does.
        negatable: whether `-` may stand before it.
    """

    kind: Kind
    example: str
    matcher: Matcher
    standalone: bool = True
    negatable: bool = True


COMPANY = False  # needs another operator in the rule

WORDS = {
    "keyword": text.keyword,
    "phrase": text.keyword,
    "near": text.near,
    "hashtag": text.tagged("hashtags", "#"),
    "mention": text.tagged("mentions", "@"),
    "cashtag": text.tagged("cashtags", "$"),
}
"""The operators that have no name in a rule; all stand alone and can be negated."""

OPERATORS: dict[str, Operator] = {
    "from": Operator(values.NAME, "XDevelopers", people.from_),
    "to": Operator(values.NAME, "XDevelopers", people.to),
    "retweets_of": Operator(values.NAME, "XDevelopers", people.retweets_of),
    "from_affiliate_of": Operator(values.NAME, "XDevelopers", people.from_affiliate_of),
    "to_affiliate_of": Operator(values.NAME, "XDevelopers", people.to_affiliate_of),
    "url": Operator(values.TEXT, '"https://developer.x.com"', text.url),
    "url_title": Operator(values.TEXT, "snow", text.of_page("title")),
    "url_description": Operator(values.TEXT, "weather", text.of_page("description")),
    "url_contains": Operator(values.TEXT, "photos", text.url_contains),
    "context": Operator(values.CONTEXT, "10.799022225751871488", text.context),
    "entity": Operator(values.TEXT, '"Michael Jordan"', text.entity),
    "conversation_id": Operator(values.ID, "1334987486343299072", post.field("conversation_id")),
    "bio": Operator(values.TEXT, "developer", people.profile("bio:")),
    "bio_name": Operator(values.TEXT, "phd", people.profile("bio_name:")),
    "bio_location": Operator(values.TEXT, '"big apple"', people.profile("bio_location:")),
    "place": Operator(values.TEXT, '"new york city"', post.place),
    "place_country": Operator(values.COUNTRY, "JP", post.place_country),
    "point_radius": Operator(values.CIRCLE, "[2.355128 48.861118 16km]", post.point_radius),
    "bounding_box": Operator(values.BOX, "[-105.301758 39.964069 -105.178505 40.09455]", post.bounding_box),
    "in_reply_to_tweet_id": Operator(values.ID, "1539382664746020864", post.refers("replied_to")),
    "retweets_of_tweet_id": Operator(values.ID, "1539382664746020864", post.refers("retweeted")),
    "source": Operator(values.TEXT, '"X for iPhone"', post.field("source")),
    "embedding": Operator(values.TEXT, '"open source"', text.never_known("embedding:"), negatable=False),
    "is": Operator(
        values.one_of("retweet", "reply", "quote", "verified", "nullcast"), "retweet", post.is_, COMPANY
    ),
    "has": Operator(
        values.one_of(
            *("hashtags", "cashtags", "links", "mentions", "media", "images", "video_link", "geo"),
            aliases={"videos": "video_link"},
        ),
        "images",
        text.has,
        COMPANY,
    ),
    "sample": Operator(values.PERCENT, "10", post.sample, COMPANY, negatable=False),
    "lang": Operator(values.LANGUAGE, "en", post.language, COMPANY),
    "min_followers": Operator(values.COUNT, "500", people.count("followers_count"), COMPANY),
    "followers_count": Operator(values.RANGE, "1000..10000", people.count("followers_count"), COMPANY),
    "tweets_count": Operator(values.RANGE, "1000..10000", people.count("tweet_count"), COMPANY),
    "following_count": Operator(values.RANGE, "1000..10000", people.count("following_count"), COMPANY),
    "listed_count": Operator(values.RANGE, "10..100", people.count("listed_count"), COMPANY),
    "embedding_threshold": Operator(values.SHARE, "0.45", text.never_known("embedding:"), COMPANY),
}
"""The operators written `name:value`."""

ALIASES = {
    "in_reply_to_status_id": "in_reply_to_tweet_id",
    "retweets_of_status_id": "retweets_of_tweet_id",
}
"""Other names that X takes for operators; a rule has the first name, whichever was written."""


def did_you_mean(name: str, value: str) -> str:
    """Return what somebody may have meant who wrote `name:value`, as a question; or nothing."""
    found = [f"{name}:{meant}" for meant in OPERATORS[name].kind.meant(value)]
    return f"did you mean {' or '.join(found)}?" if found else ""

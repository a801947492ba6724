"""Strategies for rules and posts of which some match."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from rxtweets import rules
from rxtweets.messages import Post
from rxtweets.rules import Rule

from .posts import bare, make, quote, reply, retweet

VOCABULARY = ["cat", "Dog", "mème", "café", "日本", "😀", "red panda", "c++", "or", 'say "x"', "\\", "a_b"]

word = st.sampled_from(VOCABULARY)
text = st.one_of(word, st.text(min_size=1, max_size=12).filter(lambda text: text.strip() != ""))
name = st.sampled_from(["ada", "bob", "12", "13", "A_b"])
number = st.integers(0, 10**12 - 1)
identity = st.integers(0, 10**19 - 1)
longitude, latitude = st.floats(-180, 180), st.floats(-90, 90)
tag = st.sampled_from(["cat", "Mème", "日本", "a_1", "१२", "नमस्ते"])

_BY_TEXT = [
    rules.keyword,
    rules.phrase,
    rules.url,
    rules.url_title,
    rules.url_description,
    rules.url_contains,
    rules.entity,
    rules.bio,
    rules.bio_name,
    rules.bio_location,
    rules.place,
    rules.source,
    rules.embedding,
]
_BY_NAME = [
    rules.from_,
    rules.to,
    rules.retweets_of,
    rules.from_affiliate_of,
    rules.to_affiliate_of,
    rules.mention,
]
_BY_ID = [rules.conversation_id, rules.in_reply_to_tweet_id, rules.retweets_of_tweet_id]
_BY_RANGE = [rules.followers_count, rules.tweets_count, rules.following_count, rules.listed_count]


def _ordered(build: Any) -> Any:
    return lambda pair: build(*sorted(pair))


operator: st.SearchStrategy[Rule] = st.one_of(
    *(st.builds(build, text) for build in _BY_TEXT),
    *(st.builds(build, name) for build in _BY_NAME),
    *(st.builds(build, identity) for build in _BY_ID),
    *(st.tuples(number, number).map(_ordered(build)) for build in _BY_RANGE),
    *(st.builds(build, number) for build in (*_BY_RANGE, rules.min_followers)),
    st.builds(rules.near, text, st.integers(0, 6)),
    st.builds(rules.hashtag, tag),
    st.builds(rules.cashtag, st.sampled_from(["TWTR", "brk.B", "A_B"])),
    st.builds(rules.context, identity, st.one_of(identity, st.just("*"))),
    st.builds(rules.place_country, st.sampled_from(["fr", "DE"])),
    st.builds(rules.point_radius, longitude, latitude, st.sampled_from(["1km", "24.9mi", "16.5km"])),
    st.tuples(longitude, latitude, longitude, latitude).map(
        lambda box: rules.bounding_box(
            min(box[0], box[2]), min(box[1], box[3]), max(box[0], box[2]), max(box[1], box[3])
        )
    ),
    st.sampled_from(["retweet", "reply", "quote", "verified", "nullcast"]).map(rules.is_),  # type: ignore[arg-type]
    st.sampled_from(
        ["hashtags", "cashtags", "links", "mentions", "media", "images", "video_link", "geo"]
    ).map(rules.has),  # type: ignore[arg-type]
    st.builds(rules.sample, st.integers(1, 100)),
    st.builds(rules.lang, st.sampled_from(["en", "zh-TW", "und"])),
    st.builds(rules.embedding_threshold, st.floats(0, 1)),
)


def _grown(smaller: st.SearchStrategy[Rule]) -> st.SearchStrategy[Rule]:
    return st.one_of(
        st.builds(lambda a, b: a & b, smaller, smaller),
        st.builds(lambda a, b: a | b, smaller, smaller),
        smaller.map(lambda rule: ~rule),
    )


rule: st.SearchStrategy[Rule] = st.recursive(operator, _grown, max_leaves=12)
"""Any rule."""

likely: st.SearchStrategy[Rule] = st.recursive(
    st.one_of(
        st.builds(rules.keyword, word),
        st.builds(rules.hashtag, st.sampled_from(["cat", "mème"])),
        st.builds(rules.from_, name),
        st.builds(rules.to, name),
        st.builds(rules.is_, st.sampled_from(["retweet", "reply", "quote"])),
        st.builds(rules.has, st.sampled_from(["hashtags", "links", "geo"])),
        st.builds(rules.lang, st.sampled_from(["en", "de"])),
        st.builds(rules.place_country, st.just("FR")),
        st.just(rules.bounding_box(2, 48, 3, 49)),
        st.just(rules.point_radius(2.3, 48.85, "20km")),
        st.just(rules.url("example")),
    ),
    _grown,
    max_leaves=8,
)
"""Rules of which about half match one of `post`, or can't be told."""

_texts = st.lists(
    st.sampled_from(
        [*VOCABULARY, "#cat", "#Mème", "@bob", "https://t.co/abc", "http://example.com", "RT @bob:"]
    ),
    max_size=6,
).map(" ".join)

_fields = st.fixed_dictionaries(
    {},
    optional={
        "lang": st.sampled_from(["en", "de"]),
        "geo": st.sampled_from(
            [
                {"place_id": "p1"},
                {"place_id": "p9"},
                {"coordinates": {"type": "Point", "coordinates": [2.35, 48.86]}},
            ]
        ),
        "author_id": st.sampled_from(["13", "77"]),
        "in_reply_to_user_id": st.sampled_from(["13", "77"]),
    },
)

post: st.SearchStrategy[Post] = st.one_of(
    st.builds(lambda text, fields: make(text, **fields), _texts, _fields),
    st.builds(bare, _texts),
    st.builds(quote, _texts, _texts),
    st.builds(retweet, _texts),
    st.just(reply()),
)
"""Posts, some with fields missing."""

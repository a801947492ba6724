"""Every operator: how it is written and printed, and which posts it matches."""

from __future__ import annotations

import pytest

from rxtweets.filters import FilterIndex
from rxtweets.messages import Post
from rxtweets.rules import EVERY_FIELD, parse
from rxtweets.rules.language.vocabulary import OPERATORS, UNNAMED

from .posts import linked, make, quote, reply, retweet, with_media

LONG = "word " * 60 + "needle"

TEXT = [
    # rule, text, whether it matches
    ("cat", "The CAT sat", True),
    ("cat", "a cat.", True),
    ("cat", '"cat"', True),
    ("cat", "#cat", True),
    ("cat", "@cat", True),
    ("cat", "cats", False),
    ("cat", "concatenate", False),
    ("diacrítica", "una Diacrítica", True),
    ("diacrítica", "una diacritica", False),
    ("diacritica", "una diacrítica", False),
    ("diacrítica", "una diacri\u0301tica", True),
    ("coca-cola", "I like Coca-Cola", True),
    ("coca-cola", "coca and cola", False),
    ("coca", "I like coca-cola", True),
    ("日本", "今日は 日本 の話", True),
    ("日本", "今日は日本の話", False),
    ("नमस्ते", "मैंने कहा नमस्ते !", True),
    ("नमस्त", "मैंने कहा नमस्ते", False),
    ("😀", "so happy😀", True),
    ("😀", "so happy😁", False),
    ('"❤️"', "I ❤ it", True),
    ('"grumpy cat"', "my Grumpy, cat", True),
    ('"grumpy cat"', "cat grumpy", False),
    ('"grumpy cat"', "grumpy old cat", False),
    ('"!!!"', "what!!!", True),
    ('"!!!"', "what!", False),
    ('"grumpy cat"~1', "grumpy old cat", True),
    ('"grumpy cat"~1', "cat so grumpy", True),
    ('"grumpy cat"~1', "grumpy very old cat", False),
    ('"grumpy cat"~6', "grumpy a b c d e f cat", True),
    ('"grumpy cat"~6', "grumpy a b c d e f g cat", False),
    ("#thanks", "so #Thanks all", True),
    ("#thanks", "so thanks all", False),
    ("#thanks", "#thanksgiving", False),
    ("＃日本", "見て #日本 だ", True),
    ("@ada", "hello @ADA!", True),
    ("@ada", "hello ada", False),
    ("@ada", "hello @adam", False),
    ("$TSLA", "buy $tsla now", True),
    ("$TSLA", "buy TSLA now", False),
]

POSTS: list[tuple[str, Post, bool]] = [
    ("needle", make(LONG[:279] + "…", note_tweet={"text": LONG}), True),
    ("inner", quote("outer https://t.co/q", "inner"), True),
    ("outer", quote("outer https://t.co/q", "inner"), True),
    ("neither", quote("outer", "inner"), False),
    ('"outer inner"', quote("outer", "inner"), False),
    ("#inner", quote("outer", "an #Inner"), True),
    ("needle", retweet(LONG), True),
    ("@bob", retweet("hello"), True),
    ("example", linked(), True),
    ("#tag", make("no sign", entities={"hashtags": [{"start": 0, "end": 1, "tag": "Tag"}]}), True),
    ("from:ada", make(), True),
    ("from:12", make(), True),
    ("from:bob", make(), False),
    ("from:13", make(), False),
    ("from:bob", retweet("hello"), False),
    ("to:bob", reply(), True),
    ("to:13", reply(), True),
    ("to:ada", reply(), False),
    ("to:bob", make("@bob hello"), False),
    ("retweets_of:bob", retweet("hello"), True),
    ("retweets_of:13", retweet("hello"), True),
    ("retweets_of:ada", retweet("hello"), False),
    ("retweets_of:bob", make("by @bob"), False),
    ("from_affiliate_of:RoyalSociety", make(), True),
    ("from_affiliate_of:99", make(), True),
    ("from_affiliate_of:bob", make(), False),
    ("from_affiliate_of:99", make(author_id="13"), False),
    ("to_affiliate_of:99", make(in_reply_to_user_id="12", author_id="13"), True),
    ("to_affiliate_of:99", reply(), False),
    ('url:"https://www.example.com"', linked(), True),
    ("url:example.com", linked(), True),
    ("url:photos", linked(), True),
    ('url:"/photos/42"', linked(), True),
    ("url:photo", linked(), False),
    ("url:example", make("no link"), False),
    ("url_title:snow", linked(), True),
    ('url_title:"snow day"', linked(), True),
    ("url_title:weather", linked(), False),
    ("url_description:weather", linked(), True),
    ("url_description:snow", linked(), False),
    ("url_contains:photo", linked(), True),
    ("url_contains:SNOW-D", linked(), True),
    ("url_contains:video", linked(), False),
    ("contains:ANDA", make("red pandas"), True),
    ('contains:"d p"', make("red pandas"), True),
    ('contains:"a & b"', make("a &amp; b"), True),
    ("contains:dp", make("red pandas"), False),
    *(
        (rule, make(context_annotations=[{"domain": {"id": "10"}, "entity": {"id": "799"}}]), matches)
        for rule, matches in [
            ("context:10.799", True),
            ("context:10.*", True),
            ("context:*.799", True),
            ("context:10.7", False),
            ("context:11.*", False),
        ]
    ),
    (
        'entity:"Michael Jordan"',
        make(entities={"annotations": [{"normalized_text": "Michael jordan"}]}),
        True,
    ),
    ("entity:Michael", make(entities={"annotations": [{"normalized_text": "Michael Jordan"}]}), False),
    ("conversation_id:100", make(), True),
    ("conversation_id:100", reply(), False),
    ("bio:engine", make(), True),
    ('bio:"the engine"', make(), True),
    ("bio:engines", make(), False),
    ("bio_name:phd", make(), True),
    ("bio_name:bob", make(), False),
    ('bio_location:"big apple"', make(), True),
    ("bio_location:paris", make(), False),
    ("place:p1", make(geo={"place_id": "p1"}), True),
    ("place:paris", make(geo={"place_id": "p1"}), True),
    ('place:"paris france"', make(geo={"place_id": "p1"}), True),
    ("place:rome", make(geo={"place_id": "p1"}), False),
    ("place_country:fr", make(geo={"place_id": "p1"}), True),
    ("place_country:DE", make(geo={"place_id": "p1"}), False),
    ("place_country:FR", make(geo={"coordinates": {"type": "Point", "coordinates": [2.35, 48.86]}}), False),
    *(
        (rule, make(geo={"coordinates": {"type": "Point", "coordinates": [2.35, 48.86]}}), matches)
        for rule, matches in [
            ("point_radius:[2.355128 48.861118 16km]", True),
            ("point_radius:[2.6 48.86 10mi]", False),
            ("point_radius:[2.6 48.86 20mi]", True),
            ("bounding_box:[2.2 48.8 2.4 48.9]", True),
            ("bounding_box:[2.36 48.8 2.4 48.9]", False),
            ("has:geo", True),
        ]
    ),
    ("point_radius:[2.3 48.85 20km]", make(geo={"place_id": "p1"}), True),
    ("point_radius:[2.3 48.85 2km]", make(geo={"place_id": "p1"}), False),
    ("bounding_box:[2.3 48.85 9 60]", make(geo={"place_id": "p1"}), True),
    ("bounding_box:[2.5 48.85 9 60]", make(geo={"place_id": "p1"}), False),
    ("in_reply_to_tweet_id:50", reply(), True),
    ("in_reply_to_tweet_id:51", reply(), False),
    ("in_reply_to_tweet_id:50", retweet("hello"), False),
    ("retweets_of_tweet_id:50", retweet("hello"), True),
    ("retweets_of_tweet_id:51", retweet("hello"), False),
    ('source:"X for iPhone"', make(source="x for iphone"), True),
    ("source:iPhone", make(source="X for iPhone"), False),
    ("is:retweet", retweet("hello"), True),
    ("is:retweet", quote("a", "b"), False),
    ("is:retweet", make(), False),
    ("is:reply", reply(), True),
    ("is:reply", retweet("hello"), False),
    ("is:reply", make(), False),
    ("is:quote", quote("a", "b"), True),
    ("is:quote", make(), False),
    ("is:verified", make(), True),
    ("is:verified", make(author_id="13"), False),
    ("is:nullcast", make(scopes={"followers": False}), True),
    ("is:nullcast", make(scopes={"followers": True}), False),
    ("has:hashtags", make("a #tag"), True),
    ("has:hashtags", make("no tag"), False),
    ("has:cashtags", make("a $TAG"), True),
    ("has:cashtags", make("costs $100"), False),
    ("has:mentions", make("by @bob"), True),
    ("has:mentions", make("me@bob.example"), False),
    ("has:links", linked(), True),
    ("has:links", make("http://"), False),
    ("has:media", with_media("photo"), True),
    ("has:media", with_media("video"), True),
    ("has:media", linked(), False),
    ("has:images", with_media("photo"), True),
    ("has:images", with_media("video"), False),
    ("has:video_link", with_media("video"), True),
    ("has:video_link", with_media("photo"), False),
    ("has:geo", make(geo={"place_id": "p1"}), True),
    ("has:geo", make(geo={}), False),
    ("has:lang", make(lang="en"), True),
    ("has:lang", make(lang="und"), False),
    ("has:symbols", make("a $TAG"), True),
    ("sample:100", make(), True),
    ("lang:en", make(lang="en"), True),
    ("lang:en", make(lang="EN"), True),
    ("lang:zh-TW", make(lang="zh-TW"), True),
    ("lang:zh-TW", make(lang="zh-CN"), False),
    ("lang:en", make(lang="zh"), False),
    ("lang:en", make(lang="de"), False),
    ("min_followers:900", make(), True),
    ("min_followers:901", make(), False),
    ("followers_count:900", make(), True),
    ("followers_count:100..900", make(), True),
    ("followers_count:100..899", make(), False),
    ("followers_count:901", make(), False),
    ("tweets_count:7000..7000", make(), True),
    ("tweets_count:7001", make(), False),
    ("following_count:80", make(), True),
    ("following_count:1..79", make(), False),
    ("listed_count:3", make(), True),
    ("listed_count:4", make(), False),
    ("min_likes:5", make(public_metrics={"like_count": 5}), True),
    ("min_likes:6", make(public_metrics={"like_count": 5}), False),
    ("min_replies:2", make(public_metrics={"reply_count": 2}), True),
    ("min_replies:3", make(public_metrics={"reply_count": 2}), False),
    ("min_reposts:1", make(public_metrics={"retweet_count": 1}), True),
    ("min_reposts:2", make(public_metrics={"retweet_count": 1}), False),
    ("quotes_of_tweet_id:50", quote("look", "hello"), True),
    ("quotes_of_tweet_id:51", quote("look", "hello"), False),
]


@pytest.mark.parametrize(("rule", "text", "matches"), TEXT)
def test_text(rule: str, text: str, matches: bool) -> None:
    """Whole words in any case; accents count, punctuation parts, tags and mentions are words, too."""
    assert parse(rule).matches(make(text)).verdict is matches


@pytest.mark.parametrize(("rule", "post", "matches"), POSTS)
def test_posts(rule: str, post: Post, matches: bool) -> None:
    """Each operator says yes and no, and its negation the other."""
    parsed = parse(rule)
    assert parsed.matches(post).verdict is matches, parsed.matches(post)
    assert (~parsed).matches(post).verdict is not matches


def test_the_tables_have_every_operator() -> None:
    """Each operator has a post that it matches and one that it does not, but for what only X can tell."""
    found: dict[str, set[bool]] = {}
    for rule, matches in [(rule, matches) for rule, _, matches in TEXT] + [
        (rule, matches) for rule, _, matches in POSTS
    ]:
        for term, _ in parse(rule).terms():
            found.setdefault(term.name, set()).add(matches)
    both = {name for name, seen in found.items() if seen == {True, False}}
    assert both == {*UNNAMED, *OPERATORS} - {"sample", "embedding", "embedding_threshold", "list"}


@pytest.mark.parametrize(("name", "operator"), OPERATORS.items())
def test_examples(name: str, operator: object) -> None:
    """The example of each operator is read and printed as it is."""
    text = f"{name}:{OPERATORS[name].example}"
    assert str(parse(text)) == text


def test_a_sample_with_a_seed_is_a_share_of_the_posts() -> None:
    """A tenth of all posts, more or less, and the same each time; without a seed that can't be told."""
    rule = parse("hello sample:10")
    posts = [make(id=str(n)) for n in range(1000)]
    compiled = rule.compile(seed=7)
    kept = [post.id for post in posts if compiled.matches(post)]
    assert 60 < len(kept) < 140
    again = rule.compile(seed=7)
    assert kept == [post.id for post in posts if again.matches(post)]
    other_seed = rule.compile(seed=8)
    assert kept != [post.id for post in posts if other_seed.matches(post)]
    assert rule.matches(posts[0]).unknown == ("sample:",)
    assert rule.compile(asked=EVERY_FIELD).matches(posts[0]).unknown == ("sample:",)


ESCAPED = "salt &amp; pepper &lt;3 #R&amp;D &amp;lt;"

UNESCAPED: list[tuple[str, Post, bool]] = [
    ('"salt & pepper"', make(ESCAPED), True),
    ('"<"', make(ESCAPED), True),
    ('"salt pepper"', make(ESCAPED), True),
    ('"salt pepper"~0', make(ESCAPED), True),
    ("amp", make(ESCAPED), False),
    ("lt", make("a &lt; b"), False),
    ("gt", make("a &gt; b"), False),
    ("lt", make(ESCAPED), True),  # the author wrote &lt;
    ("quot", make("&quot;"), True),  # which X does not escape, so it was written
    ("amp", quote("look", ESCAPED), False),
    ('"salt & pepper"', quote("look", ESCAPED), True),
    ("amp", retweet(ESCAPED), False),
    ('"salt & pepper"', retweet(ESCAPED), True),
    ('"salt & pepper"', make("salt…", note_tweet={"text": ESCAPED}), True),
    ("amp", make("salt…", note_tweet={"text": ESCAPED}), False),
    ("url_title:amp", linked(title=ESCAPED), False),
    ('url_title:"salt pepper"', linked(title=ESCAPED), True),
    ("url_description:amp", linked(description=ESCAPED), False),
    ('url_contains:"a=1&b=2"', make("see https://x.com/?a=1&amp;b=2"), True),
    ('entity:"AT&T"', make(entities={"annotations": [{"normalized_text": "AT&amp;T"}]}), True),
    ("bio:amp", make(includes={"users": [{"id": "12", "description": ESCAPED}]}), False),
    ("bio:lt", make(includes={"users": [{"id": "12", "description": "a &lt; b"}]}), False),
    ('bio:"salt pepper"', make(includes={"users": [{"id": "12", "description": ESCAPED}]}), True),
    ("bio_name:amp", make(includes={"users": [{"id": "12", "name": ESCAPED}]}), False),
    ('bio_name:"salt pepper"', make(includes={"users": [{"id": "12", "name": ESCAPED}]}), True),
    ("bio_location:amp", make(includes={"users": [{"id": "12", "location": ESCAPED}]}), False),
    ('source:"Q&A"', make(source="Q&amp;A"), True),
]


@pytest.mark.parametrize(("rule", "post", "matches"), UNESCAPED)
def test_what_was_written_is_matched(rule: str, post: Post, matches: bool) -> None:
    """X escapes `&`, `<` and `>` in all texts, and matches what was written; so does an index of rules."""
    compiled = parse(rule).compile(asked=EVERY_FIELD)
    assert compiled.matches(post).verdict is matches
    index = FilterIndex[str]()
    index.add(compiled, "it")
    assert index.match(post) == (["it"] if matches else [])

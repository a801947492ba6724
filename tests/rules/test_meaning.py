"""Rules explained in words, and the fields that matching them needs."""

from __future__ import annotations

import msgspec
import pytest

from rxtweets.emulator.api.v2.fields import Fields
from rxtweets.emulator.api.v2.forms import envelope
from rxtweets.emulator.world.post_spec import PostSpec
from rxtweets.emulator.world.world import World
from rxtweets.endpoints import v2
from rxtweets.messages import Post, decode
from rxtweets.rules import RuleSyntaxError, StreamRule, explain, fields_for, parse, validate
from rxtweets.rules.language.vocabulary import OPERATORS

NAMELESS = ["cat", '"red panda"', '"a b"~3', "#tag", "@ada", "$TSLA", '"c++"', '"!?"']
KINDS = [f"is:{kind}" for kind in ("retweet", "reply", "quote", "verified", "nullcast")]
FEATURES = ["hashtags", "cashtags", "links", "mentions", "media", "images", "video_link", "geo"]
NAMED = [f"{name}:{operator.example}" for name, operator in OPERATORS.items() if name not in ("is", "has")]
EVERY = [*NAMELESS, *NAMED, *KINDS, *(f"has:{feature}" for feature in FEATURES), "from:12", "place:abc"]

NOT_ON_OFFER = {"from_affiliate_of", "to_affiliate_of"}
"""X brings the id of who gave a badge, with no way to ask for the username."""

ONLY_X = {"embedding", "embedding_threshold", "sample", "list"}


def corpus() -> list[PostSpec]:
    kinds = ({"retweet"}, {"reply"}, {"quote"}, {"images"}, {"video_link"}, {"links"}, {"geo"}, set[str]())
    return [PostSpec(wants=frozenset(kind)) for kind in kinds for _ in range(6)]


@pytest.mark.parametrize("text", EVERY)
def test_what_is_asked_for_suffices(text: str) -> None:
    """With the fields that are named, whether it matches can be told; but for what is quoted and not sent."""
    rule = parse(text)
    (term,) = (term for term, _ in rule.terms())
    asked = fields_for(rule)
    assert v2.filter(**asked)  # all of them are names that X knows
    if term.name in NOT_ON_OFFER | ONLY_X:
        return
    names = {key: frozenset(value) for key, value in asked.items()}  # type: ignore[call-overload]
    expansions = names.get("expansions", frozenset())
    brought = {"author_id": "author_id", "geo.place_id": "geo", "attachments.media_keys": "attachments"}
    fields = Fields(
        post=names.get("tweet_fields", frozenset()) | {brought[name] for name in expansions & brought.keys()},
        user=names.get("user_fields", frozenset()),
        place=names.get("place_fields", frozenset()),
        expansions=expansions,
    )
    parameters = [f"{key.replace('_', '.')}={name}" for key, values in names.items() for name in values]
    compiled = rule.compile(asked=parameters)
    world = World(seed=5)
    for spec in corpus():
        made = world.make(spec)
        post = decode(msgspec.json.encode(envelope(made, fields)))
        assert isinstance(post, Post)
        withheld = made.quoted.gone if made.quoted else made.retweeted and made.retweeted.quoted
        unknown = compiled.matches(post).unknown
        assert unknown == () or (withheld and unknown == ("expansions=referenced_tweets.id",))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cat", "has the word “cat”"),
        ('"Red Panda"', "has the words “red panda”, next to each other"),
        ('"c++"', "has the word “c”"),
        ('"!?"', "has the characters “!?”"),
        ('"a b"~3', "has the words “a b” in any order, with at most 3 others between"),
        ("from:ada", "is by @ada"),
        ("to:12", "replies to the account 12"),
        ("min_followers:5000", "is by an account with at least 5,000 followers"),
        ("tweets_count:1000..20000", "is by an account with 1,000 to 20,000 posts"),
        ("listed_count:7", "is by an account that is in at least 7 lists"),
        ("cat -is:retweet", "all of\n  has the word “cat”\n  NOT: is a retweet"),
        (
            "cat (has:images OR lang:fr)",
            "all of\n  has the word “cat”\n  at least one of\n    has a photo\n    is in the language fr",
        ),
    ],
)
def test_in_words(text: str, words: str) -> None:
    """Each operator is a line, indented under what joins it with others."""
    assert explain(parse(text)) == words


def test_every_operator_has_words() -> None:
    """There is an explanation of each, without a gap in it."""
    for text in EVERY:
        assert not set("{}") & set(explain(parse(text)))


def test_fields_of_several_rules() -> None:
    """`fields_for` several rules returns each field once, and none for rules that need none."""
    assert fields_for(parse("lang:en from:ada"), parse("lang:de is:verified")) == {
        "tweet_fields": ["lang"],
        "user_fields": ["verified"],
        "expansions": ["author_id"],
    }
    assert fields_for(parse('embedding:"open source"')) == {}


def test_text_will_do() -> None:
    """The text of a rule is as good as the rule, and anything else is refused at once."""
    assert explain("cat has:images") == explain(parse("cat has:images"))
    assert fields_for("cat", "from:x") == fields_for(parse("cat"), parse("from:x"))
    assert parse(parse("cat")) == parse("cat")
    with pytest.raises(RuleSyntaxError):
        explain("((")
    for call in (explain, fields_for, parse, validate):
        with pytest.raises(ValueError, match="a rule is text or a Rule, not 5"):
            call(5)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="its text is its value"):
            call(StreamRule("cat"))  # type: ignore[arg-type]

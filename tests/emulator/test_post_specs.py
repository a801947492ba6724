"""Posts are generated to match the rules of open streams, whatever operator they use."""

from __future__ import annotations

import pytest

from rxtweets.emulator import Emulator
from rxtweets.rules.language.vocabulary import OPERATORS

from .clients import FILTERED, add_rules, raw_get

NEVER = {"embedding", "embedding_threshold"}
"""Operators that only X can match."""

WORDS = ["cat", '"red panda"', '"a b"~3', "#tag", "@ada", "$TSLA", '"c++"', "from:12", "🎉", "cat -dog"]
KINDS = ["is:retweet", "is:reply", "is:quote", "is:verified", "-is:nullcast"]
FEATURES = ["hashtags", "cashtags", "links", "mentions", "media", "images", "video_link", "geo"]
NAMED = [
    f"{name}:{operator.example}" if operator.standalone else f"cat {name}:{operator.example}"
    for name, operator in OPERATORS.items()
    if name not in NEVER | {"is", "has"} and "stream" in operator.dialects
]
TOGETHER = [
    "cat from_affiliate_of:NASA is:verified",
    'bio:developer bio:"red panda" followers_count:100..200 min_followers:150 -is:reply',
    "tweets_count:7..7 bio_name:phd is:reply",
    "cat to_affiliate_of:12",
    "followers_count:1..2 followers_count:3..4 OR context:*.799022225751871488",
    "from:ada conversation_id:12",
    "retweets_of:ada retweets_of_tweet_id:12 cat",
    "to:ada in_reply_to_tweet_id:9999999999999999999",
]


@pytest.mark.parametrize(
    "rule",
    [
        *TOGETHER,
        *WORDS,
        *(f"cat {kind}" for kind in KINDS),
        *(f"cat has:{name}" for name in FEATURES),
        *NAMED,
    ],
)
def test_a_rule_soon_hears_something(rule: str) -> None:
    """With that one rule, matching posts come."""
    with Emulator(rate=2000, seed=1) as emulator:
        assert add_rules(emulator, rule).status_code == 201
        with raw_get(emulator, FILTERED) as stream:
            for _ in range(3):
                assert [found["tag"] for found in stream.message()["matching_rules"]] == [rule]


IDS = ("conversation_id", "in_reply_to_tweet_id", "retweets_of_tweet_id")


def referred(emulator: Emulator, post_id: int) -> dict[str, set[str]]:
    """Return, for each operator on ids, the texts of the posts that matching ones refer to."""
    add_rules(emulator, *(f"{name}:{post_id}" for name in IDS))
    found: dict[str, set[str]] = {name: set() for name in IDS}
    with raw_get(emulator, f"{FILTERED}?expansions=referenced_tweets.id") as stream:
        emulator.rate = 2000
        for _ in range(60):
            message = stream.message()
            for rule in message["matching_rules"]:
                texts = {post["text"] for post in message["includes"]["tweets"]}
                found[rule["tag"].partition(":")[0]] |= texts
    return found


def test_an_id_is_that_of_the_post_that_was_published() -> None:
    """A published post is answered and retweeted, and its replies are answered."""
    with Emulator(rate=0, seed=1) as emulator:
        post = emulator.compose("the very first")
        emulator.publish(post)
        found = referred(emulator, post.id)
    conversation = found.pop("conversation_id")
    assert "the very first" in conversation
    assert len(conversation) > 1
    assert found == {name: {"the very first"} for name in IDS[1:]}


def test_a_post_is_made_up_for_an_unknown_id() -> None:
    """The post made up for an unknown id is the same for every post that refers to it."""
    with Emulator(rate=0, seed=1) as emulator:
        found = referred(emulator, 1539382664746020864)
    assert len(found["in_reply_to_tweet_id"]) == 1
    assert found["in_reply_to_tweet_id"] == found["retweets_of_tweet_id"] < found["conversation_id"]


def test_people_are_as_a_rule_describes_them() -> None:
    """Several such people, each with the words and counts, who stay as they are."""
    with Emulator(rate=2000, seed=1) as emulator:
        add_rules(emulator, "bio:developer bio_location:NYC listed_count:3..5 from_affiliate_of:acme")
        fields = "user.fields=affiliation,description,location,public_metrics,verified&expansions=author_id"
        with raw_get(emulator, f"{FILTERED}?{fields}") as stream:
            users = [stream.message()["includes"]["users"][0] for _ in range(60)]
    people = {user["id"]: user for user in users}
    assert 5 < len(people) < 40
    assert all(user == people[user["id"]] for user in users)
    for user in users:
        assert "developer" in user["description"]
        assert user["location"] == "NYC"
        assert 3 <= user["public_metrics"]["listed_count"] <= 5
        assert user["affiliation"]["url"] == "https://x.com/acme"
        assert user["verified"]

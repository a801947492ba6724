"""The world talks about what rules listen for, whatever operator they use."""

from __future__ import annotations

import pytest

from rxtweets.emulator import Emulator
from rxtweets.rules.operators import OPERATORS

from .clients import FILTERED, add_rules, raw_get

NEVER = {
    "from_affiliate_of",
    "to_affiliate_of",
    "conversation_id",
    "in_reply_to_tweet_id",
    "retweets_of_tweet_id",
    "bio",
    "bio_name",
    "bio_location",
    "embedding",
    "embedding_threshold",
}
"""What the world doesn't bring up by itself: posts and people there are, badges, what only X can tell."""

WORDS = ["cat", '"red panda"', '"a b"~3', "#tag", "@ada", "$TSLA", '"c++"', "from:12", "🎉", "cat -dog"]
KINDS = ["is:retweet", "is:reply", "is:quote", "is:verified", "-is:nullcast"]
FEATURES = ["hashtags", "cashtags", "links", "mentions", "media", "images", "video_link", "geo"]
NAMED = [
    f"{name}:{operator.example}" if operator.standalone else f"cat {name}:{operator.example}"
    for name, operator in OPERATORS.items()
    if name not in NEVER | {"is", "has"}
]


@pytest.mark.parametrize(
    "rule", [*WORDS, *(f"cat {kind}" for kind in KINDS), *(f"cat has:{name}" for name in FEATURES), *NAMED]
)
def test_a_rule_soon_hears_something(rule: str) -> None:
    """With that one rule, matching posts come."""
    with Emulator(rate=2000, seed=1) as emulator:
        assert add_rules(emulator, rule).status_code == 201
        with raw_get(emulator, FILTERED) as stream:
            for _ in range(3):
                assert [found["tag"] for found in stream.message()["matching_rules"]] == [rule]

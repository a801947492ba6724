"""The rules of v2's filtered stream: their language, and the management of those at X.

A rule is a value: `parse` reads one from text, `keyword("cat") & has("images")` makes one in Python,
`validate` finds what X would refuse it for, `rule.matches(post)` tells whether it matches a post.
`RulesClient` manages the rules at X.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rxtweets.rules.management.client import REQUEST_POLICY, RulesClient
from rxtweets.rules.management.model import (
    RuleCounts,
    RuleError,
    RulesMissing,
    RulesRefused,
    RuleUpdate,
    StreamRule,
)
from rxtweets.rules.management.sync import SyncPlan

if TYPE_CHECKING:
    from rxtweets.rules.language.ast import CompiledRule, Reason, Rule, all_of, any_of
    from rxtweets.rules.language.build import (
        bio,
        bio_location,
        bio_name,
        bounding_box,
        cashtag,
        context,
        conversation_id,
        embedding,
        embedding_threshold,
        emoji,
        entity,
        followers_count,
        following_count,
        from_,
        from_affiliate_of,
        has,
        hashtag,
        in_reply_to_tweet_id,
        is_,
        keyword,
        lang,
        listed_count,
        mention,
        min_followers,
        near,
        operator,
        phrase,
        place,
        place_country,
        point_radius,
        retweets_of,
        retweets_of_tweet_id,
        sample,
        source,
        to,
        to_affiliate_of,
        tweets_count,
        url,
        url_contains,
        url_description,
        url_title,
    )
    from rxtweets.rules.language.explain import explain, fields_for
    from rxtweets.rules.language.problems import RuleProblem, RuleSyntaxError
    from rxtweets.rules.language.translate import from_filter
    from rxtweets.rules.language.validate import Limits, parse, validate
    from rxtweets.rules.matching.match import EVERY_FIELD, Match

_LAZY = {
    "language.ast": ("CompiledRule", "Reason", "Rule", "all_of", "any_of"),
    "language.validate": ("Limits", "parse", "validate"),
    "language.explain": ("explain", "fields_for"),
    "matching.match": ("EVERY_FIELD", "Match"),
    "language.problems": ("RuleProblem", "RuleSyntaxError"),
    "language.translate": ("from_filter",),
}
"""The modules of names that are imported on first use; the builders, in `language.build`, are others."""

_MODULES = {name: module for module, names in _LAZY.items() for name in names}

__all__ = [
    "EVERY_FIELD",
    "REQUEST_POLICY",
    "CompiledRule",
    "Limits",
    "Match",
    "Reason",
    "Rule",
    "RuleCounts",
    "RuleError",
    "RuleProblem",
    "RuleSyntaxError",
    "RuleUpdate",
    "RulesClient",
    "RulesMissing",
    "RulesRefused",
    "StreamRule",
    "SyncPlan",
    "all_of",
    "any_of",
    "bio",
    "bio_location",
    "bio_name",
    "bounding_box",
    "cashtag",
    "context",
    "conversation_id",
    "embedding",
    "embedding_threshold",
    "emoji",
    "entity",
    "explain",
    "fields_for",
    "followers_count",
    "following_count",
    "from_",
    "from_affiliate_of",
    "from_filter",
    "has",
    "hashtag",
    "in_reply_to_tweet_id",
    "is_",
    "keyword",
    "lang",
    "listed_count",
    "mention",
    "min_followers",
    "near",
    "operator",
    "parse",
    "phrase",
    "place",
    "place_country",
    "point_radius",
    "retweets_of",
    "retweets_of_tweet_id",
    "sample",
    "source",
    "to",
    "to_affiliate_of",
    "tweets_count",
    "url",
    "url_contains",
    "url_description",
    "url_title",
    "validate",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(f".{_MODULES.get(name, 'language.build')}", __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

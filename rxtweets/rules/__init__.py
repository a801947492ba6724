"""The rules of v2's filtered stream: the language they are written in, and which there are.

A rule is a value: `parse` reads one, `keyword("cat") & has("images")` makes one in Python, `validate` says
what X would refuse it for, `rule.matches(post)` whether it matches a post. `RulesClient` manages those at X.
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
    from rxtweets.rules.language.ast import Rule, all_of, any_of
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
    from rxtweets.rules.matching.compiled import EVERY_FIELD, CompiledRule, Match, Reason

_ELSEWHERE = {
    "language.ast": ("Rule", "all_of", "any_of"),
    "language.validate": ("Limits", "parse", "validate"),
    "language.explain": ("explain", "fields_for"),
    "matching.compiled": ("EVERY_FIELD", "CompiledRule", "Match", "Reason"),
    "language.problems": ("RuleProblem", "RuleSyntaxError"),
    "language.translate": ("from_filter",),
}
"""Where a name is, if not in `build`. All are looked up on first use: a connection needs none of them."""

_MODULES = {name: module for module, names in _ELSEWHERE.items() for name in names}

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

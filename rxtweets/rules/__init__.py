"""The rules of v2's filtered stream and of Powerstream: their language, and their management at X.

A rule is a value: `parse` reads one from text, `keyword("cat") & has("images")` builds one in Python,
`validate` finds what X would refuse, and `rule.matches(post)` says whether it matches a post.
`RulesClient` and `PowerstreamRulesClient` manage the rules at X.
"""

from __future__ import annotations

from rxtweets.rest import REQUEST_POLICY
from rxtweets.rules.language import build
from rxtweets.rules.language.ast import CompiledRule, Reason, Rule, all_of, any_of
from rxtweets.rules.language.build import *
from rxtweets.rules.language.explain import explain, fields_for
from rxtweets.rules.language.problems import RuleProblem, RuleSyntaxError
from rxtweets.rules.language.translate import from_filter
from rxtweets.rules.language.validate import Limits, parse, validate
from rxtweets.rules.management.client import RulesClient
from rxtweets.rules.management.model import (
    RuleCounts,
    RuleError,
    RulesMissing,
    RulesRefused,
    RuleUpdate,
    StreamRule,
)
from rxtweets.rules.management.powerstream import PowerstreamRulesClient
from rxtweets.rules.management.sync import SyncPlan
from rxtweets.rules.matching.match import EVERY_FIELD, Match

__all__ = [
    "EVERY_FIELD",
    "REQUEST_POLICY",
    "CompiledRule",
    "Limits",
    "Match",
    "PowerstreamRulesClient",
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
    "explain",
    "fields_for",
    "from_filter",
    "parse",
    "validate",
]
__all__ += build.__all__

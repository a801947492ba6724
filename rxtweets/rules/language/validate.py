"""Reading rules, and finding what X would refuse them for."""

from __future__ import annotations

import msgspec

from rxtweets.rules.management.model import StreamRule

from .ast import Rule
from .problems import RuleProblem, RuleSyntaxError
from .vocabulary import Dialect, lookup


class Limits(msgspec.Struct, frozen=True):
    """The maximum length of a rule, the maximum number of rules, and their dialect.

    Attributes:
        length: characters per rule.
        rules: how many are allowed; 1 for a search query.
        dialect: which operators exist: those of the filtered `"stream"`, `"search"` or `"powerstream"`.

    Source: X's pages "Filtered stream: introduction", "Search: introduction" and "Powerstream".
    """

    length: int = 1_024
    rules: int = 1_000
    dialect: Dialect = "stream"

    @classmethod
    def pay_per_use(cls) -> Limits:
        """Return the limits of pay-per-use access: 1,000 rules of 1,024 characters."""
        return cls()

    @classmethod
    def enterprise(cls) -> Limits:
        """Return those of enterprise access, unless a contract differs: 25,000 rules of 2,048 characters."""
        return cls(2_048, 25_000)

    @classmethod
    def search(cls, *, archive: bool = False) -> Limits:
        """Return the limits of a search query: 512 characters; 1,024 for the whole archive.

        Some accounts may have longer ones: `Limits(4_096, 1, "search")`.
        """
        return cls(1_024 if archive else 512, 1, "search")

    @classmethod
    def powerstream(cls) -> Limits:
        """Return the limits of Powerstream: 1,000 rules of 2,048 characters, with fewer operators."""
        return cls(2_048, 1_000, "powerstream")


def parse(text: str | Rule) -> Rule:
    """Return the rule that *text* stands for; a `Rule` is returned as it is.

    X's further conditions, which `validate` checks, are not considered.

    Raises:
        ValueError: it is neither text nor a `Rule`.
        RuleSyntaxError: it isn't a rule; the error says what is wrong, where, and often what would be right.
        ImportError: Lark is not installed: `pip install 'rxtweets[rules]'`.
    """
    from .parser import read

    if isinstance(text, Rule):
        return text
    found = read(_text_of(text))
    if found.rule is None:
        raise RuleSyntaxError(found.errors)
    return found.rule


def validate(rule: str | Rule, limits: Limits | None = None) -> tuple[RuleProblem, ...]:
    """Return all reasons why X would refuse *rule*, from left to right; none for a rule that it accepts.

    A rule needs at least one operator that can stand alone and isn't negated: `cat OR has:images` has one,
    `has:images -cat` has none. *limits* are `Limits.pay_per_use()` by default.

    Raises:
        ValueError: it is neither text nor a `Rule`.
        ImportError: Lark is not installed: `pip install 'rxtweets[rules]'`.
    """
    from .parser import read

    limits = limits or Limits()
    text = _text_of(rule, limits.dialect)
    most = limits.length
    found = read(text, limits.dialect)
    problems = [*found.errors, *found.refused]
    if len(text) > most and not (found.rule is None and len(text) == found.errors[0].end):
        message = f"the rule has {len(text):,} characters; at most {most:,} are allowed"
        problems.append(RuleProblem(message, most, len(text), text, "make several rules of it"))
    if found.rule is not None and not stands_alone(found.rule):
        message = "no operator here makes a rule: each is negated or needs another beside it"
        problems.append(RuleProblem(message, 0, len(text), text, _ADD_ANOTHER))
    return tuple(sorted(problems, key=lambda problem: problem.position))


def _text_of(rule: object, dialect: Dialect = "stream") -> str:
    if isinstance(rule, Rule):
        return rule.text(dialect)
    if not isinstance(rule, str):
        hint = "; its text is its value" if isinstance(rule, StreamRule) else ""
        raise ValueError(f"a rule is text or a Rule, not {rule!r}{hint}")
    return rule


_ADD_ANOTHER = "add a keyword, a hashtag, from: or another operator that stands alone"


def stands_alone(rule: Rule) -> bool:
    """Return whether *rule* has an operator that makes a rule by itself, as every rule needs one."""
    return any(not negated and lookup(term.name).standalone for term, negated in rule.terms())

"""The language of v2's rules: from a rule's text to a tree of terms, or the reason why it is none."""

from __future__ import annotations

import re

from msgspec import Struct

from .world.text import names

LONGEST = 1024
"""Characters of a rule at the pay-per-use level. Source: X's filtered stream documentation."""

_VALUE = {
    "is": frozenset({"retweet", "reply", "quote", "verified", "nullcast"}),
    "has": frozenset(names("hashtags cashtags links mentions media images videos video_link geo")),
}
_STANDALONE = frozenset(
    names(
        "keyword phrase hashtag mention cashtag from to retweets_of from_affiliate_of to_affiliate_of"
        " url url_title url_description url_contains context entity conversation_id bio bio_name"
        " bio_location place place_country point_radius bounding_box in_reply_to_tweet_id"
        " retweets_of_tweet_id source embedding"
    )
)
_COMPANY = frozenset(
    names(
        "is has sample lang min_followers followers_count tweets_count following_count listed_count"
        " embedding_threshold"
    )
)
_NUMBER = r"-?\d+(?:\.\d+)?"
_FORMS = {
    "point_radius": re.compile(rf"{_NUMBER} {_NUMBER} \d+(\.\d+)?(km|mi)$"),
    "bounding_box": re.compile(rf"{_NUMBER} {_NUMBER} {_NUMBER} {_NUMBER}$"),
    "sample": re.compile(r"(100|[1-9]\d?)$"),
    "conversation_id": re.compile(r"\d{1,19}$"),
    "in_reply_to_tweet_id": re.compile(r"\d{1,19}$"),
    "retweets_of_tweet_id": re.compile(r"\d{1,19}$"),
    "min_followers": re.compile(r"\d{1,12}$"),
    **{
        f"{n}_count": re.compile(r"\d{1,12}(\.\.\d{1,12})?$")
        for n in ("followers", "tweets", "following", "listed")
    },
    "place_country": re.compile(r"[A-Za-z]{2}$"),
    "lang": re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z]{2,4})?$"),
}
_TOKEN = re.compile(
    r"(?P<blank>\s+)|(?P<open>\()|(?P<close>\))|(?P<minus>-(?=\S))"
    r'|"(?P<phrase>[^"]*)"(?:~(?P<distance>\d+))?'
    r'|(?P<name>[A-Za-z_]+):(?:"(?P<quoted>[^"]*)"|\[(?P<listed>[^\]]*)\]|(?P<plain>[^\s()"]+))'
    r"|(?P<word>[^\s()\"]+)"
)


class RuleError(Exception):
    """The rule can't be accepted; the text says why, as X's `details` do."""


class Term(Struct, frozen=True):
    """One operator with its value."""

    operator: str
    value: str
    distance: int | None = None


class Not(Struct, frozen=True):
    part: Tree


class AllOf(Struct, frozen=True):
    parts: tuple[Tree, ...]


class AnyOf(Struct, frozen=True):
    parts: tuple[Tree, ...]


Tree = Term | Not | AllOf | AnyOf


def parse(rule: str) -> Tree:
    """The tree of a rule. Raises `RuleError`."""
    if not rule.strip():
        raise RuleError("Rule is empty (at position 1)")
    if len(rule) > LONGEST:
        raise RuleError(f"Rule is too long: {len(rule)} characters, at most {LONGEST} are allowed")
    tree = _Parser(rule).whole()
    if not any(_stands(way) for way in _ways(tree)):
        raise RuleError(
            "Rules must contain at least one positive, standalone operator"
            " (for example a keyword, a #hashtag or from:), beside those that need company"
        )
    return tree


def _ways(tree: Tree) -> tuple[Tree, ...]:
    return tree.parts if isinstance(tree, AnyOf) else (tree,)


def _stands(tree: Tree) -> bool:
    if isinstance(tree, Term):
        return tree.operator in _STANDALONE
    if isinstance(tree, Not):
        return False
    judge = all if isinstance(tree, AnyOf) else any
    return judge(_stands(part) for part in tree.parts)


class _Parser:
    def __init__(self, rule: str) -> None:
        self._rule = rule
        self._tokens = self._scan()
        self._at = 0

    def _scan(self) -> list[re.Match[str]]:
        tokens, position = [], 0
        while position < len(self._rule):
            match = _TOKEN.match(self._rule, position)
            if match is None:
                found = self._rule[position]
                raise RuleError(f"no viable alternative at character '{found}' (at position {position + 1})")
            if match.lastgroup != "blank":
                tokens.append(match)
            position = match.end()
        return tokens

    def whole(self) -> Tree:
        tree = self._any(0)
        if self._at < len(self._tokens):
            raise self._unexpected()
        return tree

    def _peek(self) -> re.Match[str] | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _unexpected(self) -> RuleError:
        token = self._peek()
        shown, position = ("<EOF>", len(self._rule)) if token is None else (token[0], token.start())
        return RuleError(f"mismatched input '{shown}' (at position {position + 1})")

    def _any(self, depth: int) -> Tree:
        if depth > 50:
            raise RuleError("Rule has too many nested parentheses")
        parts = [self._all(depth)]
        while (token := self._peek()) is not None and token["word"] == "OR":
            self._at += 1
            parts.append(self._all(depth))
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all(self, depth: int) -> Tree:
        parts: list[Tree] = []
        while (token := self._peek()) is not None and not token["close"] and token["word"] != "OR":
            parts.append(self._one(token, depth))
        if not parts:
            raise self._unexpected()
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _one(self, token: re.Match[str], depth: int) -> Tree:
        self._at += 1
        if token["open"]:
            inner = self._any(depth + 1)
            closing = self._peek()
            if closing is None or not closing["close"]:
                raise self._unexpected()
            self._at += 1
            return inner
        if token["minus"]:
            return self._negated(token)
        term = _term(token)
        if term == Term("is", "nullcast"):
            raise RuleError(f"is:nullcast can only be negated (at position {token.start() + 1})")
        return term

    def _negated(self, minus: re.Match[str]) -> Tree:
        token = self._peek()
        if token is None or token["open"] or token["close"] or token["minus"]:
            raise RuleError(
                f"Only single operators can be negated, not groups (at position {minus.start() + 1})"
            )
        self._at += 1
        term = _term(token)
        if term.operator in {"sample", "embedding", "embedding_threshold"}:
            raise RuleError(f"{term.operator}: can't be negated (at position {token.start() + 1})")
        return Not(term)


def _term(token: re.Match[str]) -> Term:
    position = token.start() + 1
    if token["phrase"] is not None:
        if not token["phrase"].strip():
            raise RuleError(f"Phrase is empty (at position {position})")
        distance = int(token["distance"]) if token["distance"] else None
        if distance is not None and distance > 6:
            raise RuleError(f"Proximity is at most 6 words (at position {position})")
        return Term("phrase", token["phrase"], distance)
    if token["name"]:
        return _operator(token, position)
    word = token["word"]
    if word == "AND":
        raise RuleError(
            "Ambiguous use of and as a keyword. Use a space to logically join two clauses"
            f" (at position {position})"
        )
    for sign, kind in (("#", "hashtag"), ("＃", "hashtag"), ("@", "mention"), ("$", "cashtag")):
        if word.startswith(sign) and len(word) > 1:
            return Term(kind, word[1:])
    return Term("keyword", word)


def _operator(token: re.Match[str], position: int) -> Term:
    name = token["name"].lower()
    value = next(
        part for part in (token["quoted"], token["listed"], token["plain"]) if part is not None
    ).strip()
    if name in {"http", "https"}:
        raise RuleError(f'A link has to be quoted: url:"{token[0]}" (at position {position})')
    if name not in _STANDALONE | _COMPANY:
        raise RuleError(
            f"Reference to invalid operator '{name}'. Operator is not available in current product or product"
            " packaging. Please refer to complete available operator list at https://docs.x.com"
            f" (at position {position})"
        )
    form, known = _FORMS.get(name), _VALUE.get(name)
    if not value or (form and not form.match(value)) or (known and value.lower() not in known):
        raise RuleError(f"Invalid value '{value}' for operator {name}: (at position {position})")
    return Term(name, value.lower() if known else value)

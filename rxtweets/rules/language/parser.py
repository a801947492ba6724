"""Parsing rules, with all mistakes in them.

The grammar is LALR(1), for Lark. It accepts more than X does (a negated group, any `name:value`), so that
mistakes can be reported precisely: the checks of single tokens and of their neighbours find them. Time and
memory are linear in the length of the text; its length and depth are bounded first.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from . import token_parsers as tokens
from .ast import MAX_DEPTH, AnyOf, Rule, Term, all_of, any_of
from .problems import RuleProblem
from .vocabulary import CALLED, UNNAMED, Dialect, details, lookup, spellings

if TYPE_CHECKING:
    from lark import Lark, Token

MAX_LENGTH = 8_192
"""Characters: four times the most that X takes, so that longer rules can be parsed before they are split."""

_GRAMMAR = r"""
?start: any
any: all (_OR all)*
all: unit+
?unit: term | negated | "(" any ")"
term: WORD | PHRASE | OPERATOR | CURLY | UNCLOSED
negated: MINUS unit

LPAR: "("
RPAR: ")"
_OR.5: /OR(?![^\s()"])/
MINUS.5: "-"
OPERATOR.4: /[A-Za-z_]+:(?:"(?:\\.|[^"\\])*"|\[[^\[\]"]*\]|[^\s()"]*)/s
PHRASE.3: /"(?:\\.|[^"\\])*"(?:~\d+)?/s
CURLY.3: /[“”„‟«][^“”„‟«»"()\n]*[“”‟»]/
UNCLOSED.2: /"(?:.*)/s
WORD.1: /[^\s()"]+/
%ignore /\s+/
"""

_TOKEN_PARSERS: dict[str, Callable[[str], Rule]] = {
    "WORD": tokens.word,
    "PHRASE": tokens.phrase,
    "CURLY": tokens.curly,
    "OPERATOR": tokens.operator,
}

_PLACEHOLDER = Term("keyword", "x")
"""The operator in place of one that is missing or wrong, so that the rest can be parsed."""


class Parsed(NamedTuple):
    """The result of parsing a text.

    Attributes:
        rule: the rule; None for a text that is no rule.
        errors: the problems that keep it from being one.
        refused: the problems that X refuses a rule for.
    """

    rule: Rule | None
    errors: tuple[RuleProblem, ...]
    refused: tuple[RuleProblem, ...] = ()


@cache
def _parser() -> Lark:
    try:
        from lark import Lark, Transformer
    except ImportError:
        raise ImportError("reading rules needs Lark: pip install 'rxtweets[rules]'", name="lark") from None

    class Build(Transformer[Any, Rule]):
        def any(self, parts: list[Rule]) -> Rule:
            return any_of(*parts)

        def all(self, parts: list[Rule]) -> Rule:
            return all_of(*parts)

        def term(self, parts: list[Any]) -> Rule:
            rule: Rule = parts[0].value
            return rule

        def negated(self, parts: list[Any]) -> Rule:
            minus, rule = parts
            minus.value = ~rule
            return ~rule  # type: ignore[no-any-return]

    return Lark(_GRAMMAR, parser="lalr", lexer="basic", transformer=Build())


def read(text: str, dialect: Dialect = "stream") -> Parsed:
    """Parse *text*, to its end whatever is wrong with it; operators that *dialect* lacks are refused.

    Raises:
        ImportError: Lark is not installed.
    """
    parser = _parser()
    if len(text) > MAX_LENGTH:
        message = f"the rule has {len(text):,} characters; at most {MAX_LENGTH:,} are read"
        return Parsed(None, (RuleProblem(message, MAX_LENGTH, len(text), text),))
    machine = parser.parse_interactive(text)
    found = list(machine.lexer_thread.lex(machine.parser_state))  # type: ignore[no-untyped-call]
    depth, level = 0, 0
    for token in found:
        level += (token.type == "LPAR") - (token.type == "RPAR")
        depth = max(depth, level)
        if depth > MAX_DEPTH:
            at = token.start_pos or 0
            message = f"the parentheses lie more than {MAX_DEPTH} deep in each other"
            return Parsed(None, (RuleProblem(message, at, at + 1, text),))
    return _Parsing(text, found, dialect).read(machine)


class _Parsing:
    def __init__(self, text: str, found: list[Token], dialect: Dialect) -> None:
        self._text = text
        self._dialect = dialect
        self._tokens = found
        self._errors: list[RuleProblem] = []
        self._refused: list[RuleProblem] = []
        self._negated_groups: list[Token] = []

    def read(self, machine: Any) -> Parsed:
        for before, token, after in zip(
            [None, *self._tokens], self._tokens, [*self._tokens[1:], None], strict=False
        ):
            written = str(token)
            if token.type == "MINUS":
                self._check_minus(token, after)
            elif token.type == "UNCLOSED":
                self._note(token, "the quote is not closed", 'end it with "')
                token.value = _PLACEHOLDER
            elif token.type in _TOKEN_PARSERS:
                token.value = self._term(token, written, before, after)
        rule = self._structure(machine)
        for minus in self._negated_groups:
            hint = "negate each operator" + ("" if self._errors else f": {_grouped(minus.value)}")
            self._note(minus, "X negates single operators, not groups", hint)
        errors, refused = (
            tuple(sorted(problems, key=lambda problem: problem.position))
            for problems in (self._errors, self._refused)
        )
        return Parsed(None if errors else rule, errors, refused)

    def _note(self, token: Token, message: str, hint: str = "", *, refused: bool = False) -> None:
        start, end = token.start_pos or 0, token.end_pos or 0
        problems = self._refused if refused else self._errors
        problems.append(RuleProblem(message, start, end, self._text, hint))

    def _term(self, token: Token, written: str, before: Token | None, after: Token | None) -> Rule:
        unclosed = after is not None and after.type == "UNCLOSED" and after.start_pos == token.end_pos
        if unclosed and written.endswith(":"):
            return _PLACEHOLDER
        try:
            rule = _TOKEN_PARSERS[token.type](written)
        except tokens.TokenError as error:
            self._note(token, error.message, error.hint)
            return _PLACEHOLDER
        negated = before is not None and before.type == "MINUS"
        if isinstance(rule, Term):
            self._check_dialect(token, rule, written)
            self._check_negation(token, rule, negated)
        return rule

    def _check_dialect(self, token: Token, rule: Term, written: str) -> None:
        here, operator, row = self._dialect, lookup(rule.name), details(rule.name, rule.value)
        lacking = operator if here not in operator.dialects else row
        if here not in lacking.dialects:
            what = _UNNAMED.get(rule.name, f"{rule.name}:") if lacking is operator else str(rule)
            others = [CALLED[other] for other in lacking.dialects]
            only = f"only {' and '.join(others)} {'has' if len(others) == 1 else 'have'} it"
            self._note(token, f"{CALLED[here]} has no {what}", f"leave it out: {only}", refused=True)
            return
        if rule.name in UNNAMED:
            return
        name, _, value = written.lower().partition(":")
        known = name in spellings(rule.name, operator, here)
        if operator.choices:
            known = known and value.strip('"') in spellings(rule.value, row, here)
        if not known:
            self._note(token, f"{CALLED[here]} has no {written}", f"write {rule.text(here)}", refused=True)

    def _check_negation(self, token: Token, rule: Term, negated: bool) -> None:
        if negated and not lookup(rule.name).negatable:
            self._note(token, f"{rule.name}: can't be negated", "leave out the -", refused=True)
        choice = lookup(rule.name).choices.get(rule.value)
        if choice is not None and choice.negated_only and not negated:
            self._note(token, f"X takes {rule} only negated", f"write -{rule}", refused=True)

    def _check_minus(self, minus: Token, after: Token | None) -> None:
        if after is None or after.type in ("_OR", "RPAR"):
            return  # the structure tells
        if after.start_pos != minus.end_pos:
            self._note(minus, "the - does not stand directly before what it negates", "leave out the blank")
        elif after.type == "MINUS":
            self._note(minus, "a negation can't be negated", "leave out both")
        elif after.type == "LPAR":
            self._negated_groups.append(minus)

    def _structure(self, machine: Any) -> Rule:
        """Feed the parser; where it could not go on, note why and let it go on.

        This is decided beforehand, as an LALR parser has already reduced when it refuses a token. All tokens
        but `)`, `OR` and the end can stand anywhere.
        """
        from lark import Token

        word = Token("WORD", "x")
        word.value = _PLACEHOLDER
        opened: list[Token] = []
        last: Token | None = None
        for token in self._tokens:
            if token.type in ("RPAR", "_OR") and not self._can_stand(token, last, opened):
                if not self._repair(token, last, opened):
                    continue
                machine.feed_token(word)
            machine.feed_token(token)
            if token.type == "LPAR":
                opened.append(token)
            elif token.type == "RPAR":
                opened.pop()
            last = token
        if last is None:
            self._errors.append(RuleProblem("the rule is empty", 0, len(self._text), self._text))
        elif last.type in ("_OR", "MINUS"):
            self._note(last, _NOTHING[last.type])
        if last is None or last.type in ("_OR", "MINUS", "LPAR"):
            machine.feed_token(word)
        for token in opened:
            self._note(token, "the parenthesis is not closed", "add a )")
            machine.feed_token(Token("RPAR", ")"))
        rule: Rule = machine.feed_eof(word)
        return rule

    def _can_stand(self, token: Token, last: Token | None, opened: list[Token]) -> bool:
        after_operator = last is not None and last.type not in ("LPAR", "_OR", "MINUS")
        return after_operator and (token.type == "_OR" or bool(opened))

    def _repair(self, token: Token, last: Token | None, opened: list[Token]) -> bool:
        """Note why *token* can't stand here; return whether it could with an operator before it."""
        if token.type == "RPAR" and not opened:
            self._note(token, "no parenthesis is open here", "leave it out")
            return False
        if last is not None and last.type == "MINUS":
            self._note(last, _NOTHING["MINUS"])
            return True
        if token.type == "_OR":
            self._note(token, _NOTHING["_OR"])
            return False
        assert last is not None
        self._note(last, "the parentheses have nothing in them" if last.type == "LPAR" else _NOTHING["_OR"])
        return True


_UNNAMED = {"near": '"a b"~N', "hashtag": "#hashtag", "cashtag": "$cashtag"}
"""The operators without a name that some dialect lacks, as an error shows them."""

_NOTHING = {
    "_OR": "OR has nothing to join on one side",
    "MINUS": "the - has nothing to negate",
}


def _grouped(rule: Rule) -> str:
    return f"({rule})" if isinstance(rule, AnyOf) else str(rule)

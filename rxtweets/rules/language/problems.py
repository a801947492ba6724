"""Problems of rules, and their places in the text."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from rxtweets._printable import escape

_BEFORE, _AFTER = 40, 30


class RuleProblem(msgspec.Struct, frozen=True):
    """One reason why X would refuse a rule.

    Attributes:
        message: what is wrong.
        position: the index in `text` of the first character concerned.
        end: the index after the last one.
        text: the rule.
        hint: what to write instead, if that is known; else empty.
    """

    message: str
    position: int
    end: int
    text: str
    hint: str = ""

    def caret(self) -> str:
        """Return the rule, or of a long one the surrounding part, and below it a line that points to it."""
        from wcwidth import width  # comes with the parser, and knows which characters join into one

        start = self.position - _BEFORE if self.position > _BEFORE + 3 else 0
        stop = min(len(self.text), self.position + max(_AFTER, min(self.end - self.position, _BEFORE)))
        stop = len(self.text) if stop + 3 >= len(self.text) else stop
        before = ("…" if start else "") + escape(self.text[start : self.position])
        marked = escape(self.text[self.position : min(self.end, stop)])
        after = escape(self.text[min(self.end, stop) : stop]) + ("…" if stop < len(self.text) else "")
        return f"{before}{marked}{after}".rstrip() + "\n" + " " * width(before) + "^" * max(1, width(marked))

    def __str__(self) -> str:
        lines = [f"{self.message} (at position {self.position + 1})", self.caret()]
        return "\n".join([*lines, self.hint] if self.hint else lines)


class RuleSyntaxError(ValueError):
    """A text isn't a rule.

    Attributes:
        problems: all problems, from left to right.
        problem: the first of them; its message, position, end and hint are attributes of the error, too.
    """

    def __init__(self, problems: Iterable[RuleProblem]) -> None:
        self.problems = tuple(problems)
        self.problem = self.problems[0]
        more = len(self.problems) - 1
        super().__init__(str(self.problem) + (f"\nand {more} more" if more else ""))

    @property
    def message(self) -> str:
        return self.problem.message

    @property
    def position(self) -> int:
        return self.problem.position

    @property
    def end(self) -> int:
        return self.problem.end

    @property
    def hint(self) -> str:
        return self.problem.hint

    def caret(self) -> str:
        """Return the caret of the first problem; see `RuleProblem.caret`."""
        return self.problem.caret()

    def __reduce__(self) -> tuple[type[RuleSyntaxError], tuple[tuple[RuleProblem, ...]]]:
        return type(self), (self.problems,)

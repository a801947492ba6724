"""Languages of posts, by X's codes."""

from __future__ import annotations

from rxtweets.rules.languages import LANGUAGES, WITHOUT_LANGUAGE, rule_languages

_CODES = LANGUAGES | WITHOUT_LANGUAGE | {"zh"}


def said(code: str) -> str:
    """Return the code that a post says: of Chinese only rules know the script."""
    return "zh" if code.startswith("zh-") else code


def checked(code: str) -> str:
    """Return the code of a language. Raises ValueError for one that no post of X's has."""
    if code in _CODES:
        return code
    meant = " or ".join(map(repr, rule_languages(code)))
    hint = f"did you mean {meant}?" if meant else "its codes are such as 'en', 'in', 'iw', 'zh-TW' or 'und'"
    raise ValueError(f"X takes no post to be in {code!r}: {hint}")


def spoken(code: str) -> tuple[str, ...]:
    """Return the codes for what v1.1's `language` asks for; none where X has no such language."""
    return rule_languages(code)

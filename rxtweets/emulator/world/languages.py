"""Language codes of posts."""

from __future__ import annotations

from rxtweets.rules.languages import LANGUAGES, WITHOUT_LANGUAGE, rule_languages

_CODES = LANGUAGES | WITHOUT_LANGUAGE | {"zh"}


def sent_code(code: str) -> str:
    """Return the code that X sends; it tells the script of Chinese to rules only."""
    return "zh" if code.startswith("zh-") else code


def checked_code(code: str) -> str:
    """Return the code. Raises ValueError for one that no post of X's has."""
    if code in _CODES:
        return code
    meant = " or ".join(map(repr, rule_languages(code)))
    hint = f"did you mean {meant}?" if meant else "its codes are such as 'en', 'in', 'iw', 'zh-TW' or 'und'"
    raise ValueError(f"X takes no post to be in {code!r}: {hint}")

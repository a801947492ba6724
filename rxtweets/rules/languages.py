"""The languages of X's rules: the codes that `lang:` takes, and those that match codes of other lists."""

from __future__ import annotations

_CODES = """
am ar bg bn bo bs ca ckb cs cy da de dv el en es et eu fa fi fr gu hi hi-Latn hr ht hu hy in is it iw ja ka km
kn ko lo lt lv ml mr my ne nl no or pa pl ps pt ro ru sd si sk sl sr sv ta te th tl tr ug uk ur vi zh-CN zh-TW
"""

LANGUAGES = frozenset(_CODES.split())
"""The codes that `lang:` takes for languages.

X keeps codes that ISO 639 retired (`in` is Indonesian, `iw` Hebrew), and has Chinese in two scripts.
Source: X's page "Filtered stream operators".
"""

WITHOUT_LANGUAGE = frozenset({"und", "qam", "qct", "qht", "qme", "qst", "zxx"})
"""The codes that `lang:` takes for posts in no language.

`und` is not recognised; `qam`, `qct`, `qht` and `qme` are mentions, cashtags, hashtags and links to media
alone, `qst` a very short text, `zxx` no text. Source: X's developer community, "Unknown language code".
"""

_IN_ANY_CASE = {code.lower(): (code,) for code in LANGUAGES | WITHOUT_LANGUAGE}

# Codes of ISO 639 and BCP 47 for languages that have another one in X's list.
_OTHER_CODES = {
    "fil": ("tl",),
    "he": ("iw",),
    "id": ("in",),
    "nb": ("no",),
    "nn": ("no",),
    "zh": ("zh-CN", "zh-TW"),
    "zh-hans": ("zh-CN",),
    "zh-hant": ("zh-TW",),
    "zh-hk": ("zh-TW",),
    "zh-mo": ("zh-TW",),
    "zh-sg": ("zh-CN",),
}


def rule_languages(code: str) -> tuple[str, ...]:
    """Return the codes that `lang:` has for a language with the ISO 639 or BCP 47 *code*, in any case.

    These are both scripts of Chinese for `zh`, and the language alone for a regional variety (`pt` for
    `pt-BR`). There are none for a language that is not in X's list.
    """
    key = code.lower().replace("_", "-")
    while key:
        found = _IN_ANY_CASE.get(key) or _OTHER_CODES.get(key)
        if found:
            return found
        key = key.rpartition("-")[0]
    return ()

"""v1.1's filter parameters as rules of v2."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rxtweets.endpoints import v1

LONGEST = 1024
"""Characters of a rule at the pay-per-use level. Source: X's filtered stream documentation."""

_PLAIN = re.compile(r"[#＃@]?\w+|\$[A-Za-z]\w*")
_KEYWORDS = {"and", "or", "not"}


def filter_rules(
    track: Sequence[str] = (),
    follow: Sequence[str] = (),
    locations: Sequence[str] = (),
    languages: Sequence[str] = (),
) -> list[str]:
    """Rules that match what v1.1's filter would, as few as they fit in.

    Raises:
        ValueError: a parameter is not what v1.1's filter takes, or nothing says what to match.
    """
    endpoint = v1.filter(
        track=track,
        follow=",".join(follow) or None,
        locations=",".join(locations) or None,
        languages=",".join(languages) or None,
    )
    form = dict(endpoint.request.form or ())
    codes = [f"lang:{code}" for code in form.get("language", "").split(",") if code]
    alternatives = dict.fromkeys(_alternatives(form))
    return list(_packed(list(alternatives), codes[0] if len(codes) == 1 else _any(codes)))


def _alternatives(form: dict[str, str]) -> Iterator[str]:
    for phrase in filter(None, form.get("track", "").split(",")):
        yield _phrase(phrase)
    for user in filter(None, form.get("follow", "").split(",")):
        yield f"(from:{user} OR to:{user} OR retweets_of:{user})"
    numbers = [number for number in form.get("locations", "").split(",") if number]
    for at in range(0, len(numbers), 4):
        yield f"bounding_box:[{' '.join(numbers[at : at + 4])}]"


def _phrase(phrase: str) -> str:
    words = [found for word in phrase.split() if (found := _word(word))]
    if not words:
        raise ValueError(f"track: a rule can't say {phrase!r}; give it a word")
    return " ".join(words)


def _word(word: str) -> str:
    """*word* as a term, in quotes where it would be an operator or end a term; '' for nothing but quotes."""
    if _PLAIN.fullmatch(word) and word.lower() not in _KEYWORDS:
        return word
    # No quoted text can hold these two. Both end a word, as a blank does.
    text = " ".join(word.replace('"', " ").replace("\\", " ").split())
    return f'"{text}"' if text else ""


def _any(terms: Sequence[str]) -> str:
    return f"({' OR '.join(terms)})" if terms else ""


def _packed(alternatives: Sequence[str], condition: str) -> Iterator[str]:
    """Rules of as many *alternatives* each as fit, each with *condition*."""

    def rule(terms: Sequence[str]) -> str:
        if not condition:
            return " OR ".join(terms)
        return f"{terms[0] if len(terms) == 1 else _any(terms)} {condition}"

    terms: list[str] = []
    for alternative in alternatives:
        if terms and len(rule([*terms, alternative])) > LONGEST:
            yield rule(terms)
            terms = []
        terms.append(alternative)
    yield rule(terms)

"""The words of a text: all of them, found at once, are those found one after the other."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from rxtweets.filters.tokens import Words, fold, found_in, tokens, words_of

# Where Unicode is difficult: marks, characters that fold or compose to others, joiners, selectors, emoji.
PIECES = st.sampled_from(
    [
        *"aÄßǰKİΣς_1²Ⅷ@#$＃＠’'<=>;`·・桜はｱक्षि👍🏽❤🇩🇪🏴…。",
        *"\u0338\u0301\ufe0f\u200d\u00ad\ud83d\u037e\x00\x85\xa0",
    ]
)
TEXTS = st.text() | st.lists(PIECES | st.just(" ")).map("".join)


@given(TEXTS)
@example("a=\u0338b")
@example("a＃b")
def test_all_words(text: str) -> None:
    """All words of a text are those found in order, each once."""
    assert tokens(text) == set(words_of(fold(text)))


@given(TEXTS)
def test_signs(text: str) -> None:
    """Tags, names and symbols take nothing away from the words but their signs."""
    words = Words(fold(text))
    signed = words.tags | words.names | words.symbols
    assert words.plain.union(*map(tokens, signed)) == tokens(text)


@given(st.lists(TEXTS))
def test_words_of_several_texts(texts: list[str]) -> None:
    """Texts with blanks between them have the words that each has."""
    assert tokens(" ".join(texts)) == set().union(*map(tokens, texts))


@given(TEXTS, st.sampled_from(["#hashtags", "@mentions", "$cashtags"]))
def test_tags_stand_alone(before: str, sign_and_kind: str) -> None:
    """A sign marks what follows unless a letter, a digit, an underscore, `&`, `/` or a sign precedes it."""
    sign, kind = sign_and_kind[0], sign_and_kind[1:]
    last = before[-1:]
    joined = last.isalnum() or (last != "" and last in "_&/@#$＃＠")
    assert ("zzqzz" in found_in(f"{before}{sign}zzqzz", kind)) == (not joined)

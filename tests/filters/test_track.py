"""`track`: which phrases match which statuses, and why."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from rxtweets import FilterIndex, FilterQuery
from rxtweets.filters import Found, PhraseHit
from rxtweets.messages import Status, decode

from .statuses import content, extended, link, quote, retweet, status

LONG = "What everybody says about streams is true, the rest of it we learn as we go on, since #reactive code "

PHOTO = {
    "url": "https://t.co/pic",
    "expanded_url": "https://twitter.com/ada/status/1/photo/1",
    "display_url": "pic.twitter.com/X1y2",
    "type": "photo",
    "indices": [0, 1],
}

CASES: list[tuple[str, str | Status, bool, str]] = [
    # whole tokens
    ("twitter", "I love twitter", True, "a word of the text"),
    ("twitter", "TwitterTracker is out", False, "a part of a longer word"),
    ("twitter", "new_twitter", False, "an underscore is part of the word"),
    ("twitter", "twitter2", False, "a digit is part of the word"),
    ("100", "more than 100 of them", True, "a number is a word"),
    ("a", "b", False, "another word"),
    # commas and blanks
    ("rx py", "py and rx", True, "a blank is AND, in any order"),
    ("rx py", "only rx", False, "a blank is AND: one word is missing"),
    ("rx,py", "only py", True, "a comma is OR"),
    ("rx  py", "rx py", True, "several blanks are one"),
    # case and accents
    ("TWITTER", "twitter", True, "case does not count"),
    ("straße", "STRASSE", True, "case folds as Unicode says: ß is ss"),
    ("ΟΔΟΣ", "οδος", True, "the final sigma is a sigma"),
    ("touché", "touche", False, "accents count"),
    ("touche", "touché", False, "accents count, the other way"),
    ("touch\u00e9", "touche\u0301", True, "an accent composed or combined is the same"),
    ("touche", "touche\u0301", False, "a combining accent is part of its letter"),
    ("twitter", "ｔｗｉｔｔｅｒ", False, "full-width letters are other letters"),
    # punctuation
    ("twitter", '"twitter"', True, "quotation marks end a word"),
    ("twitter", "twitter.", True, "a full stop ends a word"),
    ("twitter", "(twitter!)", True, "brackets and exclamation marks end a word"),
    ("twitter", "twitter's new look", True, "an apostrophe ends a word"),
    ("twitter's", "I like twitter's look", True, "a phrase with punctuation is compared whole"),
    ("twitter's", "I like Twitter’s look", True, "both apostrophes are one"),
    ("twitter's", "twitter s", False, "compared whole: the apostrophe counts"),
    ("well-known", "a well-known bird", True, "a hyphen in a phrase counts"),
    ("well", "a well-known bird", True, "a hyphen in the text ends a word"),
    ("c++", "I write C++!", True, "signs at the end of a phrase count"),
    ("c++", "vitamin c", False, "signs at the end of a phrase count, so c alone is something else"),
    ("c", "I write C++", True, "signs in the text end a word"),
    ("node.js", "learn Node.js.", True, "a full stop within a phrase counts"),
    ("node.js", "learn node.jsx", False, "compared whole, but not within a longer word"),
    (":)", "so happy :)", True, "mere punctuation is found where it stands alone"),
    (":)", "(see 1:)", False, "mere punctuation does not match within something else"),
    ("q&a", "our Q&amp;A today", True, "the text's HTML escapes are undone"),
    ("amp", "salt &amp; pepper", False, "an escape is no word"),
    ("&lt;", "the tag &amp;lt; is", True, "an escape that was written is text"),
    ("soft", "so\u00adft", True, "a soft hyphen is not there"),
    ("me@example.com", "write to me@example.com", True, "an address is compared whole"),
    # hashtags, mentions, cashtags
    ("twitter", "#twitter", True, "a plain word matches a hashtag"),
    ("twitter", "@Twitter", True, "a plain word matches a mention"),
    ("twtr", "$TWTR", True, "a plain word matches a cashtag"),
    ("twitter", "#newtwitter", False, "a part of a longer hashtag"),
    ("#twitter", "#Twitter", True, "a hashtag matches a hashtag"),
    ("#twitter", "twitter", False, "a hashtag does not match a word"),
    ("#twitter", "@twitter", False, "a hashtag does not match a mention"),
    ("＃桜", "#桜", True, "the full-width sign is a sign"),
    ("#twitter", "a#twitter", False, "a sign within a word marks nothing"),
    ("#1", "#1 in sales", True, "digits alone are no hashtag: compared whole"),
    ("#1", "1 in sales", False, "compared whole"),
    ("@ada", "thanks @Ada!", True, "a mention matches a mention"),
    ("@ada", "ada@ada.org", False, "an e-mail address mentions nobody"),
    ("@ada", "ada", False, "a mention does not match a word"),
    ("$twtr", "buy $TWTR now", True, "a cashtag matches a cashtag"),
    ("$twtr", "twtr", False, "a cashtag does not match a word"),
    ("$100", "it was $100 then", True, "an amount is no cashtag and is compared whole"),
    ("$100", "it was 100 then", False, "an amount is compared whole"),
    ("#日本語", "今日は #日本語 です", True, "a hashtag in any script"),
    # URLs
    ("twitter", "see http://twitter.com", True, "a link as text"),
    (
        "python",
        status("see https://t.co/abc", urls=(link("https://www.python.org/downloads"),)),
        True,
        "an expanded URL",
    ),
    ("downloads", status("https://t.co/abc", urls=(link("https://x.org/downloads"),)), True, "its path"),
    ("x.org/downloads", status("", urls=(link("https://x.org/downloads"),)), True, "a URL compared whole"),
    ("x.org/down", status("", urls=(link("https://x.org/downloads"),)), False, "not within a longer word"),
    ("example com", status("", urls=(link("http://www.example.com/a"),)), True, "the words of a domain"),
    ("shown", status("", urls=(link("https://x.org", "shown.org"),)), True, "a display URL"),
    ("st", status("", urls=(link("https://x.org/stream", "x.org/st…"),)), False, "the cut end is no word"),
    ("abc", status("https://t.co/abc", urls=(link("https://x.org"),)), False, "the short form doesn't count"),
    ("python", status("", urls=(link("https://pythonista.org"),)), False, "a part of a longer word"),
    ("#top", status("", urls=(link("https://x.org/#top"),)), False, "a fragment is no hashtag"),
    ("top", status("", urls=(link("https://x.org/#top"),)), True, "a fragment has words"),
    ("#top", "see http://x.org/#top", False, "a fragment is no hashtag as text either"),
    ("pic.twitter.com", status("", entities={"media": [PHOTO]}), True, "the display URL of a photo"),
    ("photo", status("", extended_entities={"media": [PHOTO]}), True, "the expanded URL of a photo"),
    # extended tweets, retweets, quotes
    ("streams python", status(extended(LONG + "in Python")), True, "the whole text of an extended tweet"),
    ("#reactive", status(extended(LONG)), True, "the tags of an extended tweet"),
    ("twitter", status(extended(LONG, media=(PHOTO,))), True, "the photos of an extended tweet"),
    ("x.org", status(extended(LONG, urls=(link("http://x.org"),))), True, "the links of an extended tweet"),
    ("wor", status("all the wor… https://t.co/whole", truncated=True), False, "a cut word is no word"),
    ("the", status("all the wor… https://t.co/whole", truncated=True), True, "the words before the cut"),
    ("python", retweet(extended(LONG + "in Python")), True, "the whole of what a retweet repeats"),
    ("@ada", retweet(content("hello")), True, "a retweet mentions whom it repeats"),
    ("reac", retweet(content("x" * 40 + " reactive")), False, "where a retweet is cut there is no word"),
    ("python", quote("look", content("all about Python")), True, "the quoted text"),
    ("python", retweet({**content("look"), "quoted_status": content("Python")}), True, "quoted in a retweet"),
    ("look python", quote("look", content("about Python")), True, "words may stand in a quote and its text"),
    ("ada", quote("look", content("hi")), True, "the link of a quote"),
    # scripts without spaces
    ("日本語", "日本語 を学ぶ", True, "stands between separators"),
    ("日本語", "「日本語」、", True, "their punctuation separates, too"),
    ("日本語", "日本語を学ぶ", False, "text without spaces is one word"),
    ("日本語", "日本語😀を", True, "an emoji separates"),
    ("日本語", "#日本語", True, "a hashtag"),
    ("日本語", "日本語　を", True, "the ideographic space is a space"),
    ("नमस्ते", "नमस्ते दुनिया", True, "vowel signs are part of a word"),
    ("नमस", "नमस्ते दुनिया", False, "vowel signs are part of a word, so this is another"),
    ("می‌خواهم", "من می‌خواهم", True, "a joiner within a Persian word"),
    # emoji
    ("😀", "well😀done", True, "an emoji is a word of its own"),
    ("🦔", "sleepy🦔", True, "also right after a word"),
    ("😀", "😀😀😀", True, "also in a row"),
    ("❤", "I ❤\ufe0f it", True, "with and without the selector of its coloured form"),
    ("❤\ufe0f", "I ❤ it", True, "the same the other way round"),
    ("👍", "👍🏽", True, "a tone is a word of its own, so the thumb matches in any"),
    ("👍🏽", "👍🏽 great", True, "with a tone"),
    ("👍🏽", "👍 great", False, "the tone is missing"),
    ("👍🏽", "👍🏿 great", False, "another tone"),
    ("👩", "👩\u200d💻", True, "the parts of a composed emoji are words"),
    ("👩\u200d💻", "the 👩\u200d💻 codes", True, "a composed emoji compared whole"),
    ("👩\u200d💻", "👩 and 💻", False, "its parts alone are not it"),
    ("🇧🇪", "🇧🇪!", True, "a flag"),
    ("🇧🇪", "🇧🇬", False, "another flag"),
    ("🇷🇩", "🇫🇷🇩🇪", False, "half of one flag and half of the next are no flag"),
    ("1\ufe0f\u20e3", "1\ufe0f\u20e3 first", True, "a key cap"),
    ("\U0001fae8", "so \U0001fae8!", True, "an emoji that is newer than the Unicode tables of Python 3.11"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("track", "where", "matches", "reason"), CASES, ids=[f"{row[0]}: {row[3]}" for row in CASES]
)
def test_matching(track: str, where: str | Status, matches: bool, reason: str) -> None:
    """A phrase matches, or doesn't, for the reason in the table; `why` has an answer exactly if it does."""
    found = status(where) if isinstance(where, str) else where
    query = FilterQuery(track=track)
    assert query.matches(found) is matches, reason
    assert bool(query.why(found)) is matches


WHY: list[tuple[str, Status, PhraseHit]] = [
    ("Rx", status("rx"), PhraseHit("Rx", (Found("Rx", "text"),))),
    ("rx", status("#rx"), PhraseHit("rx", (Found("rx", "hashtag"),))),
    ("rx", status("rx #rx @rx $RX"), PhraseHit("rx", (
        Found("rx", "text"), Found("rx", "hashtag"), Found("rx", "mention"), Found("rx", "cashtag"),
    ))),
    ("#rx", status("rx #rx"), PhraseHit("#rx", (Found("#rx", "hashtag"),))),
    ("rx py", status("py", urls=(link("https://rx.org"),)), PhraseHit("rx py", (
        Found("rx", "url"), Found("py", "text"),
    ))),
    ("rx.org", status("", urls=(link("https://rx.org/a", "rx.org/a"),)), PhraseHit("rx.org", (
        Found("rx.org", "url"), Found("rx.org", "url"),
    ))),
    ("rx", retweet(content("rx")), PhraseHit("rx", (Found("rx", "text", "retweet"),))),
    ("@ada", retweet(content("rx")), PhraseHit("@ada", (Found("@ada", "mention", "status"),))),
    ("rx", quote("look", content("rx")), PhraseHit("rx", (Found("rx", "text", "quote"),))),
    ("rx", retweet({**content("look"), "quoted_status": content("#rx")}), PhraseHit("rx", (
        Found("rx", "hashtag", "quote"),
    ))),
    ("streams", status(extended(LONG)), PhraseHit("streams", (Found("streams", "text"),))),
]  # fmt: skip


@pytest.mark.parametrize(("track", "found", "hit"), WHY, ids=[row[0] for row in WHY])
def test_why(track: str, found: Status, hit: PhraseHit) -> None:
    """`why` names the phrase and every place of each of its words."""
    assert FilterQuery(track=track).why(found) == (hit,)


def test_why_names_all_phrases() -> None:
    """Each phrase that matches is a hit, in the query's order; the others are not there."""
    hits = FilterQuery(track=["b", "nothing", "a"]).why(status("a b"))
    assert hits == (PhraseHit("b", (Found("b", "text"),)), PhraseHit("a", (Found("a", "text"),)))


ODD: list[dict[str, Any]] = [
    {"text": None, "user": None, "entities": None},
    {"entities": {"hashtags": [{"text": None}], "user_mentions": [{}], "urls": [{}], "media": [{}]}},
    {"coordinates": {"coordinates": [1e300, -1e300]}},
    {"coordinates": {"coordinates": [1]}, "place": {"bounding_box": {"coordinates": [[]]}}},
    {"retweeted_status": {}, "quoted_status": {"text": 5}, "extended_tweet": {}},
    {"text": "# @ $ ## #@$ \ue000x \u200d \ufe0f …", "truncated": True},
]


@pytest.mark.parametrize("fields", ODD, ids=str)
def test_odd_statuses(fields: dict[str, Any]) -> None:
    """A status with missing, null or senseless values matches nothing by them, and raises nothing."""
    found = decode(msgspec.json.encode({**content("hello", id=1), **fields}))
    if isinstance(found, Status):
        query = FilterQuery(track="nothing,#,x.y", follow=7, locations=[1, 2, 3, 4])
        assert {type(hit) for hit in query.why(found)} <= ({PhraseHit} if "#" in found.text else set())
        index = FilterIndex[int]()
        index.add(query, 0)
        assert bool(index.match(found)) is query.matches(found)

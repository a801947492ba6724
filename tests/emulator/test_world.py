from __future__ import annotations

import itertools
from typing import Any

import pytest

from rxtweets.emulator import Emulator

from .clients import FILTERED, SAMPLE, V1_FILTER, V1_SAMPLE, add_rules, call, raw_get, v1_stream


@pytest.mark.parametrize(
    "form",
    [
        {"track": "python"},
        {"track": "日本"},
        {"track": "C++"},
        {"track": "hello world"},
        {"track": "#नमस्ते"},
        {"track": "@somebody"},
        {"track": "$TSLA"},
        {"track": "example.com/foobarbaz"},
        {"track": "😀"},
        {"track": "don't,it's"},
        {"track": "мир"},
        {"track": "مرحبا"},
        {"track": "สวัสดี"},
        {"track": "안녕"},
        {"track": "12345"},
        {"track": "++"},
        {"track": "a" * 60},
        {"follow": "2211149702"},
        {"locations": "-122.75,36.8,-121.75,37.8"},
        {"locations": "10,10,10.5,10.5"},
        {"track": "python", "language": "sv"},
        {"track": "python", "filter_level": "medium"},
        {"follow": "2211149702", "language": "ja"},
    ],
)
def test_the_world_talks_about_what_is_tracked(form: dict[str, str]) -> None:
    """At the default rate, whatever is asked for shows up, within a second or so."""
    with Emulator() as emulator, v1_stream(emulator, **form) as messages:
        found = list(itertools.islice(messages, 4))
    assert len(found) == 4


@pytest.mark.parametrize(
    "rule",
    [
        "cat has:images",
        "from:TwitterDev",
        "from:2244994945",
        "to:TwitterDev lang:es",
        "retweets_of:NASA",
        '"exact phrase" -is:retweet',
        "(日本 OR #東京) lang:ja",
        "url:example.org has:links",
        "@ada has:mentions is:reply",
        "$TSLA has:cashtags",
        "cat has:video_link",
        "cat has:geo",
        "cat is:quote",
        "cat is:retweet",
        "cat is:verified",
        "place_country:FR",
        'place:"New York"',
        "point_radius:[2.355128 48.861118 16km]",
        "bounding_box:[-105.301758 39.964069 -105.178505 40.09455]",
        'source:"My App"',
        'entity:"Hill Valley"',
        "context:10.799022225751871488",
        "url_title:clocktower",
        "cat url_description:clocktower",
        "cat has:hashtags has:links has:media",
    ],
)
def test_the_world_talks_about_what_rules_ask_for(rule: str) -> None:
    """Generated posts also match the rules of open streams."""
    with Emulator() as emulator:
        assert add_rules(emulator, rule).status_code == 201
        with raw_get(emulator, FILTERED) as stream:
            for _ in range(3):
                assert stream.message()["matching_rules"][0]["tag"] == rule


def test_a_new_rule_is_talked_about_at_once(world: Emulator) -> None:
    """Posts to a rule that was added to an open stream come without reconnecting."""
    add_rules(world, "cat")
    with raw_get(world, FILTERED) as stream:
        stream.message()
        add_rules(world, "zebra")
        tags: set[str] = set()
        while "zebra" not in tags:
            tags = {rule["tag"] for rule in stream.message()["matching_rules"]}


def texts(seed: int) -> list[str]:
    with Emulator(rate=500, seed=seed) as emulator, raw_get(emulator, SAMPLE) as stream:
        return [stream.message()["data"]["text"] for _ in range(40)]


def test_the_same_seed_makes_the_same_world() -> None:
    """Texts repeat with the seed and differ without."""
    assert texts(3) == texts(3) != texts(4)


def test_both_protocols_show_the_same_post(world: Emulator) -> None:
    """A post on a v1.1 stream and on a v2 stream has the same id, author and text."""
    query = "tweet.fields=author_id,created_at,lang,entities,geo"
    with raw_get(world, f"{SAMPLE}?{query}") as v2, v1_stream(world, V1_SAMPLE, "GET") as v1:
        old: dict[str, Any] = {}
        for status in itertools.islice(v1, 100):
            old[status.get("id_str", "")] = status
        shared = 0
        for _ in range(100):
            post = v2.message()["data"]
            status = old.get(post["id"])
            if status is None:
                continue
            shared += 1
            whole = status.get("extended_tweet", {}).get("full_text", status["text"])
            assert (whole, status["user"]["id_str"], status["lang"]) == (
                post["text"],
                post["author_id"],
                post["lang"],
            )
    assert shared > 50


POSTED = {
    "in": "in",
    "iw": "iw",
    "zh-CN": "zh",
    "zh-TW": "zh",
    "hi-Latn": "hi-Latn",
    "und": "und",
    "tl": "tl",
}
"""Languages as rules ask for them, and the codes that their posts carry."""


@pytest.mark.parametrize("code", POSTED)
def test_posts_have_the_language_codes_of_x(code: str) -> None:
    """A rule for a language of X's list is matched, and the posts carry the code that X has for it."""
    with Emulator(rate=500, seed=1) as emulator:
        add_rules(emulator, f"lang:{code} cat")
        with raw_get(emulator, f"{FILTERED}?tweet.fields=lang") as stream:
            assert {stream.message()["data"]["lang"] for _ in range(3)} == {POSTED[code]}


def test_each_script_of_chinese_is_a_language_of_its_own(emulator: Emulator) -> None:
    """Posts in both say `zh`; rules tell them apart, and find neither where the script isn't known."""
    add_rules(emulator, "cat lang:zh-CN", "cat lang:zh-TW")
    with raw_get(emulator, f"{FILTERED}?tweet.fields=lang") as stream:
        for code in ("zh-CN", "zh-TW"):
            emulator.publish("cat", lang=code)
            message = stream.message()
            assert message["data"]["lang"] == "zh"
            assert [rule["tag"] for rule in message["matching_rules"]] == [f"cat lang:{code}"]
        assert emulator.publish("cat", lang="zh") == 0


@pytest.mark.parametrize(
    ("code", "hint"),
    [("he", "'iw'"), ("id", "'in'"), ("zz", "such as"), ("xx-nope", "such as"), ("EN", "'en'")],
)
def test_no_post_has_a_code_that_x_lacks(emulator: Emulator, code: str, hint: str) -> None:
    """A post in such a language is refused, by the method and by HTTP, with the code that was meant."""
    with pytest.raises(ValueError, match=hint):
        emulator.publish("cat", lang=code)
    answer = call(emulator, "POST", "/emulator/do", json={"do": "publish", "text": "cat", "lang": code})
    assert (answer.status_code, hint in answer.text) == (400, True)


def test_v1_takes_either_code_and_sends_xs() -> None:
    """`language=he` and `language=iw` are Hebrew, whose statuses carry `iw`; what X lacks never matches."""
    with Emulator(rate=500, seed=1) as emulator:
        for path, form in ((V1_FILTER, {"track": "cat"}), (V1_SAMPLE, {})):
            for code, sent in (("he", "iw"), ("iw", "iw"), ("id", "in"), ("zh", "zh")):
                with v1_stream(emulator, path, language=code, **form) as statuses:
                    found = (one["lang"] for one in statuses if "lang" in one)
                    assert set(itertools.islice(found, 3)) == {sent}
        with v1_stream(emulator, V1_FILTER, language="eo", track="cat"), raw_get(emulator, SAMPLE) as all_:
            for _ in range(200):
                all_.message()
            matched = {
                one["path"]: one["messages"]
                for one in call(emulator, "GET", "/emulator/state").json()["streams"]
            }
            assert matched[V1_FILTER] == 0

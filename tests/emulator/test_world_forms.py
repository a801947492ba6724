"""Posts are the same in both protocols' forms, and as varied and as large as real ones."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from statistics import mean
from typing import Any, NamedTuple

import pytest

from rxtweets.emulator import Emulator

from .clients import SAMPLE, V1_SAMPLE, raw, raw_get, v1_request

FIELDS = (
    "tweet.fields=attachments,author_id,card_uri,community_id,context_annotations,conversation_id,created_at,"
    "display_text_range,edit_controls,entities,geo,in_reply_to_user_id,lang,media_metadata,note_tweet,"
    "paid_partnership,possibly_sensitive,public_metrics,referenced_tweets,reply_settings,source,withheld"
    "&expansions=author_id,attachments.media_keys,attachments.poll_ids,geo.place_id,referenced_tweets.id,"
    "referenced_tweets.id.author_id"
    "&media.fields=alt_text,duration_ms,height,preview_image_url,public_metrics,url,variants,width"
    "&user.fields=affiliation,created_at,description,entities,is_identity_verified,location,"
    "most_recent_tweet_id,parody,pinned_tweet_id,profile_banner_url,profile_image_url,protected,"
    "public_metrics,subscription_type,url,verified,verified_followers_count,verified_type,withheld"
    "&poll.fields=duration_minutes,end_datetime,options,voting_status"
    "&place.fields=contained_within,country,country_code,geo,name,place_type"
)
ENOUGH = 2500


class Both(NamedTuple):
    """One post as two streams sent it."""

    status: Any
    size: int
    whole: Any

    @property
    def post(self) -> Any:
        return self.whole["data"]


@pytest.fixture(scope="module")
def posts() -> list[Both]:
    """Return random posts, each in both forms."""
    old: dict[str, tuple[Any, int]] = {}
    new: dict[str, Any] = {}
    with (
        Emulator(seed=2, rate=1000) as emulator,
        raw_get(emulator, f"{SAMPLE}?{FIELDS}") as v2,
        raw(emulator, v1_request(emulator, V1_SAMPLE)) as v1,
    ):
        while len(old.keys() & new.keys()) < ENOUGH:
            for _ in range(50):
                line = v1.chunk()
                assert line.isascii()
                status = json.loads(line)
                if "text" in status:
                    old[status["id_str"]] = status, len(line) - 2
                whole = v2.message()
                new[whole["data"]["id"]] = whole
    return [Both(*old[post_id], whole) for post_id, whole in new.items() if post_id in old]


def text_of(status: Any) -> tuple[str, Any, Any]:
    """Return the whole text of a status, its entities and its media, wherever they stand."""
    inside = status.get("extended_tweet", status)
    media = inside.get("extended_entities", {}).get("media", [])
    return inside.get("full_text", status["text"]), inside["entities"], media


def test_both_forms_say_the_same(posts: list[Both]) -> None:
    """Id, time, author, text, language, source, references, media, place and point agree."""
    for status, _, whole in posts:
        post = whole["data"]
        text, entities, media = text_of(status)
        assert (status["id_str"], text, status["lang"]) == (post["id"], post["text"], post["lang"])
        assert status["user"]["id_str"] == post["author_id"]
        assert status["source"].endswith(f">{post['source']}</a>")
        assert status.get("possibly_sensitive", False) == post["possibly_sensitive"]
        references = {one["type"]: one["id"] for one in post.get("referenced_tweets", [])}
        retweeted = status.get("retweeted_status", {}).get("id_str")
        assert (retweeted, status["in_reply_to_status_id_str"]) == (
            references.get("retweeted"),
            references.get("replied_to"),
        )
        if retweeted is None:
            assert status.get("quoted_status_id_str") == references.get("quoted")
        keys = post.get("attachments", {}).get("media_keys", [])
        assert [one["id_str"] for one in media] == [key.partition("_")[2] for key in keys]
        place = (status["place"] or {}).get("id")
        assert place == post.get("geo", {}).get("place_id")
        assert status["coordinates"] == post.get("geo", {}).get("coordinates")
        tags = [one["text"] for one in entities["hashtags"]]
        assert tags == [one["tag"] for one in post.get("entities", {}).get("hashtags", [])]


def spans(entities: Any) -> Iterator[tuple[int, int, str]]:
    """Yield the indices of entities in either form, and the text that should stand there."""
    for kind, sign in (("hashtags", "#"), ("symbols", "$"), ("cashtags", "$")):
        for one in entities.get(kind, []):
            yield (
                *one.get("indices", (one.get("start"), one.get("end"))),
                sign + one.get("text", one.get("tag")),
            )
    for one in entities.get("user_mentions", []):
        yield (*one["indices"], "@" + one["screen_name"])
    for one in entities.get("mentions", []):
        yield one["start"], one["end"], "@" + one["username"]
    for one in (*entities.get("urls", []), *entities.get("media", [])):
        yield (*one.get("indices", (one.get("start"), one.get("end"))), one["url"])
    for one in entities.get("annotations", []):
        yield one["start"], one["end"] + 1, one["normalized_text"]


def test_entities_stand_where_they_say(posts: list[Both]) -> None:
    """In each text of each form, the part that an entity's indices cut out is the entity."""
    count = 0
    for status, _, whole in posts:
        texts = [(status["text"], status["entities"]), text_of(status)[:2]]
        for inner in (status.get("retweeted_status"), status.get("quoted_status")):
            if inner:
                texts += [(inner["text"], inner["entities"]), text_of(inner)[:2]]
        for post in (whole["data"], *whole.get("includes", {}).get("tweets", [])):
            texts.append((post["text"], post.get("entities", {})))
            note = post.get("note_tweet")
            if note:
                texts.append((note["text"], note.get("entities", {})))
        for text, entities in texts:
            for start, end, expected in spans(entities):
                assert text[start:end].lower().replace("＠", "@") == expected.lower()
                count += 1
    assert count > ENOUGH


def share(posts: list[Both], key: str) -> float:
    """Of a hundred statuses, how many have something there."""
    return 100 * sum(1 for one in posts if one.status.get(key)) / len(posts)


def test_the_mix_is_that_of_real_statuses(posts: list[Both]) -> None:
    """Kinds and sizes are near those of a sample of real ones: 73 % retweets, 9 % replies, 5.6 KB."""
    assert 55 < share(posts, "retweeted_status") < 80
    assert 5 < share(posts, "in_reply_to_user_id") < 15
    assert 3 < share(posts, "extended_tweet") < 15
    assert 3 < 100 * sum(1 for one in posts if one.status["entities"].get("media")) / len(posts) < 20
    assert 5000 < mean(one.size for one in posts) < 6200
    assert 5500 < mean(one.size for one in posts if "retweeted_status" in one.status) < 7500
    assert max(one.size for one in posts) < 30_000
    languages = Counter(one.status["lang"] for one in posts)
    assert len(languages) > 10


def test_everything_is_there_for_some_posts(posts: list[Both]) -> None:
    """Every field that was asked for has a value somewhere."""
    made: dict[str, set[str]] = {"tweet": set(), "user": set(), "media": set(), "poll": set(), "place": set()}
    for _, _, whole in posts:
        includes = whole.get("includes", {})
        for one in (whole["data"], *includes.get("tweets", [])):
            made["tweet"] |= one.keys()
        for name in ("user", "media", "poll", "place"):
            for one in includes.get("media" if name == "media" else f"{name}s", []):
                made[name] |= one.keys()
    asked = {
        name.removesuffix(".fields"): set(value.split(","))
        for name, value in (part.split("=") for part in FIELDS.split("&"))
    }
    del asked["expansions"]
    assert {name: fields - made[name] for name, fields in asked.items()} == {name: set() for name in asked}


def test_conversations_go_several_deep(posts: list[Both]) -> None:
    """There are answers to answers to answers, and all of one conversation say so."""
    answers = {
        one.post["id"]: reference["id"]
        for one in posts
        for reference in one.post.get("referenced_tweets", [])
        if reference["type"] == "replied_to"
    }
    conversations = {one.post["id"]: one.post["conversation_id"] for one in posts}

    def depth(post_id: str) -> int:
        return 1 + depth(answers[post_id]) if post_id in answers else 0

    assert max(map(depth, answers)) >= 3
    for answer, asked in answers.items():
        assert conversations.get(asked, conversations[answer]) == conversations[answer]


def test_posts_are_edited(posts: list[Both]) -> None:
    """A later version names the earlier ones first, and has fewer edits left."""
    edited = [one.post for one in posts if len(one.post["edit_history_tweet_ids"]) > 1]
    assert edited
    for post in edited:
        versions = post["edit_history_tweet_ids"]
        assert versions == sorted(versions, key=int)
        assert versions[-1] == post["id"]
        assert post["edit_controls"]["edits_remaining"] == 5 - (len(versions) - 1)


def test_long_posts_are_notes(posts: list[Both]) -> None:
    """A text that is too long for a post is cut, with a link to the rest, and whole in its note."""
    long = [one.post for one in posts if "note_tweet" in one.post]
    assert long
    for post in long:
        beginning, _, links = post["text"].rpartition("… ")
        assert post["note_tweet"]["text"].startswith(beginning)
        assert len(beginning) <= 280 < 2 * len(post["note_tweet"]["text"])
        assert links.split() == [one["url"] for one in post["entities"]["urls"]][-len(links.split()) :]

"""Powerstream on the wire: its parameters, its two data centres, its messages, and its rules."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import Any

import pytest
import requests

from rxtweets.emulator import Emulator, Limits

from .clients import call, raw_get
from .test_recovery import at

PATH = "/2/powerstream"
RULES = f"{PATH}/rules"
LOCAL = f"{PATH}?localDcOnly=true"


@pytest.fixture
def emulator(enterprise: Emulator) -> Emulator:
    """A silent emulator at the level that has Powerstream, with a rule."""
    add(enterprise, "cat")
    return enterprise


def add(emulator: Emulator, *values: str) -> requests.Response:
    return call(
        emulator, "POST", RULES, json={"rules": [{"value": one, "tag": f"t {one}"} for one in values]}
    )


def test_a_status_with_its_rules(emulator: Emulator) -> None:
    """A message is v1.1's status of the post, with the rules that it matches, as PowerTrack had them."""
    add(emulator, "contains:atapul", "dog")
    with raw_get(emulator, PATH) as stream:
        assert "x-powerstream-datacenter" not in stream.headers
        emulator.publish("a dog")
        emulator.publish("a bird")
        emulator.publish("cat and catapult", author="ada")
        first, second = stream.message(), stream.message()
    assert (first["text"], [rule["tag"] for rule in first["matching_rules"]]) == ("a dog", ["t dog"])
    assert (second["user"]["screen_name"], second["id_str"]) == ("ada", str(second["id"]))
    ids = [rule.id for rule in emulator.powerstream_rules]
    assert second["matching_rules"] == [
        {"tag": "t cat", "id": int(ids[0]), "id_str": ids[0]},
        {"tag": "t contains:atapul", "id": int(ids[1]), "id_str": ids[1]},
    ]


def test_in_arrays() -> None:
    """The same world sends each status in an array, where it is told to; the metadata come bare."""
    with Emulator(rate=0, level="enterprise", powerstream_arrays=True) as emulator:
        add(emulator, "cat")
        with raw_get(emulator, LOCAL) as stream:
            assert stream.message()["type"] == "connection_metadata"
            while not emulator.publish("cat"):
                pass
            (status,) = stream.message()
            assert status["text"] == "cat"
            emulator.close_streams(inside="message")
            assert stream.chunk().startswith(b'[{"created_at"')


def local(stream: Any) -> tuple[str, dict[str, Any]]:
    """Return the data centre that the head names, and the first message."""
    assert stream.headers["x-powerstream-localdconly"] == "true"
    return stream.headers["x-powerstream-datacenter"], stream.message()


def test_two_data_centres(emulator: Emulator) -> None:
    """Two connections are at one data centre each, and have every post between them, none twice."""
    with raw_get(emulator, LOCAL) as one, raw_get(emulator, LOCAL) as other:
        names = []
        for stream in (one, other):
            name, metadata = local(stream)
            names.append(name)
            assert {"type": "connection_metadata", "datacenter": name} == {
                key: value for key, value in metadata.items() if key != "timestamp"
            }
            assert abs(metadata["timestamp"] / 1000 - time.time()) < 60
        assert names == ["atla", "pdxa"]
        counts = [emulator.publish(f"cat {n}") for n in range(40)]
        assert counts == [1] * 40
        emulator.close_streams()
        texts = [[message["text"] for message in stream.rest()] for stream in (one, other)]
    assert min(map(len, texts)) > 5
    assert sorted(texts[0] + texts[1]) == sorted(f"cat {n}" for n in range(40))


def test_who_comes_back_is_at_the_same_data_centre(emulator: Emulator) -> None:
    """A new connection goes to the data centre that has fewer of them."""
    with raw_get(emulator, LOCAL) as stays:
        assert local(stays)[0] == "atla"
        for _ in range(2):
            with raw_get(emulator, LOCAL) as goes:
                assert local(goes)[0] == "pdxa"
            emulator.wait_for_streams(1)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("backfill_minutes=2", "backfillMinutes"),
        ("start_time=2026-11-01T10:00:00Z", "startTime"),
        ("local_dc_only=true", "localDcOnly"),
        ("tweet.fields=id", "[backfillMinutes,endTime,localDcOnly,startTime]"),
        ("localDcOnly=yes", "value [yes] is not one of [true,false]"),
        ("backfillMinutes=6", "value [6] is not between 0 and 5"),
        ("startTime=yesterday", "is not a time"),
        ("endTime=2026-11-01T10:00:00Z", "`endTime` query parameter value [2026-11-01T10:00:00Z] goes with"),
    ],
)
def test_wrong_parameters(emulator: Emulator, query: str, said: str) -> None:
    """Other streams' spellings are refused with Powerstream's own, and so are senseless values."""
    answer = call(emulator, "GET", f"{PATH}?{query}")
    assert answer.status_code == 400
    assert answer.json()["type"] == "https://api.x.com/2/problems/invalid-request"
    assert said in answer.json()["errors"][0]["message"]
    assert emulator.streams == ()


def past(emulator: Emulator) -> None:
    for minutes in (10, 2, 0):
        emulator.skew(-60 * minutes)
        emulator.publish(f"cat {minutes}")


def test_backfill(emulator: Emulator) -> None:
    """The last minutes come first, then what is new."""
    past(emulator)
    with raw_get(emulator, f"{PATH}?backfillMinutes=5") as stream:
        emulator.publish("live cat")
        assert [stream.message()["text"] for _ in range(3)] == ["cat 2", "cat 0", "live cat"]


def test_a_window(emulator: Emulator) -> None:
    """A window is replayed, of one data centre if asked for, and the stream ends."""
    past(emulator)
    window = f"startTime={at(emulator, -900)}&endTime={at(emulator, -60)}"
    with raw_get(emulator, f"{PATH}?{window}") as stream:
        assert [message["text"] for message in stream.rest()] == ["cat 10", "cat 2"]
    texts = []
    with ExitStack() as stack:
        for stream in [stack.enter_context(raw_get(emulator, f"{LOCAL}&{window}")) for _ in range(2)]:
            texts += [message["text"] for message in stream.rest() if "text" in message]
    assert set(texts) <= {"cat 10", "cat 2"}


def test_connections(emulator: Emulator) -> None:
    """Two connections are allowed, one for each data centre; a third is refused."""
    with raw_get(emulator, LOCAL), raw_get(emulator, LOCAL), raw_get(emulator, LOCAL) as third:
        assert third.status == 429
        assert b"TooManyConnections" in third.body()


def test_who_may_not() -> None:
    """It is for enterprises, with a bearer token, and with rules."""
    with Emulator(rate=0) as emulator:
        for method, path in [("GET", PATH), ("GET", RULES), ("POST", RULES), ("DELETE", RULES)]:
            answer = call(emulator, method, path, json={"rules": [{"value": "cat"}]})
            assert (answer.status_code, answer.json()["title"]) == (403, "Client Forbidden")
    with Emulator(rate=0, level="enterprise") as emulator:
        answer = call(emulator, "GET", PATH)
        assert (answer.status_code, answer.json()["connection_issue"]) == (409, "RuleConfigurationIssue")
        assert RULES in answer.json()["detail"]
        for path in (PATH, RULES):
            assert call(emulator, "GET", path, headers={"Authorization": "Bearer x"}).status_code == 401


def test_rules_are_its_own(emulator: Emulator) -> None:
    """The filtered stream has other rules, counted apart, and the console shows both."""
    call(emulator, "POST", "/2/tweets/search/stream/rules", json={"add": [{"value": "cat"}]})
    with raw_get(emulator, PATH) as stream, raw_get(emulator, "/2/tweets/search/stream") as other:
        emulator.publish("a cat")
        assert stream.message()["text"] == other.message()["data"]["text"] == "a cat"
        state = call(emulator, "GET", "/emulator/state").json()
    assert [(rule["stream"], rule["matches"]) for rule in state["rules"]] == [
        ("filtered", 1),
        ("Powerstream", 1),
    ]
    assert state["ruled"] == 2
    assert "Powerstream" in call(emulator, "GET", "/").text
    assert len(emulator.rules) == len(emulator.powerstream_rules) == 1


def test_the_rules_requests(emulator: Emulator) -> None:
    """Rules are added (201), listed and deleted, by value or id, and each answer says what became of them."""
    answer = add(emulator, "dog", "cat", "#tag")
    assert answer.status_code == 201
    body = answer.json()
    assert [(rule["value"], rule["tag"]) for rule in body["data"]["rules"]] == [("dog", "t dog")]
    assert body["meta"]["summary"] == {"created": 1, "not_created": 2}
    assert [error["title"] for error in body["errors"]] == ["DuplicateRule", "UnprocessableEntity"]
    assert "Powerstream has no #hashtag" in body["errors"][1]["details"][0]
    assert add(emulator, "cat").status_code == 200

    listed = call(emulator, "GET", RULES).json()["data"]["rules"]
    assert [rule["value"] for rule in listed] == ["cat", "dog"]
    gone = {"rules": [{"value": "dog", "tag": "t dog"}], "ids": ["77"]}
    answer = call(emulator, "DELETE", RULES, json=gone)
    assert (answer.status_code, answer.json()["meta"]["summary"]) == (200, {"deleted": 1, "not_deleted": 1})
    answer = call(emulator, "DELETE", RULES, json={"ids": [listed[0]["id"]]})
    assert answer.json()["meta"]["summary"] == {"deleted": 1, "not_deleted": 0}
    assert call(emulator, "GET", RULES).json()["data"] == {"rules": []}


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("POST", {"rules": []}),
        ("POST", {"add": [{"value": "cat"}]}),
        ("POST", {"rules": [{"value": f"w{n}"} for n in range(101)]}),
        ("POST", {"rules": [{"tag": "t"}]}),
        ("DELETE", {}),
        ("DELETE", {"ids": ["x"]}),
        ("DELETE", {"ids": [str(n) for n in range(101)]}),
    ],
)
def test_senseless_bodies(emulator: Emulator, method: str, body: Any) -> None:
    """A body of another form, or with more than 100 rules, is an invalid request."""
    answer = call(emulator, method, RULES, json=body)
    assert (answer.status_code, answer.json()["title"]) == (400, "Invalid Request")
    assert len(emulator.powerstream_rules) == 1


def test_a_thousand_rules(emulator: Emulator) -> None:
    """It takes 1,000 rules and no more, whatever the filtered stream may have."""
    for start in range(1, 1000, 100):
        assert add(emulator, *(f"w{n}" for n in range(start, min(start + 100, 1000)))).status_code == 201
    assert len(emulator.powerstream_rules) == 1000
    assert add(emulator, "one more").status_code == 422


@pytest.fixture
def spent(emulator: Emulator) -> Emulator:
    """An emulator whose requests of the day are used up."""
    methods = ["GET", "DELETE"] * 25
    for left, method in zip(range(48, -1, -1), methods, strict=False):
        answer = call(emulator, method, RULES, json={"ids": ["7"]} if method == "DELETE" else None)
        assert answer.status_code == 200
        assert answer.headers["x-rate-limit-limit"] == "50"
        assert answer.headers["x-rate-limit-remaining"] == str(left)
    return emulator


def test_fifty_requests_a_day(spent: Emulator) -> None:
    """Requests of all methods together count; what is over them is a 429 with the time of more."""
    for method in ("GET", "POST", "DELETE"):
        answer = call(spent, method, RULES, json={"rules": [{"value": "x"}]})
        assert answer.status_code == 429
        assert 86_000 < int(answer.headers["x-rate-limit-reset"]) - time.time() <= 86_400
    spent.skew(3_600)
    assert call(spent, "GET", RULES).status_code == 429
    spent.skew(86_400)
    assert call(spent, "GET", RULES).status_code == 200


def test_other_limits_are_as_before(spent: Emulator) -> None:
    """The limit is of these rules alone, and can be set."""
    assert call(spent, "GET", "/2/tweets/search/stream/rules").status_code == 200
    with Emulator(rate=0, level="enterprise", limits=Limits(requests=1)) as emulator:
        assert [call(emulator, "GET", RULES).status_code for _ in range(2)] == [200, 429]
    with Emulator(rate=0, level="enterprise", limits=Limits.none()) as emulator:
        assert {call(emulator, "GET", RULES).status_code for _ in range(60)} == {200}


def test_the_console_shows_what_was_asked_for(emulator: Emulator) -> None:
    """A stream's row has Powerstream's parameters."""
    with raw_get(emulator, LOCAL):
        (shown,) = call(emulator, "GET", "/emulator/state").json()["streams"]
    assert shown["asked"] == {"localDcOnly": "true"}


def test_the_world_talks_about_its_rules() -> None:
    """Posts are made that its rules match, as for the filtered stream."""
    with Emulator(rate=2_000, seed=3, level="enterprise") as emulator:
        add(emulator, "contains:quokka has:videos lang:en -is:retweet")
        with raw_get(emulator, PATH) as stream:
            for _ in range(5):
                message = stream.message()
                assert (
                    "quokka"
                    in (message.get("extended_tweet") or {}).get("full_text", message["text"]).lower()
                )

from __future__ import annotations

import re
from typing import Any

import pytest

from rxtweets.emulator import Emulator

from .clients import FILTERED, RULES, SAMPLE, add_rules, call, raw_get


def update(emulator: Emulator, body: Any, query: str = "") -> tuple[int, dict[str, Any]]:
    answer = call(emulator, "POST", RULES + query, json=body)
    return answer.status_code, answer.json()


def test_rules_are_added_and_listed(emulator: Emulator) -> None:
    """Added rules come back with ids, are listed in order, and are in `Emulator.rules`."""
    status, body = update(emulator, {"add": [{"value": "cat", "tag": "cats"}, {"value": "dog"}]})
    assert status == 201
    assert body["meta"]["summary"] == {"created": 2, "not_created": 0, "valid": 2, "invalid": 0}
    assert [(rule["value"], rule.get("tag")) for rule in body["data"]] == [("cat", "cats"), ("dog", None)]
    listed = call(emulator, "GET", RULES).json()
    assert listed["data"] == body["data"]
    assert listed["meta"]["result_count"] == 2
    assert [rule.id for rule in emulator.rules] == [rule["id"] for rule in body["data"]]


def test_a_duplicate_is_an_error_of_its_own(emulator: Emulator) -> None:
    """A rule that exists is refused by its value, whatever its tag; the others are added."""
    add_rules(emulator, "cat")
    status, body = update(emulator, {"add": [{"value": "cat", "tag": "other"}, {"value": "dog"}]})
    assert status == 201
    assert body["meta"]["summary"] == {"created": 1, "not_created": 1, "valid": 1, "invalid": 1}
    assert body["errors"] == [
        {
            "value": "cat",
            "id": emulator.rules[0].id,
            "title": "DuplicateRule",
            "type": "https://api.x.com/2/problems/duplicate-rules",
        }
    ]


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("", "empty"),
        ("cat (dog", "not closed"),
        ("cat) dog", "no parenthesis is open"),
        ("cat OR", "nothing to join"),
        ("foo:bar", "no operator foo:"),
        ("-cat", "no operator here makes a rule"),
        ("has:images lang:en", "no operator here makes a rule"),
        ("cat is:nullcast", "only negated"),
        ("cat -sample:10", "negated"),
        ("cat -(dog bird)", "not groups"),
        ("cat sample:101", "takes "),
        ("cat has:wings", "takes "),
        ("point_radius:[1 2 3]", "takes "),
        ('"unclosed', "quote is not closed"),
        ('"a b"~7', "at most 6"),
        ("cat AND dog", "AND joins nothing"),
        ("x" * 1025, "1,025 characters"),
    ],
)
def test_an_unreadable_rule_is_refused_with_its_reason(emulator: Emulator, rule: str, reason: str) -> None:
    """Nothing is added, and `details` tells why."""
    status, body = update(emulator, {"add": [{"value": rule}]})
    assert status == 200
    assert body["meta"]["summary"] == {"created": 0, "not_created": 1, "valid": 0, "invalid": 1}
    (error,) = body["errors"]
    assert (error["value"], error["title"]) == (rule, "UnprocessableEntity")
    assert error["type"] == "https://api.x.com/2/problems/invalid-rules"
    assert re.search(reason, error["details"][0])
    assert emulator.rules == ()


@pytest.mark.parametrize(
    "rule",
    [
        "cat OR dog",
        "(cat OR dog) has:images -is:retweet lang:en",
        '"exact phrase" "a b"~3',
        "#tag @name $TSLA from:TwitterDev to:1 retweets_of:2",
        "context:10.799022225751871488",
        'entity:"Michael Jordan"',
        "point_radius:[2.355128 48.861118 16km]",
        "bounding_box:[-105.301758 39.964069 -105.178505 40.09455]",
        'url:"https://developer.x.com" url_contains:x',
        "cat followers_count:500..1000 min_followers:5 sample:50 -is:nullcast",
        "日本 OR नमस्ते OR 😀",
        'bio:"a b" embedding:"x y" from_affiliate_of:a cat embedding_threshold:0.5',
    ],
)
def test_documented_operators_are_accepted(enterprise: Emulator, rule: str) -> None:
    """Every operator of X's documentation is a rule, also those that the emulator never matches."""
    assert add_rules(enterprise, rule).json()["meta"]["summary"]["created"] == 1


def test_a_dry_run_changes_nothing(emulator: Emulator) -> None:
    """With dry_run rules are judged, duplicates among them too, and none is kept or deleted."""
    status, body = update(
        emulator, {"add": [{"value": "cat"}, {"value": "cat"}, {"value": "foo:x"}]}, "?dry_run=true"
    )
    assert status == 200
    assert (body["meta"]["summary"]["valid"], body["meta"]["summary"]["invalid"]) == (1, 2)
    assert emulator.rules == ()
    add_rules(emulator, "cat")
    update(emulator, {"delete": {"values": ["cat"]}}, "?dry_run=true")
    assert len(emulator.rules) == 1


def test_rules_are_deleted_by_id_and_by_value(emulator: Emulator) -> None:
    """Deleting a rule that doesn't exist is an error; the others are deleted."""
    add_rules(emulator, "cat", "dog", "bird")
    ids = [rule.id for rule in emulator.rules]
    status, body = update(emulator, {"delete": {"ids": [ids[0], "77"], "values": ["bird"]}})
    assert status == 200
    assert body["meta"]["summary"] == {"deleted": 2, "not_deleted": 1}
    assert "77" in body["errors"][0]["errors"][0]["message"]
    assert [rule.value for rule in emulator.rules] == ["dog"]


def test_all_rules_can_be_deleted_at_once(emulator: Emulator) -> None:
    """delete_all needs no body."""
    add_rules(emulator, "cat", "dog")
    answer = call(emulator, "POST", f"{RULES}?delete_all=true")
    assert answer.json()["meta"]["summary"] == {"deleted": 2, "not_deleted": 0}
    assert emulator.rules == ()


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"add": []},
        {"add": [{}]},
        {"add": [{"value": 1}]},
        {"add": [{"value": "a", "tag": 1}]},
        {"add": [{"value": "a"}], "delete": {"ids": ["1"]}},
        {"delete": {}},
        {"delete": {"ids": "1"}},
        {"delete": []},
    ],
)
def test_a_body_without_sense_is_refused(emulator: Emulator, body: Any) -> None:
    """400 with X's problem for invalid requests."""
    status, problem = update(emulator, body)
    assert status == 400
    assert problem["type"] == "https://api.x.com/2/problems/invalid-request"
    assert problem["errors"][0]["message"]


def test_more_rules_than_allowed_are_refused(emulator: Emulator) -> None:
    """The thousand and first is too many, and then none of the request is added."""
    assert add_rules(emulator, *(f"word{n}" for n in range(1000))).status_code == 201
    answer = add_rules(emulator, "last")
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("rule-cap")


def test_rules_are_listed_in_pages(emulator: Emulator) -> None:
    """next_token leads through all of them, and is absent at the end."""
    add_rules(emulator, *(f"word{n}" for n in range(7)))
    seen, token = [], ""
    for _ in range(3):
        body = call(emulator, "GET", f"{RULES}?max_results=3{token}").json()
        seen += [rule["value"] for rule in body["data"]]
        token = f"&pagination_token={body['meta'].get('next_token')}"
    assert seen == [f"word{n}" for n in range(7)]
    assert token.endswith("None")


@pytest.mark.parametrize(
    "query", ["max_results=0", "max_results=1001", "max_results=x", "pagination_token=x", "ids=x"]
)
def test_listing_with_wrong_parameters_is_refused(emulator: Emulator, query: str) -> None:
    """The parameter is named."""
    answer = call(emulator, "GET", f"{RULES}?{query}")
    assert answer.status_code == 400
    assert query.split("=")[0] in answer.json()["errors"][0]["parameters"]


def test_rules_are_listed_by_id(emulator: Emulator) -> None:
    """ids= picks."""
    add_rules(emulator, "cat", "dog", "bird")
    ids = [rule.id for rule in emulator.rules]
    body = call(emulator, "GET", f"{RULES}?ids={ids[2]},{ids[0]}").json()
    assert [rule["value"] for rule in body["data"]] == ["cat", "bird"]


def test_rules_are_counted(emulator: Emulator) -> None:
    """/counts tells how many there are and may be."""
    add_rules(emulator, "cat", "dog")
    data = call(emulator, "GET", f"{RULES}/counts?rules_count.fields=all_project_client_apps").json()["data"]
    assert data["project_rules_count"] == "2"
    assert data["cap_per_project"] == "1000"
    assert data["client_app_rules_count"]["rule_count"] == 2
    assert data["all_project_client_apps"] == [data["client_app_rules_count"]]


def test_without_rules_there_is_no_filtered_stream(emulator: Emulator) -> None:
    """409 tells to define rules first; other streams don't care."""
    answer = call(emulator, "GET", FILTERED)
    assert answer.status_code == 409
    assert answer.json()["connection_issue"] == "RuleConfigurationIssue"
    with raw_get(emulator, SAMPLE) as stream:
        assert stream.status == 200


def test_rule_changes_show_on_an_open_stream(emulator: Emulator) -> None:
    """A rule added matches at once, one deleted no more; a post comes once with all rules that match."""
    add_rules(emulator, "cat")
    with raw_get(emulator, FILTERED) as stream:
        assert emulator.publish("a dog") == 0
        update(emulator, {"add": [{"value": "dog", "tag": "dogs"}, {"value": "dog OR cat"}]})
        assert emulator.publish("a dog") == 1
        cat, dog, both = emulator.rules
        message = stream.message()
        assert message["matching_rules"] == [{"id": dog.id, "tag": "dogs"}, {"id": both.id, "tag": ""}]
        update(emulator, {"delete": {"ids": [dog.id, both.id]}})
        assert emulator.publish("a dog") == 0
        assert emulator.publish("a cat") == 1
        assert stream.message()["matching_rules"] == [{"id": cat.id, "tag": "cat"}]

"""X's OpenAPI description, amended where the wire is known to differ, and what holds answers against it.

Every amendment stands here with its reason, and none is wider than that. Beyond the description, objects
whose members it names may have no others: what the emulator sends is documented, or listed here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from openapi_schema_validator import OAS30Validator, oas30_format_checker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

FOLDER = Path(__file__).parents[1] / "data/openapi"
PUBLISHED = FOLDER / "x-api-v2-streaming.json"
BESIDE = FOLDER / "x-api-v2-search-counts-usage.json"
"""Two parts of one description: what they both have is the same."""
BASE = "https://api.x.com/2/problems/"

# The description was moved from "tweet" to "post" throughout; the wire was not. The parameters that ask for
# these (`tweet.fields`, `expansions`) keep the old names in the description itself.
RENAMED = {
    ("Post", "edit_history_post_ids"): "edit_history_tweet_ids",
    ("Post", "note_post"): "note_tweet",
    ("Post", "referenced_posts"): "referenced_tweets",
    ("User", "most_recent_post_id"): "most_recent_tweet_id",
    ("User", "pinned_post_id"): "pinned_tweet_id",
    ("Expansions", "posts"): "tweets",
}

_TEXT = {"type": "string"}
_WHOLE = {"type": "integer", "format": "int64"}
_TOTAL = {"total_subscriptions": _WHOLE}
ADDED: dict[tuple[str, ...], dict[str, Any]] = {
    # Both names are sent: the description has the new one, clients made before it read the old one.
    ("PostPublicMetrics", "retweet_count"): _WHOLE,
    ("UserPublicMetrics", "tweet_count"): _WHOLE,
    # The names that X recognises in a text, which `entity:` is matched against.
    ("PostEntities", "annotations"): {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["start", "end", "probability", "type", "normalized_text"],
            "properties": {
                "start": _WHOLE,
                "end": _WHOLE,
                "probability": {"type": "number", "minimum": 0, "maximum": 1},
                "type": _TEXT,
                "normalized_text": _TEXT,
            },
            "additionalProperties": False,
        },
    },
    # X tells each fault of a request, and says when rules were listed.
    ("InvalidRequestProblem", "errors"): {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["parameters", "message"],
            "properties": {
                "parameters": {"type": "object", "additionalProperties": {"type": "array", "items": _TEXT}},
                "message": _TEXT,
            },
        },
    },
    ("GetRulesResponse", "meta", "sent"): {"type": "string", "format": "date-time"},
    # The list takes a `pagination_token`, and the description has no place where one would come from.
    ("GetActivitySubscriptionsResponse", "meta"): {
        "type": "object",
        "properties": {"result_count": _WHOLE, "next_token": _TEXT, **_TOTAL},
    },
    # X's quickstart has the number of subscriptions with every answer about them.
    ("CreateActivitySubscriptionResponse", "meta"): {"type": "object", "properties": _TOTAL},
    ("UpdateActivitySubscriptionResponse", "meta"): {"type": "object", "properties": _TOTAL},
    ("DeleteActivitySubscriptionResponse", "meta"): {"type": "object", "properties": _TOTAL},
    # Counts have the names that they had before "tweet" became "post", too.
    ("GetPostsCountsRecentResponseData", "tweet_count"): _WHOLE,
    ("GetPostsCountsAllResponseData", "tweet_count"): _WHOLE,
    ("GetPostsCountsRecentResponse", "meta", "total_tweet_count"): _WHOLE,
    ("GetPostsCountsAllResponse", "meta", "total_tweet_count"): _WHOLE,
    # Milliseconds since 1970 are more than the int32 that the description says.
    ("LikeWithPostAuthor", "timestamp_ms"): _WHOLE,
}

# Problems that X sends and the description leaves out, with what they have beside title, detail and type.
UNDESCRIBED: dict[str, dict[str, Any]] = {
    "about:blank": {"status": {"type": "integer"}},
    BASE + "unsupported-authentication": {"status": {"type": "integer"}},
    BASE + "client-forbidden": {
        "client_id": _TEXT,
        "required_enrollment": _TEXT,
        "registration_url": {"type": "string", "format": "uri"},
        "reason": _TEXT,
    },
    BASE + "streaming-connection": {"connection_issue": _TEXT},
    BASE + "operational-disconnect": {"disconnect_type": _TEXT},
    BASE + "credits": {"account_id": _WHOLE},
    BASE + "rule-cap": {},
    BASE + "usage-capped": {"period": _TEXT, "scope": _TEXT, "product_name": _TEXT, "account_id": _WHOLE},
    # One rule's errors name the rule, and have no detail, or several.
    BASE + "duplicate-rules": {"value": _TEXT, "id": _TEXT},
    BASE + "invalid-rules": {"value": _TEXT, "details": {"type": "array", "minItems": 1, "items": _TEXT}},
}


def _members(schemas: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    found = schemas[path[0]]
    for name in path[1:]:
        found = found["properties"][name]
    members: dict[str, Any] = found["properties"]
    return members


@cache
def description() -> dict[str, Any]:
    """The description as the wire is."""
    whole: dict[str, Any] = json.loads(PUBLISHED.read_bytes())
    beside: dict[str, Any] = json.loads(BESIDE.read_bytes())
    whole["paths"] |= beside["paths"]
    for kind, found in beside["components"].items():
        whole["components"].setdefault(kind, {}).update(found)
    schemas = whole["components"]["schemas"]
    for (name, old), new in RENAMED.items():
        members = schemas[name]["properties"]
        members[new] = members.pop(old)
    for path, schema in ADDED.items():
        _members(schemas, path[:-1])[path[-1]] = schema
    _add_problems(schemas)
    _amend_requests(whole)
    # X answers 201 where it has made a rule: its own sample program for the filtered stream insists on it.
    responses = whole["paths"]["/2/tweets/search/stream/rules"]["post"]["responses"]
    responses["201"] = responses["200"]
    # Which of its schemas a payload has is told by a member outside of it, which no validator follows; see
    # `faults_of_item`.
    schemas["ActivityStreamingResponsePayload"] = {"type": "object"}
    # X's page of payloads has negative ones, and users in an envelope.
    schemas["ActivityEventId"]["pattern"] = "^-?[0-9]{1,19}$"
    user = {
        "type": "object",
        "required": ["data"],
        "properties": {"data": {"$ref": "#/components/schemas/User"}},
    }
    schemas["FollowActivityResponsePayload"]["properties"] = {"source": user, "target": user}
    return whole


def _add_problems(schemas: dict[str, Any]) -> None:
    problem = schemas["Problem"]
    for kind, more in UNDESCRIBED.items():
        name = kind.rpartition("/")[2].replace(":", "-").title().replace("-", "") + "Problem"
        one_rule = "value" in more
        schemas[name] = {
            "type": "object",
            "required": ["title", "type", "value"] if one_rule else ["title", "detail", "type"],
            "properties": {**more, "title": _TEXT, "type": {"type": "string", "enum": [kind]}}
            | ({} if one_rule else {"detail": _TEXT}),
        }
        problem["oneOf"].append({"$ref": f"#/components/schemas/{name}"})
        problem["discriminator"]["mapping"][kind] = f"#/components/schemas/{name}"


def _amend_requests(whole: dict[str, Any]) -> None:
    """Conditions of requests that the description tells in words only, or leaves out."""
    schemas, paths = whole["components"]["schemas"], whole["paths"]
    # Exactly one of `add`, `delete` and `?delete_all=true`; and what asks for nothing is refused.
    schemas["UpdateRulesRequest"] |= {"minProperties": 1, "maxProperties": 1}
    schemas["UpdateRulesRequest"]["properties"]["add"]["minItems"] = 1
    deleted = schemas["UpdateRulesDelete"]["properties"]
    deleted["ids"]["minItems"] = deleted["values"]["minItems"] = 1
    schemas["UpdateRulesDelete"]["minProperties"] = 1
    # A filter filters, which a direction alone does not; its members are those that events bring back.
    wanted = schemas["CreateActivitySubscriptionFilter"]
    wanted["properties"] = schemas["ActivitySubscriptionFilter"]["properties"]
    wanted["anyOf"] = [{"required": ["user_id"]}, {"required": ["keyword"]}]
    # Tokens are those that answers gave: 16 characters of base32hex.
    for item in paths.values():
        for parameter in item.get("get", {}).get("parameters", ()):
            if parameter.get("name") in ("pagination_token", "next_token"):
                parameter["schema"] = {"type": "string", "pattern": "^[0-9A-V]{16}$"}


def _closed(value: Any) -> Any:
    """The schema with all objects closed that name their members."""
    if isinstance(value, list):
        return [_closed(item) for item in value]
    if not isinstance(value, dict):
        return value
    made = {key: _closed(item) for key, item in value.items()}
    if isinstance(made.get("properties"), dict) and made.get("type") == "object":
        made.setdefault("additionalProperties", False)
    return made


_URI = "urn:description"


@cache
def _registry() -> Registry[Any]:
    resource = Resource.from_contents(_closed(description()), default_specification=DRAFT4)
    registry: Registry[Any] = Registry().with_resource(_URI, resource)
    return registry


@cache
def _validator(pointer: str) -> OAS30Validator:
    return OAS30Validator(
        {"$ref": f"{_URI}#{pointer}"}, registry=_registry(), format_checker=oas30_format_checker
    )


def faults(pointer: str, value: Any) -> list[str]:
    """Return the errors in the value by the schema at this JSON pointer of the description."""
    return [
        f"{error.json_path}: {error.message[:300]}"
        + "".join(f"; {one.message[:200]}" for one in error.context)
        for error in _validator(pointer).iter_errors(value)
    ]


def _escaped(path: str) -> str:
    return path.replace("~", "~0").replace("/", "~1")


def faults_of_answer(path: str, method: str, status: int, content_type: str, body: bytes) -> list[str]:
    """Return the errors in an answer by the description of that path's method."""
    responses = description()["paths"][path][method.lower()]["responses"]
    key = str(status) if str(status) in responses else "default"
    kind = content_type.partition(";")[0]
    if kind not in responses[key]["content"]:
        return [f"{status} has the content type {content_type}"]
    if key == "default" and status < 400:
        return [f"{status} is not described"]
    pointer = f"/paths/{_escaped(path)}/{method.lower()}/responses/{key}/content/{_escaped(kind)}/schema"
    return faults(pointer, json.loads(body))


def faults_of_item(path: str, item: Any) -> list[str]:
    """Return the errors in a message of the stream at that path."""
    found = faults(f"/paths/{_escaped(path)}/get/responses/200/content/application~1json/schema", item)
    if path == "/2/activity/stream" and "data" in item:
        schema = payloads().get(item["data"]["event_type"])
        if schema is not None:
            found += faults(schema, item["data"]["payload"])
    return found


@cache
def payloads() -> dict[str, str]:
    """The pointer to the schema of the payload of each kind of activity, where it has one."""
    published = json.loads(PUBLISHED.read_bytes())["components"]["schemas"]
    mapping = published["ActivityStreamingResponsePayload"]["discriminator"]["mapping"]
    return {kind: pointer.removeprefix("#") for kind, pointer in mapping.items()}


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each path with its method and operation, the references of its parameters resolved."""
    whole = description()
    for path, item in whole["paths"].items():
        for method, operation in item.items():
            parameters = [
                whole["components"]["parameters"][one["$ref"].rpartition("/")[2]] if "$ref" in one else one
                for one in operation.get("parameters", ())
            ]
            yield path, method.upper(), {**operation, "parameters": parameters}


def required(path: str, method: str) -> dict[str, str]:
    """The parameters that an operation can't do without, with a value that does for all of them."""
    (operation,) = (one for where, how, one in operations() if (where, how) == (path, method))
    return {
        parameter["name"]: "1"
        for parameter in operation["parameters"]
        if parameter.get("required") and parameter["in"] == "query"
    }


def streams() -> dict[str, list[dict[str, Any]]]:
    """The path of each stream with its parameters."""
    return {path: one["parameters"] for path, _, one in operations() if re.search(r"/stream(/lang/|$)", path)}

"""Calls of v2's operations, each answer held against X's OpenAPI description."""

from __future__ import annotations

from typing import Any

import requests

from rxtweets.emulator import Emulator

from .clients import RULES, SUBSCRIPTIONS, call, raw_get
from .described import faults_of_answer, operations, streams

ONE = f"{SUBSCRIPTIONS}/{{subscription_id}}"
NAMED = "/2/connections/{endpoint_id}"
ASKED = {"event_type": "post.create", "filter": {"user_id": "12", "keyword": "cat"}}
OPERATIONS = [(path, method) for path, method, _ in operations()]
BODIES: dict[tuple[str, str], Any] = {
    (RULES, "POST"): {"add": [{"value": "dog"}]},
    (SUBSCRIPTIONS, "POST"): ASKED,
    (ONE, "PUT"): {"tag": "new"},
    ("/2/connections", "DELETE"): {"uuids": ["x"]},
}


def real(path: str) -> str:
    """The path with its parts filled in."""
    return path.replace("{subscription_id}", "77").replace("{endpoint_id}", "sample_stream")


def ask(emulator: Emulator, path: str, method: str, **options: Any) -> requests.Response:
    """Call an operation with a body if it needs one, and see that the answer is as described."""
    options.setdefault("json", BODIES.get((path, method)))
    answer = call(emulator, method, real(path), **options)
    kind = answer.headers["content-type"]
    assert faults_of_answer(path, method, answer.status_code, kind, answer.content) == [], answer.text
    return answer


def status(emulator: Emulator, path: str, method: str, query: dict[str, str] | list[tuple[str, str]]) -> int:
    """Return the status of the operation; a stream is closed at once."""
    if path not in streams():
        body = {} if query == {"delete_all": "true"} else BODIES.get((path, method))
        return ask(emulator, path, method, params=query, json=body).status_code
    target = requests.Request("GET", "http://x" + path, params=query).prepare().path_url
    with raw_get(emulator, target) as stream:
        if stream.status != 200:
            kind = stream.headers["content-type"]
            assert faults_of_answer(path, method, stream.status, kind, stream.body()) == []
        return stream.status

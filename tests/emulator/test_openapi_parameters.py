"""The parameters that v2 takes, held against X's OpenAPI description."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rxtweets.emulator import Emulator

from .asking import OPERATIONS, status
from .described import operations, required, streams

QUERIES = [
    pytest.param(path, method, parameter, id=f"{method}-{path}-{parameter['name']}")
    for path, method, operation in operations()
    for parameter in operation["parameters"]
    if parameter["in"] == "query"
]
each_parameter = pytest.mark.parametrize(("path", "method", "parameter"), QUERIES)
TOKEN = "0" * 15 + "1"
WINDOW = {"start_time": "end_time", "end_time": "start_time"}


def values(name: str, schema: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Values that the schema allows, among them all that are at its bounds, and some that it doesn't."""
    item = schema.get("items", schema)
    if "enum" in item:
        one = list(item["enum"])
        if item is schema:
            return one, ["", "nonsense", one[0].upper(), ",".join(one)]
        return [*one, ",".join(one)], [
            "nonsense",
            f"{one[0]},nonsense",
            f"{one[0]},{one[0]}",
            f"{one[0]};",
            f"{one[0]},",
            f",{one[0]}",
        ]
    if schema["type"] == "array":  # of ids
        most = schema["maxItems"]
        return ["1", "9" * 19, ",".join(["12"] * most)], [
            "x",
            "9" * 20,
            "1,-1",
            ",".join(["12"] * (most + 1)),
        ]
    if schema["type"] == "integer":
        low, high = schema["minimum"], schema["maximum"]
        return [str(low), str(high)], [str(low - 1), str(high + 1), "", "x", "1.0", "1e0", " 1", "١"]
    if schema["type"] == "boolean":
        return ["true", "false"], ["", "1", "yes"]
    if name == "query":
        return ["1", "cat -dog", "c" * 512], ["", "c" * 4097, "cat (", "-cat", "cat bio:dog", "cat sample:10"]
    if name.endswith("_id"):
        return ["1", "9" * 19], ["", "x", "9" * 20, "-1", "1,2"]
    if name in ("pagination_token", "next_token"):
        return [TOKEN], ["", "x", "0" * 17, "é" * 16, TOKEN.replace("1", "x")]
    return ["", "all_project_client_apps", "nonsense"], []


@each_parameter
def test_every_allowed_value_is_taken(site: Emulator, path: str, method: str, parameter: Any) -> None:
    """Each word of an enumeration, all together, both bounds of a range, lists of any allowed length."""
    name = parameter["name"]
    if name in WINDOW:
        return  # depends on the time: the next test
    for value in values(name, parameter["schema"])[0]:
        assert status(site, path, method, {**required(path, method), name: value}) < 300, value


@each_parameter
def test_every_other_value_is_refused(site: Emulator, path: str, method: str, parameter: Any) -> None:
    """400, and the parameter is named."""
    name = parameter["name"]
    wrong = ["", "yesterday", "2026-13-01T00:00:00Z", "2026-01-01", "2026-01-01T00:00:00", "1767225600"]
    if name not in WINDOW:
        wrong = values(name, parameter["schema"])[1]
    for value in wrong:
        assert status(site, path, method, {**required(path, method), name: value}) == 400, value


@pytest.mark.parametrize("path", [path for path, one in streams().items() if "end_time" in str(one)])
@pytest.mark.parametrize("form", ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dt%H:%M:%S+00:00"])
def test_windows_are_taken_in_every_form_of_a_time(site: Emulator, path: str, form: str) -> None:
    """A window within the last day is opened, its times written in any way of RFC 3339."""
    now = datetime.now(UTC)
    window = {
        name: (now - timedelta(minutes=ago)).strftime(form)
        for name, ago in (("start_time", 60), ("end_time", 5))
    }
    assert status(site, path, "GET", {**required(path, "GET"), **window}) == 200


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_parameters_that_are_not_described_are_refused(site: Emulator, path: str, method: str) -> None:
    """A name that isn't there is named, on every path; so is one that is given twice."""
    query = {**required(path, method), "nonsense": "1"}
    assert status(site, path, method, query) == 400
    for name, value in required(path, method).items():
        assert status(site, path, method, [(name, value), (name, value)]) == 400


@pytest.mark.parametrize(("path", "method"), [one for one in OPERATIONS if required(*one)])
def test_what_is_required_is_missed(site: Emulator, path: str, method: str) -> None:
    """Without it the answer is 400."""
    assert status(site, path, method, {}) == 400

"""The texts and attributes of errors."""

from __future__ import annotations

import pickle

import pytest

import rxtweets as rxt
from rxtweets.errors import HTTPStatusError, Problem, UnexpectedResponse

V2 = (
    b'{"title":"Invalid Request","detail":"One or more parameters to your request was invalid.",'
    b'"type":"https://api.x.com/2/problems/invalid-request",'
    b'"errors":[{"message":"The `partition` query parameter is required","parameters":{}}]}'
)


def test_a_v2_problem() -> None:
    """Title, detail with its parts, and type are attributes; the message has them in a line."""
    error = HTTPStatusError.of(400, {"X-Rate-Limit-Reset": "12"}, V2)
    assert error.problem.title == "Invalid Request"
    assert error.problem.type.endswith("/invalid-request")
    assert error.headers["x-rate-limit-reset"] == "12"
    assert str(error).startswith("HTTP 400 Bad Request: Invalid Request: One or more")
    assert "The `partition` query parameter is required" in str(error)


def test_a_v1_problem() -> None:
    """v1.1's list of codes and messages is read as well."""
    error = HTTPStatusError.of(401, {}, b'{"errors":[{"code":32,"message":"Could not authenticate you."}]}')
    assert (error.problem.code, error.problem.title) == (32, "Could not authenticate you.")
    assert "Could not authenticate you." in str(error)
    assert "clock" in str(error)


def test_a_page_is_read() -> None:
    """Of a body that is a page for browsers the message has the words, and `problem.body` all."""
    error = HTTPStatusError.of(401, {}, b"<html><body>\n<p>Reason: Unauthorized</p></body></html>")
    assert str(error.problem) == "Reason: Unauthorized"
    assert error.problem.body.startswith("<html>")


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[1]", b'{"errors":5,"title":[]}', b"\xff\xfe", b"[" * 10_000]
)
def test_any_body(body: bytes) -> None:
    """No body makes an error that cannot be made or shown."""
    assert str(HTTPStatusError.of(503, {}, body)).startswith("HTTP 503 Service Unavailable")
    assert isinstance(Problem.parse(body), Problem)


def test_no_rules_says_what_to_do() -> None:
    """The most likely first error on v2 names its cure."""
    assert "client.rules.add('python').run()" in str(HTTPStatusError.of(409))


def test_errors_can_be_pickled() -> None:
    """Errors survive pickling."""
    errors = [
        HTTPStatusError.of(429, {"Retry-After": "5"}, b'{"connection_issue":"TooManyConnections"}'),
        rxt.StreamDisconnected("admin logout", 7),
        rxt.StreamStalled(90.0),
        rxt.FrameTooLong(10),
        rxt.ConnectionFailed("refused"),
        UnexpectedResponse(200, {"X": "y"}, b'{"title":"Sorry"}', "there is nothing in it"),
    ]
    for error in errors:
        copy = pickle.loads(pickle.dumps(error))
        assert (type(copy), str(copy)) == (type(error), str(error))


@pytest.mark.parametrize("code", [None, *range(1, 13)])
def test_a_finite_stream_is_finished(code: int | None) -> None:
    """Of v1.1's codes, two say that a finite stream was through; no other does, nor no code at all."""
    assert rxt.StreamDisconnected.of("", code).finished == (code in (5, 9))

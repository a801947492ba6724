from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from rxtweets.emulator import Emulator

from .clients import FILTERED, RULES, SAMPLE, V1_SAMPLE, add_rules, call, raw, raw_get


def test_planned_answers_are_given_to_streams_in_order(emulator: Emulator) -> None:
    """`answer` meets the next connects, as often as asked, and no other requests."""
    emulator.answer(503, times=2)
    emulator.answer(429, headers={"x-rate-limit-reset": "1234", "Retry-After": "7"})
    assert call(emulator, "GET", RULES).status_code == 200
    answers = [call(emulator, "GET", SAMPLE) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 429]
    assert answers[0].json() == {
        "title": "Service Unavailable",
        "detail": "Service Unavailable",
        "type": "about:blank",
        "status": 503,
    }
    assert answers[2].headers["x-rate-limit-reset"] == "1234"
    assert answers[2].headers["retry-after"] == "7"
    with raw_get(emulator, SAMPLE) as stream:
        assert stream.status == 200


def test_planned_answers_have_the_protocols_form(emulator: Emulator) -> None:
    """v1.1's 420 is a line of text; other statuses are its HTML page."""
    emulator.answer(420)
    emulator.answer(503)
    limited, overloaded = (call(emulator, "GET", V1_SAMPLE) for _ in range(2))
    assert (limited.status_code, limited.text) == (420, "Exceeded connection limit for user\r\n")
    assert "Error 503 Service Unavailable" in overloaded.text


@pytest.mark.parametrize(
    ("body", "text", "kind"),
    [
        ("gone", "gone", "text/plain"),
        (b"\xf0\x9f", None, "application/problem+json"),
        ({"title": "x"}, '{"title":"x"}', "application/json"),
    ],
)
def test_a_planned_body_is_sent(
    emulator: Emulator, body: str | bytes | dict[str, str], text: str, kind: str
) -> None:
    """Text, bytes and objects can be the body of a planned answer."""
    emulator.answer(403, body=body)
    answer = call(emulator, "GET", SAMPLE)
    assert answer.headers["content-type"].startswith(kind)
    assert answer.text == text if text is not None else answer.content == body


def test_a_path_can_be_named(emulator: Emulator) -> None:
    """With a path the answer waits for a request of that path, stream or not."""
    emulator.answer(500, path=RULES)
    with raw_get(emulator, SAMPLE) as stream:
        assert stream.status == 200
    assert call(emulator, "GET", RULES).status_code == 500


def test_faults_can_be_cleared(emulator: Emulator) -> None:
    """`clear_faults` cancels what was ordered."""
    emulator.answer(503, times=5)
    emulator.mute()
    emulator.clear_faults()
    with raw_get(emulator, SAMPLE) as stream:
        assert stream.status == 200


@pytest.mark.parametrize(("status", "times"), [(100, 1), (600, 1), (503, 0)])
def test_senseless_orders_are_refused(emulator: Emulator, status: int, times: int) -> None:
    """A status that ends no request and a count below one are ValueErrors."""
    with pytest.raises(ValueError, match="must be"):
        emulator.answer(status, times=times)


@pytest.mark.parametrize("headers", [{"a b": "c"}, {"a": "b\r\nc: d"}, {"a": "日本"}])
def test_senseless_headers_are_refused(emulator: Emulator, headers: dict[str, str]) -> None:
    """Headers that HTTP doesn't allow are refused when the answer is ordered, not when it is sent."""
    with pytest.raises(ValueError, match="headers"):
        emulator.answer(503, headers=headers)


def test_a_mute_server_says_nothing(emulator: Emulator) -> None:
    """The request is taken, and neither a head nor a close comes back; the next is answered."""
    emulator.mute()
    host, port = emulator.base_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as sock:
        sock.sendall(f"GET {SAMPLE} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        with raw_get(emulator, SAMPLE) as stream:
            assert stream.status == 200
        sock.settimeout(0.05)
        with pytest.raises(TimeoutError):
            sock.recv(1)
    assert [record.status for record in emulator.requests] == [None, 200]


def test_closing_ends_with_the_last_chunk(emulator: Emulator) -> None:
    """`close_streams` sends what is under way, then the end, gzip included."""
    with raw_get(emulator, SAMPLE, "Accept-Encoding: gzip") as stream:
        emulator.publish("last")
        assert emulator.close_streams() == 1
        assert stream.message()["data"]["text"] == "last"
        assert stream.chunk() == b""  # the end of the compressed data
        assert stream.chunk() == b""
    emulator.wait_for_streams(0)


def test_cutting_leaves_the_response_unfinished(emulator: Emulator) -> None:
    """`cut_streams` closes without the last chunk."""
    with raw_get(emulator, SAMPLE) as stream:
        emulator.publish("last")
        assert emulator.cut_streams() == 1
        assert stream.message()["data"]["text"] == "last"
        with pytest.raises(EOFError):
            stream.chunk()


def test_resetting_resets(emulator: Emulator) -> None:
    """`reset_streams` is seen as a reset connection."""
    with raw_get(emulator, SAMPLE) as stream:
        assert emulator.reset_streams() == 1
        with pytest.raises(ConnectionResetError):
            stream.chunk()
    emulator.wait_for_streams(0)


@pytest.mark.parametrize("end", [Emulator.close_streams, Emulator.cut_streams, Emulator.reset_streams])
def test_ends_can_be_for_one_path(emulator: Emulator, end: Callable[..., int]) -> None:
    """Streams of other paths stay."""
    with raw_get(emulator, SAMPLE), raw_get(emulator, V1_SAMPLE):
        assert end(emulator, path=V1_SAMPLE) == 1
        assert [stream.path for stream in emulator.streams] == [SAMPLE]


def test_a_stalled_stream_is_silent_until_resumed() -> None:
    """Neither posts nor keep-alives come during a stall; what was published meanwhile is lost."""
    with Emulator(rate=0, keep_alive=0.01) as emulator, raw_get(emulator, SAMPLE) as stream:
        emulator.stall()
        assert emulator.publish("lost") == 0
        stream.sock.settimeout(0.1)
        with pytest.raises(TimeoutError):
            stream.drain()
        emulator.resume()
        emulator.publish("heard")
        assert stream.message()["data"]["text"] == "heard"


def test_one_stream_of_several(lenient: Emulator) -> None:
    """An action with the id of a stream is for it alone, and it alone can go on after a stall of all."""
    with raw_get(lenient, SAMPLE) as one, raw_get(lenient, SAMPLE) as other:
        lenient.wait_for_streams(2)
        first, second = (stream.id for stream in lenient.streams)
        assert lenient.stall(stream=first) == 1
        assert lenient.publish("for the other") == 1
        assert other.message()["data"]["text"] == "for the other"
        assert lenient.stall() == 2
        lenient.resume(stream=first)
        assert lenient.publish("for the one") == 1
        assert one.message()["data"]["text"] == "for the one"
        assert lenient.stall(stream=first) == 1
        assert lenient.publish("for none") == 0
        lenient.resume()
        assert lenient.close_streams(stream=second) == 1
        lenient.wait_for_streams(1)
        assert [stream.id for stream in lenient.streams] == [first]
        assert lenient.close_streams(stream="another") == 0


def test_raw_messages_go_to_every_stream_as_they_stand(emulator: Emulator) -> None:
    """Objects are framed, bytes aren't; protocol and path choose."""
    add_rules(emulator, "cat")
    with raw_get(emulator, FILTERED) as v2, raw_get(emulator, f"{V1_SAMPLE}?delimited=length") as v1:
        assert emulator.send(b"garbage\r\n") == 2
        assert emulator.send({"limit": {"track": 5}}, protocol="1.1") == 1
        assert emulator.send({"errors": []}, path=FILTERED) == 1
        assert [v2.chunk(), v2.chunk()] == [b"garbage\r\n", b'{"errors":[]}\r\n']
        assert [v1.chunk(), v1.chunk()] == [b"garbage\r\n", b'23\r\n{"limit":{"track":5}}\r\n']


def test_a_keep_alive_can_be_had_at_once(emulator: Emulator) -> None:
    """`keep_alive_now` sends the blank line."""
    with raw_get(emulator, SAMPLE) as stream:
        assert emulator.keep_alive_now() == 1
        assert stream.chunk() == b"\r\n"


def test_an_expired_token_is_refused_and_renewed(emulator: Emulator) -> None:
    """After `renew_bearer_token` only the new token is good."""
    old = emulator.bearer_token
    new = emulator.renew_bearer_token()
    assert new == emulator.bearer_token != old
    refused = call(emulator, "GET", RULES, headers={"Authorization": f"Bearer {old}"})
    assert refused.status_code == 401
    assert call(emulator, "GET", RULES).status_code == 200


def test_a_pending_request_does_not_outlive_the_emulator() -> None:
    """A muted client is let go when the emulator stops."""
    with Emulator() as emulator:
        emulator.mute()
        host, port = emulator.base_url.removeprefix("http://").split(":")
        sock = socket.create_connection((host, int(port)), timeout=5)
        sock.sendall(f"GET {SAMPLE} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        with raw(emulator, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"):
            pass
    assert sock.recv(1) == b""
    sock.close()

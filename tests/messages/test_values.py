"""Messages are values: short in print, equal by content, hashable, copied and pickled, never changed."""

from __future__ import annotations

import copy
import importlib
import pickle
import subprocess
import sys
import threading

import msgspec
import pytest

import rxtweets.messages
from rxtweets import messages as m
from rxtweets import testing as b
from rxtweets.errors import StreamStalled

from .corpus import EVERYTHING


@pytest.mark.parametrize("frame", EVERYTHING)
def test_each_message_is_a_value(frame: bytes) -> None:
    """Two decodings are equal and hash alike, copies and pickles too, and a repr is one short line."""
    message = m.decode(frame)
    assert message == m.decode(frame)
    assert hash(message) == hash(m.decode(frame))
    assert copy.copy(message) == message
    assert copy.deepcopy(message) == message
    again = pickle.loads(pickle.dumps(message))
    assert again == message
    assert again.raw == frame
    text = repr(message)
    assert len(text) < 500
    assert "\n" not in text
    assert text.startswith(type(message).__name__ + "(")


def test_a_status_in_print() -> None:
    """The repr of a status tells who said what."""
    status = m.decode(b.status_json("hello", id=20))
    assert repr(status) == "Status(id=20, user='@ada', text='hello')"
    assert len(repr(m.decode(b.extended_status_json("x" * 4000, user={"screen_name": "y"})))) < 150


def test_messages_differ_by_kind_and_content() -> None:
    """Another text, another kind or another field makes another message; other types never equal one."""
    one = m.decode(b.status_json("one"))
    assert one != m.decode(b.status_json("two"))
    assert one != m.Unknown(raw=one.raw)
    assert one != "one"
    assert len({one, m.decode(b.status_json("one")), m.decode(b.status_json("two"))}) == 2


def test_replace_makes_another_message() -> None:
    """`msgspec.structs.replace` changes a copy, lazily decoded parts included; assignment is refused."""
    status = m.decode(b.status_json("one"))
    assert isinstance(status, m.Status)
    other = msgspec.structs.replace(status, text="two", user=m.User(screen_name="bob"))
    assert (other.text, other.user.screen_name, other.entities) == ("two", "bob", status.entities)
    assert (status.text, status.user.screen_name) == ("one", "ada")
    for name in ("text", "user", "mismatches", "raw"):
        with pytest.raises(AttributeError):
            setattr(status, name, None)


def test_messages_can_be_built_by_hand() -> None:
    """Every field has a default, so a message in a test needs only what it is about."""
    status = m.Status(text="hello", user=m.User(screen_name="ada"))
    assert (status.full_text, status.user.screen_name, status.raw, status.json()) == (
        "hello",
        "ada",
        b"",
        None,
    )
    post = m.Post(id="1", author_id="7", includes=m.Includes(users=(m.v2.User(id="7", username="ada"),)))
    assert post.author is not None
    assert post.author.username == "ada"
    assert m.Status() == m.Status()
    for name in m.__all__:
        kind = getattr(m, name)
        if isinstance(kind, type) and issubclass(kind, m.Message | m.Part):
            built = kind()
            assert not [
                field for field in dir(built) if not field.startswith("__") and getattr(built, field) is built
            ]


def test_lifecycle_events() -> None:
    """Lifecycle events hold what happened and are no messages."""
    cause = StreamStalled(20)
    events = [
        m.Connecting(),
        m.Connected(200, {"x-rate-limit-remaining": "49"}),
        m.KeepAlive(),
        m.Disconnected(cause),
        m.Reconnecting(0.25, 1, cause),
    ]
    assert all(isinstance(event, m.Lifecycle) and not isinstance(event, m.Message) for event in events)
    assert m.Reconnecting(delay=0.25, attempt=1, cause=cause) == events[4]
    assert m.KeepAlive() == m.KeepAlive()


def test_parts_can_be_looked_at_from_many_threads() -> None:
    """Threads looking at the same message at once see the same, and its `mismatches` are complete."""
    for _ in range(50):
        status = m.decode(b.status_json(user={"name": 4}, place={"id": 5}, entities=[]))
        assert isinstance(status, m.Status)
        start = threading.Barrier(3)
        seen: list[object] = []

        def look(
            status: m.Status = status, start: threading.Barrier = start, seen: list[object] = seen
        ) -> None:
            start.wait(5)
            seen.append((status.place, status.user, status.entities))

        threads = [threading.Thread(target=look) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)
        assert seen[0] == seen[1] == seen[2]
        assert status.mismatches == ("entities", "place.id", "user.name")


@pytest.mark.parametrize(
    ("sent", "written"),
    [
        ("a &amp; b &lt;3 &gt;", "a & b <3 >"),
        ("&amp;lt;", "&lt;"),
        ("&amp;amp;", "&amp;"),
        ("&quot; &#39; &copy; &AMP;", "&quot; &#39; &copy; &AMP;"),
        ("plain", "plain"),
    ],
)
def test_unescape(sent: str, written: str) -> None:
    """Exactly the three characters that X escapes are undone, and once."""
    assert m.unescape(sent) == written


def test_all_is_all() -> None:
    """`__all__` names every public class of the package's modules, and nothing that is not there."""
    assert len(set(m.__all__)) == len(m.__all__)
    modules = [
        "activity",
        "compliance",
        "decode",
        "entities",
        "lifecycle",
        "like",
        "notices",
        "place",
        "post",
        "problem",
        "status",
        "user",
    ]
    for module in modules:
        for name, value in vars(importlib.import_module(f"rxtweets.messages.{module}")).items():
            if isinstance(value, type) and value.__module__.endswith(module) and not name.startswith("_"):
                assert name in m.__all__


def test_messages_need_no_network_library() -> None:
    """The messages import neither `requests` nor `reactivex`."""
    code = (
        "import sys, types; package = types.ModuleType('rxtweets'); package.__path__ = [sys.argv[1]];"
        "sys.modules['rxtweets'] = package; import rxtweets.messages;"
        "sys.exit(bool({'requests', 'reactivex', 'urllib3'} & sys.modules.keys()))"
    )
    folder = str(rxtweets.messages.__path__[0]).removesuffix("messages")
    subprocess.run([sys.executable, "-c", code, folder], check=True, timeout=60)

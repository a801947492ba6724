"""The builders of messages that `rxtweets.testing` offers."""

from __future__ import annotations

import json

from rxtweets import messages as m
from rxtweets import testing as t


def test_every_builder_gives_one_frame_of_a_known_kind() -> None:
    """Each `…_json` gives the bytes of one documented message, without a line end, the same on each call."""
    names = [name for name in t.__all__ if name.endswith("_json")]
    arguments = {"extended_status_json": ("whole text",), "for_user_json": (t.status_json(),)}
    assert names
    for name in names:
        frame = getattr(t, name)(*arguments.get(name, ()))
        assert frame == getattr(t, name)(*arguments.get(name, ()))
        assert b"\n" not in frame
        message = m.decode(frame)
        assert not isinstance(message, m.Unknown | m.Undecodable)
        assert message.mismatches == ()


def test_fields_are_taken_by_their_json_names() -> None:
    """Given fields replace the defaults, an id brings its string, a part of the user keeps the rest of it."""
    built = json.loads(t.status_json("hello", id=20, lang="de", new_field=1, user={"screen_name": "bob"}))
    assert (built["id"], built["id_str"], built["lang"], built["new_field"]) == (20, "20", "de", 1)
    assert built["user"]["screen_name"] == "bob"
    assert built["user"]["followers_count"] == t.user_object()["followers_count"]
    assert json.loads(t.post_json("hello", id="5"))["data"] == t.post_object("hello", id="5")


def test_omitted_fields_are_not_there() -> None:
    """`OMIT` leaves a field out, None leaves it null."""
    built = json.loads(t.status_json(lang=t.OMIT, place=None))
    assert "lang" not in built
    assert built["place"] is None
    assert "matching_rules" not in json.loads(t.post_json(matching_rules=None))
    assert repr(t.OMIT) == "OMIT"


def test_an_extended_status_is_cut_as_x_cuts_it() -> None:
    """The text is 140 characters with an ellipsis, the whole of it in `extended_tweet`."""
    status = m.decode(t.extended_status_json("x" * 280))
    assert isinstance(status, m.Status)
    assert (len(status.text), status.text[-1], status.full_text, status.truncated) == (
        140,
        "…",
        "x" * 280,
        True,
    )

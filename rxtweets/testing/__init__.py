"""Scripted sessions, virtual time and builders of messages, for tests.

A builder gives the bytes of one frame as X would send them, with the fields that a test cares about::

    status_json("hello", lang="en", user={"screen_name": "ada"})
    post_json("hello", author_id="7", includes={"users": [{"id": "7", "name": "Ada", "username": "ada"}]})
    delete_json(505874924095815681, user_id=7)

Each has realistic defaults, takes any other field by its JSON name, and leaves out a field given as `OMIT`.
`decode` makes the message of the bytes; followed by a line end they are what a socket would bring. The same
arguments always give the same bytes. `…_json` is bytes, `…_object` the dict, to put into another message.
"""

from ._builders_v1 import (
    OMIT,
    control_json,
    delete_json,
    direct_message_json,
    disconnect_json,
    event_json,
    extended_status_json,
    for_user_json,
    friends_json,
    limit_json,
    scrub_geo_json,
    status_json,
    status_object,
    status_withheld_json,
    user_object,
    user_withheld_json,
    warning_json,
)
from ._builders_v2 import (
    activity_json,
    compliance_json,
    label_json,
    like_json,
    post_json,
    post_object,
    problem_json,
)
from .timeline import Timeline, timeline
from .transport import HOLD, Script, ScriptedSession, ScriptedTransport

__all__ = [
    "HOLD",
    "OMIT",
    "Script",
    "ScriptedSession",
    "ScriptedTransport",
    "Timeline",
    "activity_json",
    "compliance_json",
    "control_json",
    "delete_json",
    "direct_message_json",
    "disconnect_json",
    "event_json",
    "extended_status_json",
    "for_user_json",
    "friends_json",
    "label_json",
    "like_json",
    "limit_json",
    "post_json",
    "post_object",
    "problem_json",
    "scrub_geo_json",
    "status_json",
    "status_object",
    "status_withheld_json",
    "timeline",
    "user_object",
    "user_withheld_json",
    "warning_json",
]

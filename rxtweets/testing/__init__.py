"""Scripted sessions, virtual time and builders of messages, for tests.

A builder gives the bytes of one frame as X would send them, with the fields that a test cares about::

    status_json("hello", lang="en", user={"screen_name": "ada"})
    post_json("hello", author_id="7", includes={"users": [{"id": "7", "name": "Ada", "username": "ada"}]})
    delete_json(505874924095815681, user_id=7)

Each has realistic defaults, takes any other field by its JSON name, and leaves out a field given as `OMIT`.
`decode` makes the message of the bytes; followed by a line end they are what a socket would bring. The same
arguments always give the same bytes. `…_json` is bytes, `…_object` the dict, to put into another message.
"""

from . import _builders_v1, _builders_v2
from ._builders_v1 import *
from ._builders_v2 import *
from .timeline import Timeline, timeline
from .transport import HOLD, Script, ScriptedSession, ScriptedTransport

__all__ = ["HOLD", "Script", "ScriptedSession", "ScriptedTransport", "Timeline", "timeline"]
__all__ += _builders_v1.__all__
__all__ += _builders_v2.__all__

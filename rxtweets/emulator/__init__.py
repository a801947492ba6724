"""A local server that speaks both protocols, to try programs on and to test them with.

>>> from rxtweets.emulator import Emulator
>>> with Emulator() as emulator:
...     emulator.base_url.startswith("http://127.0.0.1:")
True
"""

from __future__ import annotations

from importlib.util import find_spec as _find_spec

if _missing := [name for name in ("h11", "jinja2", "oauthlib") if _find_spec(name) is None]:
    raise ImportError(
        f"rxtweets.emulator needs {_missing[0]}, which comes with: pip install 'rxtweets[emulator]'"
    )

from rxtweets.emulator.api.oauth.authenticator import OAuth1Credentials
from rxtweets.emulator.api.v2.rules import Rule
from rxtweets.emulator.app.limits import Limits
from rxtweets.emulator.app.records import RequestRecord, StreamRecord
from rxtweets.emulator.server.certificate import X_HOSTS

from .emulator import Emulator
from .world.model import Post

__all__ = [
    "X_HOSTS",
    "Emulator",
    "Limits",
    "OAuth1Credentials",
    "Post",
    "RequestRecord",
    "Rule",
    "StreamRecord",
]

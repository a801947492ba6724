"""A local server that speaks both protocols, to try programs on and to test them with.

>>> from rxtweets.emulator import Emulator
>>> with Emulator() as emulator:
...     emulator.base_url.startswith("http://127.0.0.1:")
True
"""

from __future__ import annotations

try:
    import h11 as _h11  # noqa: F401
    import oauthlib.oauth1 as _oauth1  # noqa: F401
except ImportError as missing:
    raise ImportError(
        f"rxtweets.emulator needs {missing.name}, which comes with: pip install 'rxtweets[emulator]'"
    ) from missing

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

"""Streaming with callbacks, as programs written for Tweepy 3 know it.

::

    import rxtweets.compat as tweepy

    class Printer(tweepy.StreamListener):
        def on_status(self, status):
            print(status.user.screen_name, status.text)

    auth = tweepy.OAuthHandler(consumer_key, consumer_secret)
    auth.set_access_token(access_token, access_token_secret)
    tweepy.Stream(auth, Printer()).filter(track=["python"])

The names, signatures and callbacks are those of Tweepy 3.10's streaming; the modules are named as there too
(`rxtweets.compat.streaming`, `.auth`, `.models`, `.error`). Beneath is the chain of `rxtweets.Stream`, so
connecting, back-off and closing are this library's:

* `disconnect()`, or a callback that returns False, ends the stream at once, also in the middle of a wait.
* A network failure or a close by the server reconnects with back-off and is not fatal.
* TLS is always verified. Only streams are here, no REST calls.
"""

from __future__ import annotations

from .api import API
from .auth import AppAuthHandler, OAuthHandler
from .error import TweepError
from .models import Place, Status, User
from .streaming import Stream, StreamListener

__all__ = [
    "API",
    "AppAuthHandler",
    "OAuthHandler",
    "Place",
    "Status",
    "Stream",
    "StreamListener",
    "TweepError",
    "User",
]

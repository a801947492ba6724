"""Python Twitter Tools: reads chunks from the socket by itself."""

import itertools
import json
import os

from twitter import OAuth, TwitterStream


def say(kind, value=None):
    print(json.dumps({"kind": kind, "value": value}), flush=True)


names = ("ACCESS_TOKEN", "ACCESS_TOKEN_SECRET", "CONSUMER_KEY", "CONSUMER_SECRET")
stream = TwitterStream(auth=OAuth(*(os.environ[name] for name in names)))
for message in itertools.islice(stream.statuses.filter(track="cat"), 10):
    say("filtered", sorted(message)[:3])
for message in itertools.islice(stream.statuses.sample(), 10):
    say("sampled", sorted(message)[:3])

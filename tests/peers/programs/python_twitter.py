"""python-twitter's Api: the streams of v1.1."""

import itertools
import json
import os

import twitter


def say(kind, value=None):
    print(json.dumps({"kind": kind, "value": value}), flush=True)


KEYS = [
    os.environ[name] for name in ("CONSUMER_KEY", "CONSUMER_SECRET", "ACCESS_TOKEN", "ACCESS_TOKEN_SECRET")
]
api = twitter.Api(*KEYS)
for message in itertools.islice(api.GetStreamFilter(track=["cat"]), 10):
    say("filtered", twitter.Status.NewFromJsonDict(message).text if "text" in message else "")
for message in itertools.islice(api.GetStreamSample(), 10):
    say("sampled", sorted(message)[:3])
for message in itertools.islice(api.GetUserStream(), 10):
    say("user", sorted(message)[:3])

"""twarc's v2 client, and how long it sleeps when it is limited: it says so, and goes on at once."""

import itertools
import json
import os
import time

from twarc import Twarc2


def say(kind, value=None):
    print(json.dumps({"kind": kind, "value": value}), flush=True)


time.sleep = lambda seconds: say("slept", seconds)
client = Twarc2(bearer_token=os.environ["BEARER_TOKEN"])
say("added", client.add_stream_rules([{"value": "cat"}])["meta"]["summary"]["created"])
for post in itertools.islice(client.stream(), 10):
    say("filtered", post["data"]["text"])

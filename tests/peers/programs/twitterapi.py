"""TwitterAPI: v1.1 with signed requests, and v2 with the bearer token it fetches itself."""

import itertools
import json
import os

from TwitterAPI import TwitterAPI


def say(kind, value=None):
    print(json.dumps({"kind": kind, "value": value}), flush=True)


KEYS = [
    os.environ[name] for name in ("CONSUMER_KEY", "CONSUMER_SECRET", "ACCESS_TOKEN", "ACCESS_TOKEN_SECRET")
]
old = TwitterAPI(*KEYS)
for path, parameters in (("statuses/filter", {"track": "cat"}), ("statuses/sample", {"delimited": "length"})):
    for item in itertools.islice(old.request(path, parameters), 10):
        say(path, sorted(item)[:3])
new = TwitterAPI(*KEYS[:2], auth_type="oAuth2", api_version="2")
say(
    "added", new.request("tweets/search/stream/rules", {"add": [{"value": "cat", "tag": "pets"}]}).status_code
)
for item in itertools.islice(new.request("tweets/search/stream"), 10):
    say("filtered", item["matching_rules"][0]["tag"])
for item in itertools.islice(new.request("tweets/sample/stream", {"expansions": "author_id"}), 10):
    say("sampled", item["includes"]["users"][0]["username"])

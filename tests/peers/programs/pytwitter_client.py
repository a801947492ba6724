"""python-twitter-v2's StreamApi: rules, the filtered stream, the sample."""

import json
import os

from pytwitter import StreamApi


def say(kind, value=None):
    print(json.dumps({"kind": kind, "value": value}), flush=True)


class Stream(StreamApi):
    seen = 0

    def on_tweet(self, tweet):
        say("post", [tweet.id, tweet.text])
        self.seen += 1
        if self.seen >= 10:
            self.disconnect()


stream = Stream(bearer_token=os.environ["BEARER_TOKEN"])
rules = stream.manage_rules({"add": [{"value": "cat", "tag": "pets"}]}, return_json=True)
say("rules", [rule.value for rule in stream.get_rules().data])
stream.search_stream()
Stream(bearer_token=os.environ["BEARER_TOKEN"]).sample_stream()
delete = {"delete": {"ids": [rule["id"] for rule in rules["data"]]}}
say("deleted", stream.manage_rules(delete, return_json=True)["meta"]["summary"])

"""twarc's v2 client: rules, the filtered stream, the sample."""

import itertools
import json
import os

from twarc import Twarc2


def say(kind, value=None):
    print(json.dumps({"kind": kind, "value": value}), flush=True)


client = Twarc2(bearer_token=os.environ["BEARER_TOKEN"])
added = client.add_stream_rules([{"value": "cat", "tag": "pets"}])
for post in itertools.islice(client.stream(), 10):
    say("filtered", [post["data"]["text"], [rule["tag"] for rule in post["matching_rules"]]])
say("deleted", client.delete_stream_rule_ids([rule["id"] for rule in added["data"]])["meta"]["summary"])
for post in itertools.islice(client.sample(), 10):
    say("sampled", post["data"]["author_id"])

"""Tweepy 4's StreamingClient. Arguments: rules; or a stream's method, parameters, rules to add."""

import json
import os
import sys

import tweepy

ENOUGH = 30


def say(kind, value=None):
    print(json.dumps({"kind": kind, "value": value}), flush=True)


class Client(tweepy.StreamingClient):
    seen = 0

    def on_connect(self):
        say("connect")

    def on_response(self, response):
        self.seen += 1
        if response.data:
            say(
                "post",
                {
                    "text": response.data.text,
                    "rules": [[rule.id, rule.tag] for rule in response.matching_rules],
                    "metrics": response.data.public_metrics,
                    "includes": {kind: len(found) for kind, found in response.includes.items()},
                },
            )
        if self.seen >= ENOUGH:
            self.disconnect()

    def on_errors(self, errors):
        say("errors", [error["title"] for error in errors])
        self.disconnect()

    def on_request_error(self, status_code):
        say("error", status_code)
        self.disconnect()

    def on_exception(self, exception):
        say("exception", repr(exception))


client = Client(os.environ["BEARER_TOKEN"])
if sys.argv[1] == "rules":
    say("dry", client.add_rules(tweepy.StreamRule("cat"), dry_run=True).meta["summary"])
    rules = [tweepy.StreamRule("cat", tag="pets"), tweepy.StreamRule("dog"), tweepy.StreamRule("(")]
    added = client.add_rules(rules)
    say("added", [[rule.value, rule.tag] for rule in added.data])
    say("refused", [error["title"] for error in added.errors])
    kept = client.get_rules().data
    say("kept", [[rule.value, rule.tag] for rule in kept])
    say("deleted", client.delete_rules([rule.id for rule in kept]).meta["summary"])
    say("left", client.get_rules().data)
else:
    for value in sys.argv[3:]:
        client.add_rules(tweepy.StreamRule(value, tag="mine"))
    getattr(client, sys.argv[1])(**json.loads(sys.argv[2]))

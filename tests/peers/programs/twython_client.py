"""Twython's streamer: filter and sample."""

import json
import os

from twython import TwythonStreamer


def say(kind, value=None):
    print(json.dumps({"kind": kind, "value": value}), flush=True)


class Streamer(TwythonStreamer):
    seen = 0

    def on_success(self, data):
        if "text" in data:
            say("status", data["text"])
            self.seen += 1
        if self.seen >= 10:
            self.disconnect()

    def on_error(self, status_code, data, headers=None):
        say("error", status_code)
        self.disconnect()


KEYS = [
    os.environ[name] for name in ("CONSUMER_KEY", "CONSUMER_SECRET", "ACCESS_TOKEN", "ACCESS_TOKEN_SECRET")
]
Streamer(*KEYS).statuses.filter(track="cat")
Streamer(*KEYS).statuses.sample()
Streamer("no", "such", "key", "here").statuses.sample()

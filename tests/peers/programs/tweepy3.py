"""Tweepy 3, as its documentation has it: a listener and a Stream. Arguments: method, parameters."""

import json
import os
import sys

import tweepy

ENOUGH = 30


def say(kind, value=None):
    print(json.dumps({"kind": kind, "value": value}), flush=True)


class Listener(tweepy.StreamListener):
    seen = 0

    def on_connect(self):
        say("connect")

    def on_data(self, raw_data):
        self.seen += 1
        message = json.loads(raw_data)
        if "for_user" in message or "control" in message:  # what Tweepy itself knows nothing of
            say("for_user" if "for_user" in message else "control", message)
            return self.seen < ENOUGH
        return False if super().on_data(raw_data) is False else self.seen < ENOUGH

    def on_status(self, status):
        say("status", [status.id, status.user.screen_name, status.text])

    def on_delete(self, status_id, user_id):
        say("delete", [status_id, user_id])

    def on_event(self, status):
        say("event", status.event)

    def on_friends(self, friends):
        say("friends", friends)

    def on_direct_message(self, status):
        say("direct_message", status.direct_message["text"])

    def on_limit(self, track):
        say("limit", track)

    def on_warning(self, notice):
        say("warning", notice)

    def on_scrub_geo(self, notice):
        say("scrub_geo", notice)

    def on_status_withheld(self, notice):
        say("status_withheld", notice)

    def on_user_withheld(self, notice):
        say("user_withheld", notice)

    def on_disconnect(self, notice):
        say("disconnect", notice)
        return False

    def on_error(self, status_code):
        say("error", status_code)
        return False


auth = tweepy.OAuthHandler(os.environ["CONSUMER_KEY"], os.environ["CONSUMER_SECRET"])
auth.set_access_token(os.environ["ACCESS_TOKEN"], os.environ["ACCESS_TOKEN_SECRET"])
stream = tweepy.Stream(auth, Listener())
getattr(stream, sys.argv[1])(**json.loads(sys.argv[2]))

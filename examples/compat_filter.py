"""Run a program written for Tweepy 3, until it has five statuses: only its import line is new.

python examples/compat_filter.py python django
"""

import os
import sys

from going_live import x_or_emulator

import rxtweets.compat as tweepy


class Printer(tweepy.StreamListener):
    left = 5

    def on_status(self, status):
        if hasattr(status, "retweeted_status"):
            return True
        text = status.extended_tweet["full_text"] if status.truncated else status.text
        print(f"{status.created_at} @{status.user.screen_name}: {text}")
        self.left -= 1
        return self.left > 0  # False ends the stream

    def on_limit(self, track):
        print(f"{track} more were withheld", file=sys.stderr)

    def on_error(self, status_code):
        print(f"HTTP {status_code}", file=sys.stderr)
        return status_code >= 500  # False ends the stream, anything else connects again with back-off


def main():
    auth = tweepy.OAuthHandler(os.environ["X_CONSUMER_KEY"], os.environ["X_CONSUMER_SECRET"])
    auth.set_access_token(os.environ["X_ACCESS_TOKEN"], os.environ["X_ACCESS_TOKEN_SECRET"])
    stream = tweepy.Stream(auth, Printer())
    stream.filter(track=sys.argv[1:] or ["python"])


with x_or_emulator("X_CONSUMER_KEY", "X_CONSUMER_SECRET", "X_ACCESS_TOKEN", "X_ACCESS_TOKEN_SECRET"):
    main()

"""Tweepy 4: a StreamingClient."""

import tweepy

from .tweepy3 import Redirected


class Reader:
    """Reads the sample as Tweepy 4's documentation has it."""

    def __init__(self, protocol, port):
        reader = self

        class Client(tweepy.StreamingClient):
            def on_tweet(self, tweet):
                if reader.on_text(tweet.text):
                    self.disconnect()

        self.client = Client("token")
        self.client.session.mount("https://", Redirected(port))

    def run(self, on_text):
        """Call *on_text* with each text until it returns True."""
        self.on_text = on_text
        self.client.sample()

    def stop(self):
        """End `run`, from another thread."""
        self.client.disconnect()

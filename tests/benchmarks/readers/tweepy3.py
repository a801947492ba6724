"""Tweepy 3: a listener and a Stream, which asks for `delimited=length`."""

import tweepy
from requests.adapters import HTTPAdapter


class Reader:
    """Reads the sample as Tweepy 3's documentation has it."""

    def __init__(self, protocol, port):
        reader = self

        class Listener(tweepy.StreamListener):
            def on_status(self, status):
                return not reader.on_text(status.text)

        auth = tweepy.OAuthHandler("key", "secret")
        auth.set_access_token("token", "secret")
        self.stream = tweepy.Stream(auth, Listener())
        self.stream.session.mount("https://", Redirected(port))

    def run(self, on_text):
        """Call *on_text* with each text until it returns True."""
        self.on_text = on_text
        self.stream.sample()

    def stop(self):
        """End `run`, from another thread."""
        self.stream.disconnect()


class Redirected(HTTPAdapter):
    """Sends requests to *port* of this machine, whatever host they are for: Tweepy's hosts are constants."""

    def __init__(self, port):
        super().__init__()
        self.port = port

    def send(self, request, **options):
        request.url = f"http://127.0.0.1:{self.port}{request.path_url}"
        return super().send(request, **options)

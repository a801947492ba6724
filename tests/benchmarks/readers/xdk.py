"""X's own client: a generator."""

from xdk import Client


class Reader:
    """Reads the sample as the client's documentation has it."""

    def __init__(self, protocol, port):
        self.client = Client(bearer_token="token", base_url=f"http://127.0.0.1:{port}")
        self.stopped = False

    def run(self, on_text):
        """Call *on_text* with each text until it returns True."""
        for post in self.client.stream.posts_sample():
            if on_text(post.data.text) or self.stopped:
                return

    def stop(self):
        """Have `run` end at the next post: a generator that runs can't be closed from another thread."""
        self.stopped = True

"""rxtweets: the chain that its clients return, the texts of posts or statuses."""

from __future__ import annotations

import threading
from collections.abc import Callable

from reactivex.disposable import SingleAssignmentDisposable

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.endpoints import v1


class Reader:
    """Subscribes, and waits on another thread."""

    def __init__(self, protocol: str, port: int) -> None:
        base_url = f"http://127.0.0.1:{port}"
        if protocol == "v1":
            statuses = rxt.connect(v1.sample(delimited=True, base_url=base_url)).pipe(
                tw.decode(), tw.retry_with_backoff(), tw.statuses()
            )
            self._texts = statuses.map(lambda status: status.text)
        else:
            client = rxt.StreamingClient(rxt.BearerToken("token"), base_url=base_url)
            self._texts = client.sample().pipe(tw.posts()).map(lambda post: post.text)
        self._session = SingleAssignmentDisposable()
        self._ended = threading.Event()

    def run(self, on_text: Callable[[str], bool]) -> None:
        """Call *on_text* with each text until it returns True."""

        def on_next(text: str) -> None:
            if on_text(text):
                self.stop()

        self._session.disposable = self._texts.subscribe(on_next)
        self._ended.wait()
        for thread in threading.enumerate():
            if thread.name.startswith("rxtweets-"):
                thread.join()

    def stop(self) -> None:
        """End `run`, from any thread."""
        self._session.dispose()
        self._ended.set()

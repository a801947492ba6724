"""Tweepy 4's AsyncStreamingClient, which is told of the proxy by its parameter: the sample."""

import asyncio
import json
import os

from tweepy.asynchronous import AsyncStreamingClient


class Client(AsyncStreamingClient):
    seen = 0

    async def on_tweet(self, tweet):
        print(json.dumps({"kind": "post", "value": tweet.text}), flush=True)
        self.seen += 1
        if self.seen == 10:
            self.disconnect()


async def main():
    await asyncio.gather(
        Client(os.environ["BEARER_TOKEN"], proxy=os.environ["HTTPS_PROXY"]).sample(), return_exceptions=True
    )


asyncio.run(main())

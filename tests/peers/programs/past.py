"""Search, counts and usage, with the client that is named: tweepy, xdk or twarc. Argument: a query."""

import itertools
import json
import os
import sys


def say(kind, value=None):
    print(json.dumps({"kind": kind, "value": value}, default=str), flush=True)


def with_tweepy(token, query):
    import tweepy

    client = tweepy.Client(token)
    pages = tweepy.Paginator(
        client.search_recent_tweets, query, max_results=10, expansions="author_id", tweet_fields="lang"
    )
    for page in pages:
        say("page", [len(page.data or ()), len(page.includes.get("users", ()))])
        for post in page.data or ():
            say("post", post.text)
    archive = client.search_all_tweets(query, max_results=500)
    say("archive", [post.text for post in archive.data])
    counts = client.get_recent_tweets_count(query, granularity="day")
    say("counts", [sum(one["tweet_count"] for one in counts.data), counts.meta["total_tweet_count"]])


def with_xdk(token, query):
    from xdk import Client

    client = Client(bearer_token=token)
    everything = {"expansions": ["author_id", "referenced_posts"], "post_fields": ["lang", "note_post"]}
    for page in client.posts.search_recent(query, max_results=10, **everything):
        found = page.model_dump(exclude_none=True)
        say("page", [len(found.get("data", ())), len(found.get("includes", {}).get("users", ()))])
        for post in found.get("data", ()):
            say("post", post["text"])
    for page in client.posts.search_all(query, max_results=500):
        say("archive", [post["text"] for post in page.model_dump()["data"]])
    for page in client.posts.get_counts_recent(query, granularity="day"):
        found = page.model_dump()
        say("counts", [sum(one["post_count"] for one in found["data"]), found["meta"]["total_post_count"]])
    usage = client.usage.get(days=3, usage_fields=["project_cap", "project_usage", "daily_project_usage"])
    data = usage.model_dump()["data"]
    daily = [int(one["usage"]) for one in data["daily_project_usage"]["usage"]]
    say("usage", [data["project_cap"], data["project_usage"], daily])


def with_twarc(token, query):
    from twarc import Twarc2

    client = Twarc2(bearer_token=token)
    for page in client.search_recent(query, max_results=10):
        say("page", [len(page.get("data", ())), len(page.get("includes", {}).get("users", ()))])
        for post in page.get("data", ()):
            say("post", post["text"])
    for page in itertools.islice(client.search_all(query, max_results=100), 1):
        say("archive", [post["text"] for post in page["data"]])
    for page in client.counts_recent(query, granularity="day"):
        total = page["meta"]["total_tweet_count"]
        say("counts", [sum(one["tweet_count"] for one in page["data"]), total])


{"tweepy": with_tweepy, "xdk": with_xdk, "twarc": with_twarc}[sys.argv[1]](
    os.environ["BEARER_TOKEN"], sys.argv[2]
)

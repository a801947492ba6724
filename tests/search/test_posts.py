"""Searching posts: pages as they are consumed, what belongs to each post, and the rate limit."""

from __future__ import annotations

import json
import tracemalloc
from datetime import UTC, datetime
from typing import Any

import pytest
from reactivex import operators as ops
from reactivex.scheduler import VirtualTimeScheduler
from requests.auth import AuthBase

from rxtweets import errors, rules
from rxtweets.endpoints import Request
from rxtweets.messages import Post
from rxtweets.rules import Limits, RuleSyntaxError
from rxtweets.testing import Script, ScriptedTransport, timeline
from rxtweets.transport import Session
from tests.clients import over, responses
from tests.observing import Seen


def page(first: int, count: int, token: str | None = None, **more: Any) -> dict[str, Any]:
    """A page of posts with the ids from *first* down."""
    data = [{"id": str(first - n), "text": f"cat {first - n}"} for n in range(count)]
    meta = {"result_count": count} | ({"next_token": token} if token else {})
    return {"data": data, "meta": meta, **more}


def asked(transport: ScriptedTransport, name: str) -> list[str | None]:
    """Return what each request said for one parameter."""
    return [dict(session.request.params).get(name) for session in transport.sessions]


def test_pages_are_joined() -> None:
    """Each page is asked for by the token of the one before; the last one has none."""
    transport = responses(page(9, 3, "a"), page(6, 3, "b"), page(3, 3))
    seen = Seen(over(transport).search("cat")).ended()
    assert seen.completed
    assert [post.id for post in seen.items] == list("987654321")
    assert asked(transport, "next_token") == [None, "a", "b"]
    assert {session.request.url for session in transport.sessions} == {
        "http://127.0.0.1:9/2/tweets/search/recent"
    }


def test_no_posts() -> None:
    """An empty page is the end."""
    seen = Seen(over(responses({"meta": {"result_count": 0}})).search("cat")).ended()
    assert (seen.items, seen.completed) == ([], True)


@pytest.mark.parametrize("taken", [1, 2, 3])
def test_a_page_is_asked_for_when_the_one_before_is_used_up(taken: int) -> None:
    """As many posts as are on the first page can be taken without another request."""
    transport = responses(page(3, 3, "a"))
    seen = Seen(over(transport).search("cat").pipe(ops.take(taken))).ended()
    assert (len(seen.items), seen.completed, len(transport.sessions)) == (taken, True, 1)


def test_a_disposal_between_pages_sends_no_further_request() -> None:
    """Whoever disposes while the last post of a page is delivered asks for no other page."""
    transport, scheduler = responses(page(3, 3, "a")), VirtualTimeScheduler()
    seen: list[Post] = []

    def on_next(post: Post) -> None:
        seen.append(post)
        if len(seen) == 3:
            subscription.dispose()

    subscription = over(transport).search("cat").subscribe(on_next, scheduler=scheduler)
    scheduler.start()
    assert (len(seen), len(transport.sessions)) == (3, 1)


@pytest.mark.parametrize(
    ("limit", "archive", "sizes"),
    [
        (None, False, ["100", "100"]),
        (None, True, ["500", "500"]),
        (3, False, ["10"]),
        (5, False, ["10", "10"]),
        (130, False, ["100", "100"]),
        (30, True, ["30", "27"]),
    ],
)
def test_a_limit_asks_for_no_more_than_it_takes(limit: int | None, archive: bool, sizes: list[str]) -> None:
    """Pages are as large as may be, or as what is left of the limit needs; X gives no fewer than ten."""
    transport = responses(page(9, 3, "a"), page(6, 3))
    found = over(transport).search("cat", limit=limit, archive=archive)
    assert len(timeline(found).items) == min(limit or 6, 6)
    assert asked(transport, "max_results") == sizes


def test_parameters() -> None:
    """Times are written in UTC; fields are those of the streams."""
    transport = responses(page(1, 1))
    search = over(transport).search(
        rules.keyword("cat") & rules.lang("en"),
        start_time=datetime(2026, 11, 1, tzinfo=UTC),
        until_id=12,
        tweet_fields=["lang", "created_at"],
        expansions="author_id",
    )
    assert transport.sessions == []
    Seen(search).ended()
    assert dict(transport.sessions[0].request.params) == {
        "query": "cat lang:en",
        "start_time": "2026-11-01T00:00:00Z",
        "until_id": "12",
        "tweet.fields": "lang,created_at",
        "expansions": "author_id",
        "max_results": "100",
    }


@pytest.mark.parametrize(
    ("query", "options", "message"),
    [
        ("cat sample:10", {}, "search has no sample:"),
        ('"a b"~3', {}, 'search has no "a b"~N'),
        ("cat (", {}, "parenthesis"),
        ("has:images", {}, "no operator here makes a rule"),
        (5, {}, "a rule is text or a Rule"),
        ("cat", {"limit": 0}, "limit must be a whole number from 1"),
        ("cat", {"since_id": "x"}, "since_id takes numeric ids"),
        ("cat", {"start_time": "yesterday"}, "start_time must be an aware datetime"),
        (
            "cat",
            {"start_time": "2026-11-02T00:00:00Z", "end_time": "2026-11-01T00:00:00Z"},
            "after start_time",
        ),
        (
            "cat",
            {"start_time": "2026-11-02T00:00:00Z", "since_id": 1},
            "X takes either start_time or since_id",
        ),
        ("cat", {"end_time": "2026-11-02T00:00:00Z", "until_id": 1}, "X takes either end_time or until_id"),
        ("cat", {"tweet_fields": "lng"}, "did you mean 'lang'"),
    ],
)
def test_what_is_wrong_is_told_at_once(query: Any, options: dict[str, Any], message: str) -> None:
    """Nothing is sent for a query or a parameter that can't be right."""
    with pytest.raises(ValueError, match=message):
        over(responses()).search(query, **options)


def test_an_option_that_search_lacks() -> None:
    """It is named, and so is what was probably meant."""
    with pytest.raises(TypeError, match="has no option 'tweet_field'; did you mean tweet_fields"):
        over(responses()).search("cat", tweet_field="lang")  # type: ignore[call-arg]


@pytest.mark.parametrize("query", ["list:12", "cat min_likes:5", "quotes_of_tweet_id:12", "x" * 2_000])
def test_what_search_has_besides(query: str) -> None:
    """Operators that streams lack are taken; what is too long for an account X tells."""
    assert timeline(over(responses(page(1, 1))).search(query)).completed is not None


def test_limits_tell_the_languages_apart() -> None:
    """Each language is validated by its own operators and length."""
    assert [p.message for p in rules.validate("cat min_likes:5")] == ["the filtered stream has no min_likes:"]
    assert rules.validate("cat min_likes:5", Limits.search()) == ()
    assert [p.position for p in rules.validate("cat bio:dev", Limits.search())] == [4]
    assert len(rules.validate("x" * 600, Limits.search())) == 1
    assert rules.validate("x" * 600, Limits.search(archive=True)) == ()
    with pytest.raises(RuleSyntaxError) as raised:
        over(responses()).search("dog bio:dev sample:1")
    assert [problem.position for problem in raised.value.problems] == [4, 12]


@pytest.mark.parametrize(
    "query", ["cat", "from:ada", "from:ada has:links", "from:ada -cat", "#cat OR from:ada"]
)
def test_the_difference_to_the_stream_is_explained(query: str) -> None:
    """Retweets, quoted texts and accents are named where the query concerns them."""
    text = rules.explain(query, Limits.search())
    assert text.startswith(rules.explain(query))
    more = text.removeprefix(rules.explain(query)).split("\n")[1:]
    assert ("no retweets are found, as the query has keywords" in more) is (query[0] in "c#")
    assert ("accents make no difference: cafe finds café" in more) is ("cat" in query)
    assert ("a quote is found by its own text only, not by what it quotes" in more) is (query != "from:ada")
    assert rules.explain(query, Limits()) == rules.explain(query)


def test_each_post_has_what_belongs_to_it() -> None:
    """Of what a page includes, and of its errors, a post has those that it refers to, as on a stream."""
    data = [
        {"id": "3", "text": "a", "author_id": "13", "referenced_tweets": [{"type": "quoted", "id": "1"}]},
        {"id": "2", "text": "b", "author_id": "14", "attachments": {"media_keys": ["3_1"]}},
        {"id": "0", "text": "c", "author_id": "14", "entities": {"mentions": [{"username": "ada"}]}},
    ]
    users = [{"id": "13", "username": "ada", "name": "A"}, {"id": "14", "username": "bob", "name": "B"}]
    users += [{"id": "15", "username": "cy", "name": "C"}]
    includes = {
        "users": users,
        "tweets": [{"id": "1", "text": "old", "author_id": "15"}],
        "media": [{"media_key": "3_1", "type": "photo"}, {"media_key": "3_2", "type": "photo"}],
    }
    gone = {"resource_id": "2", "title": "Not Found Error", "type": "x"}
    whole = {"data": data, "includes": includes, "errors": [gone], "meta": {"result_count": 3}}
    quote, photo, mention = (item for _, item in timeline(over(responses(whole)).search("a")).items)
    assert [user.id for user in quote.includes.users] == ["13", "15"]
    assert quote.quoted.text == "old"
    assert quote.quoted.author.username == "cy"
    assert json.loads(photo.raw) == {
        "data": data[1],
        "includes": {"users": [users[1]], "media": [includes["media"][0]]},
        "errors": [gone],
    }
    assert [user.username for user in mention.includes.users] == ["ada", "bob"]
    assert quote.errors == ()


def test_half_a_character_costs_itself_only() -> None:
    """A text cut in the middle of an emoji, which JSON can hold, is no reason to lose a page."""
    body = b'{"data":[{"id":"1","text":"cat \\ud83d"},{"id":"2","text":"b"}],"meta":{"result_count":2}}'
    found = timeline(over(responses(Script(body))).search("cat"))
    assert [post.text for _, post in found.items] == ["cat \ufffd", "b"]


LOST = Script(fails=errors.ConnectionFailed("reset"))
BUSY = Script(b"{}", status=503)


def test_a_page_that_fails_is_asked_for_again() -> None:
    """By the client's policy, from that page on: nothing comes twice, and nothing is left out."""
    transport = responses(page(9, 3, "a"), LOST, BUSY, page(6, 3))
    found = timeline(over(transport).search("cat"))
    assert [post.id for _, post in found.items] == list("987654")
    assert asked(transport, "next_token") == [None, "a", "a", "a"]
    assert found.completed == pytest.approx(5.25, abs=1)  # 250 ms, then 5 s


def test_a_final_error_ends_it() -> None:
    """After the posts before it."""
    found = timeline(over(responses(page(9, 3, "a"), Script(status=402))).search("cat"))
    assert len(found.items) == 3
    assert isinstance(found.error, errors.HTTPStatusError)


def test_pages_in_a_circle() -> None:
    """A token that comes twice is an error, not a search without an end."""
    found = timeline(over(responses(page(9, 3, "a"), page(6, 3, "a"))).search("cat"))
    assert isinstance(found.error, errors.StreamError)
    assert len(found.items) == 6


def limited(body: dict[str, Any], left: int, reset: int) -> Script:
    """A page with what is left of the window, which ends at second *reset* of virtual time."""
    headers = {
        "x-rate-limit-limit": "450",
        "x-rate-limit-remaining": str(left),
        "x-rate-limit-reset": str(reset),
    }
    return Script(json.dumps(body).encode(), headers=headers | {"date": "Thu, 01 Jan 1970 00:00:00 GMT"})


def test_it_waits_for_the_window() -> None:
    """With nothing left of the limit the next page is asked for when the window has turned."""
    transport = responses(limited(page(9, 3, "a"), 0, 600), page(6, 3))
    found = timeline(over(transport).search("cat"))
    assert [at for at, _ in found.items][:3] == [0.0] * 3
    assert found.completed == pytest.approx(601, abs=1)
    assert len(transport.sessions) == 2


def test_searches_of_a_client_share_the_limit() -> None:
    """A second search waits for the window that the first one has used up."""
    client = over(responses(limited(page(9, 3), 0, 600), page(6, 3)))
    both = client.search("cat").pipe(ops.concat(client.search("dog")))
    assert timeline(both).completed == pytest.approx(601, abs=1)


def test_the_archive_is_asked_once_a_second() -> None:
    """Eleven requests, one of them a repeat, take ten seconds and a little."""
    pages = [page(90 - n, 1, f"t{n}") for n in range(9)]
    transport = responses(*pages[:4], LOST, *pages[4:], page(1, 1))
    found = timeline(over(transport).search("cat", archive=True))
    assert len(found.items) == 10
    assert found.completed is not None
    assert 10 <= found.completed < 13


class Pages:
    """A transport with so many pages of 100 posts, each made when it is asked for."""

    def __init__(self, pages: int) -> None:
        self.sent = 0
        self._pages = pages

    def session(self, request: Request, auth: AuthBase | None, *, stall_timeout: float) -> Session:
        self.sent += 1
        token = None if self.sent == self._pages else f"t{self.sent}"
        body = page(10**9 - 100 * self.sent, 100, token)
        return responses(body).session(request, auth, stall_timeout=stall_timeout)


@pytest.mark.parametrize("pages", [30, pytest.param(10_000, marks=pytest.mark.soak)])
def test_a_slow_subscriber_holds_one_page(pages: int) -> None:
    """However many posts there are, no page is asked for ahead, and memory holds one and all tokens."""
    transport, taken = Pages(pages), 0

    def on_next(_: Post) -> None:
        nonlocal taken
        taken += 1
        assert transport.sent == -(-taken // 100)
        if taken == 100:
            tracemalloc.start()  # what is made once, such as the parser, is there now

    try:
        scheduler = VirtualTimeScheduler()
        over(transport).search("cat").subscribe(on_next, scheduler=scheduler)
        scheduler.start()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert taken == pages * 100
    assert peak < 1_000_000 + 300 * pages  # the token of each page is kept, to see that none comes twice

"""Activity subscriptions: made, changed and deleted."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from rxtweets import errors
from rxtweets.auth import BearerToken, OAuth2User
from rxtweets.emulator import Emulator
from rxtweets.management import ActivitySubscription, DeletedSubscriptions, SubscriptionsClient
from rxtweets.streams import Stream, StreamingClient
from rxtweets.testing import ScriptedTransport
from tests.clients import client_on, over, responses
from tests.observing import Seen


def scripted(*answers: Any) -> tuple[SubscriptionsClient, ScriptedTransport]:
    transport = responses(*answers)
    return over(transport).subscriptions, transport


MADE = {"subscription_id": "5", "event_type": "follow.follow", "filter": {"user_id": "12"}, "tag": "t"}
PATH = "http://127.0.0.1:9/2/activity/subscriptions"


def test_add() -> None:
    """A subscription is asked for with what it is about, and comes back typed."""
    subscriptions, transport = scripted({"data": {"subscription": MADE}})
    adding = subscriptions.add(
        "follow.follow", user_id=12, keyword="rx", direction="inbound", tag="t", webhook_id="9"
    )
    (made,) = Seen(adding).ended().items
    assert made == ActivitySubscription("5", "follow.follow", user_id="12", tag="t")
    request = transport.sessions[0].request
    assert (request.method, request.url) == ("POST", PATH)
    assert msgspec.json.decode(request.json or b"") == {
        "event_type": "follow.follow",
        "filter": {"user_id": "12", "keyword": "rx", "direction": "inbound"},
        "tag": "t",
        "webhook_id": "9",
    }


def test_events_of_a_later_version_of_x() -> None:
    """A kind of event that this library has never heard of is sent as it is."""
    made = MADE | {"event_type": "some.new.event"}
    subscriptions, transport = scripted({"data": {"subscription": made}})
    (subscription,) = Seen(subscriptions.add("some.new.event", user_id=12)).ended().items
    assert subscription.event_type == "some.new.event"
    assert msgspec.json.decode(transport.sessions[0].request.json or b"")["event_type"] == "some.new.event"


def test_update_and_delete() -> None:
    """Subscriptions are named by id or as they came; each failure to delete is told."""
    some = ActivitySubscription("5")
    gone = {
        "data": [{"subscription_id": "5", "deleted": True}],
        "errors": [{"subscription_id": "6", "reason": "x"}],
    }
    subscriptions, transport = scripted({"data": {"subscription": MADE}}, gone)
    Seen(subscriptions.update(some, tag="u")).ended()
    assert Seen(subscriptions.delete(some, 6)).ended().items == [DeletedSubscriptions(("5",), {"6": "x"})]
    update, delete = (session.request for session in transport.sessions)
    assert (update.method, update.url, update.json) == ("PUT", PATH + "/5", b'{"tag":"u"}')
    assert (delete.method, delete.url, delete.params) == ("DELETE", PATH, (("ids", "5,6"),))


def test_a_refusal_in_the_answer_is_an_error() -> None:
    """An answer without the subscription is the error that it tells of."""
    subscriptions, _ = scripted({"errors": [{"title": "Forbidden", "detail": "no scope"}]})
    error = Seen(subscriptions.add("post.create", user_id=1)).ended().error
    assert isinstance(error, errors.HTTPStatusError)
    assert "no scope" in str(error)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda s: s.add("create", user_id=1),
            "event_type must be a name such as 'post.create', not 'create'",
        ),
        (lambda s: s.delete([5]), "not a list: write delete(*…)"),
        (lambda s: s.add("post.create"), "a user_id or a keyword; neither was given"),
        (
            lambda s: s.add("post.create", user_id="@rx"),
            "user_id takes numeric ids such as 2244994945, not names",
        ),
        (lambda s: s.add("post.create", keyword="x" * 151), "keyword must be text of 1 to 150 characters"),
        (
            lambda s: s.add("post.create", keyword="x", tag=""),
            "tag must be text of 1 to 200 characters, not ''",
        ),
        (lambda s: s.add("post.create", keyword="x\ud800"), "keyword has a lone surrogate, '\\ud800', at 1"),
        (
            lambda s: s.add("post.create", keyword="x", tag="\ud800"),
            "tag has a lone surrogate, '\\ud800', at 0",
        ),
        (
            lambda s: s.add("post.create", keyword="x", direction="in"),
            "direction must be one of 'inbound', 'outbound'",
        ),
        (lambda s: s.update(5), "a tag or a webhook_id; neither was given"),
        (lambda s: s.update("../5", tag="t"), "subscription takes numeric ids"),
        (lambda s: s.delete(), "delete() needs at least one subscription"),
        (lambda s: s.delete(*range(1, 102)), "delete takes at most 100 ids, got 101"),
    ],
)
def test_refused_before_any_request(call: Callable[[SubscriptionsClient], Any], said: str) -> None:
    """A wrong argument is a ValueError that says what would be right."""
    subscriptions, transport = scripted()
    with pytest.raises(ValueError, match=re.escape(said)):
        call(subscriptions)
    assert not transport.sessions


def test_the_list_does_not_go_round_in_circles() -> None:
    """A server that names a page a second time is asked no more: what came is given, and an error."""
    page = {"data": [MADE], "meta": {"next_token": "same"}}
    subscriptions, transport = scripted(page, page)
    seen = Seen(subscriptions.list()).ended()
    assert len(seen.items) == len(transport.sessions) == 2
    assert type(seen.error) is errors.StreamError
    assert "next_token 'same' came twice" in str(seen.error)


def test_against_a_server(emulator: Emulator) -> None:
    """A real server makes, lists, changes and deletes subscriptions."""
    subscriptions = client_on(emulator).subscriptions
    (made,) = Seen(subscriptions.add("post.create", user_id=12, tag="a")).ended().items
    assert Seen(subscriptions.list()).ended().items == [made]
    (changed,) = Seen(subscriptions.update(made, tag="b")).ended().items
    assert (changed.id, changed.tag) == (made.id, "b")
    (deleted,) = Seen(subscriptions.delete(made, 77)).ended().items
    assert deleted.deleted == (made.id,)
    assert list(deleted.errors) == ["77"]
    assert Seen(subscriptions.list()).ended().items == []


@pytest.fixture
def user(emulator: Emulator) -> OAuth2User:
    """The emulator's user."""
    return OAuth2User(emulator.user_token)


PRIVATE = ("like.create", "dm.received", "post.mention.create")


def test_each_event_is_subscribed_to_with_its_credentials(emulator: Emulator, user: OAuth2User) -> None:
    """A client of both sends private events with the user's token, all else with the app's."""
    client = client_on(emulator, user=user)
    for event_type in (*PRIVATE, "post.create"):
        (made,) = Seen(client.subscriptions.add(event_type, user_id=emulator.user_id)).ended().items
        assert made.event_type == event_type
    listed = Seen(client.subscriptions.list()).ended().items
    assert Seen(client.subscriptions.delete(*listed)).ended().error is None
    sent = [one.headers["authorization"].removeprefix("Bearer ") for one in emulator.requests]
    app = emulator.bearer_token
    assert sent == [*[emulator.user_token] * len(PRIVATE), app, app, app]


@pytest.mark.parametrize("event_type", PRIVATE)
def test_private_events_without_the_user(emulator: Emulator, event_type: str) -> None:
    """X refuses the app's token, and the error says what to give the client."""
    added = client_on(emulator).subscriptions.add(event_type, user_id=emulator.user_id)
    error = Seen(added).ended().error
    assert isinstance(error, errors.WrongCredentials)
    assert "user=rxt.OAuth2User.from_file(…)" in str(error)
    assert "rxtweets auth login pkce" in str(error)


def test_private_events_of_somebody_else(emulator: Emulator, user: OAuth2User) -> None:
    """They are of the user who signed in, whose id the error has."""
    error = Seen(client_on(emulator, user=user).subscriptions.add("like.create", user_id=12)).ended().error
    assert isinstance(error, errors.Forbidden)
    assert str(emulator.user_id) in str(error)


def test_a_private_event_that_is_new(emulator: Emulator, user: OAuth2User) -> None:
    """One that this version doesn't know is asked for with the user's token after the app's is refused."""
    refusal = {
        "title": "Unsupported Authentication",
        "detail": "… Supported authentication types are [OAuth 2.0 User Context].",
        "type": "https://api.x.com/2/problems/unsupported-authentication",
    }
    emulator.answer(403, path="/2/activity/subscriptions", body=refusal)
    client = client_on(emulator, user=user)
    error = Seen(client.subscriptions.add("bookmark.create", user_id=emulator.user_id)).ended().error
    assert isinstance(error, errors.HTTPStatusError)
    assert error.status_code == 400  # the emulator doesn't know it either
    first, second = (one.headers["authorization"] for one in emulator.requests)
    assert (first, second) == (f"Bearer {emulator.bearer_token}", f"Bearer {emulator.user_token}")


def test_a_users_credentials_alone(emulator: Emulator, user: OAuth2User) -> None:
    """They subscribe, list, search and count; all else is refused here, and the error names what it takes."""
    client = StreamingClient(user, base_url=emulator.base_url)
    (made,) = Seen(client.subscriptions.add("like.create", user_id=emulator.user_id)).ended().items
    assert Seen(client.subscriptions.list()).ended().items == [made]
    assert Seen(client.search("cat")).ended().error is None
    before = len(emulator.requests)
    calls: list[Callable[[], Any]] = [
        lambda: client.activity(),
        lambda: client.sample(),
        lambda: client.subscriptions.delete(made),
        lambda: client.subscriptions.update(made, tag="t"),
        lambda: client.connections.list(),
        lambda: client.usage(),
        lambda: client.rules.list(),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=r"takes the app's credentials.*user=OAuth2User"):
            call()
    error = Seen(client.search("cat", archive=True)).ended().error
    assert isinstance(error, ValueError)
    assert "takes the app's credentials" in str(error)
    assert len(emulator.requests) == before


def test_the_users_own_id(emulator: Emulator, user: OAuth2User) -> None:
    """It is told for the user's credentials; without any that is an error before any request."""
    for client in (client_on(emulator, user=user), StreamingClient(user, base_url=emulator.base_url)):
        assert client.user_id().run() == str(emulator.user_id)
    with pytest.raises(ValueError, match="user=OAuth2User"):
        client_on(emulator).user_id()


def test_a_user_that_is_none() -> None:
    """`user` takes a user's credentials only, and v1.1's streams take none of them."""
    with pytest.raises(ValueError, match=r"user must be OAuth2User\(…\), not BearerToken"):
        StreamingClient(None, user=BearerToken("t"))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="doesn't take OAuth2User"):
        Stream(OAuth2User("t"))

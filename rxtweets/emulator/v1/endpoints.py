"""The endpoints of v1.1: filter, sample and their siblings, user and site streams."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rxtweets.emulator.http.answers import Answer, Call, encode, v1_refusal
from rxtweets.emulator.matching import LEVELS, Predicates, v1_match
from rxtweets.emulator.streams import Feed
from rxtweets.emulator.world.model import NOTHING, Box, Post, Wish
from rxtweets.emulator.world.world import World

from .forms import status, status_bytes, user, when

if TYPE_CHECKING:
    from rxtweets.emulator.site import Site

# Source of these limits: the streaming guide of v1.1, default access level.
MOST_PHRASES, LONGEST_PHRASE, MOST_FOLLOWED, MOST_BOXES, MOST_SITE_USERS = 400, 60, 5000, 25, 100
BACKLOG = 150_000
# No digit can be read by two parts of it, so that it takes no longer than the text is long.
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")


class Refused(Exception):
    """A parameter is wrong: the status and the line of text to answer."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class StatusFeed(Feed):
    """Statuses that match predicates; without any, all of them."""

    protocol = "1.1"

    def __init__(self, wanted: Predicates, delimited: bool = False) -> None:
        self.wanted = wanted
        self.delimited = delimited

    def message(self, post: Post) -> bytes | None:
        return status_bytes(post) if v1_match(self.wanted, post) else None

    def aside(self, post: Post, dice: random.Random) -> bytes | None:
        return deletion(post) if dice.random() < 0.02 else None

    def wish(self, dice: random.Random) -> Wish | None:
        wanted = self.wanted
        options: list[Wish] = []
        if wanted.track:
            options.append(_phrase_wish(dice.choice(wanted.track)))
        if wanted.follow:
            options.append(Wish(author=dice.choice(tuple(wanted.follow))))
        if wanted.locations:
            options.append(Wish(box=dice.choice(wanted.locations)))
        made = dice.choice(options) if options else NOTHING
        lang = dice.choice(sorted(wanted.language)) if wanted.language else None
        level = "medium" if wanted.level == "medium" else None
        return Wish(words=made.words, author=made.author, to=made.to, box=made.box, lang=lang, level=level)


class UserFeed(StatusFeed):
    """A user's own stream: the list of friends, their statuses, and what happens to the account."""

    def __init__(self, world: World, account: int, delimited: bool, strings: bool) -> None:
        super().__init__(Predicates(), delimited)
        self._world = world
        self._account = account
        self._strings = strings
        self._friends = sorted({world.people.numbered(n).id for n in range(account % 97, account % 97 + 30)})

    def friends(self) -> dict[str, Any]:
        if self._strings:
            return {"friends_str": [str(friend) for friend in self._friends]}
        return {"friends": self._friends}

    def greeting(self) -> tuple[bytes, ...]:
        return (encode(self.friends()),)

    def wish(self, dice: random.Random) -> Wish | None:
        return Wish(author=dice.choice(self._friends))

    def aside(self, post: Post, dice: random.Random) -> bytes | None:
        if dice.random() > 0.06:
            return None
        me, other = self._world.people.with_id(self._account), self._world.people.anybody(dice)
        name = dice.choice(("follow", "favorite", "unfavorite", "quoted_tweet"))
        event: dict[str, Any] = {
            "event": name,
            "created_at": when(post.ms),
            "source": user(other),
            "target": user(me),
        }
        if name != "follow":
            event["target_object"] = status(post, inner=True)
        return encode(event)


class SiteFeed(StatusFeed):
    """The streams of several users in one, each message in an envelope that tells whose it is."""

    def __init__(self, users: dict[int, UserFeed], delimited: bool) -> None:
        super().__init__(Predicates(), delimited)
        self._users = users

    def greeting(self) -> tuple[bytes, ...]:
        control = {"control": {"control_uri": f"/1.1/site/c/01_{sum(self._users):x}"}}
        friends = (encode({"for_user": key, "message": feed.friends()}) for key, feed in self._users.items())
        return (encode(control), *friends)

    def message(self, post: Post) -> bytes | None:
        keys = tuple(self._users)
        key = keys[(post.id >> 12 ^ post.id) % len(keys)]
        return b'{"for_user":%d,"message":%b}' % (key, status_bytes(post))

    def wish(self, dice: random.Random) -> Wish | None:
        return dice.choice(tuple(self._users.values())).wish(dice)

    def aside(self, post: Post, dice: random.Random) -> bytes | None:
        return None


def deletion(post: Post) -> bytes:
    """The message that a status is gone."""
    author = post.author.id
    gone = {"id": post.id, "id_str": str(post.id), "user_id": author, "user_id_str": str(author)}
    return encode({"delete": {"status": gone, "timestamp_ms": str(post.ms + 1000)}})


def routes(site: Site) -> dict[str, dict[str, Callable[[Call], Answer | Feed]]]:
    """v1.1's paths and methods."""

    def guarded(
        open_feed: Callable[[Call, dict[str, str]], Feed], bearer: bool
    ) -> Callable[[Call], Answer | Feed]:
        def endpoint(call: Call) -> Answer | Feed:
            known = (bearer and site.gate.has_bearer(call)) or site.gate.has_signature(call)
            if not known:
                return v1_refusal(401, call.path)
            try:
                return open_feed(call, {**call.query, **call.form})
            except Refused as refused:
                return v1_refusal(refused.status, call.path, refused.text)

        return endpoint

    def user_stream(call: Call, params: dict[str, str]) -> Feed:
        account = site.accounts.user_id
        return UserFeed(site.world, account, _delimited(params), params.get("stringify_friend_ids") == "true")

    def site_stream(call: Call, params: dict[str, str]) -> Feed:
        ids = _follow(params, MOST_SITE_USERS)
        if not ids:
            raise Refused(406, "No filter parameters found. Expect at least one parameter: follow")
        strings, delimited = params.get("stringify_friend_ids") == "true", _delimited(params)
        return SiteFeed(
            {key: UserFeed(site.world, key, delimited, strings) for key in sorted(ids)}, delimited
        )

    filtered, sampled = guarded(_filter, True), guarded(_sample, True)
    mine, others = guarded(user_stream, False), guarded(site_stream, False)
    table: dict[str, dict[str, Callable[[Call], Answer | Feed]]] = {
        "/1.1/statuses/filter.json": {"POST": filtered, "GET": filtered},
        "/1.1/user.json": {"GET": mine, "POST": mine},
        "/1.1/site.json": {"GET": others, "POST": others},
    }
    for name in ("sample", "firehose", "links", "retweet"):
        # POST as well: Tweepy 3 asks for every stream that way, and Twitter let it.
        table[f"/1.1/statuses/{name}.json"] = {"GET": sampled, "POST": sampled}
    return table


def _filter(call: Call, params: dict[str, str]) -> Feed:
    track, follow, boxes = _track(params), _follow(params, MOST_FOLLOWED), _locations(params)
    _check_count(params)
    if not (track or follow or boxes):
        raise Refused(
            406, "No filter parameters found. Expect at least one parameter: follow track locations"
        )
    return StatusFeed(Predicates(track, follow, boxes, _language(params), _level(params)), _delimited(params))


def _sample(call: Call, params: dict[str, str]) -> Feed:
    _check_count(params)
    return StatusFeed(Predicates(language=_language(params), level=_level(params)), _delimited(params))


def _track(params: dict[str, str]) -> tuple[tuple[str, ...], ...]:
    phrases = [phrase.strip() for phrase in params.get("track", "").split(",")]
    phrases = [phrase for phrase in phrases if phrase]
    if len(phrases) > MOST_PHRASES:
        raise Refused(413, f"Parameter track has too many items: {len(phrases)}, limit is {MOST_PHRASES}")
    for position, phrase in enumerate(phrases):
        if len(phrase.encode()) > LONGEST_PHRASE:
            raise Refused(413, f"Parameter track item index {position} too long: {phrase}")
    return tuple(tuple(phrase.split()) for phrase in phrases)


def _follow(params: dict[str, str], most: int) -> frozenset[int]:
    items = [item.strip() for item in params.get("follow", "").split(",") if item.strip()]
    if len(items) > most:
        raise Refused(413, f"Parameter follow has too many items: {len(items)}, limit is {most}")
    for item in items:
        if not re.fullmatch(r"[0-9]{1,19}", item):
            raise Refused(406, f"Parameter follow has unparseable item: {item}")
    return frozenset(int(item) for item in items)


def _locations(params: dict[str, str]) -> tuple[Box, ...]:
    text = params.get("locations", "").strip()
    if not text:
        return ()
    items = [item.strip() for item in text.split(",")]
    if len(items) % 4 or not all(_NUMBER.fullmatch(item) for item in items):
        raise Refused(406, f"Parameter locations has an unparseable item: {text}")
    numbers = [float(item) for item in items]
    boxes = tuple(
        (numbers[n], numbers[n + 1], numbers[n + 2], numbers[n + 3]) for n in range(0, len(numbers), 4)
    )
    for west, south, east, north in boxes:
        if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
            raise Refused(406, f"Location track items must be given as southwest, northeast: {text}")
    if len(boxes) > MOST_BOXES:
        raise Refused(413, f"Parameter locations has too many items: {len(boxes)}, limit is {MOST_BOXES}")
    return boxes


def _language(params: dict[str, str]) -> frozenset[str]:
    return frozenset(code.strip().lower() for code in params.get("language", "").split(",") if code.strip())


def _level(params: dict[str, str]) -> str:
    level = params.get("filter_level", "") or "none"
    if level not in LEVELS:
        raise Refused(406, f"Parameter filter_level has an invalid value: {level}")
    return level


def _check_count(params: dict[str, str]) -> None:
    text = params.get("count", "")
    if not text:
        return
    if not re.fullmatch(r"[+-]?[0-9]{1,12}", text):
        raise Refused(406, f"Parameter count is unparseable: {text}")
    if abs(int(text)) > BACKLOG:
        raise Refused(416, f"Parameter count is out of range: {text}, limit is {BACKLOG}")


def _delimited(params: dict[str, str]) -> bool:
    return params.get("delimited") == "length"


def _phrase_wish(phrase: tuple[str, ...]) -> Wish:
    return Wish(words=phrase)

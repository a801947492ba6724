"""The model of the emulated world, independent of the protocols: users, posts and what posts carry."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from rxtweets.filters.cells import Box

LEVELS = ("none", "low", "medium", "high")
"""Values of v1.1's `filter_level`, in order."""


class Person(Struct, kw_only=True, eq=False, gc=False):
    """A user.

    `joined` is in Unix milliseconds. `latest` is the id of their latest post, `verified_type` as v2 names it
    (none, blue, business, government), `affiliation` the account whose badge they carry. `cache` is as
    `Post.cache`.
    """

    id: int
    screen_name: str
    name: str
    bio: str
    location: str
    lang: str
    joined: int
    followers: int
    following: int
    posts: int
    likes: int
    listed: int
    verified: bool
    website: str | None
    avatar: str
    color: str
    verified_type: str = "none"
    subscription: str = "None"
    affiliation: Person | None = None
    pinned: int | None = None
    parody: bool = False
    withheld: tuple[str, ...] = ()
    protected: bool = False
    latest: int | None = None
    cache: dict[Any, Any] = field(default_factory=dict)


class Link(Struct, frozen=True, gc=False):
    """A link in a text, which holds its short form."""

    short: str
    expanded: str
    display: str
    title: str
    start: int
    end: int
    description: str = ""


class Mention(Struct, frozen=True, gc=False):
    """A mention, with the user whom it names."""

    person: Person
    start: int
    end: int


class Tag(Struct, frozen=True, gc=False):
    """A hashtag or a cashtag, without its sign."""

    text: str
    start: int
    end: int


class Media(Struct, frozen=True, gc=False):
    """A photo, video or animated GIF (`kind` is photo, video or animated_gif)."""

    id: int
    kind: str
    name: str
    width: int
    height: int
    seconds: int
    alt: str | None
    views: int = 0

    @property
    def key(self) -> str:
        """The media key of v2."""
        return f"{ {'photo': 3, 'video': 7, 'animated_gif': 16}[self.kind] }_{self.id}"

    @property
    def url(self) -> str:
        """The address of the picture."""
        folder = {"photo": "media", "video": "ext_tw_video_thumb", "animated_gif": "tweet_video_thumb"}[
            self.kind
        ]
        return f"https://pbs.twimg.com/{folder}/{self.name}.jpg"

    @property
    def clip(self) -> str:
        """The address of the video file."""
        if self.kind == "animated_gif":
            return f"https://video.twimg.com/tweet_video/{self.name}.mp4"
        size = f"{self.width}x{self.height}"
        return f"https://video.twimg.com/ext_tw_video/{self.id}/pu/vid/{size}/{self.name}.mp4"


class Place(Struct, frozen=True, gc=False):
    """A place; `within` holds the ids of the places that contain it."""

    id: str
    name: str
    full_name: str
    country: str
    country_code: str
    kind: str
    box: Box
    within: tuple[str, ...] = ()


class Poll(Struct, frozen=True, gc=False):
    """A poll, open for so many `minutes`."""

    id: int
    options: tuple[str, ...]
    votes: tuple[int, ...]
    minutes: int


class Counts(Struct, frozen=True, gc=False):
    """The public metrics of a post."""

    retweets: int = 0
    likes: int = 0
    replies: int = 0
    quotes: int = 0
    bookmarks: int = 0
    views: int = 0


class ContextAnnotation(Struct, frozen=True, gc=False):
    """A context annotation: an entity that a post is about, and the domain that it belongs to."""

    domain: str
    domain_name: str
    entity: str
    name: str


class Note(Struct, frozen=True, gc=False):
    """The whole text of a long post, and its entities."""

    text: str
    tags: tuple[Tag, ...]
    symbols: tuple[Tag, ...]
    mentions: tuple[Mention, ...]
    links: tuple[Link, ...]


class Recorded(Struct, frozen=True, gc=False):
    """The JSON of a recorded post, and its protocol (1.1 or 2)."""

    protocol: str
    line: bytes


class Post(Struct, kw_only=True, eq=False):
    """A post, from which each protocol makes its own form.

    `text` is escaped as X sends it (`&amp;`); the entities count its characters. `lang` is a code of X's
    rules; see `languages.sent_code`. `ms` is its time in Unix milliseconds, `edits` are the ids of earlier
    versions, oldest first. With a `note`, the text is the beginning of that and ends with `more_link`.
    `withheld` holds the codes of countries where the post isn't shown. One that is `gone` is empty, and only
    referred to. `to` is whom it addresses without answering a post of theirs; see `addressee`. `cache` holds
    what was made from the post, so that one sent to many streams is rendered once; `counted` holds
    the selectors of rules that have counted their matches.
    """

    id: int
    ms: int
    text: str
    author: Person
    lang: str
    source: str = "Twitter Web App"
    tags: tuple[Tag, ...] = ()
    symbols: tuple[Tag, ...] = ()
    mentions: tuple[Mention, ...] = ()
    links: tuple[Link, ...] = ()
    media: tuple[Media, ...] = ()
    media_link: Link | None = None
    quote_link: Link | None = None
    place: Place | None = None
    point: tuple[float, float] | None = None
    reply_to: Post | None = None
    to: Person | None = None
    retweeted: Post | None = None
    quoted: Post | None = None
    counts: Counts = Counts()
    level: str = "low"
    sensitive: bool = False
    poll: Poll | None = None
    note: Note | None = None
    more_link: Link | None = None
    edits: tuple[int, ...] = ()
    contexts: tuple[ContextAnnotation, ...] = ()
    withheld: tuple[str, ...] = ()
    gone: Literal["", "deleted", "protected"] = ""
    reply_settings: str = "everyone"
    community: int | None = None
    sponsored: bool = False
    recorded: Recorded | None = None
    cache: dict[Any, Any] = field(default_factory=dict)
    counted: tuple[object, ...] = ()

    def __repr__(self) -> str:
        return f"Post(id={self.id}, author={self.author.screen_name!r}, text={self.text!r})"

    def recorded_in(self, protocol: str) -> bytes | None:
        """Return the JSON of a post that was recorded in that protocol (1.1 or 2), else None."""
        recorded = self.recorded
        return recorded.line if recorded is not None and recorded.protocol == protocol else None

    @property
    def shown(self) -> tuple[int, int]:
        """The range of the text that is displayed, without the user replied to and the link of media."""
        start = 0
        if self.reply_to is not None and self.mentions and self.mentions[0].start == 0:
            start = min(self.mentions[0].end + 1, len(self.text))
        return start, len(self.text) if self.media_link is None else max(start, self.media_link.start - 1)

    @property
    def all_links(self) -> tuple[Link, ...]:
        """All links in the text but that of media."""
        more = (link for link in (self.more_link, self.quote_link) if link is not None)
        return (*self.links, *more)

    @property
    def addressee(self) -> Person | None:
        """The user whom the post answers."""
        return self.to if self.reply_to is None else self.reply_to.author

    @property
    def conversation(self) -> int:
        """The id of the post that began the conversation."""
        first = self
        while first.reply_to is not None:
            first = first.reply_to
        return first.id

    @property
    def depth(self) -> int:
        """The number of posts before it in its conversation."""
        depth, before = 0, self.reply_to
        while before is not None:
            depth, before = depth + 1, before.reply_to
        return depth

    def count(
        self, *, retweets: int = 0, likes: int = 0, replies: int = 0, quotes: int = 0, views: int
    ) -> None:
        """Add to the counts."""
        old = self.counts
        self.counts = Counts(
            old.retweets + retweets,
            old.likes + likes,
            old.replies + replies,
            old.quotes + quotes,
            old.bookmarks,
            old.views + views,
        )


class WorldEvent(Struct, frozen=True, kw_only=True, eq=False):
    """An event of a kind that X Activity has, at `ms` in Unix milliseconds.

    `source` is who did it and `target` whom it was done to. It is about a `post`, which is the content of a
    direct message, too; or about a profile, as it was `before` and is `after`. `number` tells it from others.
    One that only v1.1 has is of kind `v1` and is its `message`, for `source`.
    """

    kind: str
    number: int
    ms: int
    source: Person
    target: Person | None = None
    post: Post | None = None
    before: Person | None = None
    after: Person | None = None
    message: bytes = b""

    def parties(self) -> dict[str, tuple[Person | None, Person | None]]:
        """Return the types of activity that it is, each with its outbound and its inbound party.

        A message that is sent is received as well, each by one of the two; likes and follows are told to
        both; that somebody reads or types to the other alone; all else to who did it.
        """
        group, _, what = self.kind.partition(".")
        if what == "sent":
            return {self.kind: (self.source, None), f"{group}.received": (None, self.target)}
        if group in ("like", "follow"):
            return {self.kind: (self.source, self.target)}
        if self.kind in ("dm.read", "dm.indicate_typing"):
            return {self.kind: (None, self.target)}
        return {self.kind: (self.source, None)}

"""v2 posts and the objects that come beside them. Source: X's OpenAPI 2.167, `Post`, `Expansions`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar

from msgspec import Meta, Raw
from msgspec.structs import replace

from rxtweets.messages import v2
from rxtweets.messages._base import Message, Part
from rxtweets.messages._card import card
from rxtweets.messages._decoding import FromEnvelope, Lazy, decoder, lazily, read_message
from rxtweets.messages._synonym import synonyms
from rxtweets.messages._text import DECODE_ERRORS, whole_retweet
from rxtweets.messages.problem import Problem


class MatchingRule(Part, frozen=True, kw_only=True):
    """A rule of the filtered stream or of Powerstream that a post matched; `tag` is None for one without.

    Of a rule with `embedding:` there are the similarity of the post and the similarity required, 0 to 1.
    """

    id: str = ""
    tag: str | None = None
    embedding_similarity: float | None = None
    embedding_threshold: float | None = None


def _posts(raw: Raw) -> tuple[tuple[Post, ...], tuple[str, ...]]:
    """Return the posts of `includes`, each with its own bytes."""
    try:
        items = decoder(list[Raw]).decode(raw)
    except DECODE_ERRORS:
        return (), ("",)
    posts, mismatches = [], []
    for n, item in enumerate(items):
        post = read_message(Post, item)
        if post is None:
            mismatches.append(f"[{n}]")
        else:
            posts.append(post)  # it has `mismatches` of its own
    return tuple(posts), tuple(mismatches)


@synonyms(posts="tweets")
@lazily(posts=_posts, tweets=_posts)
class Includes(Message, frozen=True, kw_only=True):
    """The objects that `expansions` asked for; `posts` is `tweets`, whichever came."""

    media: Lazy[tuple[v2.Media, ...]] = ()
    places: Lazy[tuple[v2.Place, ...]] = ()
    polls: Lazy[tuple[v2.Poll, ...]] = ()
    posts: Lazy[tuple[Post, ...]] = ()
    topics: Lazy[tuple[v2.Topic, ...]] = ()
    tweets: Lazy[tuple[Post, ...]] = ()
    users: Lazy[tuple[v2.User, ...]] = ()

    def user(self, id: str | None) -> v2.User | None:
        """Return the account with that id, if it is here."""
        return next((user for user in self.users if user.id == id), None) if id else None

    def post(self, id: str | None) -> Post | None:
        """Return the post with that id, if it is here, with these includes as its own."""
        for post in self.posts if id else ():
            if post.id == id:
                return replace(post, includes=self)
        return None


FROM_ENVELOPE = {"includes": "\x7fincludes", "matching_rules": "\x7fmatching_rules", "errors": "\x7ferrors"}


@synonyms(
    edit_history_post_ids="edit_history_tweet_ids",
    note_post="note_tweet",
    referenced_posts="referenced_tweets",
)
@lazily()
class Post(Message, frozen=True, kw_only=True, rename=FROM_ENVELOPE):
    """A v2 post.

    What was not asked for with `tweet.fields` is None or empty. `includes`, `matching_rules` and `errors`
    (partial ones: the post is still good) came beside it; `author`, `media`, `polls`, `place`, `referenced`
    are the objects of `includes` that belong to it. Where X has two spellings (`…_post…`, `…_tweet…`) both
    attributes show what came.
    """

    includes: FromEnvelope[Includes] = Includes()
    matching_rules: FromEnvelope[tuple[MatchingRule, ...]] = ()
    errors: FromEnvelope[tuple[Problem, ...]] = ()

    article: Lazy[dict[str, Any] | None] = None
    article_title: Lazy[Any] = None
    attachments: v2.Attachments | None = None
    author_id: str | None = None
    card_uri: str | None = None
    community_id: str | None = None
    context_annotations: Lazy[tuple[v2.ContextAnnotation, ...]] = ()
    conversation_id: str | None = None
    created_at: Annotated[datetime, Meta(tz=True)] | None = None
    display_text_range: tuple[int, ...] | None = None
    edit_controls: Lazy[v2.EditControls | None] = None
    edit_history_post_ids: tuple[str, ...] = ()
    edit_history_tweet_ids: tuple[str, ...] = ()
    entities: Lazy[v2.Entities] = v2.Entities()
    geo: Lazy[v2.Geo | None] = None
    id: str = ""
    in_reply_to_user_id: str | None = None
    lang: str | None = None
    matched_media_notes: Lazy[tuple[v2.MatchedMediaNote, ...]] = ()
    media_metadata: Lazy[tuple[v2.MediaMetadata, ...]] = ()
    non_public_metrics: Lazy[dict[str, Any] | None] = None
    note_post: Lazy[v2.NotePost | None] = None
    note_request_suggestions: Lazy[tuple[v2.NoteRequestSuggestion, ...]] = ()
    note_tweet: Lazy[v2.NotePost | None] = None
    organic_metrics: Lazy[dict[str, Any] | None] = None
    paid_partnership: bool | None = None
    possibly_sensitive: bool | None = None
    promoted_metrics: Lazy[dict[str, Any] | None] = None
    public_metrics: v2.PostMetrics | None = None
    referenced_posts: tuple[v2.Reference, ...] = ()
    referenced_tweets: tuple[v2.Reference, ...] = ()
    reply_settings: str | None = None
    scopes: Lazy[v2.Scopes | None] = None
    source: str | None = None
    suggested_source_links: Lazy[tuple[str, ...]] = ()
    suggested_source_links_with_counts: Lazy[tuple[v2.SuggestedSourceLink, ...]] = ()
    text: str = ""
    username: str | None = None
    withheld: Lazy[v2.Withheld | None] = None

    _shown: ClassVar[tuple[str, ...]] = ("id", "author_id", "text")

    @property
    def full_text(self) -> str:
        """The whole text, as far as it came; what is longer than 280 characters stands in `note_tweet`.

        Of a retweet, whose own text X cuts, it is `RT @name: ` and the whole text of what it repeats, if
        `includes` has that. So ask for `tweet.fields=note_tweet,referenced_tweets` and
        `expansions=referenced_tweets.id`.
        """
        original = self.retweeted
        whole = original._own_text if original is not None else ""
        if original is None or not whole:
            return self._own_text
        return whole_retweet(self.text, whole, lambda: _username(original))

    def _repr_html_(self) -> str:
        """Return a card, which a notebook shows."""
        quoted = self.quoted
        return self._card(quoted._card() if quoted is not None else "")

    def _card(self, quoted: str = "") -> str:
        author = self.author
        name = author.name if author else f"account {self.author_id}" if self.author_id else "a post"
        handle = author.username if author else self.username or ""
        labels = [rule.tag or f"rule {rule.id}" for rule in self.matching_rules]
        labels += [media.type for media in self.media]
        return card(self.id, name, handle, self.created_at, self.full_text, labels, quoted)

    @property
    def _own_text(self) -> str:
        note = self.note_post
        return (note.text if note else "") or self.text

    @property
    def author(self) -> v2.User | None:
        """The account that wrote it; None unless asked for with `expansions=["author_id"]`."""
        return self.includes.user(self.author_id)

    @property
    def in_reply_to_user(self) -> v2.User | None:
        """The account it answers, if `includes` has it."""
        return self.includes.user(self.in_reply_to_user_id)

    @property
    def media(self) -> tuple[v2.Media, ...]:
        """The attached media that `includes` has, in the post's order."""
        keys = self.attachments.media_keys if self.attachments else ()
        found = {media.media_key: media for media in self.includes.media} if keys else {}
        return tuple(found[key] for key in keys if key in found)

    @property
    def polls(self) -> tuple[v2.Poll, ...]:
        """The attached polls that `includes` has."""
        ids = frozenset(self.attachments.poll_ids if self.attachments else ())
        return tuple(poll for poll in self.includes.polls if poll.id in ids) if ids else ()

    @property
    def poll(self) -> v2.Poll | None:
        """The attached poll, if `includes` has it."""
        return next(iter(self.polls), None)

    @property
    def place(self) -> v2.Place | None:
        """The place it was sent from, if `includes` has it."""
        wanted = self.geo.place_id if self.geo else None
        return next((place for place in self.includes.places if place.id == wanted), None) if wanted else None

    @property
    def referenced(self) -> tuple[Post, ...]:
        """The posts it repeats, quotes or answers, as far as `includes` has them."""
        wanted = [reference.id for reference in self.referenced_posts]
        found = {post.id: post for post in reversed(self.includes.posts)} if wanted else {}
        return tuple(replace(found[id], includes=self.includes) for id in wanted if id and id in found)

    @property
    def retweeted(self) -> Post | None:
        """The post it repeats, if `includes` has it."""
        return self._referenced_as("retweeted")

    @property
    def quoted(self) -> Post | None:
        """The post it quotes, if `includes` has it."""
        return self._referenced_as("quoted")

    @property
    def replied_to(self) -> Post | None:
        """The post it answers, if `includes` has it."""
        return self._referenced_as("replied_to")

    def _referenced_as(self, type: str) -> Post | None:
        for reference in self.referenced_posts:
            if reference.type == type:
                return self.includes.post(reference.id)
        return None


def _username(post: Post) -> str | None:
    return post.author.username if post.author is not None else post.username

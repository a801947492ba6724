"""v2 likes. Source: X's OpenAPI 2.167, `LikeWithPostAuthor`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from msgspec import Meta

from rxtweets.messages import v2
from rxtweets.messages._base import Message
from rxtweets.messages._decoding import FromEnvelope, lazily
from rxtweets.messages._forms import Number
from rxtweets.messages._synonym import synonyms
from rxtweets.messages.post import Includes, Post
from rxtweets.messages.problem import Problem

FROM_ENVELOPE = {"includes": "\x7fincludes", "errors": "\x7ferrors"}


@synonyms(liked_tweet_author_id="tweet_author_id")
@lazily()
class Like(Message, frozen=True, kw_only=True, rename=FROM_ENVELOPE):
    """A post was liked; `includes` and `errors` are what came beside it.

    `liked_tweet_author_id` is `tweet_author_id`, whichever came.
    """

    _shown: ClassVar[tuple[str, ...]] = ("id", "liked_tweet_id", "tweet_author_id")

    includes: FromEnvelope[Includes] = Includes()
    errors: FromEnvelope[tuple[Problem, ...]] = ()
    created_at: Annotated[datetime, Meta(tz=True)] | None = None
    id: str = ""
    liked_tweet_id: str = ""
    timestamp_ms: Number | None = None
    tweet_author_id: str = ""
    liked_tweet_author_id: str = ""

    @property
    def post(self) -> Post | None:
        """The liked post, if `includes` has it."""
        return self.includes.post(self.liked_tweet_id)

    @property
    def post_author(self) -> v2.User | None:
        """The author of the liked post, if `includes` has them."""
        return self.includes.user(self.tweet_author_id)

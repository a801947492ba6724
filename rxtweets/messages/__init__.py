"""Messages of both protocols, typed and immutable, and the events of the connection.

v1.1's objects (`User`, `Entities`, `Place`, …) are here, v2's in `rxtweets.messages.v2`.
"""

from rxtweets.messages import notices, v2
from rxtweets.messages._base import Message, Part, Undecodable, Unknown
from rxtweets.messages._text import unescape
from rxtweets.messages.activity import (
    EVENT_TYPES,
    AccessRevoked,
    Activity,
    ActivityFilter,
    Broadcast,
    ChatEvent,
    DirectMessageEvent,
    DirectMessages,
    News,
    ProfileUpdate,
    Relation,
    is_private,
)
from rxtweets.messages.compliance import ComplianceEvent, Label, LikeRef, PostRef, UserRef
from rxtweets.messages.decode import ForUser, decode
from rxtweets.messages.entities import (
    Entities,
    EntityPoll,
    ExtendedEntities,
    Hashtag,
    Media,
    MediaSize,
    Mention,
    PollOption,
    Symbol,
    Url,
    VideoInfo,
    VideoVariant,
)
from rxtweets.messages.lifecycle import (
    BudgetPaused,
    BudgetWarning,
    Connected,
    Connecting,
    Disconnected,
    Dropped,
    Failed,
    Gap,
    KeepAlive,
    Leading,
    Leg,
    Lifecycle,
    Reconnecting,
    Recovered,
    RecoveryEstimate,
    Redelivered,
    StandingBy,
)
from rxtweets.messages.like import Like
from rxtweets.messages.notices import *
from rxtweets.messages.place import BoundingBox, Coordinates, Place
from rxtweets.messages.post import Includes, MatchingRule, Post
from rxtweets.messages.problem import Problem, StreamProblem
from rxtweets.messages.status import ExtendedTweet, Permalink, Status
from rxtweets.messages.user import User, UserEntities

__all__ = [
    "EVENT_TYPES",
    "AccessRevoked",
    "Activity",
    "ActivityFilter",
    "BoundingBox",
    "Broadcast",
    "BudgetPaused",
    "BudgetWarning",
    "ChatEvent",
    "ComplianceEvent",
    "Connected",
    "Connecting",
    "Coordinates",
    "DirectMessageEvent",
    "DirectMessages",
    "Disconnected",
    "Dropped",
    "Entities",
    "EntityPoll",
    "ExtendedEntities",
    "ExtendedTweet",
    "Failed",
    "ForUser",
    "Gap",
    "Hashtag",
    "Includes",
    "KeepAlive",
    "Label",
    "Leading",
    "Leg",
    "Lifecycle",
    "Like",
    "LikeRef",
    "MatchingRule",
    "Media",
    "MediaSize",
    "Mention",
    "Message",
    "News",
    "Part",
    "Permalink",
    "Place",
    "PollOption",
    "Post",
    "PostRef",
    "Problem",
    "ProfileUpdate",
    "Reconnecting",
    "Recovered",
    "RecoveryEstimate",
    "Redelivered",
    "Relation",
    "StandingBy",
    "Status",
    "StreamProblem",
    "Symbol",
    "Undecodable",
    "Unknown",
    "Url",
    "User",
    "UserEntities",
    "UserRef",
    "VideoInfo",
    "VideoVariant",
    "decode",
    "is_private",
    "unescape",
    "v2",
]
__all__ += notices.__all__

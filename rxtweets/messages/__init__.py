"""The messages of both protocols, typed and immutable, and the events of the connection.

v1.1's objects (`User`, `Entities`, `Place`, …) are here, v2's in `rxtweets.messages.v2`.
"""

from rxtweets.messages import v2
from rxtweets.messages._base import Message, Part, Undecodable, Unknown
from rxtweets.messages._text import unescape
from rxtweets.messages.activity import Activity, ActivityFilter, Follow, News, ProfileUpdate
from rxtweets.messages.compliance import ComplianceEvent, Label, LikeRef, PostRef, UserRef
from rxtweets.messages.decode import decode
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
    Connected,
    Connecting,
    Disconnected,
    KeepAlive,
    Lifecycle,
    Reconnecting,
)
from rxtweets.messages.like import Like
from rxtweets.messages.notices import (
    Control,
    Delete,
    Deleted,
    DirectMessage,
    DisconnectMessage,
    Event,
    ForUser,
    FriendsList,
    Limit,
    ScrubGeo,
    StatusWithheld,
    StreamWarning,
    UserWithheld,
)
from rxtweets.messages.place import BoundingBox, Coordinates, Place
from rxtweets.messages.post import Includes, MatchingRule, Post
from rxtweets.messages.problem import Problem, StreamProblem
from rxtweets.messages.status import ExtendedTweet, Permalink, Status
from rxtweets.messages.user import User, UserEntities

__all__ = [
    "Activity",
    "ActivityFilter",
    "BoundingBox",
    "ComplianceEvent",
    "Connected",
    "Connecting",
    "Control",
    "Coordinates",
    "Delete",
    "Deleted",
    "DirectMessage",
    "DisconnectMessage",
    "Disconnected",
    "Entities",
    "EntityPoll",
    "Event",
    "ExtendedEntities",
    "ExtendedTweet",
    "Follow",
    "ForUser",
    "FriendsList",
    "Hashtag",
    "Includes",
    "KeepAlive",
    "Label",
    "Lifecycle",
    "Like",
    "LikeRef",
    "Limit",
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
    "ScrubGeo",
    "Status",
    "StatusWithheld",
    "StreamProblem",
    "StreamWarning",
    "Symbol",
    "Undecodable",
    "Unknown",
    "Url",
    "User",
    "UserEntities",
    "UserRef",
    "UserWithheld",
    "VideoInfo",
    "VideoVariant",
    "decode",
    "unescape",
    "v2",
]

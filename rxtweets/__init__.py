"""Twitter/X streams as cold Observables: subscribing opens the session, disposing closes it.

::

    import rxtweets as rxt
    from rxtweets import operators as tw

    client = rxt.StreamingClient(rxt.BearerToken.from_env())
    rxt.run(client.filter().pipe(tw.posts()), lambda post: print(post.text))

Everything that programs need is here, except `rxtweets.aio`, `rxtweets.emulator`, `rxtweets.testing` and
`rxtweets.compat`.
"""

from typing import TYPE_CHECKING

from . import messages, operators
from ._on_demand import on_demand
from ._run import run
from ._version import __version__
from .auth import AppOnly, BearerToken, OAuth1, OAuth2User
from .backoff import BackoffPolicy
from .connection import connect, fetch
from .endpoints import Endpoint, Request
from .errors import (
    BudgetSpent,
    ConnectionFailed,
    CreditsDepleted,
    DuplicateStream,
    FilterLimit,
    Forbidden,
    FrameTooLong,
    HTTPStatusError,
    NoRules,
    NotAcceptable,
    NotAStream,
    NotFound,
    OutOfRange,
    RateLimited,
    ServerError,
    SignInRequired,
    StreamDisconnected,
    StreamError,
    StreamStalled,
    TokenRevoked,
    TooLong,
    TooManyConnections,
    TooSlow,
    Unauthorized,
    UnexpectedResponse,
    UsageCapped,
    WorkerDied,
    WrongCredentials,
)
from .transport import RequestsTransport, Transport

if TYPE_CHECKING:
    from ._iterate import iterate
    from .budgets import Budget
    from .filters import FilterIndex, FilterQuery, hashtags, links, mentions, words
    from .hub import FilterHub
    from .prices import Prices
    from .recordings.replay import replay
    from .recovery import Checkpoint, Recovery, redundant
    from .signin import sign_in
    from .streams import Stream, StreamingClient
else:
    __getattr__, __dir__ = on_demand(
        __name__,
        {
            "_iterate": ("iterate",),
            "budgets": ("Budget",),
            "filters": ("FilterIndex", "FilterQuery", "hashtags", "links", "mentions", "words"),
            "hub": ("FilterHub",),
            "management": (),
            "prices": ("Prices",),
            "recordings": (),
            "recordings.replay": ("replay",),
            "recovery": ("Checkpoint", "Recovery", "redundant"),
            "signin": ("sign_in",),
            "streams": ("Stream", "StreamingClient"),
        },
    )

__all__ = [
    "AppOnly",
    "BackoffPolicy",
    "BearerToken",
    "Budget",
    "BudgetSpent",
    "Checkpoint",
    "ConnectionFailed",
    "CreditsDepleted",
    "DuplicateStream",
    "Endpoint",
    "FilterHub",
    "FilterIndex",
    "FilterLimit",
    "FilterQuery",
    "Forbidden",
    "FrameTooLong",
    "HTTPStatusError",
    "NoRules",
    "NotAStream",
    "NotAcceptable",
    "NotFound",
    "OAuth1",
    "OAuth2User",
    "OutOfRange",
    "Prices",
    "RateLimited",
    "Recovery",
    "Request",
    "RequestsTransport",
    "ServerError",
    "SignInRequired",
    "Stream",
    "StreamDisconnected",
    "StreamError",
    "StreamStalled",
    "StreamingClient",
    "TokenRevoked",
    "TooLong",
    "TooManyConnections",
    "TooSlow",
    "Transport",
    "Unauthorized",
    "UnexpectedResponse",
    "UsageCapped",
    "WorkerDied",
    "WrongCredentials",
    "__version__",
    "connect",
    "fetch",
    "hashtags",
    "iterate",
    "links",
    "mentions",
    "messages",
    "operators",
    "redundant",
    "replay",
    "run",
    "sign_in",
    "words",
]

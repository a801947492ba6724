"""Twitter/X streams as cold Observables: subscribing opens the session, disposing closes it.

::

    import rxtweets as rxt
    from rxtweets import operators as tw

    client = rxt.StreamingClient(rxt.BearerToken.from_env())
    rxt.run(client.filter().pipe(tw.posts()), lambda post: print(post.text))

What programs need is here, but for `rxtweets.aio`, `rxtweets.emulator`, `rxtweets.testing` and
`rxtweets.compat`.
"""

from typing import TYPE_CHECKING

from ._on_demand import on_demand
from ._version import __version__
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

if TYPE_CHECKING:
    from . import messages, operators
    from ._iterate import iterate
    from ._run import run
    from .auth import AppOnly, BearerToken, OAuth1, OAuth2User
    from .backoff import BackoffPolicy
    from .budgets import Budget
    from .connection import connect, fetch
    from .endpoints import Endpoint, Request
    from .filters import FilterIndex, FilterQuery, hashtags, links, mentions, words
    from .hub import FilterHub
    from .prices import Prices
    from .recordings.replay import replay
    from .recovery import Checkpoint, Recovery, redundant
    from .signin import sign_in
    from .streams import Stream, StreamingClient
    from .transport import RequestsTransport, Transport
else:
    __getattr__, __dir__ = on_demand(
        __name__,
        {
            "framing": (),
            "management": (),
            "messages": (),
            "operators": (),
            "recordings": (),
            "_iterate": ("iterate",),
            "_run": ("run",),
            "auth": ("AppOnly", "BearerToken", "OAuth1", "OAuth2User"),
            "backoff": ("BackoffPolicy",),
            "budgets": ("Budget",),
            "connection": ("connect", "fetch"),
            "endpoints": ("Endpoint", "Request"),
            "filters": ("FilterIndex", "FilterQuery", "hashtags", "links", "mentions", "words"),
            "hub": ("FilterHub",),
            "prices": ("Prices",),
            "recordings.replay": ("replay",),
            "recovery": ("Checkpoint", "Recovery", "redundant"),
            "signin": ("sign_in",),
            "streams": ("Stream", "StreamingClient"),
            "transport": ("RequestsTransport", "Transport"),
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

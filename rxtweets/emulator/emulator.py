"""The emulator as users see it: its address, what it sends, the faults it causes and what it has seen."""

from __future__ import annotations

import inspect
import math
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Protocol, Self, TypedDict, TypeVar, Unpack

from rxtweets.emulator.api.oauth.authenticator import OAuth1Credentials
from rxtweets.emulator.api.oauth.signin import SignInEndpoints
from rxtweets.emulator.api.v1 import endpoints as v1
from rxtweets.emulator.api.v2 import endpoints as v2
from rxtweets.emulator.api.v2.rules import Rule
from rxtweets.emulator.app.control import Control
from rxtweets.emulator.app.limits import Level, Limits
from rxtweets.emulator.app.records import RequestRecord, StreamRecord
from rxtweets.emulator.app.router import Router
from rxtweets.emulator.app.services import Services, create_services
from rxtweets.emulator.console.page import Console
from rxtweets.emulator.console.state import State
from rxtweets.emulator.faults import actions
from rxtweets.emulator.faults.scenario import Scenario, read_scenario
from rxtweets.emulator.server.certificate import Certificate, checked
from rxtweets.emulator.server.server import Server
from rxtweets.emulator.streams.past import make_past
from rxtweets.emulator.streams.producer import checked_rate
from rxtweets.emulator.streams.source import Routes
from rxtweets.prices import Prices
from rxtweets.rules import parse

from .world.languages import checked_code
from .world.model import Post

_R_co = TypeVar("_R_co", covariant=True)
_P = ParamSpec("_P")


class _Performs(Protocol[_R_co]):
    def perform(self, services: Services) -> _R_co: ...


def _control(kind: Callable[_P, _Performs[_R_co]]) -> Callable[Concatenate[Emulator, _P], _R_co]:
    """Return the method that does a kind of action, with the parameters and the docstring of the kind."""

    def control(self: Emulator, /, *args: _P.args, **kwargs: _P.kwargs) -> _R_co:
        return self.do(kind(*args, **kwargs))

    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    taken = inspect.signature(kind).parameters.values()
    control.__signature__ = inspect.Signature([own, *taken])  # type: ignore[attr-defined]
    control.__doc__ = kind.__doc__
    return control


class Details(TypedDict, total=False):
    """The details that a post may have besides its text; see `Emulator.compose`."""

    author: str | int | None
    lang: str | None
    reply_to: Post | None
    quote: Post | None
    coordinates: tuple[float, float] | None


class Emulator:
    """A local server that responds as X's hosts do, with a world of its own to stream.

    As a context manager, it is ready on entry, and its thread and sockets are gone on exit. You may use all
    of its methods and attributes from any thread.

    A method that acts on streams acts on all open ones, or those of a `path` or a `protocol` (``"1.1"``,
    ``"2"``), or one `stream` by its id, and returns their number. Values that make no sense raise ValueError.

    Args:
        host: Address to listen on; the default can be reached only from this machine.
        port: Port to listen on; 0, the default, chooses a free one. A restarted emulator keeps its port.
        rate: Posts that the world makes per second from the first stream on; 0 for only those that you
            publish, `math.inf` for as many as the fastest reader takes. It goes on for 5 minutes, at no more
            than 200 a second, after the last stream has closed.
        seed: The seed for everything: the same seed makes the same people, posts, ids and times, and so sends
            the same bytes. A seeded world has its own time, which begins at 2026-01-01T00:00:00Z. None, the
            default, is the world of seed 0 at the current time.
        keep_alive: Seconds of silence after which a stream gets a keep-alive; None, the default, is 30 on
            v1.1 and 20 on v2.
        level: The access level of v2's clients: ``"pay_per_use"``, the default and what new accounts at X
            get, or ``"enterprise"``, which may use every stream, replay what was missed, connect twice, and
            have more and longer rules. What the level doesn't include is refused.
        limits: What clients may do, if it differs from what X allows at the level; None, the default, means
            X's figures.
        tls: Host names to stand in for over TLS, such as `X_HOSTS`. The port then accepts TLS, with a
            certificate for these names and this machine, and still plain HTTP; and it is a proxy for these
            names. Empty, the default, means only plain HTTP.
        posts: A recorded file whose posts are sent instead of the world's own, once, in order and while
            somebody listens. Each line is a v1.1 status or a v2 payload, and is sent as it is on its own
            protocol (on v2 with the fields asked for), and converted on the other. Lines with neither are
            skipped; one that can't be read later on ends the posts with an error in the log.
        replay: A recording (`tw.record`), or a file that `rxtweets.replay` accepts, whose messages are sent
            instead of the world's posts, byte for byte and at the intervals at which they came: once, while a
            stream is open, to all open streams, whatever they asked for. `Emulator.rate` is then 0. A line
            that can't be read later on ends it with an error in the log.
        speed: How much faster than recorded to send `replay`; None is as fast as it is read.
        credit: The account's dollars, which ``/2/usage/credits`` returns. At the pay-per-use level, what is
            delivered is deducted; once they are used up, v2's streams end, and streams, search and counts get
            402. None, the default, is an account with enough of them, whose ``/2/usage/credits`` returns 404.
        prices: What is charged at the pay-per-use level; None, the default, is X's prices.
        powerstream_arrays: Whether Powerstream sends each status in a JSON array, as X's documentation shows;
            False, the default, sends it bare.

    Raises:
        ValueError: `rate` is negative or not a number, `keep_alive` isn't positive, there is no such `level`,
            a name in `tls` isn't a host name, `posts` contains no post or, among the first 200, a line that
            isn't JSON, `replay` contains no message, `speed` isn't above 0, or both files are given.
        OSError: `posts` or `replay` can't be read.
        ImportError: `tls` is given, and trustme isn't installed.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        rate: float = 20.0,
        seed: int | None = None,
        keep_alive: float | None = None,
        level: Level = "pay_per_use",
        limits: Limits | None = None,
        tls: Iterable[str] = (),
        posts: str | os.PathLike[str] | None = None,
        replay: str | os.PathLike[str] | None = None,
        speed: float | None = 1.0,
        credit: float | None = None,
        prices: Prices | None = None,
        powerstream_arrays: bool = False,
    ) -> None:
        if keep_alive is not None and keep_alive <= 0:
            raise ValueError(f"keep_alive must be more than 0 seconds, or None, got {keep_alive}")
        if posts is not None and replay is not None:
            raise ValueError("posts and replay are two ways to send a file: choose one")
        self._open = 0
        self._stream_count = threading.Condition()
        self._services = services = create_services(
            seed, level, limits or Limits(), rate, posts, replay, speed, credit, prices, powerstream_arrays
        )
        services.hub.on_change.append(self._streams_changed)
        streams = {**v1.StreamEndpoints(services).routes(), **v2.StreamEndpoints(services).routes()}
        others: Routes = {
            **v1.routes(services),
            **v2.routes(services),
            **SignInEndpoints(services.authenticator).routes(),
        }
        router = Router(services, streams, others, keep_alive)
        names = checked(tls)
        console = Console(State(services), services.clock.started, list(streams), self.env)
        hosts = frozenset(name.lower() for name in (host, *names))
        control = Control(services, console, hosts, router.respond)
        certificate = Certificate(names, host) if names else None
        self._server = Server(control.respond, services.clock.time, services.stop, host, port, certificate)
        self._call = self._server.call

    def start(self) -> Self:
        """Start listening, and return once requests are served.

        Raises:
            OSError: the address isn't available.
        """
        self._server.start()
        self._services.clock.started = time.monotonic()
        return self

    def stop(self) -> None:
        """Drop every connection and stop listening; do nothing if it isn't running."""
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _streams_changed(self) -> None:
        with self._stream_count:
            self._open = len(self._services.hub.streams)
            self._stream_count.notify_all()

    # --- where it is, and who may come in

    @property
    def base_url(self) -> str:
        """``http://host:port``, the root for both protocols; ``https://…`` with `tls`, on the same port.

        If it listens on every address of the machine, this has the loopback address. Raises RuntimeError
        before the first start.
        """
        return f"{'http' if self._server.certificate is None else 'https'}://{self._authority()}"

    def _authority(self) -> str:
        host, port = self._server.host, self._server.port
        if port == 0:
            raise RuntimeError(
                "the emulator has no address before it is started: `with Emulator() as emulator`"
            )
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def bearer_token(self) -> str:
        """The token that v2 accepts; v1.1 accepts only signatures (`oauth1`)."""
        return self._services.authenticator.accounts.bearer_token

    @property
    def user_token(self) -> str:
        """An OAuth 2.0 token of the app's one user, like those from a sign-in with PKCE, with every scope.

        Send it like `bearer_token`, as a bearer token, to ``/2/activity/subscriptions``, to subscribe to
        private events of the user with the id `user_id`.
        """
        return self._services.authenticator.accounts.user_token

    @property
    def oauth2_client(self) -> tuple[str, str]:
        """The app's OAuth 2.0 client id and secret, for the sign-in with PKCE.

        Its page, ``/i/oauth2/authorize``, agrees to every scope at once, for the app's one user.
        """
        client = self._services.authenticator.accounts.oauth2
        return client.client_id, client.client_secret

    @property
    def user_id(self) -> int:
        """The id of the app's one user, to whom `oauth1` and `user_token` belong."""
        return self._services.authenticator.accounts.user_id

    @property
    def oauth1(self) -> OAuth1Credentials:
        """The consumer key and secret, and the access token and secret, that v1.1 accepts."""
        return self._services.authenticator.accounts.credentials

    @property
    def ca_file(self) -> str:
        """The path of the CA certificate (PEM) that clients have to trust, created by this emulator.

        The file exists while the emulator runs, at the same path each time.

        Raises:
            RuntimeError: without `tls`, and before the first start.
        """
        file = self._certificate().ca_file
        if file is None:
            raise RuntimeError("the certificate is written when the emulator is started")
        return str(file)

    def _certificate(self) -> Certificate:
        if self._server.certificate is None:
            raise RuntimeError("only an emulator with TLS has this: Emulator(tls=X_HOSTS)")
        return self._server.certificate

    def env(self) -> dict[str, str]:
        """Return environment variables that point a program written with rxtweets at this emulator.

        With `tls`, they also make programs trust its CA: Python programs and curl instead of all others,
        Node.js in addition to them.
        """
        keys = self.oauth1
        return {
            "RXTWEETS_BASE_URL": self.base_url,
            "X_BEARER_TOKEN": self.bearer_token,
            "X_CONSUMER_KEY": keys.consumer_key,
            "X_CONSUMER_SECRET": keys.consumer_secret,
            "X_ACCESS_TOKEN": keys.access_token,
            "X_ACCESS_TOKEN_SECRET": keys.access_token_secret,
            "X_USER_TOKEN": self.user_token,
            **(self._ca_env() if self._server.certificate is not None else {}),
        }

    def proxy_env(self) -> dict[str, str]:
        """Return environment variables that send a program that knows only X's hosts here, as to a proxy.

        They work for programs that honour HTTPS_PROXY and a variable for CAs, without changes to them or to
        DNS: those written with requests (Tweepy, xdk, rxtweets), httpx, aiohttp with ``trust_env``, curl,
        Go's net/http, and Node.js from version 24. Hosts that aren't in `tls` are refused: nothing gets out
        this way. NO_PROXY, if set, still counts.

        Raises:
            RuntimeError: without `tls`, and before the first start.
        """
        ca = self._ca_env()
        proxy = f"http://{self._authority()}"
        return {"HTTPS_PROXY": proxy, "https_proxy": proxy, "NODE_USE_ENV_PROXY": "1", **ca}

    def _ca_env(self) -> dict[str, str]:
        # requests; Python's ssl, OpenSSL and Go; curl; Node.js
        names = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
        return dict.fromkeys(names, self.ca_file)

    # --- what streams get

    @property
    def rate(self) -> float:
        """The posts that the world makes per second; set it at any time. ValueError as for `Emulator`."""
        return self._services.producer.rate

    @rate.setter
    def rate(self, rate: float) -> None:
        self.do(actions.Rate(posts="max" if checked_rate(rate) == math.inf else rate))

    def compose(
        self,
        text: str,
        *,
        author: str | int | None = None,
        lang: str | None = None,
        reply_to: Post | None = None,
        quote: Post | None = None,
        coordinates: tuple[float, float] | None = None,
    ) -> Post:
        """Create a post without publishing it; hashtags, mentions, cashtags and links in the text are marked.

        Args:
            text: The text; ids and time are added.
            author: Screen name or user id; by default somebody from the world.
            lang: X's code for its language, such as ``en``, ``in`` (Indonesian), ``zh-TW`` (for which the
                post says ``zh``) or ``und``; by default guessed from the script.
            reply_to: The post it answers.
            quote: The post it quotes.
            coordinates: Longitude and latitude in degrees.

        Raises:
            ValueError: X has no language of that code.
        """
        code = None if lang is None else checked_code(lang)

        def make() -> Post:
            world = self._services.world
            person = None if author is None else world.people.find(author)
            return world.compose(
                text, author=person, lang=code, reply_to=reply_to, quoted=quote, point=coordinates
            )

        return self._call(make)

    def retweet(self, post: Post, *, author: str | int | None = None) -> Post:
        """Create a retweet without publishing it, by the given screen name or id, or by somebody."""
        world = self._services.world
        return self._call(lambda: world.retweet(post, None if author is None else world.people.find(author)))

    def publish(self, post: str | Post, **details: Unpack[Details]) -> int:
        """Publish a post from `compose`, or create one from a text (with the same `details`).

        Returns the number of streams that it was sent to: those that it matches, except stalled ones and
        those that have reached their limit for this second (`Limits.messages`).
        """
        made = self.compose(post, **details) if isinstance(post, str) else post
        return self._call(lambda: self._services.hub.publish(made))

    def make_past(self, *rules: str, posts: int = 1_000, days: float = 7.0, delivered: bool = False) -> None:
        """Give the world posts from the last days, for search and counts, before anything is published.

        Args:
            rules: Most of the posts match one of these, as if streams with these rules had been open.
            posts: How many; no more than `Limits.history` are remembered.
            days: The time over which they are spread.
            delivered: Whether they count as delivered to v2's clients on their days, for usage and the bill.

        Raises:
            ValueError: One of *rules* isn't a rule, or there are no posts or days.
            RuntimeError: A post has already been published.
        """
        trees = [parse(rule) for rule in rules]
        own = self._services
        book = own.usage if delivered else None
        self._call(lambda: make_past(own.world, own.clock, own.hub.history, posts, days, trees, book))

    act = _control(actions.Act)

    # --- actions

    def do(self, action: _Performs[_R_co]) -> _R_co:
        """Do what an action of `rxtweets.emulator.faults.actions` says, and return its result."""
        return self._call(lambda: action.perform(self._services))

    def play(self, path: str | Path) -> Scenario:
        """Start playing a scenario file, and return a handle to wait for its end, at once.

        Raises:
            OSError: the file can't be read.
            ValueError: it isn't a scenario; the error names the step and the field.
            RuntimeError: the emulator isn't running.
        """
        scenario = Scenario(self._services, read_scenario(path), self._call)
        self._call(scenario.begin)
        return scenario

    # --- requests

    def answer(
        self,
        status: int,
        *,
        times: int | None = None,
        seconds: float | None = None,
        headers: Mapping[str, str] | None = None,
        body: str | bytes | Mapping[str, Any] | None = None,
        path: str | None = None,
    ) -> None:
        """Answer the next requests for a stream, or for `path`, with that status, whatever else they deserve.

        The next `times` requests get it (1 by default), or all for so many `seconds`; with both, whichever
        ends first. `body` is text, bytes or an object to send as JSON; the default is the protocol's own.
        Several orders are served one after another.

        The response has the `headers` given. If these don't include v2's rate limits, it has those, like
        every v2 response: a 429 says that nothing is left until the `seconds` are over, or else the 15-minute
        window is; one whose body is about too many connections or a usage cap says what is left. No order
        counts against a limit.

        Raises:
            ValueError: the status is outside 200 to 599, `times` below 1, or HTTP doesn't allow the headers.
        """
        data = body if isinstance(body, bytes) else None
        plain = body if isinstance(body, str) else None
        given = dict(body) if isinstance(body, Mapping) else plain
        pairs = {str(name): str(value) for name, value in (headers or {}).items()}
        self.do(
            actions.Answer(
                status=status, times=times, seconds=seconds, headers=pairs, body=given, data=data, path=path
            )
        )

    mute = _control(actions.Mute)
    clear_faults = _control(actions.ClearFaults)
    renew_bearer_token = _control(actions.RenewBearerToken)

    # --- ends of streams

    close_streams = _control(actions.Close)
    cut_streams = _control(actions.Cut)
    reset_streams = _control(actions.Reset)
    disconnect_streams = _control(actions.Disconnect)

    # --- messages

    def send(
        self,
        message: Mapping[str, Any] | bytes,
        *,
        path: str | None = None,
        protocol: actions.Protocol | None = None,
    ) -> int:
        """Send a message to every open stream, whatever it asked for; stalled ones don't count.

        A mapping is sent as a message, framed like the stream's others; bytes are sent as they are.
        """
        if isinstance(message, bytes):
            return self.do(actions.Send(data=message, path=path, protocol=protocol))
        return self.do(actions.Send(message=dict(message), path=path, protocol=protocol))

    def send_garbage(
        self,
        garbage: str | bytes | None = None,
        *,
        path: str | None = None,
        protocol: actions.Protocol | None = None,
    ) -> int:
        """Send bytes that aren't a message, as they are; by default a choice of nasty lines."""
        data = garbage.encode() if isinstance(garbage, str) else garbage
        return self.do(actions.Garbage(data=data, path=path, protocol=protocol))

    keep_alive_now = _control(actions.KeepAlive)
    send_long_line = _control(actions.LongLine)

    # --- faults of open streams

    stall = _control(actions.Stall)
    resume = _control(actions.Resume)
    duplicate = _control(actions.Duplicate)
    reorder = _control(actions.Reorder)
    fragment = _control(actions.Fragment)

    # --- time

    skew = _control(actions.Skew)

    # --- what was seen

    @property
    def streams(self) -> tuple[StreamRecord, ...]:
        """The open streams, oldest first."""
        return self._call(lambda: tuple(stream.record for stream in self._services.hub.streams.values()))

    @property
    def requests(self) -> tuple[RequestRecord, ...]:
        """The last requests, oldest first, 10,000 of them or fewer if they are large (32 MiB in all)."""
        return self._call(lambda: tuple(self._services.requests.kept))

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules of v2's filtered stream, oldest first."""
        return self._call(lambda: tuple(self._services.rule_book.rules.values()))

    @property
    def powerstream_rules(self) -> tuple[Rule, ...]:
        """The rules of Powerstream, oldest first."""
        return self._call(lambda: tuple(self._services.powerstream_rules.rules.values()))

    @property
    def delivered(self) -> Mapping[str, int]:
        """The charged resources delivered to v2's clients this month, by kind, each once per UTC day."""
        return self._call(lambda: dict(self._services.usage.period()))

    @property
    def charged(self) -> float:
        """The dollars that this cost since the emulator was made; 0 at the enterprise level."""
        return self._call(lambda: self._services.usage.charged)

    def wait_for_streams(self, count: int, timeout: float = 5.0) -> None:
        """Block until exactly `count` streams are open. Raises TimeoutError after `timeout` seconds."""
        with self._stream_count:
            if not self._stream_count.wait_for(lambda: self._open == count, timeout):
                raise TimeoutError(f"{self._open} streams are open after {timeout} s, not {count}")

"""Credentials: what they add to a request, where they come from, and what they never show."""

from __future__ import annotations

import base64
import hashlib
import logging
import os
import pickle
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from oauthlib.oauth1 import RequestValidator, SignatureOnlyEndpoint
from requests.auth import AuthBase

from rxtweets import errors
from rxtweets.auth import (
    AppOnly,
    Auth,
    BearerToken,
    Credentials,
    OAuth1,
    OAuth2User,
    PinSignIn,
    PKCESignIn,
    TokenRequest,
    find_credentials,
)
from rxtweets.endpoints import Endpoint, Request, v1, v2

KEYS = ("key4567890", "consumer-secret-5", "42-token67890", "token-secret-7")
TOKEN = "AAAAtoken%3Dsecret"

Given = pytest.MonkeyPatch


def prepared(request: Request, auth: AuthBase) -> requests.PreparedRequest:
    """*request* as `requests` sends it."""
    data = list(request.form) if request.form is not None else request.json
    headers = {"Content-Type": "application/json"} if request.json is not None else {}
    made = requests.Request(
        request.method, request.url, headers, params=list(request.params), data=data, auth=auth
    )
    return made.prepare()


class Verifier(RequestValidator):  # type: ignore[misc]
    """A server that knows one app, one account and one sign-in."""

    enforce_ssl = False
    dummy_client = "none"
    dummy_access_token = "none"
    client_key_length = (1, 60)
    access_token_length = (1, 60)

    def check_client_key(self, client_key: str) -> bool:
        return True

    def check_access_token(self, request_token: str) -> bool:
        return True

    def check_nonce(self, nonce: str) -> bool:
        return len(nonce) > 5

    def validate_client_key(self, client_key: str, request: object) -> bool:
        return client_key == KEYS[0]

    def validate_timestamp_and_nonce(self, *_: object, **__: object) -> bool:
        return True

    def get_client_secret(self, client_key: str, request: object) -> str:
        return KEYS[1]

    def get_access_token_secret(self, client_key: str, token: str, request: object) -> str:
        return KEYS[3]


def verified(r: requests.PreparedRequest) -> bool:
    """Return True if oauthlib's server side accepts the signature of *r*."""
    endpoint = SignatureOnlyEndpoint(Verifier())
    valid, _ = endpoint.validate_request(r.url, r.method, r.body, dict(r.headers))
    return bool(valid)


FORMS = [
    v1.filter(track=["python", "rx py"], languages=["en", "ja"]),
    v1.filter(
        track=["日本語", "café+crème", "50%&more=x~*'()", "#a @b $c"],
        locations=[-122.75, 36.8, -121.75, 37.8],
    ),
    v1.filter(follow=[12, 2244994945], count=-5, delimited=True),
]
QUERIES = [
    v1.sample(languages=["en", "zh-tw"], filter_level="low"),
    v1.user(with_="followings", replies="all", track=["añb c&d", "e+f"]),
    v1.site(follow=range(1, 101)),
    v1.firehose(),
]


@pytest.mark.parametrize("endpoint", FORMS + QUERIES, ids=lambda endpoint: endpoint.request.url[-20:])
def test_oauth1_signs_query_and_form(endpoint: Endpoint) -> None:
    """A server by others accepts the signature, with non-ASCII and reserved characters too."""
    assert verified(prepared(endpoint.request, OAuth1(*KEYS)))


@pytest.mark.parametrize("part", range(4))
def test_oauth1_signature_depends_on_every_part(part: int) -> None:
    """With any one part wrong the signature is refused, or names another app or account."""
    wrong = [text if i != part else text + "x" for i, text in enumerate(KEYS)]
    right, changed = (prepared(FORMS[0].request, OAuth1(*keys)) for keys in (KEYS, wrong))
    assert verified(right)
    assert not verified(changed) or "42-token67890x" in str(changed.headers["Authorization"])


def test_oauth1_covers_the_body() -> None:
    """A form that was changed after signing is refused."""
    r = prepared(FORMS[0].request, OAuth1(*KEYS))
    r.body = str(r.body).replace("python", "pytho")
    assert not verified(r)


def test_oauth1_leaves_json_alone() -> None:
    """A JSON body isn't part of the signature and is sent as it was."""
    r = prepared(Request("POST", "https://api.x.com/2/x", json=b'{"a": 1}'), OAuth1(*KEYS))
    assert r.body == b'{"a": 1}'
    r.body = None
    assert verified(r)


def test_oauth1_never_signs_twice_alike() -> None:
    """Each signature has a nonce of its own."""
    auth = OAuth1(*KEYS)
    made = {str(prepared(FORMS[0].request, auth).headers["Authorization"]) for _ in range(20)}
    assert len(made) == 20


def test_bearer_token_is_sent_as_it_is() -> None:
    """The header is `Bearer` and the token."""
    r = prepared(v2.filter().request, BearerToken(TOKEN))
    assert r.headers["Authorization"] == f"Bearer {TOKEN}"


TOKEN_ANSWER: tuple[int, dict[str, str], bytes] = (
    200,
    {},
    b'{"token_type":"bearer","access_token":"AAAAfresh"}',
)


def test_app_only_obtains_a_token_on_first_use() -> None:
    """The first request needs an exchange of key and secret for a token; the next doesn't."""
    auth = AppOnly(*KEYS[:2])
    request = v2.filter(base_url="http://127.0.0.1:8080").request
    exchange = auth.pending(request)
    assert exchange is not None
    asked = prepared(*exchange)
    assert (asked.method, asked.url) == ("POST", "http://127.0.0.1:8080/oauth2/token")
    assert asked.body == "grant_type=client_credentials"
    basic = str(asked.headers["Authorization"]).removeprefix("Basic ")
    assert base64.b64decode(basic).decode() == ":".join(KEYS[:2])

    auth.accept(*TOKEN_ANSWER)
    assert auth.pending(request) is None
    assert prepared(request, auth).headers["Authorization"] == "Bearer AAAAfresh"


def test_app_only_renews_a_refused_token() -> None:
    """After a 401 another token is asked for; until it is here the old one still signs for other sessions."""
    auth = AppOnly(*KEYS[:2])
    request = v2.sample().request
    auth.accept(*TOKEN_ANSWER)
    assert auth.rejected()
    assert auth.pending(request) is not None
    assert prepared(request, auth).headers["Authorization"] == "Bearer AAAAfresh"
    auth.accept(200, {}, b'{"access_token":"AAAAnewer"}')
    assert auth.pending(request) is None
    assert prepared(request, auth).headers["Authorization"] == "Bearer AAAAnewer"


@pytest.mark.parametrize("auth", [OAuth1(*KEYS), BearerToken(TOKEN)], ids=repr)
def test_fixed_credentials_have_nothing_to_renew(auth: Auth) -> None:
    """Keys that are given need no exchange, and a 401 for them is final."""
    assert auth.pending(v2.filter().request) is None
    assert auth.rejected() is False


@pytest.mark.parametrize(
    ("base_url", "asked"),
    [
        (None, "https://api.x.com/oauth2/token"),
        ("https://api.twitter.com", "https://api.twitter.com/oauth2/token"),
        ("https://stream.twitter.com", "https://api.twitter.com/oauth2/token"),
        ("https://streams.example:8443", "https://streams.example:8443/oauth2/token"),
    ],
)
def test_app_only_asks_the_host_it_will_use(base_url: str | None, asked: str) -> None:
    """The token comes from the requested host itself, and for X's streaming hosts from its API host."""
    exchange = AppOnly(*KEYS[:2]).pending(v2.filter(base_url=base_url).request)
    assert exchange is not None
    assert exchange.request.url == asked


def test_app_only_reports_a_refusal() -> None:
    """A refused exchange is the error that belongs to its status, with the problem and the headers."""
    auth = AppOnly(*KEYS[:2])
    with pytest.raises(errors.Forbidden, match="Unable to verify your credentials") as caught:
        auth.accept(403, {}, b'{"errors":[{"code":99,"message":"Unable to verify your credentials"}]}')
    assert caught.value.problem.code == 99
    with pytest.raises(errors.RateLimited) as limited:
        auth.accept(429, {"X-Rate-Limit-Reset": "17"}, b"")
    assert limited.value.headers["x-rate-limit-reset"] == "17"


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b"{}",
        b'{"access_token":5}',
        b'{"access_token":""}',
        b'{"access_token":"s3cr\\r\\nX: y"}',
    ],
)
def test_app_only_reports_an_answer_without_token(body: bytes) -> None:
    """An answer that holds no usable token is an error that doesn't show what it held."""
    auth = AppOnly(*KEYS[:2])
    with pytest.raises(errors.HTTPStatusError, match="access_token") as caught:
        auth.accept(200, {}, body)
    assert "s3cr" not in f"{caught.value} {caught.value.problem!r} {caught.value.__context__!r}"
    assert auth.pending(v2.filter().request) is not None


def test_app_only_needs_its_exchange() -> None:
    """Signing before the exchange is the caller's mistake, and says so."""
    with pytest.raises(RuntimeError, match=r"pending\(\)"):
        prepared(v2.filter().request, AppOnly(*KEYS[:2]))


def test_app_only_is_shared_by_threads() -> None:
    """While tokens are refused and renewed on many threads, each always finds one to sign with."""
    auth = AppOnly(*KEYS[:2])
    auth.accept(*TOKEN_ANSWER)
    request = v2.sample().request
    failures: list[BaseException] = []
    start = threading.Barrier(8)

    def session() -> None:
        try:
            start.wait(5)
            for _ in range(200):
                auth.rejected()
                if auth.pending(request):
                    auth.accept(*TOKEN_ANSWER)
                prepared(request, auth)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=session) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not failures
    assert not any(thread.is_alive() for thread in threads)


BAD = ["", "to ken", "token\n", "tok\r\nX-Evil: 1", "tokén", "tok\x00en", None, 5, b"token"]


@pytest.mark.parametrize("bad", BAD, ids=repr)
@pytest.mark.parametrize(
    "make",
    [
        BearerToken,
        lambda bad: AppOnly("key", bad),
        lambda bad: OAuth1("key", "secret", "token", bad),
        lambda bad: PinSignIn("key", bad),
    ],
    ids=["BearerToken", "AppOnly", "OAuth1", "PinSignIn"],
)
def test_text_that_is_no_key_is_refused_unseen(make: Callable[[object], object], bad: object) -> None:
    """Text that can't be a key or token is a ValueError that names the part and doesn't show it."""
    with pytest.raises(ValueError, match=r"token|secret") as caught:
        make(bad)
    if isinstance(bad, str) and bad:
        assert bad not in str(caught.value)
        assert repr(bad) not in str(caught.value)


def test_a_header_is_not_a_token() -> None:
    """A token copied together with `Bearer` is told apart from other blanks."""
    with pytest.raises(ValueError, match="without 'Bearer '") as caught:
        BearerToken("Bearer AAAAtoken")
    assert "AAAAtoken" not in str(caught.value)


def signed_in() -> list[Auth]:
    obtained = AppOnly(*KEYS[:2])
    obtained.accept(*TOKEN_ANSWER)
    return [OAuth1(*KEYS), BearerToken(TOKEN), obtained]


@pytest.mark.parametrize("auth", signed_in(), ids=lambda auth: type(auth).__name__)
def test_secrets_are_not_shown(auth: Auth, caplog: pytest.LogCaptureFixture) -> None:
    """No repr, log line, attribute dump or pickle holds a secret, signing included."""
    caplog.set_level(logging.DEBUG)
    prepared(FORMS[0].request, auth)
    shown = f"{auth!r} {auth} {caplog.text} {getattr(auth, '__dict__', '')}"
    for secret in (*KEYS[1:2], KEYS[3], TOKEN, "AAAAfresh"):
        assert secret not in shown
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="can't be pickled"):
            pickle.dumps(auth, protocol)


def test_repr_tells_apps_apart() -> None:
    """A repr begins with the consumer key's first characters, and shows no short key."""
    assert repr(OAuth1(*KEYS)) == "OAuth1(consumer_key='key4…')"
    assert repr(AppOnly(*KEYS[:2])) == "AppOnly(consumer_key='key4…')"
    assert "short" not in repr(AppOnly("short", "secret"))


NAMES = ("CONSUMER_KEY", "CONSUMER_SECRET", "ACCESS_TOKEN", "ACCESS_TOKEN_SECRET")


def set_keys(monkeypatch: Given, prefix: str, mark: str = "", names: tuple[str, ...] = NAMES) -> None:
    for name, value in zip(NAMES, KEYS, strict=True):
        if name in names:
            monkeypatch.setenv(prefix + name, mark + value)


def test_from_env_prefers_x(monkeypatch: Given) -> None:
    """The X_ variables come before the TWITTER_ ones."""
    set_keys(monkeypatch, "TWITTER_", "old-")
    assert OAuth1.from_env().consumer_key == "old-key4567890"
    set_keys(monkeypatch, "X_")
    auth = OAuth1.from_env()
    assert (auth.consumer_key, auth.consumer_secret, auth.access_token, auth.access_token_secret) == KEYS
    assert AppOnly.from_env().consumer_secret == KEYS[1]
    monkeypatch.setenv("X_BEARER_TOKEN", TOKEN)
    assert BearerToken.from_env().token == TOKEN


def test_from_env_never_mixes_apps(monkeypatch: Given) -> None:
    """An incomplete set of X_ variables isn't filled up with parts of another app's."""
    set_keys(monkeypatch, "TWITTER_", "old-")
    monkeypatch.setenv("X_CONSUMER_KEY", "new-key")
    assert OAuth1.from_env().consumer_key == "old-key4567890"


def test_from_env_takes_the_names_of_the_console(monkeypatch: Given) -> None:
    """X_API_KEY and X_API_SECRET are the consumer key and secret."""
    monkeypatch.setenv("X_API_KEY", KEYS[0])
    monkeypatch.setenv("X_API_SECRET", KEYS[1])
    assert (AppOnly.from_env().consumer_key, AppOnly.from_env().consumer_secret) == KEYS[:2]


@pytest.mark.parametrize(
    ("kind", "names"), [(OAuth1, NAMES), (AppOnly, NAMES[:2]), (BearerToken, ("BEARER_TOKEN",))]
)
def test_from_env_names_what_is_missing(kind: type[Auth], names: tuple[str, ...], monkeypatch: Given) -> None:
    """With nothing set, or an empty variable, the error lists exactly the variables."""
    monkeypatch.setenv("X_CONSUMER_KEY", "")
    with pytest.raises(ValueError, match="TWITTER_") as caught:
        kind.from_env()
    assert f"not set: {', '.join('X_' + name for name in names)}" in str(caught.value)


def test_from_env_names_the_one_that_is_missing(monkeypatch: Given) -> None:
    """With most of one kind set, the error is about the rest of that kind."""
    set_keys(monkeypatch, "TWITTER_", names=NAMES[:3])
    with pytest.raises(ValueError, match=r"not set: TWITTER_ACCESS_TOKEN_SECRET$") as caught:
        OAuth1.from_env()
    assert not any(key in str(caught.value) for key in KEYS)


def test_from_env_names_a_malformed_variable(monkeypatch: Given) -> None:
    """A value with a line break is refused by its variable's name, unseen."""
    monkeypatch.setenv("X_BEARER_TOKEN", "AAAA\n")
    with pytest.raises(ValueError, match=r"^X_BEARER_TOKEN has a blank") as caught:
        BearerToken.from_env()
    assert "AAAA" not in str(caught.value)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "credentials.toml"
    path.touch(0o600)
    lines = [f'{name.lower()} = "{value}"' for name, value in zip(NAMES, KEYS, strict=True)]
    path.write_text("\n".join([*lines, f"bearer_token = '{TOKEN}'"]))
    return path


def test_from_file(file: Path) -> None:
    """A TOML file holds any of the credentials."""
    assert OAuth1.from_file(file).access_token_secret == KEYS[3]
    assert AppOnly.from_file(str(file)).consumer_key == KEYS[0]
    assert BearerToken.from_file(file).token == TOKEN


@pytest.mark.skipif(os.name != "posix", reason="only POSIX says who can read a file")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o666])
def test_from_file_refuses_an_open_file(file: Path, mode: int) -> None:
    """A file that others can read or write is refused with the command that closes it."""
    file.chmod(mode)
    with pytest.raises(ValueError, match=rf"mode {mode:o}.*chmod 600 {file}"):
        BearerToken.from_file(file)
    file.chmod(0o600)
    assert BearerToken.from_file(file)


@pytest.mark.skipif(os.name != "posix", reason="the system has no such files")
def test_from_file_refuses_what_is_no_file(tmp_path: Path) -> None:
    """A pipe that nobody writes to, a device or a directory is refused at once, by name."""
    pipe = tmp_path / "pipe.toml"
    os.mkfifo(pipe, 0o600)
    for path in (pipe, Path("/dev/null")):
        with pytest.raises(ValueError, match=f"{path} is a pipe or a device; credentials are read"):
            OAuth1.from_file(path)
    with pytest.raises(IsADirectoryError, match=str(tmp_path)):
        OAuth1.from_file(tmp_path)


def test_from_file_names_what_is_missing(file: Path) -> None:
    """A key that isn't there is named, with the line to write."""
    file.write_text('consumer_key = "k"')
    with pytest.raises(
        ValueError, match=r"credentials.toml lacks consumer_secret; write a line .consumer_secret = "
    ):
        AppOnly.from_file(file)
    with pytest.raises(FileNotFoundError):
        AppOnly.from_file(file.with_name("none.toml"))


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"s3cret", r"is not TOML \(at "),
        (b'consumer_key = "s3cret', r"is not TOML \(at "),
        (b'consumer_key = "s3cret\xff"', "is not UTF-8"),
        (b"consumer_key = 53210000\nconsumer_secret='b'", "consumer_key in .* must be text, not int"),
        (b"consumer_key = 's3cret '\nconsumer_secret='b'", "consumer_key in .* has a blank"),
    ],
)
def test_from_file_says_what_is_wrong(file: Path, content: bytes, fault: str) -> None:
    """A malformed file is a ValueError that says where, and carries nothing of its content."""
    file.write_bytes(content)
    with pytest.raises(ValueError, match=fault) as caught:
        AppOnly.from_file(file)
    error = caught.value
    assert "s3cret" not in f"{error}{error.__context__!r}{error.__cause__!r}{vars(error)}"
    assert "5321" not in str(error)


def test_saved_credentials_are_read_back(tmp_path: Path) -> None:
    """`save` makes a file that only its owner can read; it replaces none."""
    path = tmp_path / "saved.toml"
    OAuth1('quoted"key', "back\\slash", "token", "secret").save(path)
    auth = OAuth1.from_file(path)
    assert (auth.consumer_key, auth.consumer_secret) == ('quoted"key', "back\\slash")
    assert os.name != "posix" or path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        auth.save(path)


def test_find_credentials(file: Path, monkeypatch: Given) -> None:
    """For v2 there is a token before a key, for v1.1 the four keys."""
    assert find_credentials() == Credentials(None, None)
    set_keys(monkeypatch, "TWITTER_", "old-", NAMES[:2])
    v2_only = find_credentials()
    assert isinstance(v2_only.v2, AppOnly)
    assert v2_only.v1 is None
    found = find_credentials(file)
    assert isinstance(found.v2, BearerToken)
    assert found.v1 is not None
    assert found.v1.consumer_key == KEYS[0]


def test_a_file_is_not_mixed_with_the_environment(file: Path, monkeypatch: Given) -> None:
    """Credentials from a file are never completed from the environment."""
    file.write_text('consumer_key = "key-of-a-file"\nconsumer_secret = "secret-of-a-file"\n')
    monkeypatch.setenv("X_BEARER_TOKEN", "token-of-the-environment")
    found = find_credentials(file)
    assert isinstance(found.v2, AppOnly)
    assert found.v1 is None


class Sites:
    """The three pages of a sign-in, as the app and the account's owner see them."""

    base_url = "http://127.0.0.1:9"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def perform(self, request: Request, auth: AuthBase) -> tuple[int, dict[str, str], bytes]:
        r = prepared(request, auth)
        authorization = str(r.headers["Authorization"])
        self.asked.append(f"{request.method} {request.url}")
        if request.url.endswith("/oauth/request_token"):
            assert 'oauth_callback="oob"' in authorization
            return 200, {}, b"oauth_token=tmp%2B1&oauth_token_secret=tmp-secret&oauth_callback_confirmed=true"
        assert 'oauth_token="tmp%2B1"' in authorization
        if 'oauth_verifier="1234567"' not in authorization:
            return 401, {}, b"Error processing your OAuth request: Invalid oauth_verifier parameter"
        return (
            200,
            {},
            b"oauth_token=42-token67890&oauth_token_secret=token-secret-7&user_id=42&screen_name=rx",
        )


def sign_in_at(sites: Sites, ask: Callable[[str], str]) -> OAuth1:
    """Take the steps of a sign-in."""
    steps = PinSignIn(*KEYS[:2], base_url=sites.base_url)
    authorization = steps.authorization(*sites.perform(*steps.request_token()))
    return authorization.credentials(*sites.perform(*authorization.exchange(ask(authorization.url))))


def test_sign_in_with_a_pin() -> None:
    """Request token, the owner's PIN, access token: the result signs for the account."""
    sites = Sites()
    shown: list[str] = []

    def ask(url: str) -> str:
        shown.append(url)
        return " 1234567\n"

    auth = sign_in_at(sites, ask)
    assert shown == ["http://127.0.0.1:9/oauth/authorize?oauth_token=tmp%2B1"]
    assert parse_qs(shown[0].partition("?")[2]) == {"oauth_token": ["tmp+1"]}
    assert sites.asked == [
        "POST http://127.0.0.1:9/oauth/request_token",
        "POST http://127.0.0.1:9/oauth/access_token",
    ]
    assert verified(prepared(FORMS[0].request, auth))


def test_sign_in_reports_a_refusal() -> None:
    """A wrong PIN is the server's 401, nonsense a ValueError before any request."""
    sites = Sites()
    for pin, error in (("7654321", errors.Unauthorized), ("", ValueError), ("12&34", ValueError)):
        with pytest.raises(error):
            sign_in_at(sites, lambda _: pin)  # noqa: B023
    assert sum("access_token" in line for line in sites.asked) == 1
    steps = PinSignIn(*KEYS[:2])
    with pytest.raises(errors.HTTPStatusError, match="no oauth_token"):
        steps.authorization(200, {}, b"<html>")


def test_sign_in_shows_no_secret() -> None:
    """The steps of a sign-in have reprs without secrets, and go to X unless told otherwise."""
    steps = PinSignIn(*KEYS[:2])
    authorization = steps.authorization(200, {}, b"oauth_token=tmp&oauth_token_secret=tmp-secret")
    assert authorization.url == "https://api.x.com/oauth/authorize?oauth_token=tmp"
    exchange: TokenRequest = authorization.exchange("1234567")
    shown = f"{steps!r}{authorization!r}{exchange!r}"
    assert not any(secret in shown for secret in (KEYS[1], "tmp-secret", "1234567"))


@pytest.mark.parametrize("body", [b"", b'{"token_type":"bearer","access_tok'])
def test_app_only_takes_an_answer_that_breaks_off_for_a_broken_connection(body: bytes) -> None:
    """A token's answer that breaks off is retried like a broken connection; no part of a token is shown."""
    with pytest.raises(errors.StreamDisconnected, match="was cut off") as caught:
        AppOnly(*KEYS[:2]).accept(200, {}, body)
    assert caught.value.__context__ is None


REDIRECT = "http://127.0.0.1:8123/callback"


@pytest.mark.parametrize("secret", [None, "client-secret-9"])
def test_the_steps_of_pkce(secret: str | None) -> None:
    """The page is told the digest of a word that only the exchange has; a client may have a secret."""
    steps = PKCESignIn("client-8", secret, redirect_uri=REDIRECT, scopes=["like.read", "users.read"])
    page = urlsplit(steps.url)
    asked = {name: values[0] for name, values in parse_qs(page.query).items()}
    assert (page.netloc, page.path) == ("x.com", "/i/oauth2/authorize")
    assert (asked["scope"], asked["redirect_uri"]) == ("like.read users.read", REDIRECT)
    ask = steps.exchange(f"{REDIRECT}?state={steps.state}&code=c0de")
    form = dict(ask.request.form or ())
    digest = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest())
    assert asked["code_challenge"] == digest.rstrip(b"=").decode()
    assert ask.request.url == "https://api.x.com/2/oauth2/token"
    assert (form["code"], form.get("client_id")) == ("c0de", None if secret else "client-8")
    signed = prepared(ask.request, ask.auth).headers.get("Authorization", "")
    assert signed.startswith("Basic ") is (secret is not None)
    token = steps.credentials(200, {}, b'{"access_token":"t0","refresh_token":"r0"}')
    assert prepared(v2.sample().request, token).headers["Authorization"] == "Bearer t0"
    assert other_words(steps) == other_words(steps)
    assert other_words(steps) != other_words(PKCESignIn("client-8", redirect_uri=REDIRECT))


def other_words(steps: PKCESignIn) -> tuple[str, str]:
    """The words that no two sign-ins share."""
    return steps.state, parse_qs(urlsplit(steps.url).query)["code_challenge"][0]


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("", "its state differs"),
        ("?code=c", "its state differs"),
        ("?state=é&code=c", "its state differs"),
        ("?state={}&error=access_denied", "access_denied"),
        ("?state={}", "no code"),
    ],
)
def test_redirects_that_bring_no_code(query: str, fault: str) -> None:
    """An address of another sign-in, or a refusal, is no code."""
    steps = PKCESignIn("client-8", redirect_uri=REDIRECT)
    with pytest.raises(ValueError, match=fault):
        steps.exchange(REDIRECT + query.format(steps.state))


@pytest.mark.parametrize("body", [b"", b"[]", b'{"access_token": 3}', b'{"access_token": "a b"}'])
def test_pkce_reports_an_answer_without_token(body: bytes) -> None:
    """An answer that is no token is an error that doesn't show it; a refusal is one, too."""
    steps = PKCESignIn("client-8", redirect_uri=REDIRECT)
    with pytest.raises(errors.UnexpectedResponse, match="no access_token"):
        steps.credentials(200, {}, body)
    with pytest.raises(errors.HTTPStatusError):
        steps.credentials(400, {}, b'{"error":"invalid_request"}')


def test_a_users_token_is_renewed() -> None:
    """Once refused it asks for another by its refresh token, takes both, and tells the program."""
    told: list[OAuth2User] = []
    token = OAuth2User("t0", "r0", "client-8", on_renewal=told.append)
    request = v2.sample().request
    assert token.pending(request) is None
    assert token.rejected()
    ask = token.pending(request)
    assert ask is not None
    assert dict(ask.request.form or ())["refresh_token"] == "r0"
    token.accept(200, {}, b'{"access_token":"t1","refresh_token":"r1"}')
    assert (token.user_token, token.user_refresh_token, told) == ("t1", "r1", [token])
    assert token.pending(request) is None
    revocation = token.revocation()
    assert revocation is not None
    assert dict(revocation.request.form or ())["token"] == "r1"


def test_a_users_token_without_the_means_to_renew_it() -> None:
    """Without refresh token or client there is nothing to do about a 401."""
    for token in (OAuth2User("t0"), OAuth2User("t0", "r0"), OAuth2User("t0", None, "client-8")):
        with pytest.raises(errors.SignInRequired, match="rxtweets auth login pkce"):
            token.rejected()
        assert token.pending(v2.sample().request) is None
    assert OAuth2User("t0").revocation() is None


def test_a_users_token_from_its_stores(file: Path, monkeypatch: Given) -> None:
    """It comes with what renews it, where that is there."""
    file.write_text('user_token = "t0"\nclient_id = "c"\n')
    token = OAuth2User.from_file(file)
    assert (token.user_token, token.user_refresh_token, token.client_id) == ("t0", None, "c")
    monkeypatch.setenv("TWITTER_USER_TOKEN", "t1")
    monkeypatch.setenv("TWITTER_USER_REFRESH_TOKEN", "r1")
    monkeypatch.setenv("X_CLIENT_ID", "of another app")
    token = OAuth2User.from_env()
    assert (token.user_token, token.user_refresh_token, token.client_id) == ("t1", "r1", None)
    assert "t1" not in repr(token)

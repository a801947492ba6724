from __future__ import annotations

import base64
import time
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
from requests_oauthlib import OAuth1, OAuth1Session

from rxtweets.emulator import Emulator

from .clients import FILTERED, RULES, SAMPLE, V1_FILTER, V1_SAMPLE, call, signed


def post(emulator: Emulator, auth: OAuth1 | None, form: dict[str, str], path: str = V1_FILTER) -> int:
    """The status of a POST; streams are closed again."""
    with (
        requests.Session() as session,
        session.post(emulator.base_url + path, data=form, auth=auth, stream=True, timeout=5) as response,
    ):
        return response.status_code


def test_a_signature_over_the_form_is_accepted(emulator: Emulator) -> None:
    """Form parameters are part of what is signed, whatever characters they hold."""
    form = {"track": "python,日本 語,C++ & more,100%,a=b", "locations": "-122.75,36.8,-121.75,37.8"}
    assert post(emulator, signed(emulator), form) == 200


def test_a_signature_over_the_query_is_accepted(emulator: Emulator) -> None:
    """A signature covers the parameters of the query, too."""
    with requests.Session() as session:
        url = f"{emulator.base_url}{V1_SAMPLE}?language=en,ja&delimited=length"
        with session.get(url, auth=signed(emulator), stream=True, timeout=5) as response:
            assert response.status_code == 200


@pytest.mark.parametrize("field", range(4))
def test_each_of_the_four_strings_counts(emulator: Emulator, field: int) -> None:
    """One wrong string is enough for 401."""
    keys = list(emulator.oauth1)
    keys[field] = keys[field][::-1]
    assert post(emulator, OAuth1(*keys), {"track": "python"}) == 401


def test_a_changed_form_is_refused(emulator: Emulator) -> None:
    """A signature is for one form only."""
    request = requests.Request(
        "POST", emulator.base_url + V1_FILTER, data={"track": "python"}, auth=signed(emulator)
    ).prepare()
    request.body = "track=pythom"
    with requests.Session() as session:
        assert session.send(request, timeout=5).status_code == 401


def test_a_nonce_is_good_once(emulator: Emulator) -> None:
    """The same signed request sent again is refused."""
    request = requests.Request(
        "POST", emulator.base_url + V1_FILTER, data={"track": "python"}, auth=signed(emulator)
    ).prepare()
    statuses = []
    with requests.Session() as session:
        for _ in range(2):
            with session.send(request, stream=True, timeout=5) as response:
                statuses.append(response.status_code)
    assert statuses == [200, 401]


@pytest.mark.parametrize(("shift", "status"), [(-3600, 401), (-200, 200), (200, 200), (3600, 401)])
def test_a_wrong_clock_is_refused(emulator: Emulator, shift: int, status: int) -> None:
    """A timestamp may be five minutes off, not an hour."""

    auth = OAuth1(*emulator.oauth1, timestamp=str(int(time.time()) + shift))
    assert post(emulator, auth, {"track": "python"}) == status


def test_no_credentials_are_refused_in_each_protocols_form(emulator: Emulator) -> None:
    """401 is a page on v1.1 and a problem object on v2."""
    with requests.Session() as session:
        old = session.get(emulator.base_url + V1_SAMPLE, timeout=5)
        new = session.get(emulator.base_url + SAMPLE, timeout=5)
    assert (old.status_code, new.status_code) == (401, 401)
    assert "Error 401 Unauthorized" in old.text
    assert new.json() == {
        "title": "Unauthorized",
        "detail": "Unauthorized",
        "type": "about:blank",
        "status": 401,
    }
    assert new.headers["content-type"].startswith("application/problem+json")


PATHS = [
    *(f"/1.1/statuses/{name}.json" for name in ("filter", "sample", "firehose", "links", "retweet")),
    *(
        "/1.1/user.json",
        "/1.1/site.json",
        "/1.1/site/c/01_1_1/info.json",
        "/1.1/account/verify_credentials.json",
    ),
]


@pytest.mark.parametrize("path", PATHS)
def test_a_bearer_opens_nothing_on_v1(emulator: Emulator, path: str) -> None:
    """Streams of v1.1 are a user's: an app's token gets 401, and a header says what they take."""
    answer = call(emulator, "GET", path, params={"track": "python", "follow": "12"})
    assert answer.status_code == 401
    assert "OAuth 1.0a" in answer.headers["x-emulator-reason"]


def reason(emulator: Emulator, auth: Any, path: str = V1_FILTER, **request: Any) -> str:
    """Why a request was refused."""
    with requests.Session() as session:
        answer = session.post(
            emulator.base_url + path, data={"track": "python"}, auth=auth, timeout=5, **request
        )
    assert answer.status_code == 401
    assert "x-emulator" not in answer.text
    return answer.headers["x-emulator-reason"]


@pytest.mark.parametrize(
    ("field", "said"),
    [
        (0, "oauth_consumer_key is unknown"),
        (1, "oauth_signature is wrong"),
        (2, "oauth_token is unknown"),
        (3, "oauth_signature is wrong"),
    ],
)
def test_a_401_says_which_of_the_four_strings_is_wrong(emulator: Emulator, field: int, said: str) -> None:
    """In a header, since X's body is the same for all; and no secret is in it."""
    keys = list(emulator.oauth1)
    keys[field] = keys[field][::-1]
    found = reason(emulator, OAuth1(*keys))
    assert found.startswith(said)
    assert not any(key in found for key in (*keys, *emulator.oauth1))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"timestamp": str(int(time.time()) - 3600)}, "s behind the server's clock: 300 s are allowed"),
        ({"timestamp": str(int(time.time()) + 3600)}, "s ahead of the server's clock"),
        ({"timestamp": "now"}, "imestamp"),
        ({"signature_method": "HMAC-SHA256"}, "HMAC-SHA1"),
        ({"nonce": "\u00e9"}, "nonce"),
        ({"resource_owner_key": None}, "OAuth parameter"),
    ],
)
def test_a_401_says_what_is_wrong_with_a_signature(
    emulator: Emulator, options: dict[str, Any], said: str
) -> None:
    """The time, the method, what is missing."""
    keys = emulator.oauth1
    given = {"resource_owner_key": keys.access_token, "resource_owner_secret": keys.access_token_secret}
    auth = OAuth1(keys.consumer_key, keys.consumer_secret, **(given | options))
    assert said in reason(emulator, auth)


def test_a_401_says_that_a_nonce_was_used_before(emulator: Emulator) -> None:
    """The second time the same signed request comes."""
    request = requests.Request(
        "POST", emulator.base_url + V1_FILTER, data={"track": "python"}, auth=signed(emulator)
    ).prepare()
    with requests.Session() as session:
        with session.send(request, stream=True, timeout=5) as first:
            assert first.status_code == 200
        again = session.send(request, timeout=5)
    assert "oauth_nonce has been used before" in again.headers["x-emulator-reason"]


def test_a_401_says_that_nothing_was_sent(emulator: Emulator) -> None:
    """Without credentials, on both protocols; with a token that isn't good any more; at the sign-in."""
    assert "Missing mandatory OAuth parameters" in reason(emulator, None)
    with requests.Session() as session:
        none = session.get(emulator.base_url + RULES, timeout=5)
    assert "no bearer token" in none.headers["x-emulator-reason"]
    wrong = call(emulator, "GET", RULES, headers={"Authorization": "Bearer x"})
    assert "the bearer token is unknown" in wrong.headers["x-emulator-reason"]
    consumer = emulator.oauth1.consumer_key, "wrong"
    assert "oauth_signature is wrong" in reason(emulator, OAuth1(*consumer), "/oauth/request_token")


def test_no_other_answer_gives_reasons(emulator: Emulator) -> None:
    """Neither a success nor a 401 that was ordered has the header."""
    assert "x-emulator-reason" not in call(emulator, "GET", RULES).headers
    emulator.answer(401)
    assert "x-emulator-reason" not in call(emulator, "GET", RULES).headers


def test_v2_refuses_oauth_1(emulator: Emulator) -> None:
    """A user's signature is the wrong kind of credential there: 403, and the problem says so."""
    with requests.Session() as session:
        answer = session.get(emulator.base_url + RULES, auth=signed(emulator), timeout=5)
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("unsupported-authentication")


@pytest.mark.parametrize("where", ["data", "params"])
def test_keys_are_exchanged_for_the_bearer_token(emulator: Emulator, where: str) -> None:
    """POST /oauth2/token with the consumer's keys gives the app's token; the query may say what for, too."""
    keys = (emulator.oauth1.consumer_key, emulator.oauth1.consumer_secret)
    said: dict[str, Any] = {where: {"grant_type": "client_credentials"}}
    with requests.Session() as session:
        answer = session.post(f"{emulator.base_url}/oauth2/token", auth=keys, timeout=5, **said)
    assert answer.json() == {"token_type": "bearer", "access_token": emulator.bearer_token}


@pytest.mark.parametrize(
    "authorization", ["", "Basic", "Basic ***", "Basic " + base64.b64encode(b"a:b").decode()]
)
def test_wrong_keys_get_no_token(emulator: Emulator, authorization: str) -> None:
    """Anything else gets 403 with the error that X gives."""
    with requests.Session() as session:
        answer = session.post(
            f"{emulator.base_url}/oauth2/token",
            headers={"Authorization": authorization},
            data={"grant_type": "client_credentials"},
            timeout=5,
        )
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["code"] == 99


@pytest.mark.parametrize("callback", ["oob", None])
def test_a_user_signs_in_by_pin(emulator: Emulator, callback: str | None) -> None:
    """Request token, PIN, access token: the token then signs requests."""
    consumer = emulator.oauth1[:2]
    with OAuth1Session(*consumer, callback_uri=callback) as session:
        token = session.fetch_request_token(f"{emulator.base_url}/oauth/request_token")
        pin = session.get(session.authorization_url(f"{emulator.base_url}/oauth/authorize")).text
    with OAuth1Session(*consumer, token["oauth_token"], token["oauth_token_secret"], verifier=pin) as session:
        access = session.fetch_access_token(f"{emulator.base_url}/oauth/access_token")
    assert access["screen_name"]
    assert access["user_id"].isdigit()
    auth = OAuth1(*consumer, access["oauth_token"], access["oauth_token_secret"])
    assert post(emulator, auth, {"track": "python"}) == 200


def test_a_wrong_pin_is_refused(emulator: Emulator) -> None:
    """Without the right PIN there is no access token."""
    consumer = emulator.oauth1[:2]
    with requests.Session() as session:
        answer = session.post(
            f"{emulator.base_url}/oauth/request_token", auth=OAuth1(*consumer, callback_uri="oob"), timeout=5
        )
        token = {name: values[0] for name, values in parse_qs(answer.text).items()}
        auth = OAuth1(*consumer, token["oauth_token"], token["oauth_token_secret"], verifier="0")
        answer = session.post(f"{emulator.base_url}/oauth/access_token", auth=auth, timeout=5)
    assert answer.status_code == 401
    assert answer.json() == {"errors": [{"code": 32, "message": "Could not authenticate you."}]}


def test_unknown_request_tokens_have_no_pin(emulator: Emulator) -> None:
    """The page of a token that was never given out is a 404."""
    assert call(emulator, "GET", "/oauth/authorize?oauth_token=x").status_code == 404


def test_rate_limits_are_told(emulator: Emulator) -> None:
    """Every answer of v2 counts down its endpoint's limit, refusals too."""
    first, second = (call(emulator, "GET", RULES).headers for _ in range(2))
    assert int(first["x-rate-limit-remaining"]) - int(second["x-rate-limit-remaining"]) == 1
    assert int(first["x-rate-limit-limit"]) == 450
    refused = call(emulator, "GET", FILTERED, headers={"Authorization": "Bearer x"})
    assert refused.status_code == 401
    assert {"x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset"} <= set(refused.headers)
    with requests.Session() as session:
        assert "x-rate-limit-limit" not in session.get(emulator.base_url + V1_SAMPLE, timeout=5).headers


def agreed(emulator: Emulator, **changed: str) -> requests.Response:
    """The answer of the page on which the user agrees to a client's request, with some of it changed."""
    asked = {
        "response_type": "code",
        "client_id": emulator.oauth2_client[0],
        "redirect_uri": "http://127.0.0.1:1/callback",
        "scope": "users.read offline.access",
        "state": "s",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changed,
    }
    with requests.Session() as session:
        url = f"{emulator.base_url}/i/oauth2/authorize"
        return session.get(url, params=asked, timeout=5, allow_redirects=False)


# Source: RFC 7636, appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def exchanged(
    emulator: Emulator, form: dict[str, str], auth: tuple[str, str] | None = None
) -> requests.Response:
    """The answer to a request for a token."""
    with requests.Session() as session:
        return session.post(f"{emulator.base_url}/2/oauth2/token", data=form, auth=auth, timeout=5)


def test_a_sign_in_with_pkce(emulator: Emulator) -> None:
    """A code is good once, with its verifier; the token is the user's; it is renewed, and revoked."""
    location = agreed(emulator).headers["Location"]
    assert location.startswith("http://127.0.0.1:1/callback?state=s&code=")
    form = {
        "grant_type": "authorization_code",
        "code": location.rpartition("=")[2],
        "redirect_uri": "http://127.0.0.1:1/callback",
        "code_verifier": VERIFIER,
    }
    answer = exchanged(emulator, form, emulator.oauth2_client)
    assert (answer.status_code, answer.json()["token_type"]) == (200, "bearer")
    assert exchanged(emulator, form, emulator.oauth2_client).status_code == 400
    tokens = answer.json()
    assert me(emulator, tokens["access_token"]).json()["data"]["id"] == str(emulator.user_id)
    renewal = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    public = {**renewal, "client_id": emulator.oauth2_client[0]}
    renewed = exchanged(emulator, public).json()
    assert exchanged(emulator, public).status_code == 400
    assert me(emulator, renewed["access_token"]).status_code == 200
    with requests.Session() as session:
        form = {"token": renewed["access_token"], "client_id": emulator.oauth2_client[0]}
        answer = session.post(f"{emulator.base_url}/2/oauth2/revoke", data=form, timeout=5)
        assert answer.json() == {"revoked": True}
    assert me(emulator, renewed["access_token"]).status_code == 401


def me(emulator: Emulator, token: str) -> requests.Response:
    with requests.Session() as session:
        headers = {"Authorization": f"Bearer {token}"}
        return session.get(f"{emulator.base_url}/2/users/me", headers=headers, timeout=5)


@pytest.mark.parametrize(
    "changed",
    [
        {"response_type": "token"},
        {"client_id": "x"},
        {"redirect_uri": "x"},
        {"state": ""},
        {"scope": ""},
        {"code_challenge": ""},
        {"code_challenge_method": "plain"},
    ],
)
def test_a_page_that_is_asked_wrongly(emulator: Emulator, changed: dict[str, str]) -> None:
    """The page names the parameter that is missing or wrong."""
    answer = agreed(emulator, **changed)
    assert answer.status_code == 400
    assert next(iter(changed)) in answer.text


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"code_verifier": "x"}, 400),
        ({"redirect_uri": "http://127.0.0.1:2/"}, 400),
        ({"code": "x"}, 400),
        ({"grant_type": "password"}, 400),
        ({"client_id": "x"}, 401),
    ],
)
def test_a_code_that_is_not_exchanged(emulator: Emulator, changed: dict[str, str], status: int) -> None:
    """A wrong verifier, redirect, code, kind or client gets no token."""
    form = {
        "grant_type": "authorization_code",
        "code": agreed(emulator).headers["Location"].rpartition("=")[2],
        "redirect_uri": "http://127.0.0.1:1/callback",
        "code_verifier": VERIFIER,
        "client_id": emulator.oauth2_client[0],
    }
    assert exchanged(emulator, {**form, **changed}).status_code == status


def test_an_account_signs_out(emulator: Emulator) -> None:
    """A token that its owner has ended signs nothing any more."""
    path = "/1.1/oauth/invalidate_token"
    assert post(emulator, signed(emulator), {}, path) == 200
    assert post(emulator, signed(emulator), {}, path) == 401
    assert post(emulator, signed(emulator), {"track": "python"}) == 401

"""Credentials and parameters that are wrong in every way that they can be wrong."""

from __future__ import annotations

import pytest

from rxtweets.emulator import Emulator

from .clients import FILTERED, RULES, V1_FILTER
from .octets import FORM, JSON, SIGNED, TOKEN, assert_own_form, request, said, statuses

pytestmark = pytest.mark.usefixtures("nothing_logged")


def oauth(**changed: str | None) -> str:
    values = {
        "oauth_consumer_key": "a",
        "oauth_token": "b",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "1767225600",
        "oauth_nonce": "n",
        "oauth_version": "1.0",
        "oauth_signature": "c",
        **changed,
    }
    return "OAuth " + ", ".join(f'{name}="{value}"' for name, value in values.items() if value is not None)


CREDENTIALS = [
    *(
        "",
        "Bearer",
        "Bearer ",
        "Bearer x y",
        "bearer \xff",
        "Basic",
        "Basic ====",
        "Basic \xff",
        "Basic eA==",
    ),
    *("Digest username=x", "Negotiate x", "\xff\xfe", "OAuth", "OAuth ", "OAuth oauth_nonce", "OAuth ,,,"),
    *('OAuth realm="\xff"', 'OAuth oauth_signature="%"', "OAuth " + 'a="b",' * 5000, "OAuth,OAuth"),
    *(oauth(), oauth(oauth_signature=None), oauth(oauth_timestamp="x"), oauth(oauth_timestamp="9" * 30)),
    *(oauth(oauth_signature_method=name) for name in ("PLAINTEXT", "RSA-SHA1", "NONSENSE", "")),
    *(oauth(oauth_nonce="%00"), oauth(oauth_signature="%ff"), oauth(oauth_version="2.0"), oauth(x="\xe9")),
    oauth() + ', oauth_nonce="m"',
]


@pytest.mark.parametrize("credentials", CREDENTIALS, ids=lambda value: repr(value)[:40])
def test_credentials(site: Emulator, credentials: str) -> None:
    """Malformed credentials are answered with 401 or 403, in the form of errors of that path."""
    for path in (RULES, FILTERED, V1_FILTER, SIGNED, TOKEN, "/oauth/request_token", "/oauth/access_token"):
        line = f"{'GET' if path == FILTERED else 'POST'} {path} HTTP/1.1"
        head = request(site, line, f"Authorization: {credentials}", "Connection: close", FORM)
        heard = said(site, head)
        assert statuses(heard)[0] in (401, 403)
        assert_own_form(path, heard)


@pytest.mark.parametrize("where", ["query", "body"])
def test_signatures_elsewhere_than_in_the_header(site: Emulator, where: str) -> None:
    """Broken parameters of OAuth in a query or a form are no credentials either."""
    for text in ("oauth_signature=%ff", "oauth_nonce=1&oauth_nonce=2", oauth()[6:].replace(", ", "&")):
        target = f"{V1_FILTER}?{text}" if where == "query" else V1_FILTER
        body = text.encode() if where == "body" else b""
        head = request(
            site, f"POST {target} HTTP/1.1", "Authorization:", "Connection: close", FORM, body=body
        )
        assert statuses(said(site, head))[0] in (400, 401)


V1_FORMS = {
    b"": 406,
    b"=": 406,
    b"&&&": 406,
    b"track=": 406,
    b"track=,,,": 406,
    b"track=%ff": 406,
    b"track=\xff": 406,
    b"track=%E6%97%A5&follow=%ff": 406,
    b"track=" + b"a" * 61: 413,
    b"track=" + b"a," * 401: 413,
    b"track=" + b"%00" * 61: 413,
    b"follow=abc": 406,
    b"follow=1,-2": 406,
    b"follow=%D9%A1": 406,
    b"follow=" + b"9" * 30: 406,
    b"follow=" + b"1" * 200_000: 406,
    b"locations=1,2,3": 406,
    b"locations=1,2,3,x": 406,
    b"locations=nan,nan,nan,nan": 406,
    b"locations=-inf,1,inf,2": 406,
    b"locations=1e999,1,2,2": 406,
    b"locations=2,2,1,1": 406,
    b"locations=-181,0,0,1": 406,
    b"locations=" + b",".join([b"1"] * 104): 413,
    b"track=a&count=x": 406,
    b"track=a&count=--1": 406,
    b"track=a&count=1e3": 406,
    b"track=a&count=999999": 416,
    b"track=a&count=-150001": 416,
    b"track=a&filter_level=high": 406,
    b"&".join(b"p%d=1" % n for n in range(20_000)): 406,
}


@pytest.mark.parametrize(("form", "status"), V1_FORMS.items(), ids=lambda value: repr(value)[:30])
def test_forms_of_v1(site: Emulator, form: bytes, status: int) -> None:
    """Each malformed parameter has v1.1's status and its line of text."""
    heard = said(site, request(site, f"POST {V1_FILTER} HTTP/1.1", FORM, "Connection: close", body=form))
    assert statuses(heard) == [status]
    assert b"content-type: text/plain" in heard
    assert_own_form(V1_FILTER, heard)


@pytest.mark.parametrize(
    "kind", [JSON, "Content-Type: multipart/form-data; boundary=x", "Content-Type: \xff"]
)
def test_forms_of_another_type(site: Emulator, kind: str) -> None:
    """A body of another type than a form has no parameters."""
    heard = said(
        site, request(site, f"POST {V1_FILTER} HTTP/1.1", kind, "Connection: close", body=b"track=a")
    )
    assert statuses(heard) == [406]

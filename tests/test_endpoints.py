"""Endpoints as values, and the hosts they are on."""

from __future__ import annotations

import msgspec
import pytest

from rxtweets.endpoints import Endpoint, Request, api_url, is_loopback, v1, v2


def test_endpoints_are_values() -> None:
    """Endpoints are equal, hashable and immutable."""
    one, other = (v2.filter(tweet_fields=["lang"]) for _ in range(2))
    assert one == other
    assert len({one, other, v2.filter()}) == 2
    with pytest.raises(AttributeError):
        one.delimited = True  # type: ignore[misc]
    assert msgspec.structs.replace(one, stall_timeout=5.0).request == other.request


def test_with_params() -> None:
    """`with_params` sets unchecked values: in the form if there is one, else in the query."""
    post = v2.filter(tweet_fields=["id"], backfill_minutes=1).with_params(**{"tweet.fields": "id,brand_new"})
    assert post.request.params == (("backfill_minutes", "1"), ("tweet.fields", "id,brand_new"))
    status = v1.filter(track="rx", delimited=True).with_params(track="x" * 61, more="1")
    assert status.request.params == ()
    assert dict(status.request.form or ())["track"] == "x" * 61
    assert (status.delimited, status.stall_timeout) == (True, 90.0)


def test_the_variable_replaces_all_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    """RXTWEETS_BASE_URL moves a whole program, at the time of the call; an argument wins over it."""
    monkeypatch.setenv("RXTWEETS_BASE_URL", "http://127.0.0.1:8080/")
    assert v2.sample().request.url == "http://127.0.0.1:8080/2/tweets/sample/stream"
    assert v1.user().request.url == "http://127.0.0.1:8080/1.1/user.json"
    assert api_url("/2/x") == "http://127.0.0.1:8080/2/x"
    assert api_url("/2/x", "https://api.example") == "https://api.example/2/x"
    monkeypatch.setenv("RXTWEETS_BASE_URL", "")
    assert api_url("/2/x") == "https://api.x.com/2/x"
    monkeypatch.setenv("RXTWEETS_BASE_URL", "nonsense")
    with pytest.raises(ValueError, match=r"^RXTWEETS_BASE_URL must start with 'https://'"):
        v2.sample()


@pytest.mark.parametrize(
    "base_url", ["https://api.x.com", "https://api.x.com/", "http://[::1]:80", "HTTPS://Api.Example:8443"]
)
def test_base_urls(base_url: str) -> None:
    """A host with or without port and closing slash is a base URL."""
    assert v2.sample(base_url=base_url).request.url.endswith(
        base_url[8:].rstrip("/") + "/2/tweets/sample/stream"
    )


@pytest.mark.parametrize(
    ("base_url", "said"),
    [
        ("", "must start with 'https://'"),
        ("api.x.com", "must start with 'https://'.* not 'api.x.com'"),
        ("ftp://api.x.com", "must start with 'https://'"),
        ("https://", "name a host"),
        (
            "https://api.x.com/2",
            "without path or query: 'https://api.x.com' instead of 'https://api.x.com/2'",
        ),
        ("https://api.x.com?a=b", "without path or query"),
        ("https://api.x.com/#", "without path or query"),
        ("https://api.x.com:99999", "is not a URL"),
        ("https://api.x.com:port", "is not a URL"),
        ("https://[api.x.com", "is not a URL"),
        ("https://api.x.com\r\n", "is not a URL"),
        (" https://api.x.com", "is not a URL"),
        ("https://user:s3cret@api.x.com", "contains credentials"),
        (b"https://api.x.com", "must be a string"),
    ],
)
def test_refused_base_urls(base_url: str, said: str) -> None:
    """A base URL that isn't the root of a host is refused, without showing credentials in it."""
    with pytest.raises(ValueError, match=f"^base_url .*{said}") as caught:
        v2.sample(base_url=base_url)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("emulator.localhost", False),
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("[::1]", True),
        ("::ffff:127.0.0.1", True),
        ("", False),
        ("api.x.com", False),
        ("localhost.example", False),
        ("notlocalhost", False),
        ("127.0.0.1.example", False),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("fe80::1", False),
        ("::ffff:10.0.0.1", False),
    ],
)
def test_is_loopback(host: str, loopback: bool) -> None:
    """Only names and addresses of this machine itself are loopback."""
    assert is_loopback(host) is loopback


def test_an_endpoint_can_be_made_by_hand() -> None:
    """A request made by hand is as good as those of the functions."""
    endpoint = Endpoint(Request("GET", "http://127.0.0.1:9/any", (("a", "b"),)), stall_timeout=1.0)
    assert repr(endpoint) == (
        "Endpoint(request=Request(method='GET', url='http://127.0.0.1:9/any', params=(('a', 'b'),), "
        "form=None, json=None), stall_timeout=1.0, delimited=False, finite=False)"
    )

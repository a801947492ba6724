"""`sync` and `replace` lose no rule, whatever X answers, or the error names it."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Iterable
from typing import Any, Literal, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reactivex import Observable
from reactivex.scheduler import VirtualTimeScheduler
from requests.auth import AuthBase

from rxtweets import errors
from rxtweets.backoff import BackoffPolicy
from rxtweets.endpoints import Request
from rxtweets.rules import REQUEST_POLICY, RulesClient, RulesMissing, RulesRefused, StreamRule
from rxtweets.testing import Script, ScriptedTransport
from rxtweets.transport import Session
from tests.clients import over
from tests.observing import Seen
from tests.rules.clients import AT_ONCE

Fault = Literal[
    "fine",
    "unsent",
    "lost",
    "cut",
    "page",
    "nothing",
    "problems",
    "400",
    "403",
    "429",
    "429 reset",
    "503",
    "one refused",
    "one unsaid",
    "tags refused",
]
FAULTS: tuple[Fault, ...] = get_args(Fault)
"""The fate of a request: answered well; not sent; carried out, and the answer lost, cut or another; not
carried out, with a status; carried out but for one rule, saying so or not, or for what has the tag `b`."""

ONLY_FINE: tuple[Fault, ...] = ("fine", "fine", "fine", "fine")
"""The requests up to the one that adds what a swap has deleted: list, counts, a dry run, the deletion."""


class ModelOfX:
    """A transport that keeps rules as X does: each value once, no more than *limit*, *posts* changes.

    *faults* become of the requests in turn; the last one of all that follow.
    """

    def __init__(
        self,
        rules: Iterable[tuple[str, str | None]],
        faults: Iterable[Fault] = (),
        *,
        limit: int = 1000,
        posts: int = 100,
    ) -> None:
        self._ids = itertools.count(1)
        self.rules = {value: StreamRule(value, tag, str(next(self._ids))) for value, tag in rules}
        self.log: list[str] = []
        self.fewest = len(self.rules)
        self.posts = posts
        self._faults = itertools.chain(faults, itertools.repeat("fine"))
        self._limit = limit

    def session(self, request: Request, auth: AuthBase | None, *, stall_timeout: float) -> Session:
        script = self._script(request, next(self._faults))
        return ScriptedTransport(script).session(request, auth, stall_timeout=stall_timeout)

    def _script(self, request: Request, fault: Fault | str) -> Script:
        change = request.method == "POST"
        self.log.append(next(iter(msgspec.json.decode(request.json or b""))) if change else "list")
        headers = {"x-rate-limit-remaining": str(max(0, self.posts - 1)), "x-rate-limit-reset": "9e9"}
        if fault == "unsent":
            return Script(fails=errors.ConnectionFailed("refused"))
        if fault in ("400", "403", "429", "503"):
            return Script(b'{"title":"Sorry"}', status=int(fault))
        if fault == "429 reset" or (change and self.posts < 1):
            return Script(b'{"title":"Too Many Requests"}', status=429, headers=headers)
        answer: Any
        if not change:
            answer = self._counts() if request.url.endswith("/counts") else self._listed(dict(request.params))
        else:
            self.posts -= 1
            answer = self._changed(msgspec.json.decode(request.json or b""), dict(request.params), fault)
        self.fewest = min(self.fewest, len(self.rules))
        body = msgspec.json.encode(answer)
        if fault == "lost":
            return Script(fails=errors.ConnectionFailed("reset"))
        wrong = {
            "cut": body[: len(body) // 2],
            "page": b"<html>Sign in</html>",
            "nothing": b"{}",
            "problems": b'{"errors":[{"title":"Sorry"}]}',
        }
        return Script(
            wrong.get(fault, body), status=201 if change else 200, headers=headers if change else {}
        )

    def _counts(self) -> Any:
        return {
            "data": {
                "cap_per_client_app": str(self._limit),
                "client_app_rules_count": {"rule_count": len(self.rules)},
            }
        }

    def _listed(self, params: dict[str, str]) -> Any:
        ids = params.get("ids")
        found = [rule for rule in self.rules.values() if ids is None or rule.id in ids.split(",")]
        return {"meta": {"result_count": len(found)}} | ({"data": found} if found else {})

    def _changed(self, body: Any, params: dict[str, str], fault: str) -> Any:
        if "dry_run" in params:
            return {"meta": {"summary": {"deleted": 0, "not_deleted": 1}}}
        return self._added(body["add"], fault) if "add" in body else self._deleted(body["delete"], fault)

    def _added(self, asked: list[dict[str, str]], fault: str) -> Any:
        added, wrong = [], []
        for number, rule in enumerate(asked):
            value, tag = rule["value"], rule.get("tag")
            if value in self.rules:
                wrong.append({"value": value, "title": "DuplicateRule", "id": self.rules[value].id})
            elif fault == "one unsaid" and number == 0:
                continue
            elif (fault == "one refused" and number == 0) or (fault == "tags refused" and tag == "b"):
                wrong.append({"value": value, "title": "UnprocessableEntity"})
            elif len(self.rules) >= self._limit:
                wrong.append({"value": value, "title": "RulesCapExceeded"})
            else:
                self.rules[value] = StreamRule(value, tag, str(next(self._ids)))
                added.append(self.rules[value])
        summary = {"created": len(added), "not_created": len(asked) - len(added)}
        return (
            {"meta": {"summary": summary}}
            | ({"data": added} if added else {})
            | ({"errors": wrong} if wrong else {})
        )

    def _deleted(self, asked: dict[str, list[str]], fault: str) -> Any:
        ids = asked["ids"][1:] if fault in ("one refused", "one unsaid") else asked["ids"]
        gone = [value for value, rule in self.rules.items() if rule.id in ids]
        for value in gone:
            del self.rules[value]
        left = len(asked["ids"]) - len(gone)
        wrong = (
            [{"title": "Invalid Request", "detail": "no such rule"}] if left and "unsaid" not in fault else []
        )
        return {"meta": {"summary": {"deleted": len(gone), "not_deleted": left}}, "errors": wrong}


def client(model: ModelOfX, policy: BackoffPolicy = REQUEST_POLICY) -> RulesClient:
    return over(model).rules.with_policy(policy)


def ended(observable: Observable[Any]) -> Seen:
    scheduler = VirtualTimeScheduler()
    seen = Seen(observable, scheduler)
    scheduler.start()
    assert seen.completed or seen.error
    return seen


def pairs(rules: Iterable[StreamRule]) -> set[tuple[str, str | None]]:
    return {(rule.value, rule.tag) for rule in rules}


VALUES = st.sampled_from([f"w{n}" for n in range(16)])
TAGS = st.sampled_from([None, "a", "b"])
sets = st.dictionaries(VALUES, TAGS, max_size=16).map(lambda found: set(found.items()))
scripts = st.builds(
    lambda fine, faults, last, times: [*["fine"] * fine, *faults, *[last] * times],
    st.integers(0, 9),
    st.lists(st.sampled_from(FAULTS), max_size=6),
    st.sampled_from(FAULTS),
    st.integers(0, 20),
)
policies = st.sampled_from([AT_ONCE, BackoffPolicy.never(), REQUEST_POLICY])


@settings(max_examples=400, deadline=None)
@given(
    before=sets,
    after=sets,
    faults=scripts,
    policy=policies,
    spare=st.integers(0, 3),
    posts=st.sampled_from([100, *range(12)]),
)
def test_no_rule_gets_lost(
    before: set[tuple[str, str | None]],
    after: set[tuple[str, str | None]],
    faults: list[Fault],
    policy: BackoffPolicy,
    spare: int,
    posts: int,
) -> None:
    """Each rule that was there and is wanted stands in the end, or the error names it."""
    model = ModelOfX(before, faults, limit=max(len(before), 1) + spare, posts=posts)
    there = dict(model.rules)
    seen = ended(client(model, policy).sync(after))
    missing = seen.error.missing if isinstance(seen.error, RulesMissing) else ()
    named = {rule.value for rule in missing}
    for value in {value for value, _ in before} & {value for value, _ in after}:
        assert value in model.rules or value in named
    for value, _ in before & after:
        assert model.rules[value] == there[value]
    if seen.completed:
        assert pairs(model.rules.values()) == after
    else:
        assert isinstance(seen.error, errors.StreamError)
    assert pairs(missing) <= before
    assert model.fewest >= min(len(before), len(after)) - 10

    # And the way back that the error names is one.
    model = ModelOfX(pairs(model.rules.values()))
    if missing:
        ended(client(model).add(*missing))
        assert named <= model.rules.keys()
    ended(client(model).sync(after))
    assert pairs(model.rules.values()) == after


@settings(max_examples=100, deadline=None)
@given(before=sets, after=sets, spare=st.integers(0, 3))
def test_with_good_answers_it_is_what_was_wanted(
    before: set[tuple[str, str | None]], after: set[tuple[str, str | None]], spare: int
) -> None:
    """And what is only to be removed goes after the last addition, where there is room."""
    limit = max(len(before), len(after), 1) + spare
    model = ModelOfX(before, limit=limit)
    assert ended(client(model).sync(after)).completed
    assert pairs(model.rules.values()) == after
    tags = dict(before)
    crowded = len(tags.keys() | dict(after).keys()) > limit
    if not crowded and all(tags.get(value, tag) == tag for value, tag in after):
        assert model.log == sorted(model.log, key=["list", "add", "delete"].index)


@settings(max_examples=200, deadline=None)
@given(tag=st.sampled_from(["a", "b"]), full=st.booleans(), faults=scripts, policy=policies)
def test_replace_loses_nothing(tag: str, full: bool, faults: list[Fault], policy: BackoffPolicy) -> None:
    """Of the old rule and that in its place there is one, or the error names the old one."""
    model = ModelOfX([("cat", "old"), ("dog", None)], faults, limit=2 if full else 3)
    new = StreamRule("cat" if tag == "b" else "lion", tag)
    seen = ended(client(model, policy).replace(StreamRule("cat"), new))
    missing = seen.error.missing if isinstance(seen.error, RulesMissing) else ()
    assert "dog" in model.rules
    assert {"cat", "lion"} & model.rules.keys() or missing == (StreamRule("cat", "old"),)


def retagged(number: int) -> tuple[set[tuple[str, str | None]], set[tuple[str, str | None]]]:
    return {(f"w{n}", "a") for n in range(number)}, {(f"w{n}", "b") for n in range(number)}


def test_a_thousand_tags_stay_within_the_limit_of_requests() -> None:
    """All can be changed within X's 100 changes in 15 minutes, 50 at a time; ten go in two requests."""
    before, after = retagged(1000)
    model = ModelOfX(before, limit=1000)
    assert ended(client(model).sync(after)).completed
    assert (pairs(model.rules.values()), model.fewest) == (after, 950)
    assert len([kind for kind in model.log if kind != "list"]) == 1 + 2 * 20
    before, after = retagged(10)
    model = ModelOfX(before)
    assert ended(client(model).sync(after)).completed
    assert model.log == ["list", "list", "delete", "delete", "add"]  # the first a dry run


@pytest.mark.parametrize("posts", range(12))
def test_a_limit_that_is_nearly_used_up(posts: int) -> None:
    """No swap begins for which too few requests are left: the 429 comes before it, and nothing is missing."""
    before, after = retagged(30)
    model = ModelOfX(before, posts=posts)
    seen = ended(client(model).sync(after))
    assert seen.completed or isinstance(seen.error, errors.RateLimited)
    assert len(model.rules) == 30
    model.posts = 100
    assert ended(client(model).sync(after)).completed
    assert pairs(model.rules.values()) == after


def test_a_refused_tag() -> None:
    """A rule that X refuses inside a 201 gets its old rule back, and the error has the reason."""
    model = ModelOfX([("ant", "a"), ("bee", "a"), ("cat", None)], [*ONLY_FINE, "tags refused"])
    seen = ended(client(model).sync([("ant", "b"), ("bee", "c")]))
    assert isinstance(seen.error, RulesRefused)
    assert [error.value for error in seen.error.errors] == ["ant"]
    assert pairs(model.rules.values()) == {("ant", "a"), ("bee", "c"), ("cat", None)}


CAUSES: dict[Fault, type[Exception]] = {
    "unsent": errors.ConnectionFailed,
    "400": errors.HTTPStatusError,
    "403": errors.Forbidden,
    "429": errors.RateLimited,
    "503": errors.ServerError,
}


@pytest.mark.parametrize("fault", CAUSES)
@pytest.mark.parametrize("look", ["fine", "503"])
def test_what_cannot_be_put_back_is_named(fault: Fault, look: Fault) -> None:
    """The error has the rules as they were, and the reason as its cause, even where nothing can be listed."""
    faults: list[Fault] = [*ONLY_FINE, fault, look, fault, look]
    model = ModelOfX([("ant", "a"), ("bee", "a"), ("cat", None)], faults)
    seen = ended(client(model, BackoffPolicy.never()).sync([("ant", "b"), ("bee", "b"), "cat"]))
    assert isinstance(seen.error, RulesMissing)
    assert seen.error.missing == (StreamRule("ant", "a"), StreamRule("bee", "a"))
    assert str(seen.error).endswith("puts back: ant  (tag: a); bee  (tag: a)")
    assert type(seen.error.__cause__) is CAUSES[fault]
    assert ended(client(model).add(*seen.error.missing)).completed
    assert pairs(model.rules.values()) == {("ant", "a"), ("bee", "a"), ("cat", None)}


def test_only_what_is_missing_is_named() -> None:
    """A rule whose successor was added is not among them."""
    faults: list[Fault] = [*ONLY_FINE, "one refused", "fine", "fine", "one refused"]
    model = ModelOfX([("ant", "a"), ("bee", "a")], faults)
    seen = ended(client(model).sync([("ant", "b"), ("bee", "b")]))
    assert isinstance(seen.error, RulesMissing)
    assert seen.error.missing == (StreamRule("ant", "a"),)
    assert isinstance(seen.error.__cause__, RulesRefused)
    assert pairs(model.rules.values()) == {("bee", "b")}


def test_missing_rules_come_out_of_a_process_pool() -> None:
    """The error is pickled with all it has, and shows every rule on one line."""
    missing = (StreamRule("ant\n\x1b[2J", "a"), StreamRule("bee"))
    error = RulesMissing(missing, "HTTP 429")
    again = pickle.loads(pickle.dumps(error))
    assert (again.missing, again.reason, str(again)) == (missing, "HTTP 429", str(error))
    assert str(error) == (
        "2 rules are missing now, as changing rules failed (HTTP 429); client.rules.add(*error.missing) "
        r"puts back: ant\n\x1b[2J  (tag: a); bee"
    )

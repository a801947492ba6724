"""X's own client. Argument: rules, connections, subscriptions; or streams as JSON.

For streams that is a list: their methods, whether to ask for every field on offer, rules to add before.
"""

import contextlib
import inspect
import itertools
import json
import logging
import os
import re
import sys

from xdk import Client
from xdk.activity.models import CreateSubscriptionRequest
from xdk.stream.models import UpdateRulesRequest
from xdk.streaming import StreamConfig, StreamError

ENOUGH = 20
PRIVATE = {"non_public_metrics", "organic_metrics", "promoted_metrics"}


def say(kind, value=None):
    print(json.dumps({"kind": kind, "value": value}, default=str), flush=True)


class Skipped(logging.Handler):
    """The client logs what its models can't read, and goes on without it."""

    def emit(self, record):
        if record.getMessage().startswith(("Error processing", "Skipping")):
            say("skipped", record.getMessage())


logging.getLogger("xdk.streaming").setLevel(logging.DEBUG)
logging.getLogger("xdk.streaming").addHandler(Skipped())
client = Client(bearer_token=os.environ["BEARER_TOKEN"])


def rules():
    add = UpdateRulesRequest(add=[{"value": "cat", "tag": "pets"}, {"value": "dog"}])
    say("dry", client.stream.update_rules(body=add, dry_run=True).meta.summary)
    say("added", [[rule.value, rule.tag] for rule in client.stream.update_rules(body=add).data])
    say("pages", [[rule.value for rule in page.data] for page in client.stream.get_rules(max_results=1)])
    say("counts", client.stream.get_rule_counts().model_dump()["data"])
    delete = UpdateRulesRequest(delete={"values": ["cat"]})
    say("deleted", client.stream.update_rules(body=delete).meta.summary)
    say("deleted", client.stream.update_rules(body=UpdateRulesRequest(), delete_all=True).meta.summary)


def connections():
    for _ in client.stream.posts_sample():
        break
    pages = client.connections.get_connection_history(status="all", max_results=10)
    say("connections", [connection.endpoint_name for page in pages for connection in page.data])
    say("ended", client.connections.delete_all().model_dump()["data"])


def subscriptions():
    asked = CreateSubscriptionRequest(event_type="post.create", filter={"user_id": "123"}, tag="mine")
    made = client.activity.create_subscription(body=asked).data.subscription
    say("made", [made.event_type, made.tag])
    for event in client.stream.activity():
        say("event", event.data.event_type)
        break
    pages = client.activity.get_subscriptions(max_results=10)
    say(
        "subscriptions",
        [kept.subscription_id == made.subscription_id for page in pages for kept in page.data],
    )
    say("deleted", client.activity.delete_subscription(made.subscription_id).data.deleted)


def offered(method):
    """All values of all lists that a stream's method offers, but those only an author may see."""
    found = {}
    for name, parameter in inspect.signature(method).parameters.items():
        values = re.findall(r"""["']([\w.]+)["']""", str(parameter.annotation))
        if values:
            found[name] = [value for value in values if value not in PRIVATE]
    return found


def streams(names, everything, rules):
    for value in rules:
        client.stream.update_rules(body=UpdateRulesRequest(add=[{"value": value}]))
    config = StreamConfig(
        max_retries=0,
        on_connect=lambda: say("connect"),
        on_error=lambda error: say("error", [error.error_type.value, error.status_code]),
    )
    for name in names:
        method = getattr(client.stream, name)
        parameters = {"partition": 1} if "partition" in inspect.signature(method).parameters else {}
        if everything:
            parameters.update(offered(method))
        with contextlib.suppress(StreamError):  # it has been told
            for message in itertools.islice(method(stream_config=config, **parameters), ENOUGH):
                say(name, message.model_dump(exclude_none=True, by_alias=True))


own = {"rules": rules, "connections": connections, "subscriptions": subscriptions}
if sys.argv[1] in own:
    own[sys.argv[1]]()
else:
    streams(*json.loads(sys.argv[1]))

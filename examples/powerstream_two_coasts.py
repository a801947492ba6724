"""Read Powerstream at both of X's data centres, without the delay of copying between them, as one stream.

python examples/powerstream_two_coasts.py

At X, this needs enterprise access, and a connection reaches the data centre nearer to its machine: run one on
each coast, and merge what they send. In the emulator, two connections get one data centre each.
"""

import reactivex
from going_live import x_or_emulator
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.messages import ConnectionMetadata

with x_or_emulator("X_BEARER_TOKEN", level="enterprise"):
    client = rxt.StreamingClient(rxt.BearerToken.from_env())
    rules = client.powerstream_rules
    added = rules.add("coffee", "tea", "contains:matcha", tag="hot drinks").run()

    coasts = [client.powerstream(local_dc_only=True) for _ in range(2)]
    both = reactivex.merge(*coasts).pipe(
        tw.route({ConnectionMetadata: lambda metadata: print("connected to", metadata.datacenter)}),
        tw.distinct_by_id(),  # after a reconnect, or where both are at the same data centre
        tw.statuses(),
        ops.take(20),
    )
    rxt.run(both, lambda status: print(f"@{status.user.screen_name}: {status.full_text}"))
    rules.delete(*added.rules).run()

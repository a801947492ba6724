"""The files of twarc: a sample as it comes, a page of a search, and that page flattened."""

import itertools
import json
import os
import sys
from pathlib import Path

from twarc import Twarc2
from twarc.client2 import _append_metadata
from twarc.expansions import ensure_flattened


def say(kind, value=None):
    print(json.dumps({"kind": kind, "value": value}), flush=True)


def write(name, lines):
    Path(name).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


client = Twarc2(bearer_token=os.environ["BEARER_TOKEN"])
sampled = list(itertools.islice(client.sample(), 10))
write("sample.jsonl", sampled)
for line in sampled:
    say("sampled", line["data"]["text"])
page = json.loads(sys.argv[1])
page = _append_metadata(page, "https://api.x.com/2/tweets/search/recent")
write("search.jsonl", [page])
write("flat.jsonl", ensure_flattened(page))  # as its command does, which wants an older setuptools

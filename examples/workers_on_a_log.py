"""A reader writes posts to a log; two workers share them, one of which fails, and a third reads all (v2).

python examples/workers_on_a_log.py [nats://127.0.0.1:4222]

It needs a server of NATS: its address is the argument, or the variable NATS_URL.
"""

import os
import sys
import threading
from datetime import timedelta
from queue import SimpleQueue

from going_live import x_or_emulator
from reactivex import operators as ops
from reactivex.subject import ReplaySubject

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.backoff import BackoffPolicy
from rxtweets.messages import Post, Redelivered
from rxtweets.relay import JetStream

HOW = """Start a server first, in another terminal:
  nats-server -js
  rxtweets relay sample --emulator --embedded logs"""

addresses = [word for word in sys.argv[1:] if "://" in word]
server = addresses[0] if addresses else os.environ.get("NATS_URL", "nats://127.0.0.1:4222")
log = JetStream(server, stream="x-workers", keep=timedelta(hours=1))

over = ReplaySubject[None](1)
fails_once = threading.Lock()
worked = SimpleQueue[tuple[str, str]]()
watched = SimpleQueue[str]()


def work(name: str) -> None:
    """Be a worker of a group, again after a failure, as what runs a program would have it."""

    def handle(item: object) -> None:
        match item:
            case Redelivered(attempt):
                worked.put((name, f"one comes again, attempt {attempt}"))
            case Post():
                if fails_once.acquire(blocking=False):
                    worked.put((name, "something goes wrong"))
                    raise RuntimeError
                worked.put((name, item.id))

    posts = log.consume("texts", from_="start", ahead=2).pipe(tw.decode(), ops.take_until(over))
    while True:
        try:
            rxt.run(posts, handle)
        except RuntimeError:
            continue
        return


workers = [threading.Thread(target=work, args=[f"worker {number}"], daemon=True) for number in (1, 2)]
look = log.consume(from_="start").pipe(tw.decode(), tw.posts())  # without a group: all of it
with x_or_emulator("X_BEARER_TOKEN"), look.subscribe(lambda post: watched.put(post.id)):
    for worker in workers:
        worker.start()
    client = rxt.StreamingClient(rxt.BearerToken.from_env())
    reader = client.sample().pipe(log.publish(policy=BackoffPolicy.never()), tw.posts(), ops.take(20))
    written: set[str] = set()
    try:
        rxt.run(reader, lambda post: written.add(post.id))
    except rxt.StreamError as error:
        sys.exit(f"{error}\n{HOW}")
    done, seen = set[str](), set[str]()
    while not written <= done:
        name, what = worked.get()
        print(f"{name}: {what}")
        done.add(what)
    while not written <= seen:
        seen.add(watched.get())
    over.on_next(None)
    for worker in workers:
        worker.join()
print(f"{len(written)} posts written, worked on by one of two, and read by a third")

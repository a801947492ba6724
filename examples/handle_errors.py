"""Give up at the first 420, and handle each kind of error. The emulator refuses, so this runs without X.

python examples/handle_errors.py
"""

import rxtweets as rxt
from rxtweets.backoff import Attempt
from rxtweets.emulator import Emulator


def rate_limited(error: rxt.StreamError, attempt: Attempt) -> bool:
    """Give up at a rate limit, for which the default policy would wait."""
    return isinstance(error, rxt.RateLimited)


def attempt(stream: rxt.Stream) -> None:
    """Run a stream and say how it ended."""
    try:
        rxt.run(stream.filter(track=["python"]))
    except rxt.RateLimited as error:
        print(f"{error.status_code}: come back in {error.headers.get('Retry-After', '?')} s")
    except rxt.Unauthorized as error:
        print(f"{error.status_code}: check the credentials, and this machine's clock")
    except rxt.HTTPStatusError as error:
        print(f"{error.status_code}: {type(error).__name__}")
    except rxt.StreamError as error:
        print(f"the network: {error}")


with Emulator() as emulator:
    policy = rxt.BackoffPolicy(give_up=rate_limited)
    stream = rxt.Stream(rxt.OAuth1(*emulator.oauth1), base_url=emulator.base_url, policy=policy)

    emulator.answer(420, headers={"Retry-After": "60"})
    attempt(stream)

    emulator.answer(403)
    attempt(stream)

    attempt(rxt.Stream(rxt.OAuth1("not", "the", "right", "keys"), base_url=emulator.base_url))

nobody = rxt.Stream(None, base_url=emulator.base_url, policy=rxt.BackoffPolicy.never())
attempt(nobody)

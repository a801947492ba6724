"""`python -m rxtweets`: the command `rxtweets`."""

from __future__ import annotations

from rxtweets.cli import main

if __name__ == "__main__":
    main()

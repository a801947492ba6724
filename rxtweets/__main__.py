"""`python -m rxtweets`: the command `rxtweets`."""

from __future__ import annotations

from rxtweets_command import main

if __name__ == "__main__":
    main()

"""Recordings of streams on disk: their lines, their files, what replays them, and what is forgotten in them.

`tw.record` writes them, `rxtweets.replay` reads them, `tw.forget` takes out what was deleted at X.
"""

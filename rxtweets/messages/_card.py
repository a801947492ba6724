"""A status or a post as a card of a notebook: HTML without scripts, and with nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from rxtweets.messages._text import unescape

_CARD = (
    "max-width:44em;margin:.4em 0;padding:.55em .9em .65em;border:1px solid rgba(128,128,128,.4);"
    "border-radius:8px;line-height:1.45"
)
_HEAD = "display:flex;flex-wrap:wrap;gap:0 .5em;align-items:baseline"
_SOFT = "opacity:.7"
_TIME = "margin-left:auto;color:inherit;text-decoration:none;opacity:.7"
_TEXT = "white-space:pre-wrap;overflow-wrap:anywhere"
_LABEL = (
    "display:inline-block;margin:.4em .4em 0 0;padding:0 .5em;border-radius:4px;font-size:.88em;"
    "background:rgba(128,128,128,.18)"
)


def card(
    id: str, name: str, handle: str, at: datetime | None, text: str, labels: Iterable[str], quoted: str = ""
) -> str:
    """Return the card; all texts as X sends them, so `&amp;` is an ampersand.

    Colours are the notebook's own, light or dark. *quoted* is the card of what it quotes, or empty.
    """
    from html import escape  # a table of 2,000 names, which only a notebook needs

    def shown(text: str) -> str:
        return escape(unescape(text))

    when = f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at else f"id {id}" if id else ""
    time = f'<span style="{_TIME}">{escape(when)}</span>'
    if id.isascii() and id.isdigit():
        link = f'href="https://x.com/i/status/{id}" target="_blank" rel="noopener noreferrer"'
        time = f'<a {link} style="{_TIME}">{escape(when)}</a>'
    handles = f'<span dir="auto" style="{_SOFT}">@{shown(handle)}</span>' if handle else ""
    chips = "".join(f'<span dir="auto" style="{_LABEL}">{shown(label)}</span>' for label in labels if label)
    return (
        f'<div style="{_CARD}"><div style="{_HEAD}"><b dir="auto">{shown(name)}</b>{handles}{time}</div>'
        f'<div dir="auto" style="{_TEXT}">{shown(text)}</div>{quoted}{chips}</div>'
    )

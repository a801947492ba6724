"""Checks of v1.1's filter predicates: phrases, boxes, languages."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from .checks import Names, at_most, items

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""

Boxes = Iterable[float] | Iterable[Sequence[float]]

# Source: X's streaming API parameters, at the default access level.
MOST_PHRASES = 400
MOST_BOXES = 25
_LONGEST_PHRASE = 60  # bytes

# Source: ISO 639-1, with the retired codes that X still uses (in, iw, ji, jw, sh).
_TWO_LETTER_CODES = """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de
    dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id
    ie ig ii ik in io is it iu iw ja ji jv jw ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li
    ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi
    pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti
    tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
# Countries taken for languages.
_MEANT = {"cn": "zh", "cz": "cs", "dk": "da", "gb": "en", "gr": "el", "jp": "ja", "ua": "uk", "us": "en"}


def phrases(name: str, value: Names) -> str:
    """Return phrases to track. A comma separates phrases on the wire, so one inside a phrase makes it two."""
    found: dict[str, None] = {}
    for item in items(name, value, "phrases"):
        if not isinstance(item, str):
            raise ValueError(f"{name} takes phrases as text, not {item!r}")
        for part in item.split(","):
            found[_phrase(name, part.strip(), item)] = None
    at_most(name, found, MOST_PHRASES, "phrases")
    return ",".join(found)


def _phrase(name: str, phrase: str, item: str) -> str:
    if not phrase:
        raise ValueError(f"{name} has an empty phrase in {item!r}; a comma separates phrases")
    try:
        size = len(phrase.encode())
    except UnicodeEncodeError:
        raise ValueError(f"{name} takes text, and {phrase!r} contains a lone surrogate") from None
    if size > _LONGEST_PHRASE:
        raise ValueError(
            f"{name} takes phrases of at most {_LONGEST_PHRASE} bytes in UTF-8, got {size}: {phrase!r}"
        )
    return phrase


def languages(name: str, value: Names) -> str:
    """Return BCP 47 language codes."""
    found: dict[str, None] = {}
    for item in items(name, value, "language codes"):
        code = item.lower() if isinstance(item, str) else ""
        main = code.partition("-")[0]
        if not re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", code) or (
            len(main) == 2 and main not in _TWO_LETTER_CODES.split()
        ):
            hint = (
                f"did you mean {_MEANT[main]!r}?"
                if main in _MEANT
                else "give BCP 47 codes: 'en', 'ja', 'zh-tw'"
            )
            raise ValueError(f"{name}: {item!r} is not a language code; {hint}")
        found[str(item)] = None
    return ",".join(found)


def boxes(name: str, value: Boxes | str) -> str:
    """Return boxes of west, south, east, north in degrees, from a flat list of numbers or a list of boxes."""
    found = items(name, value, "boxes (west, south, east, north)")
    flat: list[object] = []
    for item in found:
        if isinstance(item, Sequence) and not isinstance(item, str):
            if len(item) != 4:
                raise ValueError(f"{name}: a box is four numbers (west, south, east, north), not {item!r}")
            flat.extend(item)
        else:
            flat.append(item)
    if len(flat) % 4:
        raise ValueError(
            f"{name} takes four numbers per box (west, south, east, north), got {len(flat)} numbers"
        )
    degrees = [_degrees(name, item) for item in flat]
    corners = [_box(name, (w, s, e, n)) for w, s, e, n in zip(*[iter(degrees)] * 4, strict=True)]
    at_most(name, corners, MOST_BOXES, "boxes")
    return ",".join(_decimal(side) for box in corners for side in box)


def _degrees(name: str, value: object) -> float:
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            number = float(value)
        except (ValueError, OverflowError):
            number = math.nan
        if math.isfinite(number):
            return number
    raise ValueError(f"{name} takes numbers in degrees, not {value!r}")


def _box(name: str, box: Box) -> Box:
    west, south, east, north = box
    order = f"{name}: {box}: a box is (west, south, east, north), longitude before latitude"
    if max(abs(south), abs(north)) > 90:
        if max(abs(west), abs(east)) <= 90:
            raise ValueError(f"{order}; did you mean {(south, west, north, east)}?")
        raise ValueError(f"{order}, with latitudes from -90 to 90")
    if max(abs(west), abs(east)) > 180:
        raise ValueError(f"{order}, with longitudes from -180 to 180")
    if south > north and west > east:
        raise ValueError(f"{order}, the south-west corner first; did you mean {(east, north, west, south)}?")
    if south >= north:
        raise ValueError(f"{order}, and its north must be above its south")
    if west >= east:
        raise ValueError(
            f"{order}, and its east must be right of its west; across the 180th meridian, pass two boxes: "
            f"{(west, south, 180.0, north)} and {(-180.0, south, east, north)}"
        )
    return box


def _decimal(degrees: float) -> str:
    """Return *degrees* without an exponent; seven places are a centimetre."""
    return f"{degrees:.7f}".rstrip("0").rstrip(".") if abs(degrees) >= 5e-8 else "0"

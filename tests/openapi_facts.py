"""The facts of an OpenAPI description: paths, parameters and schemas, without a word of its author's prose.

python -m tests.openapi_facts DESCRIPTION > tests/data/openapi/x-api-v2-streaming.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

PROSE = {"description", "summary", "title", "example", "examples", "externalDocs", "tags", "servers"}
NAMED = {"properties", "schemas", "parameters", "paths", "responses", "mapping", "securitySchemes", "content"}
"""Members whose own members are named by the API, and so are no keywords of OpenAPI."""


def facts(description: dict[str, Any]) -> dict[str, Any]:
    """The description without prose; its title and version stay, which OpenAPI requires."""
    info = {name: description["info"][name] for name in ("title", "version")}
    return {**_stripped(description), "info": info}


def _stripped(value: Any, named: bool = False) -> Any:
    if isinstance(value, list):
        return [_stripped(item) for item in value]
    if not isinstance(value, dict):
        return value
    made: dict[str, Any] = {}
    for key, item in value.items():
        if key == "scopes" and not named:
            made[key] = dict.fromkeys(item, "")
        elif named or not (key in PROSE or key.startswith("x-")):
            made[key] = _stripped(item, not named and key in NAMED)
    return made


def written(description: dict[str, Any]) -> str:
    """As JSON, a line for each path and each schema."""
    text = json.dumps(facts(description), ensure_ascii=False, separators=(",", ":"))
    for name in (*description["paths"], *description["components"]["schemas"]):
        text = text.replace(f'"{name}":{{', f'\n"{name}":{{', 1)
    return text + "\n"


if __name__ == "__main__":
    sys.stdout.write(written(json.loads(Path(sys.argv[1]).read_bytes())))

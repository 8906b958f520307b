"""Turns a JSON schema into a grammar that lets the embedded engine write nothing but compact, valid JSON.

The engine's own conversion allows any whitespace between tokens, and small models spend tokens on it or never
leave it. Its grammar engine, llguidance, takes the schema itself and fixes the separators; it also keeps
number bounds, patterns and `multipleOf`, which the engine's own conversion drops. Keys are written in the
schema's order.
"""

import json
from collections.abc import Mapping
from typing import Any

# As json.dumps writes by default, and as models have mostly seen JSON on one line: ", " and ": ".
_STYLE = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": ", "lenient": True}
# Not known to llguidance. With them the engine would refuse the whole grammar without a word.
_DROPPED = frozenset({"uniqueItems", "discriminator", "title", "default", "examples", "description"})


def json_grammar(schema: Mapping[str, Any]) -> str:
    """The grammar of the JSON texts that satisfy a schema, with one space after each comma and colon."""
    return f"%llguidance {{}}\nstart: {json_rule(schema)}"


def json_rule(schema: Mapping[str, Any]) -> str:
    """The right side of a grammar rule for such texts."""
    return "%json " + json.dumps({**_simplified(schema), "x-guidance": _STYLE})


def _simplified(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema without keywords that bind nothing here, and closed; a property of such a name stays."""
    kept: dict[str, Any] = {}
    for key, value in schema.items():
        if key in _DROPPED or (key == "pattern" and "(?" in value):
            continue  # llguidance's regular expressions have no groups with look-around
        if key in ("properties", "$defs", "patternProperties"):
            kept[key] = {name: _simplified_value(part) for name, part in value.items()}
        elif key in ("const", "enum"):
            kept[key] = value
        else:
            kept[key] = _simplified_value(value)
    if "properties" in kept:
        # By default a model may invent more keys, and a small one does until its tokens run out.
        kept.setdefault("additionalProperties", False)
    return kept


def _simplified_value(value: Any) -> Any:
    if isinstance(value, dict):
        return _simplified(value)
    if isinstance(value, list):
        return [_simplified_value(part) for part in value]
    return value

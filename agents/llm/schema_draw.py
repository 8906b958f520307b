"""Draws a random JSON value that satisfies a JSON schema: what the scripted model answers with.

Covers what pydantic writes: references, enums, constants, bounds, unions, nested objects, mappings, tuples,
arrays. Array items are distinct where the schema leaves room for it, because lists of seats or names rarely
may repeat.
"""

import math
from collections.abc import Mapping
from random import Random
from typing import Any

Schema = Mapping[str, Any]

_SENTENCES = (
    "I have no strong reading yet, so I will watch the next step closely.",
    "The last result tells us more than what was said about it.",
    "I would rather keep the group small and see what happens.",
    "Two of us acted the same way twice, and that deserves a question.",
    "I agree for now, but I want to hear the reason.",
    "Let us compare what was promised with what was done.",
    "Nothing so far rules that out.",
    "I changed my mind after the last round.",
)
_FORMATS = {
    "date": "2026-01-05",
    "date-time": "2026-01-05T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "PT1H",
    "uuid": "6f1c8a9e-2b7d-4c55-9a53-0d6b1f0e7a42",
    "email": "percival@example.org",
    "uri": "https://example.org/",
    "ipv4": "192.0.2.1",
}
_WIDTH = 100
"""Size of the range drawn from where a schema gives only one bound or none."""
_MAX_DEPTH = 6


def draw(schema: Schema, random: Random) -> Any:
    """Draw a value of the schema."""
    return _Drawing(schema.get("$defs", {}), random).value(schema, depth=0)


class _Drawing:
    def __init__(self, definitions: Schema, random: Random) -> None:
        self._definitions = definitions
        self._random = random

    def value(self, schema: Schema, depth: int) -> Any:
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._random.choice(schema["enum"])
        for union in ("anyOf", "oneOf"):
            if union in schema:
                return self.value(self._choose(schema[union], depth), depth)
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if isinstance(kind, list):
            kind = self._random.choice([each for each in kind if each != "null"] or kind)
        match kind:
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, depth)
            case "integer":
                return self._integer(schema)
            case "number":
                return self._number(schema)
            case "boolean":
                return self._random.random() < 0.5
            case "null":
                return None
            case _:
                return self._string(schema)

    def _resolved(self, schema: Schema) -> Schema:
        if "$ref" in schema:
            target = self._definitions[schema["$ref"].removeprefix("#/$defs/")]
            return self._resolved({**target, **{key: each for key, each in schema.items() if key != "$ref"}})
        if "allOf" in schema:
            merged: dict[str, Any] = {key: each for key, each in schema.items() if key != "allOf"}
            for part in schema["allOf"]:
                merged.update(self._resolved(part))
            return merged
        return schema

    def _choose(self, options: list[Schema], depth: int) -> Schema:
        is_null = [self._resolved(option).get("type") == "null" for option in options]
        if any(is_null) and (depth >= _MAX_DEPTH or self._random.random() < 0.25):
            return options[is_null.index(True)]
        return self._random.choice(
            [option for option, null in zip(options, is_null, strict=True) if not null] or options
        )

    def _object(self, schema: Schema, depth: int) -> dict[str, Any]:
        required = schema.get("required", [])
        drawn: dict[str, Any] = {}
        for name, property_schema in schema.get("properties", {}).items():
            if name in required or (depth < _MAX_DEPTH and self._random.random() < 0.5):
                drawn[name] = self.value(property_schema, depth + 1)
        extra = schema.get("additionalProperties")
        if isinstance(extra, Mapping):
            keys = self._resolved(schema.get("propertyNames", {})).get("enum")
            # Digits are valid keys of mappings from numbers as well as from text.
            names = list(keys) if keys else [str(number) for number in range(1, 10)]
            least = schema.get("minProperties", 0)
            most = min(schema.get("maxProperties", least + 2), len(names))
            for name in self._random.sample(names, self._random.randint(least, most)):
                drawn[name] = self.value(extra, depth + 1)
        return drawn

    def _array(self, schema: Schema, depth: int) -> list[Any]:
        leading = [self.value(item, depth + 1) for item in schema.get("prefixItems", [])]
        item_schema = schema.get("items")
        if not isinstance(item_schema, Mapping):
            return leading
        least = schema.get("minItems", 0)
        most = schema.get("maxItems", least + 2)
        wanted = self._random.randint(least, most) if depth < _MAX_DEPTH else least
        items = leading
        # A value may come twice: draw on, but give up where the schema has too few distinct values.
        for _ in range(20 * wanted):
            if len(items) == wanted:
                break
            item = self.value(item_schema, depth + 1)
            if item not in items:
                items.append(item)
        if not schema.get("uniqueItems"):
            while len(items) < least:
                items.append(self.value(item_schema, depth + 1))
        return items

    def _integer(self, schema: Schema) -> int:
        step = schema.get("multipleOf", 1)
        low, high = _bounds(schema, step)
        return int(step * self._random.randint(math.ceil(low / step), math.floor(high / step)))

    def _number(self, schema: Schema) -> float:
        low, high = _bounds(schema, 0)
        drawn = round(self._random.uniform(low, high), 2)
        if low <= drawn <= high and drawn not in (
            schema.get("exclusiveMinimum"),
            schema.get("exclusiveMaximum"),
        ):
            return drawn
        return (low + high) / 2

    def _string(self, schema: Schema) -> str:
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        text = self._random.choice(_SENTENCES)
        while len(text) < schema.get("minLength", 0):
            text = f"{text} {self._random.choice(_SENTENCES)}"
        return text[: schema.get("maxLength", len(text))]


def _bounds(schema: Schema, step: float) -> tuple[float, float]:
    """The closed interval to draw from; an exclusive bound moves inwards by one step."""
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is None and "exclusiveMinimum" in schema:
        low = schema["exclusiveMinimum"] + step
    if high is None and "exclusiveMaximum" in schema:
        high = schema["exclusiveMaximum"] - step
    if low is None:
        low = 0 if high is None or high >= 0 else high - _WIDTH
    return low, low + _WIDTH if high is None else high

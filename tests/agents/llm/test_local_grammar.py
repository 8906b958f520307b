"""Grammars made of JSON schemas and tools; whether the engine keeps to them is tested with the engine."""

import json
from typing import Any

import pytest

from agents.llm.forced_tools import call_chunk, call_grammar, forced_tools
from agents.llm.json_grammar import json_grammar

TOOL = {"type": "function", "function": {"name": "vote", "parameters": {"type": "object", "properties": {}}}}
LEAVE = {"type": "function", "function": {"name": "leave"}}


def schema_in(grammar: str) -> dict[str, Any]:
    head, _, schema = grammar.partition("start: %json ")
    assert head == "%llguidance {}\n"
    parsed: dict[str, Any] = json.loads(schema)
    return parsed


def test_separators_are_fixed() -> None:
    assert schema_in(json_grammar({"type": "object"}))["x-guidance"] == {
        "whitespace_flexible": False,
        "item_separator": ", ",
        "key_separator": ": ",
        "lenient": True,
    }


def test_objects_are_closed_at_every_depth_unless_they_say_otherwise() -> None:
    inner = {"type": "object", "properties": {"a": {"type": "integer"}}}
    grammar = schema_in(
        json_grammar(
            {
                "type": "object",
                "properties": {"in": {"items": inner}, "open": {**inner, "additionalProperties": True}},
                "$defs": {"X": inner},
            }
        )
    )
    assert grammar["additionalProperties"] is False
    assert grammar["properties"]["in"]["items"]["additionalProperties"] is False
    assert grammar["properties"]["open"]["additionalProperties"] is True
    assert grammar["$defs"]["X"]["additionalProperties"] is False


def test_a_map_stays_a_map() -> None:
    grammar = schema_in(json_grammar({"type": "object", "additionalProperties": {"type": "integer"}}))
    assert grammar["additionalProperties"] == {"type": "integer"}


def test_what_the_engine_does_not_know_is_left_out() -> None:
    field = {"type": "string", "title": "T", "pattern": "^(?!x)", "default": "y", "maxLength": 9}
    grammar = schema_in(json_grammar({"properties": {"f": field}, "title": "Top"}))
    assert grammar["properties"]["f"] == {"type": "string", "maxLength": 9}
    assert "title" not in grammar


def test_a_plain_pattern_is_kept() -> None:
    grammar = schema_in(json_grammar({"properties": {"f": {"type": "string", "pattern": "^[a-z]+$"}}}))
    assert grammar["properties"]["f"]["pattern"] == "^[a-z]+$"


@pytest.mark.parametrize("name", ["title", "default", "pattern", "properties", "description"])
def test_a_property_may_be_called_like_a_keyword(name: str) -> None:
    grammar = schema_in(json_grammar({"type": "object", "properties": {name: {"type": "integer"}}}))
    assert grammar["properties"] == {name: {"type": "integer"}}


def test_values_are_not_taken_for_schemas() -> None:
    schema = {"enum": [{"title": "x"}], "const": {"default": 1}}
    grammar = schema_in(json_grammar(schema))
    assert grammar["enum"] == [{"title": "x"}]
    assert grammar["const"] == {"default": 1}


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ("required", ["vote", "leave"]),
        ("any", ["vote", "leave"]),
        ({"type": "function", "function": {"name": "leave"}}, ["leave"]),
        ("auto", []),
        ("none", []),
        (None, []),
    ],
)
def test_a_choice_of_tools_is_forced_only_if_asked_for(choice: object, names: list[str]) -> None:
    functions = forced_tools({"tools": [TOOL, LEAVE], "tool_choice": choice})
    assert [function["name"] for function in functions] == names


def test_a_call_grammar_has_a_rule_for_each_function() -> None:
    lines = call_grammar([TOOL["function"], {"name": 'odd"name'}]).splitlines()  # type: ignore[list-item]
    assert lines[2] == "call: call_0 | call_1"
    assert lines[5].startswith("call_1: ")
    literal, _ = json.JSONDecoder().raw_decode(lines[5].removeprefix("call_1: "))
    assert json.loads(literal + "{}}") == {"name": 'odd"name', "arguments": {}}


def test_a_written_call_is_read_back() -> None:
    chunk = call_chunk('<tool_call>\n{"name": "vote", "arguments": {"approve": true}}\n</tool_call>')
    assert chunk.content == ""
    assert [(call["name"], call["args"]) for call in chunk.tool_call_chunks] == [
        ("vote", '{"approve": true}')
    ]


def test_a_call_that_was_cut_off_stays_text() -> None:
    chunk = call_chunk('<tool_call>\n{"name": "vote", "argu')
    assert chunk.tool_call_chunks == []
    assert chunk.text.endswith('"argu')

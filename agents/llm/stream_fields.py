"""Reads the string fields of a JSON object while it is written, so that a speech appears word by word."""

import json
import re
from dataclasses import dataclass
from typing import Literal

_State = Literal["before", "key", "colon", "value", "string", "skip", "done"]
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Delta:
    """Growth of one top-level string field of an answer."""

    field: str
    text: str
    restart: bool = False
    """What was streamed for this answer is void: the call is repeated. Field and text are empty then."""


class FieldScanner:
    """Yields the growth of the top-level string fields of the first JSON object in a text.

    Prose and code fences before the object are passed over. The scanner only feeds a view: where the text is
    not JSON it falls silent, and the accepted answer is always read from the whole text.
    """

    def __init__(self) -> None:
        self._state: _State = "before"
        self._field = ""
        self._raw = ""
        self._depth = 0
        self._in_string = False
        self._escaped = False

    def feed(self, text: str) -> list[Delta]:
        """Read the next piece of the text."""
        grown: list[Delta] = []
        for character in text:
            piece = self._step(character)
            if not piece:
                continue
            if grown and grown[-1].field == self._field:
                grown[-1] = Delta(self._field, grown[-1].text + piece)
            else:
                grown.append(Delta(self._field, piece))
        return grown

    def _step(self, character: str) -> str:
        match self._state:
            case "before":
                if character == "{":
                    self._expect_key()
            case "key":
                self._read_key(character)
            case "colon":
                if character == ":":
                    self._state = "value"
            case "value":
                self._begin_value(character)
            case "string":
                return self._read_string(character)
            case "skip":
                self._skip(character)
            case "done":
                pass
        return ""

    def _expect_key(self) -> None:
        self._state, self._raw, self._in_string, self._escaped = "key", "", False, False

    def _read_key(self, character: str) -> None:
        if not self._in_string:
            if character == '"':
                self._in_string = True
            elif character == "}":
                self._state = "done"
            return
        if self._escaped:
            self._escaped = False
        elif character == "\\":
            self._escaped = True
        elif character == '"':
            self._field, self._state = self._raw, "colon"
            return
        self._raw += character

    def _begin_value(self, character: str) -> None:
        if character.isspace():
            return
        self._raw, self._escaped, self._depth = "", False, 0
        if character == '"':
            self._state = "string"
            return
        self._state, self._in_string = "skip", False
        self._skip(character)

    def _read_string(self, character: str) -> str:
        """One character of a value; returns what it adds to the decoded text."""
        if self._raw:
            return self._read_escape(character)
        if character == "\\":
            self._raw = "\\"
            return ""
        if character == '"':
            self._state, self._in_string, self._depth = "skip", False, 0
            return ""
        return "\N{REPLACEMENT CHARACTER}" if "\ud800" <= character <= "\udfff" else character

    def _read_escape(self, character: str) -> str:
        if (len(self._raw) == 6 and character != "\\") or (len(self._raw) == 7 and character != "u"):
            return self._drop_half_pair(character)
        self._raw += character
        if len(self._raw) == 2 and character != "u":
            self._raw = ""
            return _ESCAPES.get(character, character)
        if len(self._raw) not in (6, 12):
            return ""
        try:
            decoded: str = json.loads(f'"{self._raw}"')
        except json.JSONDecodeError:
            self._raw = ""
            return "\N{REPLACEMENT CHARACTER}"
        if len(self._raw) == 6 and "\ud800" <= decoded <= "\udbff":
            return ""  # the first half of a surrogate pair: wait for the second
        self._raw = ""
        return _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", decoded)

    def _drop_half_pair(self, character: str) -> str:
        """The half pair read so far has no second half: replace it and read on from what followed."""
        followed, self._raw = self._raw[6:] + character, ""
        return "\N{REPLACEMENT CHARACTER}" + "".join(self._read_string(each) for each in followed)

    def _skip(self, character: str) -> None:
        if self._in_string:
            if self._escaped:
                self._escaped = False
            elif character == "\\":
                self._escaped = True
            elif character == '"':
                self._in_string = False
        elif character == '"':
            self._in_string = True
        elif character in "{[":
            self._depth += 1
        elif character in "}]":
            if self._depth == 0:
                self._state = "done"
            else:
                self._depth -= 1
        elif character == "," and self._depth == 0:
            self._expect_key()

"""What a tool is: a name, a typed request, and a function that answers with a typed result.

A surface that offers tools (the assistant, the MCP server) needs to know no more than this. Whatever goes
wrong in a way that the caller can mend is a `ToolFailure`, which reaches a model as an observation.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

FailureKind = Literal["unknown_tool", "bad_arguments", "not_found", "refused", "failed", "stopped"]


class ToolFailure(Exception):
    """A use of a tool that brought no result; the message says what is wrong, the hint what to do instead."""

    def __init__(self, kind: FailureKind, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.kind: FailureKind = kind
        self.message = message
        self.hint = hint


class Observation(BaseModel):
    """What came of a use of a tool, as a model reads it."""

    model_config = ConfigDict(frozen=True)

    ok: bool
    data: dict[str, Any] = Field(default_factory=dict, description="The result, if there is one.")
    failure: FailureKind | None = None
    message: str = ""
    hint: str = ""

    @classmethod
    def of_failure(cls, failure: ToolFailure) -> "Observation":
        return cls(ok=False, failure=failure.kind, message=failure.message, hint=failure.hint)

    def told(self) -> dict[str, Any]:
        """The result, or what went wrong and what to do about it."""
        if self.ok:
            return dict(self.data)
        failed = {"error": self.failure, "message": self.message, "hint": self.hint}
        return {name: value for name, value in failed.items() if value}


@dataclass(frozen=True, kw_only=True, slots=True)
class Advance:
    """How far a tool is: `done` of `total`, where it knows, and the newest figures by name."""

    text: str = ""
    done: int | None = None
    total: int | None = None
    values: Mapping[str, float] = field(default_factory=dict)


def _unheard(_: object) -> None:
    """For callers who do not watch."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """What a tool is handed beside its request."""

    tell: Callable[[Advance], None] = _unheard
    """Told how far the tool is, from the event loop's thread."""
    begun: Callable[[str], None] = _unheard
    """Told the id of the run that the call begins, before the work does."""
    earlier: str | None = None
    """The run that an interrupted process began for this very call: it is gone on with."""


def _no_reason(_: object) -> str | None:
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Tool:
    """One thing that an agent can do."""

    name: str
    summary: str
    request: type[BaseModel]
    use: Callable[[Any, Call], Awaitable[BaseModel]]
    """Does it, given a valid request. Raises `ToolFailure`, or an error of the families that `Toolbox`
    translates."""
    reason_to_ask: Callable[[Any], str | None] = _no_reason
    """Why a person should allow this request first; None where it is quick and free."""
    changes: bool = False
    """Whether it leaves anything behind: a run, a file."""
    changing: bool = False
    """Whether the same request may be answered otherwise a moment later."""

    def schema(self) -> dict[str, Any]:
        """The JSON schema of the request, without the titles and descriptions that only cost tokens."""
        described: dict[str, Any] = self.request.model_json_schema()
        described.pop("description", None)
        return without_titles(described)


def without_titles(schema: dict[str, Any]) -> dict[str, Any]:
    """A JSON schema without its titles; a property that is called title stays."""
    kept: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "title" and isinstance(value, str):
            continue
        if key in ("properties", "$defs"):
            kept[key] = {name: without_titles(part) for name, part in value.items()}
        elif isinstance(value, dict) and key not in ("default", "const"):
            kept[key] = without_titles(value)
        elif isinstance(value, list) and key in ("anyOf", "allOf", "oneOf", "prefixItems"):
            kept[key] = [without_titles(part) for part in value]
        else:
            kept[key] = value
    return kept


def observation_text(told: Mapping[str, Any], most: int) -> str:
    """What a tool answered as JSON text of a bounded length."""
    text = json.dumps(told, ensure_ascii=False)
    if len(text) <= most:
        return text
    return f"{text[:most]} ... (cut: {len(text) - most} characters more)"

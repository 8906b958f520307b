"""From what a model wrote to a validated value: strict JSON, then JSON inside other text, then mended JSON.

The text is data. It is parsed and validated, never evaluated.
"""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

import json_repair
from pydantic import BaseModel, ValidationError

T = TypeVar("T", bound=BaseModel)

Step = Literal["json", "fenced", "embedded", "repaired"]
Reason = Literal["empty", "refusal", "truncated", "invalid", "no_json"]

_NOT_JSON = (ValueError, RecursionError)
"""A number of thousands of digits and nesting without end are no syntax errors to the parsers."""
_LONGEST_MENDED = 20_000
"""Characters; mending takes quadratic time on the worst noise, and no answer is this long."""
_MOST_OBJECTS = 500
_MOST_CLAUSES = 5
_THINKING = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"```[ \t]*\w*[ \t]*\n?(.*?)(?:```|\Z)", re.DOTALL)
_TRAILING_NUMBER = re.compile(r"[:,\[]\s*-?[\d.eE+]*\Z")
_TRAILING_ESCAPE = re.compile(
    r"(?<!\\)((?:\\\\)*)(?:\\u[dD][89abAB][0-9a-fA-F]{2})?(?:\\(?:u[0-9a-fA-F]{0,3})?)?\Z"
)
_ESCAPED_SURROGATES = re.compile(
    r"(?<!\\)((?:\\\\)*)((?:\\u[dD][89abAB][0-9a-fA-F]{2})?\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
_DECLINES = re.compile(
    r"(?:can'?t|can ?not|won'?t|will not|unable to|not able to|not comfortable|must decline|"
    r"have to decline|decline to)"
    r"\W+(?:\w+\W+){0,4}?"
    r"(?:help|assist|comply|participat\w*|provid\w*|answer|engag\w*|fulfil\w*|do (?:that|this)|"
    r"continue|creat\w*|generat\w*|role-?play|deceiv\w*|deception|l(?:ie|ying)|request)"
    r"|\bas an ai\b|\bagainst my (?:guidelines|programming)\b"
    r"|\bkann (?:\w+ ){0,5}nicht (?:\w+ )?(?:weiter)?helfen"
    r"|\bje ne peux pas|\bno puedo (?:ayudar|hacer)"
    r"|\u65e0\u6cd5|\u4e0d\u80fd\u5e2e|\u304a\u624b\u4f1d\u3044\u3067\u304d\u307e\u305b\u3093",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """A value that the schema accepts, and how much help it needed."""

    value: T
    step: Step


@dataclass(frozen=True, slots=True)
class Unread:
    """No value: why, and the sentence for the model that says what to mend."""

    reason: Reason
    problem: str


def read_answer(
    text: str, schema: type[T], *, truncated: bool = False, refused: bool = False
) -> Read[T] | Unread:
    """Read one answer against a schema.

    Args:
        truncated: The model ran into its length limit: a number at the very end may lack digits, and the
            last field, if the schema can do without it, may be left out.
        refused: The provider says that the model declined.
    """
    written = _THINKING.sub("", as_unicode(text)).strip()
    if truncated:
        written = _TRAILING_ESCAPE.sub(r"\1", written)
    written = _ESCAPED_SURROGATES.sub(_unescaped, written)
    complaint = ""
    for step, candidate in _candidates(written, schema, truncated):
        for fields in _objects(candidate, schema):
            try:
                return Read(schema.model_validate(fields), step)
            except ValidationError as error:
                complaint = complaint or _complaint(error)
    if refused or (
        not complaint and _DECLINES.search(written.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
    ):
        return Unread("refusal", "The answer declined the request.")
    if truncated:
        return Unread("truncated", f"The answer was cut off at its length limit. {complaint}".rstrip())
    if not written:
        return Unread("empty", "The answer was empty.")
    if complaint:
        return Unread("invalid", complaint)
    return Unread("no_json", "The answer contained no JSON object.")


def as_unicode(text: str) -> str:
    """Join the halves of a character that a server tore apart, and replace a half that is left alone.

    Halves cannot be written to a file or a terminal.
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _unescaped(match: re.Match[str]) -> str:
    backslashes, escapes = match.groups()
    return backslashes + as_unicode("".join(chr(int(half, 16)) for half in escapes.split("\\u")[1:]))


def _candidates(text: str, schema: type[BaseModel], truncated: bool) -> Iterator[tuple[Step, object]]:
    """JSON values found in the text, the least doctored first; among equals the last, after all reasoning."""
    with suppress(*_NOT_JSON):
        yield "json", json.loads(text)
    fenced = [match.group(1).strip() for match in _FENCE.finditer(text)]
    for block in reversed(fenced):
        try:
            yield "fenced", json.loads(block)
        except _NOT_JSON:
            continue
    for value in reversed(_embedded_objects(text)):
        yield "embedded", value
    for block in (*reversed(fenced), text):
        for part in _worth_mending(block, schema):
            if len(part) > _LONGEST_MENDED:
                continue
            whole_part = _TRAILING_NUMBER.sub("", part) if truncated else part
            for closed in _closed(whole_part, truncated):
                with suppress(*_NOT_JSON):
                    yield "repaired", json.loads(closed)
            with suppress(*_NOT_JSON):
                yield "repaired", json_repair.loads(whole_part)


def _closed(text: str, truncated: bool) -> Iterator[str]:
    """An object without its end, closed where it stops; if it was cut, also before its unfinished part."""
    closers: list[str] = []
    in_string = escaped = False
    before_last_part = ""
    for place, character in enumerate(text):
        if in_string:
            in_string = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            in_string = True
        elif character in "{[":
            closers.append("}" if character == "{" else "]")
        elif character in "}]" and closers:
            closers.pop()
        elif character == ",":
            before_last_part = text[:place] + "".join(reversed(closers))
    if closers:
        yield text + '"' * in_string + "".join(reversed(closers))
        if truncated:
            yield before_last_part


def _embedded_objects(text: str) -> list[dict[str, object]]:
    """The outermost JSON objects inside other text, in order."""
    decoder = json.JSONDecoder()
    found: list[dict[str, object]] = []
    position = text.find("{")
    for _ in range(_MOST_OBJECTS):
        if position < 0:
            break
        try:
            value, end = decoder.raw_decode(text, position)
        except _NOT_JSON:
            end = position + 1
        else:
            found.append(value)
        position = text.find("{", end)
    return found


def _worth_mending(text: str, schema: type[BaseModel]) -> Iterator[str]:
    if "{" in text:
        yield text[text.index("{") :]
        yield text[text.rindex("{") :]
    else:
        names = "|".join(re.escape(name) for name in schema.model_fields)
        first_field = re.search(rf"^[\s\"'*-]*(?:{names})[\"'*]*\s*[:=]", text, re.MULTILINE)
        if first_field:
            yield "{" + text[first_field.start() :] + "}"


def _objects(value: object, schema: type[BaseModel]) -> Iterator[dict[str, object]]:
    """The objects a JSON value may stand for: itself, its last element, what it wraps, what it quotes."""
    if isinstance(value, dict):
        yield value
        if len(value) == 1:
            (key, inner), *_ = value.items()
            if key not in schema.model_fields and isinstance(inner, dict):
                yield inner
    elif isinstance(value, list) and value:
        yield from _objects(value[-1], schema)
    elif isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            inner = json.loads(value)
        except _NOT_JSON:
            return
        if isinstance(inner, dict):
            yield inner


def _complaint(error: ValidationError) -> str:
    """What pydantic found, one clause a field, without echoing the answer."""
    clauses = [
        f"{'.'.join(str(part) for part in each['loc']) or 'the object'}: {each['msg']}"
        for each in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    return "; ".join(clauses[:_MOST_CLAUSES])

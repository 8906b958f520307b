"""A form made from a pydantic model: a line a field, with its help, checked where it is filled in.

A bool, a Literal or `json_schema_extra={"choices": [...]}` is a list to choose from, anything else an input.
An empty input of a field that may be None is None.
"""

from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Any, Generic, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.events import DescendantFocus
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Select, Static

Values = TypeVar("Values", bound=BaseModel)


class Form(VerticalScroll, Generic[Values]):
    """Asks for the values of a model; `read` answers them, or shows what is wrong at its field."""

    DEFAULT_CSS = """
    Form { height: auto; max-height: 100%; }
    Form .field { height: auto; }
    Form .label { width: 17; padding: 0 1 0 0; }
    Form .entry { width: 24; }
    Form .help { width: 1fr; padding-left: 2; color: $text-muted; }
    Form .hint { height: 2; color: $text-muted; display: none; }
    Form .wrong { color: $error; text-style: bold; }
    """

    class Changed(Message):
        """A field has another value; it may not make sense yet."""

    def __init__(self, values: Values, *, id: str | None = None) -> None:
        super().__init__(id=id, can_focus=False)
        self._model = type(values)
        self._start: Mapping[str, object] = values.model_dump()

    def compose(self) -> ComposeResult:
        for name, field in self._model.model_fields.items():
            with Horizontal(classes="field"):
                yield Static(Content(field.title or name.replace("_", " ").capitalize()), classes="label")
                yield self._entry(name, field)
                yield Static(Content(field.description or ""), classes="help", id=f"help-{name}")
        yield Static("", classes="hint")

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Where there is no room for all the help, show that of the field one is at."""
        field = self._model.model_fields.get(event.widget.id or "")
        self.query_one(".hint", Static).update(Content(field.description or "" if field else ""))

    def _entry(self, name: str, field: FieldInfo) -> Widget:
        value = self._start[name]
        choices = choices_of(field)
        if choices:
            options = [(Content(label), label) for label in choices]
            chosen = ("yes" if value else "no") if isinstance(value, bool) else str(value)
            return Select(options, value=chosen, allow_blank=False, id=name, classes="entry", compact=True)
        shown = "" if value is None else str(value)
        return Input(shown, id=name, classes="entry", compact=True)

    def read(self) -> Values | None:
        """The values; None, with the reasons shown at their fields, where they make no sense."""
        given = {name: self._given(name, field) for name, field in self._model.model_fields.items()}
        wrong: dict[str, str] = {}
        values: Values | None = None
        try:
            values = self._model(**given)
        except ValidationError as error:
            wrong = {str(one["loc"][0]): one["msg"] for one in error.errors() if one["loc"]}
        self.complain(wrong)
        return values

    def complain(self, wrong: Mapping[str, str]) -> None:
        """Show what is wrong at its field, and the help at all others; goes to the first."""
        for name, field in self._model.model_fields.items():
            line = self.query_one(f"#help-{name}", Static)
            line.update(Content(wrong.get(name, field.description or "")))
            line.set_class(name in wrong, "wrong")
        for name in wrong:
            self.query_one(f"#{name}").focus()
            break

    def _given(self, name: str, field: FieldInfo) -> Any:
        entry = self.query_one(f"#{name}")
        if isinstance(entry, Select):
            return entry.value
        assert isinstance(entry, Input)
        text = entry.value.strip()
        return None if not text and _may_be_none(field) else text


def choices_of(field: FieldInfo) -> list[str]:
    """What may be chosen; empty where it is free."""
    extra = field.json_schema_extra
    if isinstance(extra, dict) and isinstance(extra.get("choices"), list):
        return [str(choice) for choice in extra["choices"]]  # type: ignore[union-attr]  # a list, see above
    kind = _kind_of(field)
    if kind is bool:
        return ["no", "yes"]
    return [str(choice) for choice in get_args(kind)] if get_origin(kind) is Literal else []


def _kind_of(field: FieldInfo) -> Any:
    """The type without None."""
    kind = field.annotation
    if get_origin(kind) in (Union, UnionType):
        others = [one for one in get_args(kind) if one is not NoneType]
        return others[0] if len(others) == 1 else kind
    return kind


def _may_be_none(field: FieldInfo) -> bool:
    return NoneType in get_args(field.annotation)

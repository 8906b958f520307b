"""A form made from a pydantic model: a line a field, with its help, checked where it is filled in.

A bool, a Literal or `json_schema_extra={"choices": [...]}` is a list to choose from, anything else an input;
a path completes itself, several values stand with commas between them. An empty input of a field that may be
None is None.
"""

from collections.abc import Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Generic, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.events import DescendantBlur, DescendantFocus
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Select, Static

from tui.path_completion import PathCompletion

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
    Form #wrong-together { height: auto; display: none; }
    Form.-wrong-together #wrong-together { display: block; }
    """

    class Changed(Message):
        """A field has another value; it may not make sense yet."""

    def __init__(
        self,
        asked: Values | type[Values],
        *,
        start: Mapping[str, object] | None = None,
        id: str | None = None,
    ) -> None:
        """Ask for the values of a model, beginning with those given: an instance, or some by name."""
        super().__init__(id=id, can_focus=False)
        if isinstance(asked, BaseModel):
            self._model = type(asked)
            self._start: Mapping[str, object] = asked.model_dump()
        else:
            self._model = asked
            self._start = {**_defaults(asked), **(start or {})}

    def compose(self) -> ComposeResult:
        for name, field in self._model.model_fields.items():
            with Horizontal(classes="field"):
                yield Static(Content(field.title or name.replace("_", " ").capitalize()), classes="label")
                yield self._entry(name, field)
                yield Static(Content(field.description or ""), classes="help", id=f"help-{name}")
        yield Static("", id="wrong-together", classes="wrong")
        yield Static("", classes="hint")

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Where there is no room for all the help, show that of the field one is at."""
        field = self._model.model_fields.get(event.widget.id or "")
        self.query_one(".hint", Static).update(Content(field.description or "" if field else ""))

    def on_descendant_blur(self, event: DescendantBlur) -> None:
        """Say what is wrong with a value as soon as one has left it."""
        name = event.widget.id or ""
        if name in self._model.model_fields:
            self._tell(name, self._mistakes()[1].get(name))

    def _entry(self, name: str, field: FieldInfo) -> Widget:
        value = self._start.get(name)
        choices = choices_of(field)
        if choices:
            options = [(Content(label), label) for label in choices]
            chosen = ("yes" if value else "no") if isinstance(value, bool) else str(value)
            known = chosen if chosen in choices else choices[0]
            return Select(options, value=known, allow_blank=False, id=name, classes="entry", compact=True)
        completion = PathCompletion() if _kind_of(field) is Path else None
        return Input(_shown(value), id=name, classes="entry", compact=True, suggester=completion)

    def read(self) -> Values | None:
        """The values; None, with the reasons shown at their fields, where they make no sense."""
        values, wrong = self._mistakes()
        self.complain(wrong)
        return values

    def complain(self, wrong: Mapping[str, str]) -> None:
        """Show what is wrong at its field, and the help at all others; goes to the first.

        What is wrong with several fields together stands under the name "".
        """
        for name in self._model.model_fields:
            self._tell(name, wrong.get(name))
        self.query_one("#wrong-together", Static).update(Content(wrong.get("", "")))
        self.set_class("" in wrong, "-wrong-together")
        for name in wrong:
            if name:
                self.query_one(f"#{name}").focus()
                break

    def _mistakes(self) -> tuple[Values | None, dict[str, str]]:
        fields = self._model.model_fields
        given = {name: self._given(name, field) for name, field in fields.items()}
        # An empty input of a field that must be filled in is no value, so that the model says it is missing.
        filled = {
            name: value for name, value in given.items() if not (value == "" and fields[name].is_required())
        }
        try:
            return self._model(**filled), {}
        except ValidationError as error:
            return None, {str(one["loc"][0]) if one["loc"] else "": one["msg"] for one in error.errors()}

    def _tell(self, name: str, problem: str | None) -> None:
        line = self.query_one(f"#help-{name}", Static)
        line.update(Content(problem or self._model.model_fields[name].description or ""))
        line.set_class(problem is not None, "wrong")

    def _given(self, name: str, field: FieldInfo) -> Any:
        entry = self.query_one(f"#{name}")
        if isinstance(entry, Select):
            return _chosen(str(entry.value), field)
        assert isinstance(entry, Input)
        text = entry.value.strip()
        if not text and _may_be_none(field):
            return None
        if get_origin(_kind_of(field)) in (tuple, list):
            return [part for part in text.replace(",", " ").split() if part]
        return text


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


def _chosen(label: str, field: FieldInfo) -> Any:
    """What a label stands for: a Literal may be of numbers."""
    kind = _kind_of(field)
    values = get_args(kind) if get_origin(kind) is Literal else ()
    return next((value for value in values if str(value) == label), label)


def _shown(value: object) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _defaults(model: type[BaseModel]) -> dict[str, object]:
    return {
        name: field.get_default(call_default_factory=True, validated_data={})
        for name, field in model.model_fields.items()
        if not field.is_required()
    }

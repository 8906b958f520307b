"""Asks for a line of text."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui.path_completion import PathCompletion


class AskLineScreen(ModalScreen[str | None]):
    """Answers what was typed, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel")]

    def __init__(self, question: str, value: str = "", *, completes_paths: bool = False) -> None:
        super().__init__()
        self._completion = PathCompletion() if completes_paths else None
        self._question = question
        self._value = value

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Content(self._question))
            yield Input(
                self._value, id="line", select_on_focus=False, compact=True, suggester=self._completion
            )
            yield Static(Content("Enter: do it   Esc: leave it"), classes="note")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() or None)

"""Where a person allows or refuses what the assistant wants to do; the harmless answer has the focus."""

import json
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Static

from agents.assistant.events import ApprovalAsked
from agents.cli.table_text import plain

_MOST_ARGUMENTS = 400


class ApprovalBox(Vertical):
    """Asks one question; posts what was decided."""

    DEFAULT_CSS = """
    ApprovalBox {
        height: auto; max-height: 9; border: round $accent; padding: 0 1; border-title-color: $accent;
    }
    ApprovalBox Static { height: auto; max-height: 4; }
    ApprovalBox .choices { height: 1; }
    ApprovalBox Button { margin-right: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "decide('allow')", "Allow"),
        Binding("a", "decide('always')", "Always"),
        Binding("n", "decide('refuse')", "Refuse"),
    ]

    class Decided(Message):
        """The person has chosen."""

        def __init__(self, call: str, *, allowed: bool, always: bool) -> None:
            self.call = call
            self.allowed = allowed
            self.always = always
            super().__init__()

    def __init__(self, asked: ApprovalAsked, *, takes_keys: bool) -> None:
        """`takes_keys` is False while the person is writing something."""
        super().__init__()
        self.asked = asked
        self._takes_keys = takes_keys
        self.border_title = "May it?"

    def compose(self) -> ComposeResult:
        arguments = plain(json.dumps(dict(self.asked.arguments), ensure_ascii=False))[:_MOST_ARGUMENTS]
        yield Static(Content(plain(f"It wants to use {self.asked.tool}: {self.asked.reason}")))
        yield Static(Content(arguments), classes="note")
        with Horizontal(classes="choices"):
            yield Button(Content("Refuse (n)"), id="refuse", compact=True)
            yield Button(Content("Allow (y)"), id="allow", variant="primary", compact=True)
            yield Button(Content("Always, this session (a)"), id="always", compact=True)
        yield Static(Content("What you write below and send is a refusal, with your words."), classes="note")

    def on_mount(self) -> None:
        if self._takes_keys:
            self.query_one("#refuse").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_decide(event.button.id or "refuse")

    def action_decide(self, choice: str) -> None:
        allowed, always = choice != "refuse", choice == "always"
        self.post_message(self.Decided(self.asked.call, allowed=allowed, always=always))

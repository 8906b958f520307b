"""What becomes of what is under way, here or beside the app, when one closes it."""

from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

Choice = Literal["stay", "stop", "background"]


class LeaveScreen(ModalScreen[Choice]):
    """Stay, stop everything (it is kept), or let it go on without the app."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "choose('stay')", "Stay"),
        Binding("s", "choose('stop')", "Stop and keep"),
        Binding("b", "choose('background')", "Go on in the background"),
    ]

    def __init__(self, num_at_work: int, *, may_go_on: bool) -> None:
        super().__init__()
        self._num_at_work = num_at_work
        self._may_go_on = may_go_on

    def compose(self) -> ComposeResult:
        number = (
            "One piece of work is" if self._num_at_work == 1 else f"{self._num_at_work} pieces of work are"
        )
        with Vertical(classes="dialog"):
            yield Static(Content(f"{number} under way. Nothing is lost either way."))
            with Horizontal(classes="buttons"):
                yield Button(Content("Stay"), id="stay")
                yield Button(Content("Stop, keep (s)"), id="stop", variant="primary")
            if self._may_go_on:
                with Horizontal(classes="buttons"):
                    yield Button(Content("Go on in the background (b)"), id="background")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        choices: dict[str, Choice] = {"stay": "stay", "stop": "stop", "background": "background"}
        self.dismiss(choices[event.button.id or "stay"])

    def action_choose(self, choice: Choice) -> None:
        self.dismiss(choice)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._may_go_on if parameters == ("background",) else True

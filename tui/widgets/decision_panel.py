"""Where a person at the table decides: a button for every legal action, and nothing else."""

from collections.abc import Iterator
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Input, Static

from agents.cli.table_text import plain, seat_list
from games.avalon.actions import Action, Bid, Card, Decision, HoldFire, Inspect, Propose, Shoot, Speak, Vote
from games.avalon.talk import MAX_SPEECH
from games.avalon.view import View

_KEYS = (*"0123456789", *"arsfh")


class DecisionPanel(Vertical):
    """Asks one decision; posts the action that was chosen, which is always a legal one."""

    DEFAULT_CSS = """
    DecisionPanel { height: auto; border: round $accent; padding: 0 1; border-title-color: $accent; }
    DecisionPanel .choices { height: 1; }
    DecisionPanel Button { margin-right: 1; min-width: 5; }
    DecisionPanel Button.-chosen { background: $success; color: $background; text-style: bold; }
    DecisionPanel #question { height: auto; }
    DecisionPanel Input { width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "app.focus_previous", "Previous choice", show=False),
        Binding("right", "app.focus_next", "Next choice", show=False),
        Binding("escape", "look", "Look at the table"),
        *(Binding(key, f"choose('{key}')", f"Choice {key}", show=False) for key in _KEYS),
    ]

    class Decided(Message):
        """The person has chosen."""

        def __init__(self, action: Action) -> None:
            self.action = action
            super().__init__()

    def __init__(self, view: View, decision: Decision) -> None:
        super().__init__()
        self.border_title = "Your turn"
        self.decision = decision
        self._view = view
        self._choices = dict(_choices(view, decision))
        self._team: set[int] = set()
        self._teams = {action.team for action in view.legal_actions(decision) if isinstance(action, Propose)}

    def compose(self) -> ComposeResult:
        yield Static(_question(self._view, self.decision), id="question")
        if self._teams:
            with Horizontal(classes="choices"):
                for seat in self._view.setup.seats:
                    yield Button(Content(f"{seat}"), id=f"seat-{seat}", compact=True)
                yield Button(Content("Propose"), id="propose", compact=True, disabled=True, variant="primary")
        elif self._choices:
            with Horizontal(classes="choices"):
                for key, (label, _) in self._choices.items():
                    yield Button(
                        Content(label if key in label.split() else f"{label} ({key})"),
                        id=f"choice-{key}",
                        compact=True,
                    )
        if self._speaks:
            yield Input(
                placeholder="Your words (Enter to send, empty for nothing)",
                id="words",
                max_length=MAX_SPEECH,
                compact=True,
            )

    @property
    def _speaks(self) -> bool:
        decision, rules = self.decision, self._view.setup.rules
        if decision.kind == "propose":
            # With `leader_first_then_all` the leader has spoken already.
            return not rules.is_silent(self._view.table.attempt) and rules.talk != "leader_first_then_all"
        return decision.kind in ("speak", "evil_talk")

    def on_mount(self) -> None:
        first = self.query("Button, Input").first()
        first.focus()

    def action_choose(self, key: str) -> None:
        """The letter or number of a choice takes it."""
        if self._teams:
            self._toggle(int(key) or 10)
        else:
            self.post_message(self.Decided(self._choices[key][1]))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action != "choose":
            return True
        key = str(parameters[0])
        if self._teams:
            return key.isdecimal() and (int(key) or 10) in self._view.setup.seats
        return key in self._choices

    def action_look(self) -> None:
        """Leave the choice for a moment; Tab comes back to it."""
        self.screen.focus_next("LineLog")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        kind, _, rest = (event.button.id or "").partition("-")
        if kind == "seat":
            self._toggle(int(rest))
        elif kind == "choice":
            self.post_message(self.Decided(self._choices[rest][1]))
        else:
            self._propose()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._teams:
            self._propose()
        else:
            self.post_message(self.Decided(Speak(self._words())))

    def _words(self) -> str:
        return plain(self.query_one("#words", Input).value) if self._speaks else ""

    def _toggle(self, seat: int) -> None:
        self._team ^= {seat}
        self.query_one(f"#seat-{seat}").set_class(seat in self._team, "-chosen")
        propose = self.query_one("#propose", Button)
        propose.disabled = not self._is_legal()
        size = self._view.setup.team_size(self._view.table.quest)
        told = f"team {seat_list(self._team)}, {len(self._team)} of {size}"
        if self._is_legal():
            propose.focus()
            told += ": Enter proposes" + (", Tab goes to your words" if self._speaks else "")
        self.border_subtitle = told

    def _is_legal(self) -> bool:
        return tuple(sorted(self._team)) in self._teams

    def _propose(self) -> None:
        if self._is_legal():
            self.post_message(self.Decided(Propose(tuple(sorted(self._team)), self._words())))
        else:
            self.notify("Choose the team first: press the seats' numbers.", markup=False)
            self.query_one("#seat-1").focus()


def _question(view: View, decision: Decision) -> Text:
    table = view.table
    match decision.kind:
        case "propose":
            size = view.setup.team_size(table.quest)
            asked = f"You lead. Choose {size} seats for quest {table.quest} by their numbers."
        case "speak":
            asked = "What do you say to the table?"
        case "evil_talk":
            asked = "What do you tell Evil? Nobody else hears it. Who may be Merlin?"
        case "bid":
            asked = "How much do you want to speak next? 0 is not at all."
        case "vote":
            asked = f"Seat {table.leader} proposes the team {seat_list(table.team or ())}. Do you approve?"
        case "card":
            asked = "You are on the quest. Which card do you play?"
        case "inspect":
            asked = "Whom does the Lady of the Lake look at? Only you learn the side."
        case "shoot":
            asked = "Assassin, who is Merlin?"
    return Text(asked, style="bold")


def _choices(view: View, decision: Decision) -> Iterator[tuple[str, tuple[str, Action]]]:
    """The key, the label and the action of every legal choice that is neither a team nor words."""
    for action in view.legal_actions(decision):
        match action:
            case Vote(approve):
                yield ("a", ("Approve", action)) if approve else ("r", ("Reject", action))
            case Card(fail):
                yield ("f", ("Fail", action)) if fail else ("s", ("Success", action))
            case Inspect(target) | Shoot(target):
                yield str(target % 10), (f"Seat {target}", action)
            case Bid(eagerness):
                yield str(eagerness), (str(eagerness), action)
            case HoldFire():
                yield "h", ("Hold fire", action)
            case Propose() | Speak():
                pass

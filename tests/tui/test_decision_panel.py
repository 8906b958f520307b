"""Where a person decides: choices with their keys, a team by numbers."""

from collections.abc import Sequence

from textual.app import App, ComposeResult
from textual.widgets import Button, Input

from games.avalon.actions import Action, Card, Decision, DecisionKind, Propose
from games.avalon.events import Event
from games.avalon.view import view
from tui.widgets.decision_panel import DecisionPanel


class Asking(App[None]):
    """Asks one decision and keeps what was decided."""

    def __init__(self, events: Sequence[Event], kind: DecisionKind, seat: int) -> None:
        super().__init__()
        self._panel = DecisionPanel(view(events, seat), Decision(f"q1/{kind}/{seat}", kind, seat))
        self.decided: list[Action] = []

    def compose(self) -> ComposeResult:
        yield self._panel

    def on_decision_panel_decided(self, message: DecisionPanel.Decided) -> None:
        self.decided.append(message.action)


def before(game: Sequence[Event], kind: str) -> tuple[Sequence[Event], Event]:
    """The game until the first event of a kind, and that event."""
    place = next(place for place, event in enumerate(game) if event.type == kind)
    return game[:place], game[place]


async def test_each_choice_names_its_key(game: Sequence[Event]) -> None:
    so_far, quest = before(game, "quest")
    app = Asking(so_far, "card", quest.data["team"][0])
    async with app.run_test(size=(80, 10)) as pilot:
        assert str(app.query(Button).first().label) == "Success (s)"
        await pilot.press("s")
        await pilot.pause()
    assert app.decided == [Card(fail=False)]


async def test_a_team_is_chosen_by_numbers_and_proposed_by_enter(game: Sequence[Event]) -> None:
    so_far, proposal = before(game, "propose")
    assert proposal.seat is not None
    app = Asking(so_far, "propose", proposal.seat)
    async with app.run_test(size=(80, 10)) as pilot:
        await pilot.press("4", "2")
        await pilot.pause()
        assert "Enter proposes, Tab goes to your words" in str(app.query_one(DecisionPanel).border_subtitle)
        await pilot.press("2", "5", "enter")
        await pilot.pause()
    assert app.decided == [Propose((4, 5), "")]


async def test_words_may_go_with_a_team(game: Sequence[Event]) -> None:
    so_far, proposal = before(game, "propose")
    assert proposal.seat is not None
    app = Asking(so_far, "propose", proposal.seat)
    async with app.run_test(size=(80, 10)) as pilot:
        await pilot.press("1", "3", "tab")
        assert app.query_one(Input).has_focus
        await pilot.press(*"why not", "enter")
        await pilot.pause()
    assert app.decided == [Propose((1, 3), "why not")]

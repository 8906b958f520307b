"""Beside the speeches of a game: who sits where, every vote, or who believes what; one of them at a time."""

from collections.abc import Mapping, Sequence

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from agents.cli.table_lines import Show
from games.avalon.events import Event
from tui.table_panels import Known, beliefs_panel, known_roles, seats_panel, votes_panel
from tui.watched_game import WatchedGame
from tui.widgets.live_text import LiveText

PANELS = ("Seats", "Votes", "Beliefs")


class TableSide(Vertical):
    """Shows the moment that it was told last."""

    DEFAULT_CSS = "TableSide { overflow-y: auto; padding: 0; scrollbar-size-vertical: 1; }"

    class Believed(Message):
        """What the seats believe at a moment, as far as `show` may know."""

        def __init__(self, show: Show, panel: Text) -> None:
            self.show = show
            self.panel = panel
            super().__init__()

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._panel = PANELS[0]
        self._game = WatchedGame(show="god", names={}, width=60)
        self._position = 0
        self._names: Mapping[int, str] = {}
        self._is_computing = False
        self._is_due = False  # beliefs of a later moment than the one they are computed for

    def compose(self) -> ComposeResult:
        yield LiveText(id="table-panel")

    def on_mount(self) -> None:
        self.border_title, self.border_subtitle = self._panel, "p: next"

    def turn(self) -> None:
        """Show the next panel."""
        self._panel = PANELS[(PANELS.index(self._panel) + 1) % len(PANELS)]
        self.border_title = self._panel
        self._show()

    def tell(self, game: WatchedGame, position: int, names: Mapping[int, str]) -> None:
        """Show a game at a moment from now on."""
        self._game, self._position, self._names = game, position, names
        self._show()

    def _show(self) -> None:
        game, position = self._game, self._position
        table, setup = game.table(position), game.setup
        if table is None or setup is None:
            return
        panel = self.query_one(LiveText)
        events = game.events[:position]
        known = known_roles(events, game.show)
        match self._panel:
            case "Seats":
                panel.tell(seats_panel(setup, table, self._names, known, game.show))
            case "Votes":
                panel.tell(votes_panel(setup, table))
            case _ if self._is_computing:
                self._is_due = True
            case _:
                self._is_computing, self._is_due = True, False
                self._compute_beliefs(events, game.show, setup.num_players, known)

    @work(thread=True, group="beliefs")
    def _compute_beliefs(self, events: Sequence[Event], show: Show, num_players: int, known: Known) -> None:
        from tui.beliefs import beliefs_at

        self.post_message(self.Believed(show, beliefs_panel(beliefs_at(events, show, num_players), known)))

    def on_table_side_believed(self, message: Believed) -> None:
        """Show them; those of a moment that came meanwhile are computed after them, never beside."""
        message.stop()
        self._is_computing = False
        if not self.is_attached or self._panel != "Beliefs":
            return
        if message.show == self._game.show:
            self.query_one(LiveText).tell(message.panel)
        if self._is_due:
            self._show()

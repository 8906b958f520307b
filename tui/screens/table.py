"""The Avalon table: a game as it goes on, or any recorded one with a scrubber; and a seat at it."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Footer, Static
from textual.worker import get_current_worker

from agents.cli.table_lines import Show
from agents.cli.table_private import private_texts
from agents.cli.table_text import plain, seat_list
from agents.cli.table_view import PUBLIC_STAGES
from agents.errors import NimueError
from agents.runs.folder import RunFolder
from games.avalon.events import Event
from games.errors import GameError
from tui.game_host import GameHost
from tui.game_record import GameRecord, game_event, run_record, transcript_record
from tui.messages import Copy
from tui.screens.confirm import ConfirmScreen
from tui.screens.nimue_screen import NimueScreen
from tui.screens.reader import ReaderScreen
from tui.table_panels import Known, beliefs_panel, known_roles, quest_line, seats_panel, votes_panel
from tui.watched_game import WatchedGame
from tui.widgets.decision_panel import DecisionPanel
from tui.widgets.line_log import LineLog
from tui.widgets.scrubber import Scrubber

PANELS = ("Seats", "Votes", "Beliefs")
SECONDS_BETWEEN_LOOKS = 0.1
_PIECE = 500  # events laid out at once: a twentieth of a second
_SECONDS_BETWEEN_PIECES = 0.005  # in which keys are answered

_DOING = {
    "propose": "choosing a team",
    "speak": "about to speak",
    "vote": "voting",
    "card": "on the quest",
    "inspect": "asking the Lady of the Lake",
    "evil_talk": "whispering",
    "shoot": "looking for Merlin",
    "bid": "bidding to speak",
}
_TELLING = frozenset({"evil_talk", "shoot"})  # who takes these tells who is Evil


class TableScreen(NimueScreen[None]):
    """Shows one game to one watcher at one moment; at the end of a game that goes on it stays at the end."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back"),
        Binding("left", "go(-1)", "Back one event", show=False),
        Binding("right", "go(1)", "On one event", show=False),
        Binding("left_square_bracket", "jump(-1)", "Prev", key_display="["),
        Binding("right_square_bracket", "jump(1)", "Next", key_display="]"),
        Binding("home", "to_start", "Start", show=False),
        Binding("end", "to_end", "End", show=False),
        Binding("space", "play", "Play"),
        Binding("n", "step", "Step"),
        Binding("p", "panel", "Panel"),
        Binding("g", "watch_as('god')", "God"),
        Binding("u", "watch_as('public')", "Public"),
        *(
            Binding(str(seat % 10), f"watch_as('{seat}')", f"Seat {seat}'s view", show=False)
            for seat in range(1, 11)
        ),
        Binding("t", "thoughts", "Thoughts"),
        Binding("enter", "read", "Read in full", show=False),
        Binding("c", "copy", "Copy", show=False),
        Binding("r", "resume", "Resume"),
    ]

    class Fresh(Message):
        """The game has begun, or gone on."""

        def __init__(self, events: Sequence[Event], record: GameRecord | None = None) -> None:
            self.events = events
            self.record = record
            super().__init__()

    class Broken(Message):
        """The game cannot be read."""

        def __init__(self, problem: str) -> None:
            self.problem = problem
            super().__init__()

    def __init__(self, path: Path, host: GameHost | None = None) -> None:
        """Show a transcript, or the game of a run's folder, which `host` may be playing."""
        super().__init__()
        self._path = path
        self.host = host
        self._record = GameRecord(title=path.name, names={})
        self._events: list[Event] = []
        self.show: Show = "god"
        self._thoughts = True
        self._game = WatchedGame(show="god", names={}, width=60)
        self._num_laid_out = 0
        self._is_laying_out = False
        self._is_laid_out_anew = False
        self._wanted_place: int | None = None  # of the whole game, while it is laid out anew
        self._position = 0
        self._following = True
        self._panel = 0
        self._moved = True  # whether the log is to show the present moment, wherever one has scrolled
        self._playing: Timer | None = None
        self._problem = ""
        self._shown_state = ""
        self._shown_keys = ""

    def compose(self) -> ComposeResult:
        yield Static("", id="table-title")
        yield Static("", id="table-quests")
        with Horizontal(id="table-body"):
            yield LineLog(id="table-log", takes_ends=False)
            with Vertical(classes="box", id="table-side"):
                yield Static("", id="table-panel")
        yield Static("", id="table-now")
        yield Vertical(id="table-decision")
        yield Scrubber(id="table-scrubber")
        yield Footer(compact=True)

    def on_mount(self) -> None:
        self._thoughts = self.nimue.settings.private_thoughts
        self.query_one(LineLog).focus()
        self._show_state()
        self._read()
        self.set_interval(SECONDS_BETWEEN_LOOKS, self._show_state)

    # -- reading -------------------------------------------------------------------------------------

    @work(thread=True, group="read")
    def _read(self) -> None:
        """Read the game, and go on reading while the run grows."""
        from tui.event_tail import EventTail

        worker = get_current_worker()
        try:
            if self._path.is_file():
                record = transcript_record(self._path)
                self.post_message(self.Fresh(record.events, record))
                return
            run = RunFolder(self._path)
            self.post_message(self.Fresh((), run_record(run)))
            tail = EventTail(run.events)
            while not worker.is_cancelled:
                found = [event for line in tail.fresh() if (event := game_event(line)) is not None]
                if found:
                    self.post_message(self.Fresh(found))
                time.sleep(SECONDS_BETWEEN_LOOKS)
        except (NimueError, GameError, OSError, ValueError, KeyError) as error:
            self.post_message(self.Broken(str(error)))

    def on_table_screen_broken(self, message: Broken) -> None:
        if not self.is_whole:
            return
        self._problem = message.problem
        self._show_state()

    def on_table_screen_fresh(self, message: Fresh) -> None:
        if not self.is_whole:
            return
        if message.record is not None:
            self._record = message.record
            self.show = message.record.human or ("god" if message.record.has_secrets else "public")
            self._following = not self._path.is_file()
            self._lay_out()
        self._events += message.events
        if not self._is_laying_out:
            self._lay_out_more()
        if self.show == self._record.human and self._ended:
            self.notify("The game is over: press g to see everything.", markup=False)

    @property
    def _ended(self) -> bool:
        return bool(self._events) and self._events[-1].type == "end"

    def on_line_log_resized(self, message: LineLog.Resized) -> None:
        if not self.is_whole:
            return
        self._lay_out()

    def _lay_out(self) -> None:
        """Make the lines anew for this watcher and width; the moment stays the same."""
        self._wanted_place = self._wanted_place or self._game.place(self._position)
        width = self.query_one(LineLog).columns
        self._game = WatchedGame(
            show=self.show, names=self._record.names, width=width, thoughts=self._thoughts
        )
        self._num_laid_out = 0
        self._is_laid_out_anew = True
        if not self._is_laying_out:
            self._lay_out_more()

    def _lay_out_more(self) -> None:
        """Lay out a piece, and the next one after the keys that were pressed meanwhile."""
        if not self.is_whole:
            return
        piece = self._events[self._num_laid_out : self._num_laid_out + _PIECE]
        self._num_laid_out += len(piece)
        self._game.add(piece)
        self._is_laying_out = self._num_laid_out < len(self._events)
        if self._following:
            self._position = len(self._game)
        elif self._wanted_place is not None:
            self._position = self._game.position_at(self._wanted_place)
        if self._is_laying_out:
            self.set_timer(_SECONDS_BETWEEN_PIECES, self._lay_out_more)
        else:
            self._wanted_place = None
        self._show()
        self._is_laid_out_anew = self._is_laid_out_anew and self._is_laying_out

    # -- showing -------------------------------------------------------------------------------------

    def _show(self) -> None:
        game, position = self._game, self._position
        self.query_one(LineLog).show(
            game.lines, game.num_lines(position), to_end=self._moved or self._is_laid_out_anew
        )
        self._moved = False
        scrubber = self.query_one(Scrubber)
        scrubber.length, scrubber.position = len(game), position
        scrubber.label = game.events[position - 1].type if position else "start"
        table, setup = game.table(position), game.setup
        if table is not None and setup is not None:
            self.query_one("#table-quests", Static).update(quest_line(setup, table))
        self._show_panel()
        self._show_state()

    def _show_panel(self) -> None:
        side = self.query_one("#table-side")
        side.border_title = PANELS[self._panel]
        side.border_subtitle = "p: next"
        game, position = self._game, self._position
        table, setup = game.table(position), game.setup
        if table is None or setup is None:
            return
        panel = self.query_one("#table-panel", Static)
        known = self._known()
        match PANELS[self._panel]:
            case "Seats":
                panel.update(seats_panel(setup, table, self._record.names, known, self.show))
            case "Votes":
                panel.update(votes_panel(setup, table))
            case "Beliefs":
                self._compute_beliefs(tuple(game.events[:position]), self.show, setup.num_players, known)

    def _known(self) -> Known:
        return known_roles(self._game.events[: self._position], self.show)

    @work(thread=True, exclusive=True, group="beliefs")
    def _compute_beliefs(self, events: Sequence[Event], show: Show, num_players: int, known: Known) -> None:
        from tui.beliefs import beliefs_at

        panel = beliefs_panel(beliefs_at(events, show, num_players), known)
        if not get_current_worker().is_cancelled:
            self.app.call_from_thread(self._show_beliefs, panel)

    def _show_beliefs(self, panel: Text) -> None:
        if self.is_whole and PANELS[self._panel] == "Beliefs":
            self.query_one("#table-panel", Static).update(panel)

    def _show_state(self) -> None:
        """The line on top, the line of what happens now, and the person's decision if there is one."""
        if not self.is_whole:
            return
        watcher = {"god": "god view", "public": "public view"}.get(str(self.show), f"seat {self.show}'s view")
        state, now = self._state(), self._now()
        shown = f"{self._record.title}{state}{now}{watcher}"
        if shown != self._shown_state:
            self._shown_state = shown
            title = Content.assemble(
                (" Avalon ", "bold $primary"),
                f" {plain(self._record.title)} ",
                (f" {watcher} ", "reverse"),
                (f" {state}", "bold $accent"),
            )
            self.query_one("#table-title", Static).update(title)
            self.query_one("#table-now", Static).update(now)
        self._show_keys(state)
        self._show_decision()

    def _show_keys(self, state: str) -> None:
        """Bring the footer up to date where other keys work than before."""
        keys = f"{state}{self._ended}{self._problem}{self._record.human}"
        if keys != self._shown_keys:
            self._shown_keys = keys
            self.refresh_bindings()

    def _state(self) -> str:
        if self._problem:
            return "broken"
        if self.host is None:
            return "playing back" if self._playing else ""
        if self.host.at_work and self.host.paused:
            return "paused"
        return {"failed": "stopped: see below", "opening": "opening the table ..."}.get(
            self.host.state, self.host.state
        )

    def _now(self) -> Text:
        if self._problem:
            return Text(f"! {plain(self._problem)}", style="bold red")
        host = self.host
        if host is None:
            return Text()
        if host.problem:
            return Text(f"! {plain(host.problem)} Press r to go on with it.", style="bold red")
        growing = host.growing
        if growing is not None and self._may_overhear(growing):
            seat, _, field, words = growing
            return Text(
                f"{seat} ({field}): {plain(words[-400:])}", style="italic", no_wrap=True, overflow="crop"
            )
        if host.asked is not None:
            return Text("the table waits for you (Tab goes to your choices)", style="dim")
        if host.waiting:
            kind = host.waiting[0].kind
            seats = [decision.seat for decision in host.waiting]
            if kind in _TELLING and self.show not in ("god", *seats):
                seats = []
            who = f"seat {seat_list(seats)}" if seats else "somebody"
            return Text(f"{who} {'is' if len(seats) < 2 else 'are'} {_DOING[kind]} ...", style="dim")
        return (
            Text("paused: space goes on, n takes one step", style="dim")
            if host.paused and host.at_work
            else Text()
        )

    def _may_overhear(self, growing: tuple[int, str, str, str]) -> bool:
        seat, stage, field, _ = growing
        public = field == "speak" and stage in PUBLIC_STAGES
        return public or self.show == seat or (self.show == "god" and self._thoughts)

    def _show_decision(self) -> None:
        place = self.query_one("#table-decision")
        asked = self.host.asked if self.host is not None else None
        shown = place.query(DecisionPanel)
        if asked is None:
            shown.remove()
        elif not shown or shown.first().decision != asked[1]:
            shown.remove()
            place.mount(DecisionPanel(*asked))

    def on_decision_panel_decided(self, message: DecisionPanel.Decided) -> None:
        if self.host is not None:
            self.host.answer(message.action)
        self._show_decision()
        self.query_one(LineLog).focus()

    # -- moving --------------------------------------------------------------------------------------

    def _go_to(self, position: int) -> None:
        self._wanted_place = None
        self._position = min(max(position, 0), len(self._game))
        self._following = self._position == len(self._game) and not self._path.is_file()
        self._moved = True
        self._show()

    def action_go(self, events: int) -> None:
        self._go_to(self._position + events)

    def action_jump(self, direction: int) -> None:
        game, position = self._game, self._position
        self._go_to(game.moment_before(position) if direction < 0 else game.moment_after(position))

    def action_to_start(self) -> None:
        self._go_to(0)

    def action_to_end(self) -> None:
        self._go_to(len(self._game))
        if self._is_laying_out:
            self._wanted_place = len(self._events)

    def on_scrubber_moved(self, message: Scrubber.Moved) -> None:
        self._go_to(message.position)

    def on_line_log_clicked(self, message: LineLog.Clicked) -> None:
        self._read_event(self._game.position_of_line(message.line))

    def action_play(self) -> None:
        """Of a game that is played here: pause or go on. Of a recorded one: play it back, or stop."""
        host = self.host
        if host is not None and host.at_work:
            if host.paused:
                host.go_on()
            else:
                host.pause()
        elif self._playing is not None:
            self._playing.stop()
            self._playing = None
        else:
            if self._position == len(self._game):
                self._go_to(0)
            self._playing = self.set_interval(self.nimue.settings.seconds_a_moment, self._play_on)
        self._show_state()

    def _play_on(self) -> None:
        self.action_jump(1)
        if self._position == len(self._game) and self._playing is not None:
            self._playing.stop()
            self._playing = None
            self._show_state()

    def action_step(self) -> None:
        if self.host is not None and self.host.at_work:
            self.host.step()
        else:
            self.action_jump(1)

    # -- eyes and panels -----------------------------------------------------------------------------

    def action_watch_as(self, who: str) -> None:
        """See the game through other eyes."""
        if who.isdecimal() and self._game.setup is not None and int(who) not in self._game.setup.seats:
            return
        self.show = int(who) if who.isdecimal() else "god" if who == "god" else "public"
        self._lay_out()

    def action_panel(self) -> None:
        self._panel = (self._panel + 1) % len(PANELS)
        self._show_panel()

    def action_thoughts(self) -> None:
        """Show or hide what agents think to themselves."""
        self._thoughts = not self._thoughts
        self._lay_out()

    def action_read(self) -> None:
        self._read_event(self._position)

    def _read_event(self, position: int) -> None:
        if 0 < position <= len(self._game):
            event = self._game.events[position - 1]
            self.app.push_screen(ReaderScreen(_heading(event), _in_full(event)))

    def action_copy(self) -> None:
        if self._position:
            event = self._game.events[self._position - 1]
            whole = "\n".join(paragraph.plain for paragraph in _in_full(event))
            self.post_message(Copy(whole, "the event"))

    # -- leaving and going on ------------------------------------------------------------------------

    @work
    async def action_back(self) -> None:
        host = self.host
        if host is not None and host.at_work:
            question = "Leave the table? The game stops and is kept: the run can be resumed from here."
            if not await self.app.push_screen_wait(ConfirmScreen(question, "Leave")):
                return
            host.stop()
        self.app.pop_screen()

    def on_unmount(self) -> None:
        if self.host is not None:
            self.host.stop()

    def action_resume(self) -> None:
        self.nimue.resume_game(self._path, self)

    def attach(self, host: GameHost) -> None:
        """Let this host go on with the game."""
        self.host = host
        self.nimue.begin(host)
        self._go_to(len(self._game))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        at_work = self.host is not None and self.host.at_work
        match action:
            case "watch_as":
                secret = self._record.human is not None and not self._ended
                if secret or not (self._record.has_secrets or parameters == ("public",)):
                    return parameters == (str(self._record.human),) or None
                return True
            case "step":
                return at_work
            case "resume":
                return not (self._path.is_file() or at_work or self._ended or self._problem)
            case _:
                return True


def _heading(event: Event) -> str:
    who = f", seat {event.seat}" if event.seat is not None else ""
    where = f"quest {event.quest}, proposal {event.attempt}, " if event.quest else ""
    return f"{where}{event.type.replace('_', ' ')}{who}"


def _in_full(event: Event) -> list[Text]:
    """Every text of an event, whole and cleaned."""
    paragraphs: list[Text] = []
    for told in private_texts(event):
        paragraphs += [Text(plain(told.label), style="bold"), Text(plain(told.text)), Text()]
    return paragraphs or [Text("Nothing more is told of it.", style="dim")]

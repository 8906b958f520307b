"""The Avalon table: a game as it goes on, or any recorded one with a scrubber; and a seat at it."""

from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer

from agents.cli.table_lines import Show
from agents.cli.table_text import plain
from games.avalon.events import Event
from tui.drawing_pace import DrawingPace
from tui.event_in_full import heading, in_full
from tui.game_host import GameHost
from tui.game_record import GameRecord
from tui.messages import Copy
from tui.screens.confirm import ConfirmScreen
from tui.screens.nimue_screen import NimueScreen
from tui.screens.reader import ReaderScreen
from tui.table_now import now_line, state_words
from tui.table_panels import quest_line
from tui.watched_game import WatchedGame
from tui.widgets.decision_panel import DecisionPanel
from tui.widgets.game_watch import GameWatch
from tui.widgets.key_footer import KeyFooter
from tui.widgets.line_log import LineLog
from tui.widgets.live_text import LiveText
from tui.widgets.scrubber import Scrubber
from tui.widgets.table_side import TableSide

SECONDS_BETWEEN_LOOKS = 0.1
_PIECE = 500  # events laid out at once: a twentieth of a second
_SECONDS_BETWEEN_PIECES = 0.005  # in which keys are answered


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
        self._moved = True  # whether the log is to show the present moment, wherever one has scrolled
        self._playing: Timer | None = None
        self._problem = ""
        self._shown_keys = ""
        self._pace = DrawingPace()

    def compose(self) -> ComposeResult:
        yield LiveText(id="table-title")
        yield LiveText(id="table-quests")
        with Horizontal(id="table-body"):
            yield LineLog(id="table-log", takes_ends=False)
            yield TableSide(classes="box", id="table-side")
        yield LiveText(id="table-now")
        yield Vertical(id="table-decision")
        yield Scrubber(id="table-scrubber")
        yield GameWatch(self._path)
        yield KeyFooter()

    def on_mount(self) -> None:
        self._thoughts = self.nimue.settings.private_thoughts
        self.query_one(LineLog).focus()
        self._show_state()
        self.set_interval(SECONDS_BETWEEN_LOOKS, self._look)

    def _look(self) -> None:
        self._show_state()
        self._go_on()

    # -- reading -------------------------------------------------------------------------------------

    def on_game_watch_broken(self, message: GameWatch.Broken) -> None:
        if not self.is_whole:
            return
        self._problem = message.problem
        self._show_state()

    def on_game_watch_opened(self, message: GameWatch.Opened) -> None:
        if not self.is_whole:
            return
        self._record = message.record
        self.show = message.record.human or ("god" if message.record.has_secrets else "public")
        self._following = not self._path.is_file()
        self._lay_out()

    def on_game_watch_fresh(self, message: GameWatch.Fresh) -> None:
        if not self.is_whole:
            return
        self._events += message.events
        self._go_on()
        if self.show == self._record.human and self._ended:
            self.notify("The game is over: press g to see everything.", markup=False)

    def _go_on(self) -> None:
        """Show what has come since; where that takes long, the next look does it."""
        is_behind = self._num_laid_out < len(self._events) and not self._is_laying_out
        if is_behind and self.is_whole and self._pace.may_draw():
            self._lay_out_more()
            self.call_after_refresh(self._pace.drawn)

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
            self.query_one("#table-quests", LiveText).tell(quest_line(setup, table))
        self.query_one(TableSide).tell(game, position, self._record.names)
        self._show_state()

    def _show_state(self) -> None:
        """The line on top, the line of what happens now, and the person's decision if there is one."""
        if not self.is_whole:
            return
        watcher = {"god": "god view", "public": "public view"}.get(str(self.show), f"seat {self.show}'s view")
        state = self._state()
        title = Content.assemble(
            (" Avalon ", "bold $primary"),
            f" {plain(self._record.title)} ",
            (f" {watcher} ", "reverse"),
            (f" {state}", "bold $accent"),
        )
        self.query_one("#table-title", LiveText).tell(title)
        now = self.query_one("#table-now", LiveText)
        now.set_class(bool(self._problem or (self.host is not None and self.host.problem)), "-problem")
        now.tell(self._now())
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
        return state_words(self.host)

    def _now(self) -> Text:
        if self._problem:
            return Text(f"! {plain(self._problem)}", style="bold red")
        return now_line(self.host, self.show, thoughts=self._thoughts) if self.host is not None else Text()

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
        self.query_one(TableSide).turn()

    def action_thoughts(self) -> None:
        """Show or hide what agents think to themselves."""
        self._thoughts = not self._thoughts
        self._lay_out()

    def action_read(self) -> None:
        self._read_event(self._position)

    def _read_event(self, position: int) -> None:
        if 0 < position <= len(self._game):
            event = self._game.events[position - 1]
            self.app.push_screen(ReaderScreen(heading(event), in_full(event)))

    def action_copy(self) -> None:
        if self._position:
            event = self._game.events[self._position - 1]
            whole = "\n".join(paragraph.plain for paragraph in in_full(event))
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

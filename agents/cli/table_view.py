"""The Avalon table as a person watches it: a scroll of headings, speeches, votes and quests.

The view is told every event and every growth of a text, and prints only what its watcher may see: all
(`god`), what is public, or what one seat sees. Anything but a terminal gets whole lines and no control
codes; a terminal also gets speeches word by word and a status line that is overwritten.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from rich.console import Console
from rich.control import Control
from rich.segment import ControlType
from rich.text import Text

from agents.cli.table_lines import BODY, Page, Show, TableLines
from agents.cli.table_private import label_of, stage_kind
from agents.cli.table_text import PRIVATE_STYLE, Flow, same_words, seat_list, signs_for
from games.avalon.events import AGENT_TYPES, Event

__all__ = ["Show", "TableView", "may_see"]

Growing = tuple[int, str, str]
"""Which text grows: seat, stage, field."""

PUBLIC_STAGES = frozenset({"refined", "direct"})  # the table will hear what they `speak`
_STAGES_TOLD_BY = {"thought": {"refined", "direct"}}  # by an event of another name than the stage
MAX_WIDTH = 100


@dataclass(slots=True)
class _Stream:
    """The text that is being printed word by word."""

    growing: Growing
    heading: Text
    style: str
    flow: Flow
    received: str = ""
    has_begun: bool = False


class TableView:
    """Prints a game, live or recorded, for one watcher; `names` are the agents' names by seat."""

    def __init__(self, console: Console, *, show: Show, names: Mapping[int, str]) -> None:
        self._console = console
        self._show = show
        self._is_live = console.is_terminal and not console.is_dumb_terminal
        page = Page(
            width=min(console.width, MAX_WIDTH), encoding=console.encoding, signs=signs_for(console.encoding)
        )
        self._lines = TableLines(show=show, names=names, page=page)
        self._stream: _Stream | None = None
        self._heard: list[tuple[Growing, str]] = []  # texts that were streamed, to be told but once
        self._begun: set[Growing] = set()  # texts that cannot be streamed from their first word any more
        self._held: list[Event] = []
        self._status = ""
        self._status_is_drawn = False

    def event(self, event: Event) -> None:
        """Print an event of the engine or of an agent, if the watcher may see it."""
        if not may_see(self._show, event):
            return
        if event.type not in AGENT_TYPES:
            self._end_stream()
            self._release_held()
            self._print(event)
            self._status = ""
        elif self._stream is not None and event.seat != self._stream.growing[0]:
            self._held.append(event)  # it would fall into the middle of another seat's sentence
        else:
            self._end_stream()
            self._print(event)
            self._release_held()
            self._draw_status()

    def delta(self, seat: int, stage: str, field: str, text: str, *, restart: bool = False) -> None:
        """Print the growth of a text on a terminal; of several that grow at once only the first.

        With `restart` the stage begins anew, what was streamed of it is void, and nothing else is read.
        """
        growing = (seat, stage, field)
        if not self._is_live or not self._may_overhear(growing):
            return
        if restart:
            self._forget(seat, stage)
        elif self._stream is not None and self._stream.growing == growing:
            self._print_growth(self._stream, text)
        elif growing not in self._begun:
            self._begun.add(growing)
            if self._stream is None or _follows(growing, self._stream.growing):
                self._end_stream()
                self._stream = self._new_stream(growing)
                self._print_growth(self._stream, text)

    def waiting(self, seats: Collection[int], what: str) -> None:
        """Say on a terminal whom the table waits for; `what` is a participle such as "voting".

        The line is overwritten by whatever comes next. No seats clear it.
        """
        subject = f"seat {seat_list(seats)} is" if len(seats) == 1 else f"seats {seat_list(seats)} are"
        self._status = self._lines.page.clean(f"{subject} {what}") if seats else ""
        self._draw_status()

    def close(self) -> None:
        """Finish the line that is being written and print what was held back."""
        self._end_stream()
        self._release_held()
        self._print_lines(self._lines.opening())
        self._status = ""
        self._erase_status()

    def _may_overhear(self, growing: Growing) -> bool:
        return self._show in ("god", growing[0]) or _is_public(growing)

    # -- whole lines ---------------------------------------------------------------------------------

    def _print(self, event: Event) -> None:
        self._print_lines(self._lines.of(event, self._was_heard))
        self._forget_completed(event)

    def _print_lines(self, lines: list[Text]) -> None:
        if lines:
            self._erase_status()
            self._console.print(Text("\n").join(lines), soft_wrap=True)

    def _release_held(self) -> None:
        held, self._held = self._held, []
        for event in held:
            self._print(event)

    def _was_heard(self, seat: int, text: str, public: bool) -> bool:
        """Whether this text was streamed; of a private one that was cut back since, its beginning will do."""
        return any(
            same_words(said if public else said[: len(text)], text)
            for growing, said in self._heard
            if growing[0] == seat and _is_public(growing) is public
        )

    def _forget_completed(self, event: Event) -> None:
        """Let texts stream anew, and be told anew, whose former round this event has closed."""
        if event.seat is None or event.type == "leader":
            self._begun.clear()
            self._heard.clear()
        elif event.type in AGENT_TYPES:
            kinds = _STAGES_TOLD_BY.get(event.type, {event.type})
            self._begun = {
                growing
                for growing in self._begun
                if growing[0] != event.seat or stage_kind(growing[1]) not in kinds
            }
        elif event.type != "propose":  # the words with the team follow as an event of their own
            self._begun = {growing for growing in self._begun if growing[0] != event.seat}
            self._heard = [(growing, said) for growing, said in self._heard if growing[0] != event.seat]

    # -- the status line -----------------------------------------------------------------------------

    def _draw_status(self) -> None:
        if not self._is_live or self._stream is not None:
            return
        self._erase_status()
        if self._status:
            line = Text(f"  {self._lines.page.signs.more} {self._status}", style=PRIVATE_STYLE)
            line.truncate(self._console.width - 1)  # a full line would wrap and could not be overwritten
            self._console.print(line, end="", soft_wrap=True)
            self._status_is_drawn = True

    def _erase_status(self) -> None:
        if self._status_is_drawn:
            self._console.control(Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2)))
            self._status_is_drawn = False

    # -- texts that grow -----------------------------------------------------------------------------

    def _new_stream(self, growing: Growing) -> _Stream:
        seat, stage, field = growing
        lines = self._lines
        if _is_public(growing):
            heading, style, indent = lines.speaker(seat), "", BODY
        else:
            heading = lines.thinker(seat, label_of(stage, field))
            style, indent = PRIVATE_STYLE, lines.private_indent
        flow = Flow(width=lines.page.width, indent=indent, column=heading.cell_len, clean=lines.page.clean)
        return _Stream(growing, heading, style, flow)

    def _print_growth(self, stream: _Stream, text: str) -> None:
        stream.received += text
        self._print_words(stream, stream.flow.feed(text))

    def _print_words(self, stream: _Stream, laid_out: str) -> None:
        if not laid_out:
            return
        if not stream.has_begun:
            self._print_lines(self._lines.opening())
            self._erase_status()
            self._console.print(stream.heading, end="", soft_wrap=True)
            stream.has_begun = True
        self._console.print(Text(laid_out, style=stream.style), end="", soft_wrap=True)

    def _end_stream(self) -> None:
        stream, self._stream = self._stream, None
        if stream is None:
            return
        self._print_words(stream, stream.flow.finish())
        if stream.has_begun:
            self._console.print()
            self._heard.append((stream.growing, stream.received))

    def _forget(self, seat: int, stage: str) -> None:
        """Take back what this stage has streamed: the seat is being asked again."""
        if self._stream is not None and self._stream.growing[:2] == (seat, stage):
            self._end_stream()
        took_back = [growing for growing, _ in self._heard if growing[:2] == (seat, stage)]
        if took_back:
            again = f"{self._lines.private_margin}  (seat {seat} begins this anew)"
            self._print_lines([Text(again, style=PRIVATE_STYLE)])
        self._heard = [(growing, said) for growing, said in self._heard if growing not in took_back]
        self._begun = {growing for growing in self._begun if growing[:2] != (seat, stage)}


def _is_public(growing: Growing) -> bool:
    return growing[2] == "speak" and growing[1] in PUBLIC_STAGES


def _follows(growing: Growing, streaming: Growing) -> bool:
    """Whether a seat has gone on to its next text, other than beginning several at once."""
    parallel = growing[1] != streaming[1] and stage_kind(growing[1]) == stage_kind(streaming[1])
    return growing[0] == streaming[0] and not parallel


def may_see(show: Show, event: Event) -> bool:
    """Whether a watcher may see an event: `god` all, `public` what is public, a seat what it sees."""
    match show:
        case "god":
            return True
        case "public":
            return event.visible_to == "all"
        case int():
            return event.seen_by(show)

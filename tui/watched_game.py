"""A game as one watcher sees it, laid out once: any moment of it can then be shown at no cost.

Scrubbing goes over the events that the watcher may see. The lines are those of the terminal's table
(`agents.cli.table_lines`), kept with the number of lines that stand after each event.
"""

import io
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping

from rich.console import Console
from rich.text import Text

from agents.cli.table_lines import BODY, Page, Show, TableLines
from agents.cli.table_text import UNICODE_SIGNS
from agents.cli.table_view import may_see
from games.avalon.events import AGENT_TYPES, Event
from games.avalon.setup import Setup
from games.avalon.table import Table, TableWatcher

MOMENTS = frozenset({"propose", "vote", "quest", "lady", "shot", "end"})
"""What one jumps to."""


class _QuickPage(Page):
    """Looks at single characters only of texts that hold unusual ones: most of a long game's time."""

    def clean(self, text: str) -> str:
        if text.isascii() and text.isprintable():
            return " ".join(text.split())
        return super().clean(text)


class WatchedGame:
    """Grows with the game; `show`, `width` and `thoughts` are fixed: another watcher is another object."""

    def __init__(self, *, show: Show, names: Mapping[int, str], width: int, thoughts: bool = True) -> None:
        self.show = show
        self.events: list[Event] = []
        """What the watcher may see, in order."""
        self.lines: list[Text] = []
        self._line_ends: list[int] = []
        self._places: list[int] = []  # of each seen event among all events
        self._moments: list[int] = []
        self._num_all = 0
        self._thoughts = thoughts
        page = _QuickPage(width=max(width, 24), encoding="utf-8", signs=UNICODE_SIGNS)
        self._width = page.width  # a console asks the terminal each time
        self._console = Console(width=page.width, file=io.StringIO())
        self._told = TableLines(show=show, names=names, page=page)
        self._watcher = TableWatcher()
        self._watched = 0

    def __len__(self) -> int:
        return len(self.events)

    @property
    def setup(self) -> Setup | None:
        """As the header told it."""
        first = self.events[0] if self.events else None
        return Setup.from_json(first.data["setup"]) if first is not None and first.type == "header" else None

    def add(self, events: Iterable[Event]) -> None:
        """Take in the next events of the game, seen or not."""
        for event in events:
            self._num_all += 1
            if not may_see(self.show, event) or (event.type in AGENT_TYPES and not self._thoughts):
                continue
            self.events.append(event)
            self._places.append(self._num_all - 1)
            if event.type in MOMENTS:
                self._moments.append(len(self.events))
            for told in self._told.of(event, _nothing_was_heard):
                for line in told.split("\n", allow_blank=True) if "\n" in told.plain else (told,):
                    self.lines += self._wrapped(line)
            self._line_ends.append(len(self.lines))

    def _wrapped(self, line: Text) -> list[Text]:
        """A line that is too long, such as a vote in a narrow window, goes on in the next one."""
        if line.cell_len <= self._width:
            return [line]
        first, *rest = line.wrap(self._console, self._width - len(BODY))
        return [first, *(Text(BODY).append_text(more) for more in rest)]

    def num_lines(self, position: int) -> int:
        """How many lines stand after so many events."""
        return self._line_ends[position - 1] if position else 0

    def position_of_line(self, line: int) -> int:
        """After how many events this line stands."""
        return min(bisect_right(self._line_ends, line) + 1, len(self))

    def place(self, position: int) -> int:
        """How many events of the whole game have happened after so many seen ones."""
        return self._places[position - 1] + 1 if position else 0

    def position_at(self, place: int) -> int:
        """How many seen events there are among so many of the whole game."""
        return bisect_left(self._places, place)

    def moment_before(self, position: int) -> int:
        """The last position before this one at which something was decided."""
        found = bisect_left(self._moments, position)
        return self._moments[found - 1] if found else 0

    def moment_after(self, position: int) -> int:
        """The next position after this one at which something is decided, or the end."""
        found = bisect_right(self._moments, position)
        return self._moments[found] if found < len(self._moments) else len(self)

    def table(self, position: int) -> Table | None:
        """The table after so many events; None before the game's header."""
        if position < self._watched:
            self._watcher, self._watched = TableWatcher(), 0
        for event in self.events[self._watched : position]:
            self._watcher.observe(event)
        self._watched = max(position, self._watched)
        return self._watcher.table() if self._watcher.setup is not None else None


def _nothing_was_heard(seat: int, text: str, public: bool) -> bool:
    return False

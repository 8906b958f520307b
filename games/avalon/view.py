"""What a seat may see: the only door from a game to a player.

A `Viewer` watches a game's events go by and keeps those that its seat may know. All that a `View` says
follows from those events and nothing else.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from games.avalon.actions import Action, Decision
from games.avalon.events import Event
from games.avalon.knowledge import Knowledge, knowledge_from_json
from games.avalon.options import lady_options, options, shot_options
from games.avalon.roles import Role, Side
from games.avalon.setup import Setup
from games.avalon.table import Proposal, Table, TableWatcher, public_table
from games.errors import GameError

__all__ = ["Proposal", "Table", "View", "Viewer", "public_table", "view"]


@dataclass(frozen=True, slots=True)
class View:
    """Everything one seat may know at one moment."""

    seat: int
    setup: Setup
    """The game's setup; its list of roles is in a fixed order and tells nobody's seat."""
    role: Role
    events: tuple[Event, ...]
    """What this seat has seen, in order."""
    knowledge: Knowledge
    table: Table

    def legal_actions(self, decision: Decision) -> tuple[Action, ...]:
        """What the rules allow for a decision of this seat, as `rules.legal_actions` lists it."""
        table, kind = self.table, decision.kind
        return options(
            kind,
            num_players=self.setup.num_players,
            team_size=table.team_sizes[table.quest - 1],
            side=self.role.side,
            lady_targets=lady_options(self.setup, table.lady_holders) if kind == "inspect" else (),
            shot_targets=shot_options(self.setup, self.seat, self.knowledge.evil) if kind == "shoot" else (),
            may_hold_fire=table.successes < 3,
        )


class Viewer:
    """The eyes of one seat: shown every event of a game, it remembers what the seat may know."""

    def __init__(self, seat: int) -> None:
        self.seat = seat
        self._events: list[Event] = []
        self._watcher = TableWatcher()
        self._knowledge: Knowledge | None = None

    def observe(self, event: Event) -> None:
        """Take in the next event of the game, whether the seat may see it or not."""
        if not event.seen_by(self.seat):
            return
        self._events.append(event)
        if event.visible_to == "all":
            self._watcher.observe(event)
        elif event.type == "knowledge":
            self._knowledge = knowledge_from_json(self.seat, event.data)
        elif event.type == "lady_answer":
            known = self._known()
            told = {**known.lady, event.data["target"]: Side(event.data["side"])}
            self._knowledge = replace(known, lady=told)

    def view(self) -> View:
        """What the seat sees now. Raises `GameError` before the night has told the seat its role."""
        setup = self._watcher.setup
        known = self._known()
        if setup is None:
            raise GameError("The events do not begin with the game's header.")
        return View(self.seat, setup, known.role, tuple(self._events), known, self._watcher.table())

    def _known(self) -> Knowledge:
        if self._knowledge is None:
            raise GameError(f"Seat {self.seat} has not been told its role; is there such a seat?")
        return self._knowledge


def view(events: Iterable[Event], seat: int) -> View:
    """What this seat knows after these events. Raises `GameError` for a seat that was dealt no role."""
    viewer = Viewer(seat)
    for event in events:
        viewer.observe(event)
    return viewer.view()

"""How a game moves from one immutable state to the next: the steps of a `LiveTable`, one at a time."""

from games.avalon.answers import Answers, answer
from games.avalon.draws import Deal
from games.avalon.events import Event
from games.avalon.live_table import LiveTable
from games.avalon.setup import Setup
from games.avalon.state import State

Step = tuple[State, tuple[Event, ...]]
"""The next state and the events that tell of it."""


def start(setup: Setup, deal: Deal) -> Step:
    """Seat everybody and let the night pass. Raises `GameError` if the deal does not fit the setup."""
    table = LiveTable(setup, deal)
    return table.state(), tuple(table.log)


def apply(state: State, actions: Answers) -> Step:
    """Play one action for every pending seat; the given state stays as it was.

    Raises `IllegalAction` if a pending seat is missing, another seat is named, or an action breaks the
    rules.
    """
    table = LiveTable.at(state)
    answer(table, actions)
    return table.state(), tuple(table.log)

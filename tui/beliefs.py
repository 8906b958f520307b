"""What every seat may believe at a moment of a game: exact Bayesian beliefs from its own view."""

from collections.abc import Mapping, Sequence
from itertools import takewhile

from agents.cli.table_lines import Show
from games.avalon.belief_scores import BayesBeliefs
from games.avalon.events import Event
from games.errors import GameError


def beliefs_at(events: Sequence[Event], show: Show, num_players: int) -> Mapping[int, Sequence[float]]:
    """How likely each seat is Evil, by the seat that believes; only those whose eyes the watcher has.

    Empty in the public view, and before the night. What the shot or the end reveals is no belief any more, so
    the last beliefs are those before it.
    """
    open_table = list(takewhile(lambda event: event.type not in ("shot", "end"), events))
    match show:
        case "god":
            seats = range(1, num_players + 1)
        case "public":
            return {}
        case int():
            seats = range(show, show + 1)
    source = BayesBeliefs()
    try:
        return {seat: [float(chance) for chance in source.belief(open_table, seat).evil_N] for seat in seats}
    except GameError:
        return {}

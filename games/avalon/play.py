"""A whole game between bots: the plain synchronous loop over pending decisions, views and actions.

No language model, no waiting, no files; a game with language models runs as a graph in `agents/recon`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from games.avalon.answers import answer
from games.avalon.bots import Bot
from games.avalon.draws import Deal, deal
from games.avalon.events import Event
from games.avalon.legality import pending
from games.avalon.live_table import LiveTable
from games.avalon.setup import Setup
from games.avalon.state import Ending, State
from games.avalon.view import Viewer
from games.errors import GameError


@dataclass(frozen=True, slots=True)
class Played:
    """A finished game."""

    state: State
    events: tuple[Event, ...]

    @property
    def ending(self) -> Ending:
        if self.state.ending is None:
            raise AssertionError("A played game has ended.")
        return self.state.ending


def play(setup: Setup, bots: Mapping[int, Bot], seed: int) -> Played:
    """Deal with this seed and play to the end. Raises `GameError` unless every seat has its bot.

    An illegal action of a bot raises `IllegalAction`.
    """
    return play_deal(setup, bots, deal(setup, seed))


def play_deal(setup: Setup, bots: Mapping[int, Bot], dealt: Deal) -> Played:
    """Play a given deal to the end; raises as `play` does."""
    if set(bots) != set(setup.seats):
        raise GameError(f"Bots sit at {sorted(bots)}, but the seats are 1 to {setup.num_players}.")
    viewers = {seat: Viewer(seat) for seat in setup.seats}
    table = LiveTable(setup, dealt)
    num_told = 0
    while True:
        for event in table.log[num_told:]:
            for viewer in viewers.values():
                viewer.observe(event)
        num_told = len(table.log)
        waiting = pending(table)
        if not waiting:
            return Played(table.state(), tuple(table.log))
        actions = {
            decision.seat: bots[decision.seat].act(viewers[decision.seat].view(), decision)
            for decision in waiting
        }
        answer(table, actions)

"""Players without a language model, one file each; start with `random_player.py`.

A bot reads a `View` and nothing else. It is made for one seat of one game with a seed of its own,
keeps no state, and answers the same view and decision with the same action for ever.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Protocol

from games.avalon.actions import Action, Decision
from games.avalon.view import View
from games.errors import GameError


class Bot(Protocol):
    """Anything that takes decisions from a view."""

    def act(self, view: View, decision: Decision) -> Action: ...


BOTS: dict[str, str] = {
    "random": "Legal moves at random: the floor of every comparison.",
    "naive": "AvalonBench's rule bots: strict deduction from fail cards, no guile.",
    "logic": "DeepRole's deduction bot: imagines one possible deal for each vote and trusts it.",
    "human_table": "An average person: proposes, votes and plays cards as often as logged people do.",
    "bayes": "Acts on exact beliefs about who is who; its Merlin hides what he knows in half of his votes.",
    "bayes-open": "The same, but its Merlin never hides.",
}

_MADE_BY: dict[str, str] = {
    "random": "games.avalon.bots.random_player:RandomPlayer",
    "naive": "games.avalon.bots.naive:NaivePlayer",
    "logic": "games.avalon.bots.logic:LogicPlayer",
    "human_table": "games.avalon.bots.human_table:HumanTablePlayer",
    "bayes": "games.avalon.bots.bayes:BayesPlayer",
    "bayes-open": "games.avalon.bots.bayes:open_bayes",
}


def make_bot(name: str, seed: int) -> Bot:
    """A bot for one seat of one game. Raises `GameError` for an unknown name."""
    if name not in BOTS:
        raise GameError(f"There is no bot {name!r}; there are {', '.join(BOTS)}.")
    module, _, kind = _MADE_BY[name].partition(":")
    player: Callable[[int], Bot] = getattr(import_module(module), kind)
    return player(seed)

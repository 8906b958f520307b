"""The bot that knows the rules and nothing more: every legal move with equal chance.

Two liberties keep its games comparable (ReCon study, spec 3.6): the shot spares seats it knows to be
Evil, and it holds fire while it may.
"""

from dataclasses import dataclass

from games.avalon.actions import Action, Decision
from games.avalon.bots.manners import inspect, keep_silent, shoot_anybody, stream_for
from games.avalon.view import View


@dataclass(frozen=True, slots=True)
class RandomPlayer:
    """Flips coins and draws teams out of a hat; never speaks."""

    seed: int

    def act(self, view: View, decision: Decision) -> Action:
        stream = stream_for(self.seed, decision)
        match decision.kind:
            case "propose" | "vote" | "card":
                choices = view.legal_actions(decision)
                return choices[int(stream.integers(len(choices)))]
            case "inspect":
                return inspect(view, stream)
            case "shoot":
                return shoot_anybody(view, stream)
            case "bid" | "speak" | "evil_talk":
                return keep_silent(decision)

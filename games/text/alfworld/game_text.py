"""A game as the engine reads it: rules, wording and problem."""

from dataclasses import dataclass

from games.text.alfworld.dialects import Dialect, older_grammar
from games.text.alfworld.games import Game
from games.text.alfworld.goals import with_goal
from games.text.alfworld.official import domain, grammar


@dataclass(frozen=True, kw_only=True, slots=True)
class GameText:
    """All that the engine needs."""

    domain: str
    grammar: str
    problem: str
    walkthrough: tuple[str, ...] = ()
    """Commands that win it, if they are known; never shown to an actor."""


def game_text(game: Game, dialect: Dialect = "move") -> GameText:
    """A game of ours with the installed rules and grammar, told in a wording of choice."""
    wording = grammar() if dialect == "move" else older_grammar(grammar())
    return GameText(
        domain=domain(),
        grammar=with_goal(wording, game.sentence),
        problem=game.problem,
        walkthrough=game.walkthrough,
    )

"""Games as older releases of ALFWorld worded them: `put X in/on Y`, and places by number."""

from dataclasses import replace

from games.text.alfworld.environment import GameText
from games.text.alfworld.games import Game
from games.text.alfworld.suite import game_text


def in_older_wording(game: Game) -> GameText:
    """The game in the wording of ALFWorld up to 0.3."""
    text = game_text(game)
    grammar = text.grammar
    for newer, older in (
        ("You move the {o.name} to the {r.name}.", "You put the {o.name} in/on the {r.name}."),
        ('template :: "move {o} to {r}"', 'template :: "put {o} in/on {r}"'),
        ("You arrive at {r.name}.", "You arrive at {lend.name}."),
    ):
        assert newer in grammar
        grammar = grammar.replace(newer, older)
    return replace(text, grammar=grammar)

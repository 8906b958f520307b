"""The rules of Avalon, gathered: `start`, then `pending` and `apply` until nothing is pending.

Pure functions on immutable states: no clock, no files, no randomness. Chance enters through the
`Deal`, everything else through the players' actions, so `replay` rebuilds a game from its events.
What is legal stands in `legality`, how the game moves in `live_table`.
"""

from games.avalon.answers import check
from games.avalon.legality import IllegalAction, legal_actions, pending
from games.avalon.replay import replay
from games.avalon.transitions import apply, start

__all__ = ["IllegalAction", "apply", "check", "legal_actions", "pending", "replay", "start"]

"""Made-up records of games, for tests of statistics."""

from collections.abc import Callable, Iterator, Sequence
from itertools import product

from agents.arena.plan import TournamentConfig
from agents.arena.record import GameRecord
from games.avalon.roles import Role, Side
from games.avalon.setup import preset

ROLES = (Role.MERLIN, Role.SERVANT, Role.SERVANT, Role.ASSASSIN, Role.MINION)


def config_of(agents: Sequence[str], deals: int, **changes: object) -> TournamentConfig:
    return TournamentConfig.model_validate(
        {"setup": preset("5-basic").to_json(), "agents": tuple(agents), "deals": deals, "seed": 5, **changes}
    )


def records_of(
    agents: Sequence[str], deals: int, good_wins: Callable[[str, str, int], bool]
) -> Iterator[GameRecord]:
    """A game for every ordered pair on every deal; `good_wins(entrant, opponent, deal)` decides it."""
    number = 0
    for deal in range(1, deals + 1):
        for entrant, opponent in product(agents, repeat=2):
            number += 1
            good = good_wins(entrant, opponent, deal)
            yield GameRecord(
                number=number,
                deal=deal,
                seed=deal,
                entrant=entrant,
                opponent=opponent,
                lineup=f"good={entrant},evil={opponent}",
                guest_seat=None,
                agents=tuple(entrant if role.side is Side.GOOD else opponent for role in ROLES),
                roles=ROLES,
                winner=Side.GOOD if good else Side.EVIL,
                reason="merlin_survived" if good else "merlin_shot",
                quests=(True, True, True),
                proposals=(1, 2, 3),
                shooter=opponent,
                shot_hit=not good,
            )

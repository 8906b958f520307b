"""What a tournament keeps of a finished game: one line of its log, enough for every statistic.

A game between bots can be had again move by move: `avalon play --agents LINEUP --seed SEED` with the
tournament's table.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from agents.arena.plan import PlannedGame
from games.avalon.events import Event
from games.avalon.roles import Role, Side
from games.avalon.state import EndReason


class Spent(BaseModel):
    """What one agent's language model was asked and took in one game."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    decisions: int
    fallbacks: int
    """Decisions that a rule took because the model gave no usable answer."""
    calls: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: Decimal | None
    """None where the price is not known."""


class GameRecord(BaseModel):
    """A finished game. Seats are counted from 1; sequences by seat begin with seat 1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    deal: int
    seed: int
    entrant: str
    opponent: str
    lineup: str
    guest_seat: int | None
    agents: tuple[str, ...]
    """By seat."""
    roles: tuple[Role, ...]
    """By seat."""
    winner: Side
    reason: EndReason
    quests: tuple[bool, ...]
    proposals: tuple[int, ...]
    """Teams that were put to the vote, or forced, by quest; five rejected ones end the game."""
    shooter: str | None
    """The agent whose Assassin shot, if one did."""
    shot_hit: bool | None
    spent: dict[str, Spent] = {}
    """By agent; bots spend nothing and are not listed."""

    @property
    def entrant_side(self) -> Side:
        return Side.GOOD if self.guest_seat is None else self.roles[self.guest_seat - 1].side

    @property
    def entrant_won(self) -> bool:
        return self.winner is self.entrant_side


def record_of(
    game: PlannedGame,
    agents: Mapping[int, str],
    roles: Sequence[Role],
    events: Sequence[Event],
    spent: Mapping[str, Spent],
) -> GameRecord:
    """Sum up a finished game from its events."""
    attempts: Counter[int] = Counter()
    quests: list[bool] = []
    shooter: str | None = None
    shot_hit: bool | None = None
    for event in events:
        match event.type:
            case "vote":
                attempts[event.quest] += 1
            case "quest":
                quests.append(event.data["success"])
            case "shot" if event.seat is not None:  # None: the Assassin held fire
                shooter, shot_hit = agents[event.seat], event.data["hit"]
            case _:
                pass
    end = events[-1]
    if end.type != "end":
        raise AssertionError(f"The game {game.id} has not ended.")
    return GameRecord(
        number=game.number,
        deal=game.deal,
        seed=game.seed,
        entrant=game.entrant,
        opponent=game.opponent,
        lineup=game.lineup,
        guest_seat=game.guest_seat,
        agents=tuple(agents[seat] for seat in sorted(agents)),
        roles=tuple(roles),
        winner=end.data["winner"],
        reason=end.data["reason"],
        quests=tuple(quests),
        proposals=tuple(attempts[quest] for quest in sorted(attempts)),
        shooter=shooter,
        shot_hit=shot_hit,
        spent=dict(spent),
    )

"""All randomness of a game: PCG64 streams named by (seed, purpose, index), never a global generator.

The rules take a finished `Deal` and draw nothing themselves, so the same deal and the same actions
give the same game.
"""

import hashlib
from dataclasses import dataclass
from functools import cache

import numpy as np

from games.avalon.roles import Role
from games.avalon.setup import Setup
from games.errors import GameError


@dataclass(frozen=True, slots=True)
class Deal:
    """What chance decides before a game: the role of every seat (seat 1 first) and who leads first."""

    roles: tuple[Role, ...]
    first_leader: int


def rng(seed: int, purpose: str, index: int = 0) -> np.random.Generator:
    """A stream of its own for every purpose and index. Raises `GameError` for a negative seed or index."""
    if seed < 0 or index < 0:
        raise GameError(f"A seed and its index must not be negative: seed {seed}, {purpose} {index}.")
    entropy = np.random.SeedSequence((seed, _purpose_number(purpose), index))
    return np.random.Generator(np.random.PCG64(entropy))


def deal(setup: Setup, seed: int) -> Deal:
    """Seat the roles and choose the first leader as the setup's rules say."""
    return next_deal(setup, rng(seed, "deal"))


def next_deal(setup: Setup, stream: np.random.Generator) -> Deal:
    """A deal from an open stream, for many games in a row: to open one for each takes longer than to deal."""
    # Both draws are always made, so that one switch does not change what the other draws.
    order = stream.permutation(setup.num_players).tolist()
    leader = int(stream.integers(1, setup.num_players + 1))
    rules, roles = setup.rules, setup.roles
    if rules.shuffle_seats:
        roles = tuple([roles[place] for place in order])
    return Deal(roles=roles, first_leader=leader if rules.first_leader == "random" else 1)


@cache
def _purpose_number(purpose: str) -> int:
    return int.from_bytes(hashlib.blake2b(purpose.encode(), digest_size=8).digest())

"""Who plays whom on which deals: the paired design of specification 4.5.

A deal is the roles by seat, the first leader and the seed of all bots' randomness. On every deal each
ordered pair of agents plays, also an agent with itself, so that agents are compared on equal deals.
The games go deal by deal: a tournament that is broken off has whole deals behind it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import product
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agents.errors import NimueError
from agents.recon.config import GameConfig
from agents.recon.lineup import HUMAN, Agent, parse_lineup
from agents.recon.variants import Contemplation, Variant, find_variant
from games.avalon.draws import deal, rng
from games.avalon.setup import Setup

Design = Literal["sides", "guest"]
"""`sides`: the entrant plays all Good seats and the opponent all Evil ones. `guest`: the entrant plays
one seat, each role in turn, and the opponent all others."""

_USUAL_PROPOSALS = 6.0  # a game; 2.7 of the specification reckons with six
_USUAL_CARDS = 13.0  # a game: four quests of about three


class TournamentConfig(BaseModel):
    """A tournament, completely; written into its run and read on resume."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    setup: dict[str, Any] = Field(description="Roles and rules, as `Setup.to_json` writes them.")
    agents: tuple[str, ...] = Field(min_length=1)
    design: Design = "sides"
    deals: int = Field(ge=1)
    seed: int = Field(ge=0, description="Every deal's seed follows from it.")
    model: str = Field("scripted:0", description="provider:model of agents that name none themselves.")
    temperature: float | None = None
    paper_protocol: bool = False
    contemplation: dict[str, Any] = Field(default_factory=dict)
    transcripts: bool = Field(False, description="Keep transcripts of games between bots too.")
    command: str = Field("", description="The command that makes this tournament again.")

    def read_setup(self) -> Setup:
        return Setup.from_json(self.setup)

    @property
    def pairs(self) -> int:
        """Games a deal."""
        return len(self.agents) ** 2

    @property
    def games(self) -> int:
        return self.deals * self.pairs


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedGame:
    """One game: a deal, by its number and seed, and who plays it."""

    number: int
    deal: int
    seed: int
    entrant: str
    opponent: str
    lineup: str
    """Who sits where, as `avalon play --agents` takes it."""
    guest_seat: int | None
    """The entrant's one seat; None where he plays all Good seats."""

    @property
    def id(self) -> str:
        return f"g{self.number:05}"


def parse_agents(texts: Sequence[str]) -> list[Agent]:
    """The entrants. Raises `NimueError` for none, an unknown one, a person or a repetition."""
    agents = [_parse_agent(text) for text in texts]
    if not agents:
        raise NimueError("Name the agents that shall play, for example: avalon tournament naive logic")
    for agent in agents:
        if agents.count(agent) > 1:
            raise NimueError(f"{agent} is named twice; every agent plays against itself anyway.")
    return agents


def _parse_agent(text: str) -> Agent:
    if "=" in text or "," in text:
        raise NimueError(
            f"{text!r} seats agents; a tournament takes single ones, such as naive or recon@openai."
        )
    agent = parse_lineup(text, 5).everybody
    if agent is None or agent.name == HUMAN:
        raise NimueError("A person cannot play a tournament; play a game with avalon play --human SEAT.")
    return agent


def planned_games(config: TournamentConfig) -> Iterator[PlannedGame]:
    """Every game, numbered from 1, deal by deal."""
    setup = config.read_setup()
    number = 0
    for deal_number in range(1, config.deals + 1):
        seed = int(rng(config.seed, "tournament deal", deal_number).integers(2**31))
        guest = _guest_seat(setup, deal_number, seed) if config.design == "guest" else None
        for entrant, opponent in product(config.agents, repeat=2):
            number += 1
            yield PlannedGame(
                number=number,
                deal=deal_number,
                seed=seed,
                entrant=entrant,
                opponent=opponent,
                lineup=f"{opponent},{guest}={entrant}" if guest else f"good={entrant},evil={opponent}",
                guest_seat=guest,
            )


def _guest_seat(setup: Setup, deal_number: int, seed: int) -> int:
    """The seat of the guest: deal by deal he has each of the listed roles in turn."""
    listed = (deal_number - 1) % setup.num_players
    role = setup.roles[listed]
    seats = [seat for seat, dealt in enumerate(deal(setup, seed).roles, start=1) if dealt is role]
    return seats[setup.roles[:listed].count(role)]


def seated_agents(game: PlannedGame, setup: Setup) -> dict[int, Agent]:
    """Who sits where on this deal."""
    return _lineup(game.lineup, setup.num_players).seated(deal(setup, game.seed).roles)


_lineup = lru_cache(maxsize=1024)(parse_lineup)


def game_config(config: TournamentConfig, game: PlannedGame) -> GameConfig:
    """The game as `play_game` plays it."""
    return GameConfig(
        game=game.id,
        setup=config.setup,
        seed=game.seed,
        agents=game.lineup,
        human=None,
        model=config.model,
        paper_protocol=config.paper_protocol,
        contemplation=config.contemplation,
    )


def contemplations(config: TournamentConfig) -> dict[str, dict[str, Any]]:
    """By model, how its players contemplate: figures mean nothing without it."""
    game = game_config(config, next(planned_games(config)))
    models = [agent.model or game.model_name() for agent in parse_agents(config.agents) if agent.needs_model]
    return {str(model): asdict(game.contemplation_for(model)) for model in models}


def expected_calls(config: TournamentConfig) -> int:
    """About how many calls of language models the whole plan takes."""
    setup = config.read_setup()
    game = game_config(config, next(planned_games(config)))
    decisions_a_seat = (
        _USUAL_PROPOSALS * (1 + setup.rules.talk_rounds * (setup.rules.talk != "none"))
        + (_USUAL_PROPOSALS + _USUAL_CARDS) / setup.num_players
    )
    # Over all ordered pairs every agent fills as many seats as there are games a deal and agent.
    seats_an_agent = config.deals * len(config.agents) * setup.num_players
    calls = 0.0
    for agent in parse_agents(config.agents):
        if agent.needs_model:
            settings = game.contemplation_for(agent.model or game.model_name())
            a_decision = _calls_a_decision(find_variant(agent.name), settings, setup)
            calls += seats_an_agent * decisions_a_seat * a_decision
    return round(calls)


def _calls_a_decision(variant: Variant, settings: Contemplation, setup: Setup) -> int:
    if variant.breadth:
        return 4  # plans, a choice, speeches, a choice
    readings = {"together": 1, "per_role": len(set(setup.roles)) - 1, "in_refinement": 0}
    often = settings.first_order_refresh == "per_decision"
    return (
        1
        + (variant.first_order and often)
        + variant.second_order * readings[settings.readings]
        + variant.refine
    )

"""Language models as a source of beliefs: every seat of recorded games is asked at every moment.

What `score_game` will want to know is found by letting it ask a source that only takes notes; then all is
asked of the model, and scored with the answers. The calls are kept in a run's journal, so that a probing that
was broken off goes on where it stood.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from agents.arena.paid_model import calls_at_once, paid_model
from agents.errors import NimueError
from agents.llm.ask import Unanswered
from agents.llm.model import Model, ModelOptions, open_model
from agents.llm.names import ModelName, parse_model_name
from agents.llm.usage import Usage
from agents.recon.game import Limits
from agents.recon.probe import no_opinion, probe, probe_prompt, questions_of
from agents.recon.variants import EMBEDDED, HOSTED, Contemplation, find_variant
from agents.runs.folder import RunFolder
from games.avalon.belief_scores import SeatBelief, score_game
from games.avalon.events import Event
from games.avalon.recorded_games import FinishedGame
from games.avalon.view import view

RUN_KIND = "avalon.probes"
_CHARACTERS_A_TOKEN = 4

Key = tuple[str, int, int]
"""A game's fingerprint, how many of its events have happened, and the seat that is asked."""


class ProbeConfig(BaseModel):
    """What is asked, written into the run and checked on resume."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    agent: str
    model: str
    games: tuple[str, ...] = Field(description="Fingerprints of the games, in order.")

    def model_name(self) -> ModelName:
        return parse_model_name(self.model)

    def settings(self) -> Contemplation:
        return EMBEDDED if self.model_name().provider == "local" else HOSTED


@dataclass
class _Notes:
    """Notes what `score_game` asks of one game."""

    asked: dict[tuple[int, int], Sequence[Event]] = field(default_factory=dict)

    def belief(self, events: Sequence[Event], seat: int) -> SeatBelief:
        self.asked.setdefault((len(events), seat), events)
        num_players = view(events, seat).setup.num_players
        return SeatBelief(np.full(num_players, 0.5), np.full(num_players, 1 / num_players))


@dataclass(frozen=True, slots=True)
class Wanted:
    """One probe to be put to a model."""

    key: Key
    events: Sequence[Event]


def wanted_probes(games: Sequence[FinishedGame]) -> list[Wanted]:
    """Every probe that scoring these games takes, game by game."""
    wanted = []
    for game in games:
        notes = _Notes()
        score_game(game, notes)
        for (num_events, seat), events in notes.asked.items():
            wanted.append(Wanted((game.fingerprint, num_events, seat), events))
    return wanted


def prompt_tokens(wanted: Sequence[Wanted], config: ProbeConfig) -> int:
    """About how much the model will read."""
    variant, settings = find_variant(config.agent), config.settings()
    characters = 0
    for each in wanted:
        seen = view(each.events, each.key[2])
        written = probe_prompt(seen, variant, settings, questions_of(seen))
        characters += sum(len(message.text) for message in written.messages)
    return characters // _CHARACTERS_A_TOKEN


@dataclass(frozen=True, slots=True)
class ProbedBeliefs:
    """What a model answered, as a source for `score_game`; who gave no usable answer has no opinion."""

    answers: dict[Key, SeatBelief]
    fingerprint: str

    def belief(self, events: Sequence[Event], seat: int) -> SeatBelief:
        return self.answers[(self.fingerprint, len(events), seat)]


@dataclass(frozen=True, slots=True)
class Probing:
    """All answers and what they took."""

    answers: dict[Key, SeatBelief]
    unanswered: int
    usage: Usage
    cost: Decimal | None

    def source(self, game: FinishedGame) -> ProbedBeliefs:
        return ProbedBeliefs(self.answers, game.fingerprint)


async def probe_all(
    run: RunFolder,
    config: ProbeConfig,
    wanted: Sequence[Wanted],
    *,
    limits: Limits,
    options: ModelOptions,
    probed: Callable[[], None],
    open_models: Callable[[ModelName, ModelOptions], Model] = open_model,
) -> Probing:
    """Ask everything that the run's journal does not hold yet.

    Raises:
        NimueError: It cannot go on now: a spent budget, a lost server. What was answered is kept.
    """
    name = config.model_name()
    with paid_model(run, name, limits, options, open_models) as (model, budget):
        answers, unanswered = await _ask_all(config, wanted, model, calls_at_once(name, options), probed)
    return Probing(answers, unanswered, budget.usage, budget.cost)


async def _ask_all(
    config: ProbeConfig, wanted: Sequence[Wanted], model: Model, at_once: int, probed: Callable[[], None]
) -> tuple[dict[Key, SeatBelief], int]:
    variant, settings = find_variant(config.agent), config.settings()
    upcoming = iter(wanted)
    answers: dict[Key, SeatBelief] = {}
    lost: list[Key] = []
    problems: list[NimueError] = []

    async def keep_asking() -> None:
        for each in upcoming:
            if problems:
                return
            game, num_events, seat = each.key
            seen = view(each.events, seat)
            try:
                answers[each.key] = await probe(
                    seen, variant, settings, model, game=game, moment=f"after {num_events}"
                )
            except Unanswered:
                lost.append(each.key)
                answers[each.key] = no_opinion(seen)
            except NimueError as problem:
                problems.append(problem)
                return
            probed()

    async with asyncio.TaskGroup() as workers:
        for _ in range(min(at_once, len(wanted))):
            workers.create_task(keep_asking())
    if problems:
        raise problems[0]
    return answers, len(lost)

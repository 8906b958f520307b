"""A judging in a run folder: pairs drawn once, every call journalled, resumable at any instant.

artifacts/pairs.jsonl    the pairs as the judge sees them, for people who label them
artifacts/key.jsonl      whose speech is whose, not for those who label
artifacts/result.json    the scores
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from agents.arena.judge_calls import Judged, judge_pairs, num_calls, prompt_characters
from agents.arena.judge_pairs import Pair, comparable_pairs, two_agents, utterances_of
from agents.arena.judge_prompt import PROMPT_VERSION
from agents.arena.judge_sheet import Sheet
from agents.arena.paid_model import calls_at_once, paid_model
from agents.arena.report_games import FoundGame, find_games
from agents.errors import NimueError, NimueFailure
from agents.llm.model import Model, ModelOptions, open_model
from agents.llm.names import ModelName, parse_model_name
from agents.llm.usage import Usage
from agents.recon.game import Limits
from agents.runs.folder import RunFolder

RUN_KIND = "avalon.judge"
_CHARACTERS_A_TOKEN = 4
_TOKENS_AN_ANSWER = 110


class JudgeConfig(BaseModel):
    """What is judged, and by whom; written into the run and read on resume."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str = Field(description="Where the games of A are.")
    other: str | None = Field(None, description="Where the games of B are, if elsewhere.")
    agents: tuple[str, ...] = ()
    agent_a: str
    agent_b: str
    model: str
    players_models: tuple[str, ...] = ()
    temperature: float | None = None
    seed: int = 0
    limit: int | None = None
    prompt_version: int = PROMPT_VERSION

    def model_name(self) -> ModelName:
        return parse_model_name(self.model)

    @property
    def judges_itself(self) -> bool:
        """Whether the judge's model also played, and so might prefer its own way of speaking."""
        return self.model in self.players_models


@dataclass(frozen=True, slots=True)
class Planned:
    """A judging before it costs anything."""

    config: JudgeConfig
    pairs: tuple[Pair, ...]

    @property
    def calls(self) -> int:
        return num_calls(self.pairs)

    @property
    def input_tokens(self) -> int:
        """About how much the judge will read."""
        return prompt_characters(self.pairs) // _CHARACTERS_A_TOKEN

    @property
    def output_tokens(self) -> int:
        return self.calls * _TOKENS_AN_ANSWER


def plan_judging(
    run: Path,
    other: Path | None,
    *,
    model: ModelName,
    agents: Sequence[str] = (),
    temperature: float | None = None,
    seed: int = 0,
    limit: int | None = None,
) -> Planned:
    """Find the games, choose the agents and draw the pairs.

    Raises:
        NimueError: There are no games, no two agents to compare, or no comparable speeches.
    """
    if limit is not None and limit < 1:
        raise NimueError(f"--limit {limit}: at least one pair must be judged.")
    games = find_games([run])
    others = games if other is None else find_games([other])
    if other is None:
        name_a, name_b = two_agents(games, agents)
        wanted_a: str | None = name_a
        wanted_b: str | None = name_b
    elif agents:
        if len(agents) != 2:
            raise NimueError("--agents names two agents: one of the first run and one of the second.")
        (wanted_a, wanted_b) = agents
        name_a, name_b = f"{wanted_a} ({run.name})", f"{wanted_b} ({other.name})"
    else:
        wanted_a = wanted_b = None
        name_a, name_b = run.name, other.name
    pairs = comparable_pairs(
        utterances_of(games, wanted_a), utterances_of(others, wanted_b), seed=seed, limit=limit
    )
    if not pairs:
        raise NimueError(
            f"{name_a} and {name_b} have no speeches at comparable moments: the same side, the same kind of "
            "turn, tables of the same roles. Both must play with talk, and on the same side in some game, as "
            "in a tournament."
        )
    config = JudgeConfig(
        run=str(run),
        other=None if other is None else str(other),
        agents=tuple(agents),
        agent_a=name_a,
        agent_b=name_b,
        model=str(model),
        players_models=tuple(sorted(_models(games) | _models(others))),
        temperature=temperature,
        seed=seed,
        limit=limit,
    )
    return Planned(config, tuple(pairs))


def _models(games: Sequence[FoundGame]) -> set[str]:
    return {model for found in games for model in found.models.values()}


# -- the run folder ----------------------------------------------------------------------------------


def pairs_file(run: RunFolder) -> Path:
    """Where the pairs are that a person may label."""
    return run.artifacts / "pairs.jsonl"


def _key_file(run: RunFolder) -> Path:
    return run.artifacts / "key.jsonl"


def keep_pairs(run: RunFolder, pairs: Sequence[Pair]) -> None:
    """Write the pairs, blind, and the key to them."""
    _write_lines(
        pairs_file(run),
        [{"pair": pair.id, "first": asdict(pair.first), "second": asdict(pair.second)} for pair in pairs],
    )
    _write_lines(
        _key_file(run),
        [
            {
                "pair": pair.id,
                "first_is_a": pair.first_is_a,
                "closeness": pair.closeness,
                "role": pair.role,
                "quest": pair.quest,
            }
            for pair in pairs
        ],
    )


def planned_before(run: RunFolder) -> Planned:
    """The plan of a run that is gone on with. Raises `NimueFailure` if its pairs are damaged."""
    config = JudgeConfig(**run.asked())
    try:
        blind, key = _read_lines(pairs_file(run)), _read_lines(_key_file(run))
        pairs = tuple(
            Pair(
                id=shown["pair"],
                closeness=kept["closeness"],
                role=kept["role"],
                quest=kept["quest"],
                first=Sheet(**shown["first"]),
                second=Sheet(**shown["second"]),
                first_is_a=kept["first_is_a"],
            )
            for shown, kept in zip(blind, key, strict=True)
        )
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise NimueFailure(f"The pairs of {run.path} cannot be read ({problem!r}); judge anew.") from problem
    return Planned(config, pairs)


def _write_lines(path: Path, entries: Sequence[dict[str, Any]]) -> None:
    path.write_text(
        "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries), encoding="utf-8"
    )


def _read_lines(path: Path) -> list[dict[str, Any]]:
    # Not splitlines: a speech may hold a character that Unicode counts as a line break.
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


# -- judging -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Judging:
    """All verdicts and what they took."""

    judged: tuple[Judged, ...]
    usage: Usage
    cost: Decimal | None


async def judge(
    run: RunFolder,
    planned: Planned,
    *,
    limits: Limits,
    options: ModelOptions,
    judged: Callable[[Judged], None],
    open_models: Callable[[ModelName, ModelOptions], Model] = open_model,
) -> Judging:
    """Judge, or go on judging: calls that are answered in the run's journal are not made again.

    Raises:
        NimueError: It cannot go on now: a spent budget, a lost server. What was answered is kept.
    """
    name = planned.config.model_name()
    with paid_model(run, name, limits, options, open_models) as (model, budget):
        results = await judge_pairs(planned.pairs, model, at_once=calls_at_once(name, options), judged=judged)
    return Judging(tuple(results), budget.usage, budget.cost)

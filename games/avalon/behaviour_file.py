"""Belief parameters as JSON: what `avalon bench fit` writes, and those that come with the package."""

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from games.avalon.behaviour import (
    ABOARD_FOR_VOTES,
    MAX_ABOARD,
    PLAYERS,
    POSITIONS,
    BeliefParams,
    Floats,
    Habits,
    Kind,
    Weights,
    all_kinds,
)
from games.avalon.setup import NUM_QUESTS, TEAM_SIZES
from games.errors import GameError

SHIPPED = "fitted_habits.json"
_DECIMALS = 5


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _WeightsPart(_Model):
    proposals: float = Field(ge=0, le=10)
    votes: float = Field(ge=0, le=10)
    fails: float = Field(ge=0, le=10)


class _BothWeights(_Model):
    evil: _WeightsPart
    merlin: _WeightsPart


class _HabitsPart(_Model):
    approve: list[list[list[float]]]
    approve_last: list[list[list[float]]]
    proposed: dict[int, list[list[float]]]
    fails: list[list[list[float]]]


class _ParamsFile(_Model):
    kind: Literal["belief parameters"]
    source: str
    weights: _BothWeights
    report: dict[str, object]
    habits: dict[str, _HabitsPart]
    fitted_on: str
    """Fingerprints with spaces between them."""


@cache
def shipped_params() -> BeliefParams:
    """The parameters that beliefs use unless they are given others; `source` says where they come from."""
    return _parse(files("games.avalon").joinpath(SHIPPED).read_text(encoding="utf-8"))


def load_params(path: Path) -> BeliefParams:
    """Read what `save_params` wrote. Raises `GameError` if the file is missing or holds no parameters."""
    try:
        return _parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as problem:
        raise GameError(f"The belief parameters cannot be read: {problem}.") from problem
    except ValidationError as problem:
        first = problem.errors(include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "the file"
        raise GameError(f"{path} holds no belief parameters: {place}: {first['msg']}.") from problem
    except GameError as problem:
        raise GameError(f"{path} holds no belief parameters: {problem}") from problem


def save_params(params: BeliefParams, path: Path) -> None:
    """Write as JSON, one part a line. Raises `GameError` if the file cannot be written."""
    parts = {
        "kind": "belief parameters",
        "source": params.source,
        "weights": {"evil": _weights_to(params.evil), "merlin": _weights_to(params.merlin)},
        "report": params.report,
        "habits": {_name(kind): _habits_to(habits) for kind, habits in sorted(params.habits.items())},
        "fitted_on": " ".join(sorted(params.fitted_on)),
    }
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(part)}" for name, part in parts.items())
    try:
        path.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    except OSError as problem:
        raise GameError(f"The belief parameters cannot be written: {problem}.") from problem


def _parse(text: str) -> BeliefParams:
    stored = _ParamsFile.model_validate_json(text)
    missing = sorted({_name(kind) for kind in all_kinds()} - stored.habits.keys())
    if missing:
        raise GameError(f"the habits of {', '.join(missing)} are missing.")
    return BeliefParams(
        habits={kind: _habits_from(stored.habits[_name(kind)], kind) for kind in all_kinds()},
        evil=_weights_from(stored.weights.evil),
        merlin=_weights_from(stored.weights.merlin),
        source=stored.source,
        fitted_on=frozenset(stored.fitted_on.split()),
        report=stored.report,
    )


def _name(kind: Kind) -> str:
    num_players, mordred = kind
    return f"{num_players} players{' with mordred' if mordred else ''}"


def _weights_to(weights: Weights) -> dict[str, float]:
    return {"proposals": weights.proposals, "votes": weights.votes, "fails": weights.fails}


def _weights_from(part: _WeightsPart) -> Weights:
    return Weights(proposals=part.proposals, votes=part.votes, fails=part.fails)


def _habits_to(habits: Habits) -> dict[str, object]:
    return {
        "approve": habits.approve_PSE.round(_DECIMALS).tolist(),
        "approve_last": habits.approve_last_PSE.round(_DECIMALS).tolist(),
        "proposed": {
            str(size): chances.round(_DECIMALS).tolist() for size, chances in habits.proposed_PE.items()
        },
        "fails": habits.fails_EQF.round(_DECIMALS).tolist(),
    }


def _habits_from(part: _HabitsPart, kind: Kind) -> Habits:
    votes = (len(PLAYERS), len(POSITIONS), ABOARD_FOR_VOTES + 1)
    aboard = MAX_ABOARD + 1
    where = _name(kind)
    sizes = set(TEAM_SIZES[kind[0]])
    if part.proposed.keys() != sizes:
        raise GameError(f"{where}: teams are of sizes {sorted(sizes)}, not {sorted(part.proposed)}.")
    return Habits(
        num_players=kind[0],
        approve_PSE=_chances(part.approve, votes, f"{where}, approve"),
        approve_last_PSE=_chances(part.approve_last, votes, f"{where}, approve_last"),
        proposed_PE={
            size: _chances(part.proposed[size], (len(PLAYERS), aboard), f"{where}, proposed {size}")
            for size in sorted(sizes)
        },
        fails_EQF=_chances(part.fails, (aboard, NUM_QUESTS, aboard), f"{where}, fails"),
    )


def _chances(values: object, shape: tuple[int, ...], where: str) -> Floats:
    try:
        chances = np.array(values, dtype=np.float64)
    except ValueError as problem:
        raise GameError(f"{where}: the rows are not of one length.") from problem
    if chances.shape != shape:
        raise GameError(f"{where}: the shape is {chances.shape} and should be {shape}.")
    if not ((chances >= 0) & (chances <= 1)).all():
        raise GameError(f"{where}: every chance lies between 0 and 1.")
    return chances

"""How often each kind of bot wins, beside the reference rates of the specification (3.6) and of AvalonBench.

    python -m benchmarks.avalon_bots --json benchmarks/results/avalon_bots.json

The deals of a row are seeds 0, 1, 2 ..., the same for every row of one cast. Rows with Bayes bots are played
twice: with the shipped parameters, and with those of the reference simulation (all weights 1, one proposal
table for all team sizes), whose rates are the ones to compare. `--scale 0.1` plays a tenth of the games.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from agents.arena.statistics import wilson
from benchmarks.measured import written
from games.avalon.actions import Action, Decision
from games.avalon.behaviour import MAX_ABOARD, PLAYERS, BeliefParams, Habits, all_kinds, published_params
from games.avalon.bots import Bot, make_bot
from games.avalon.bots.bayes import BayesPlayer
from games.avalon.bots.behaviour_tables import proposed_evil_chances
from games.avalon.draws import deal
from games.avalon.play import play_deal
from games.avalon.roles import Role, Side
from games.avalon.setup import Rules, Setup, preset
from games.avalon.view import View

OFFICIAL = Rules()
AUTO_5 = Rules(hammer_rule="auto_approve_5")
AUTO_4 = Rules(hammer_rule="auto_approve_4_silent")
_BASIC_5 = (Role.MERLIN, Role.SERVANT, Role.SERVANT, Role.ASSASSIN, Role.MINION)
CASTS = {
    "5-basic": _BASIC_5,
    "6 (no Percival)": (*_BASIC_5, Role.SERVANT),
    "7 (no Percival)": (*_BASIC_5, Role.SERVANT, Role.MINION),
    "6-recon": preset("6-recon").roles,
}


class Reference(NamedTuple):
    """Shares of the games, and the share of hits among the shots."""

    good_wins: float
    three_fails: float
    hammer: float
    shot: float
    hit_rate: float | None = None


class Row(NamedTuple):
    cast: str
    rules: Rules
    good: str
    evil: str
    games: int
    reference: Reference


ROWS = (
    Row("5-basic", AUTO_5, "naive", "naive", 3000, Reference(0.382, 0.427, 0, 0.191, 0.333)),
    Row("5-basic", OFFICIAL, "naive", "naive", 2000, Reference(0.109, 0.295, 0.546, 0.050, 0.315)),
    Row("5-basic", OFFICIAL, "random", "random", 2000, Reference(0.315, 0.374, 0.126, 0.185, 0.370)),
    Row("5-basic", OFFICIAL, "random", "naive", 500, Reference(0.0, 0.998, 0.002, 0.0)),
    Row("5-basic", OFFICIAL, "logic", "logic", 1500, Reference(0.212, 0.669, 0, 0.119, 0.360)),
    Row("5-basic", OFFICIAL, "bayes-open", "naive", 1000, Reference(0.602, 0.068, 0, 0.330, 0.354)),
    Row("5-basic", OFFICIAL, "naive", "bayes", 1000, Reference(0.072, 0.397, 0.072, 0.460, 0.865)),
    Row("5-basic", OFFICIAL, "bayes-open", "bayes", 1000, Reference(0.143, 0.140, 0, 0.717, 0.833)),
    Row("5-basic", OFFICIAL, "bayes", "bayes", 1000, Reference(0.245, 0.177, 0, 0.578, 0.702)),
    Row(
        "5-basic", OFFICIAL, "human_table", "human_table", 1000, Reference(0.431, 0.318, 0.001, 0.251, 0.368)
    ),
    Row(
        "5-basic",
        OFFICIAL,
        "human_table",
        "human_table, Bayes shot",
        1000,
        Reference(0.263, 0.342, 0, 0.395, 0.600),
    ),
    Row("6 (no Percival)", OFFICIAL, "bayes-open", "naive", 500, Reference(0.738, 0.037, 0, 0.225, 0.234)),
    Row("6 (no Percival)", OFFICIAL, "bayes", "bayes", 500, Reference(0.217, 0.228, 0, 0.555, 0.719)),
    Row("6-recon", AUTO_4, "naive", "naive", 1000, Reference(0.419, 0.435, 0, 0.145, 0.257)),
    Row("7 (no Percival)", OFFICIAL, "bayes", "bayes", 500, Reference(0.283, 0.232, 0, 0.485, 0.631)),
    Row("7 (no Percival)", OFFICIAL, "logic", "logic", 500, Reference(0.097, 0.877, 0, 0.026, 0.211)),
)


@cache
def reference_params() -> BeliefParams:
    """All weights 1, and the proposals of all team sizes in one table."""

    def collapsed(habits: Habits) -> Habits:
        return replace(
            habits,
            proposed_PE={
                size: np.where(chances_PE > 0, _one_table(), 0.0)
                for size, chances_PE in habits.proposed_PE.items()
            },
        )

    published = published_params()
    return replace(published, habits={kind: collapsed(published.habits[kind]) for kind in all_kinds()})


def _one_table() -> np.ndarray[Any, np.dtype[np.float64]]:
    """The fallback rows; what they leave to three and four Evil is shared evenly."""
    rows = [(*proposed_evil_chances(player, 0, 0)[:3],) for player in PLAYERS]
    return np.array([[*row, *[(1 - sum(row)) / 2] * (MAX_ABOARD - 2)] for row in rows])


@dataclass(frozen=True, slots=True)
class HumanWithBayesShot:
    """Plays as people do until the shot."""

    seed: int
    params: BeliefParams | None

    def act(self, view: View, decision: Decision) -> Action:
        if decision.kind == "shoot":
            return BayesPlayer(self.seed, params=self.params).act(view, decision)
        return make_bot("human_table", self.seed).act(view, decision)


def maker(name: str, params: BeliefParams | None) -> Callable[[int], Bot]:
    if name == "human_table, Bayes shot":
        return lambda seed: HumanWithBayesShot(seed, params)
    if name == "bayes":
        return lambda seed: BayesPlayer(seed, params=params)
    if name == "bayes-open":
        return lambda seed: BayesPlayer(seed, hide=0.0, params=params)
    return lambda seed: make_bot(name, seed)


def played(row: Row, num_games: int, params: BeliefParams | None) -> dict[str, Any]:
    """The rates of one row, each with its Wilson interval."""
    setup = Setup(roles=CASTS[row.cast], rules=row.rules, name=row.cast)
    good, evil = maker(row.good, params), maker(row.evil, params)
    reasons: Counter[str] = Counter()
    begun = time.process_time()
    for seed in range(num_games):
        dealt = deal(setup, seed)
        bots = {
            seat: (good if role.side is Side.GOOD else evil)(16 * seed + seat)
            for seat, role in enumerate(dealt.roles, start=1)
        }
        reasons[play_deal(setup, bots, dealt).ending.reason] += 1
    seconds = time.process_time() - begun
    shots = reasons["merlin_shot"] + reasons["merlin_survived"]
    counts = {
        "good_wins": (reasons["merlin_survived"], num_games, row.reference.good_wins),
        "three_fails": (reasons["three_fails"], num_games, row.reference.three_fails),
        "hammer": (reasons["five_rejections"], num_games, row.reference.hammer),
        "shot": (reasons["merlin_shot"], num_games, row.reference.shot),
        "hit_rate": (reasons["merlin_shot"], shots, row.reference.hit_rate),
    }
    return {
        "games": num_games,
        "milliseconds a game": round(1000 * seconds / num_games, 2),
        **{name: rate(hits, trials, reference) for name, (hits, trials, reference) in counts.items()},
    }


def rate(hits: int, trials: int, reference: float | None) -> dict[str, float | None]:
    seen = wilson(hits, trials)
    bounds = {"rate": seen.rate, "low": seen.low, "high": seen.high}
    rounded = {name: None if value is None else round(value, 4) for name, value in bounds.items()}
    return {**rounded, "spec": reference}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path)
    parser.add_argument("--scale", type=float, default=1.0)
    arguments = parser.parse_args()
    begun = time.monotonic()
    rows = []
    for row in ROWS:
        num_games = max(1, round(row.games * arguments.scale))
        asked = {"cast": row.cast, "hammer_rule": row.rules.hammer_rule, "good": row.good, "evil": row.evil}
        with_beliefs = "ayes" in row.good + row.evil
        variants: dict[str, BeliefParams | None] = {"shipped": None}
        if with_beliefs:
            variants["reference simulation"] = reference_params()
        for name, params in variants.items():
            found = played(row, num_games, params)
            rows.append({**asked, **({"parameters": name} if with_beliefs else {}), **found})
            print(
                f"{row.cast}, {row.rules.hammer_rule}: {row.good} against {row.evil}"
                f"{f' ({name})' if with_beliefs else ''}: Good wins {found['good_wins']['rate']:.3f} "
                f"(spec {row.reference.good_wins}), shots hit {found['hit_rate']['rate']} "
                f"(spec {row.reference.hit_rate}), {found['milliseconds a game']} ms a game"
            )
    written(arguments.json, {"rows": rows, "seconds": round(time.monotonic() - begun)})


if __name__ == "__main__":
    main()

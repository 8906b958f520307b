"""How strong agents are as Good and as Evil, apart: a strong liar can be a poor detective.

Bradley-Terry by side (specification 4.5):

    P(Good wins) = sigmoid(mean over Good seats of theta_G[agent]
                           - mean over Evil seats of theta_E[agent] + b)

with a standard normal prior on every theta; b, what the table itself gives Good, has a wide one. Next to
it OpenSkill's online rating (Weng and Lin 2011; Plackett-Luce), which sees the games in their order.
"""

# Shape legend: C compositions of a table, P parameters (theta_G and theta_E by agent, b), A agents,
# R replicates of the bootstrap, D deals

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from openskill.models import PlackettLuce, PlackettLuceRating
from scipy.special import expit

from agents.arena.record import GameRecord
from agents.arena.statistics import Floats, Interval, percentiles, resampled_sums
from games.avalon.roles import Side

PRIOR_SD_OF_TABLE = 5.0
"""Wide: only keeps b finite where one side won every game."""

_NEWTON_STEPS = 50
_CONVERGED = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """An agent's strength on one side."""

    theta: Interval
    """Bradley-Terry, in logits; 0 is the middle of the prior."""
    mu: float
    """OpenSkill; everybody begins at 25."""
    sigma: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratings:
    good: dict[str, Rating]
    evil: dict[str, Rating]
    table: Interval
    """What the table gives Good when both sides are equally strong, in logits."""


def rate(records: Sequence[GameRecord], agents: Sequence[str], seed: int) -> Ratings:
    """Rate all agents by these games."""
    design_CP, games_DC, wins_DC = _tabulate(records, agents)
    sums_DK = np.concatenate([games_DC, wins_DC], axis=1)
    estimate_P = fit(design_CP, games_DC.sum(axis=0)[None], wins_DC.sum(axis=0)[None])[0]
    intervals: list[Interval]
    if len(games_DC) < 2:
        intervals = [Interval(float(value), None, None) for value in estimate_P]
    else:
        drawn_RK = resampled_sums(sums_DK, seed)
        drawn_RP = fit(design_CP, drawn_RK[:, : len(design_CP)], drawn_RK[:, len(design_CP) :])
        intervals = [
            Interval(float(value), *percentiles(drawn_RP[:, place])) for place, value in enumerate(estimate_P)
        ]
    skill = open_skill(records, agents)
    good, evil = (
        {
            agent: Rating(
                theta=intervals[offset + place],
                mu=skill[agent, side].mu,
                sigma=skill[agent, side].sigma,
            )
            for place, agent in enumerate(agents)
        }
        for side, offset in ((Side.GOOD, 0), (Side.EVIL, len(agents)))
    )
    return Ratings(good=good, evil=evil, table=intervals[-1])


def fit(design_CP: Floats, games_RC: Floats, wins_RC: Floats) -> Floats:
    """Most probable parameters, for every replicate: Newton's method on a concave posterior."""
    precision_P = np.ones(design_CP.shape[1])
    precision_P[-1] = PRIOR_SD_OF_TABLE**-2
    theta_RP = np.zeros((len(games_RC), design_CP.shape[1]))
    for _ in range(_NEWTON_STEPS):
        chance_RC = expit(theta_RP @ design_CP.T)
        slope_RP = (wins_RC - games_RC * chance_RC) @ design_CP - precision_P * theta_RP
        weight_RC = games_RC * chance_RC * (1 - chance_RC)
        curve_RPP = np.einsum("rc,cp,cq->rpq", weight_RC, design_CP, design_CP, optimize=True)
        curve_RPP += np.diag(precision_P)
        step_RP = np.linalg.solve(curve_RPP, slope_RP[..., None])[..., 0]
        # Far from the top a full step can overshoot; two logits at a time cannot go astray for long.
        theta_RP += np.clip(step_RP, -2, 2)
        if np.abs(step_RP).max() < _CONVERGED:
            break
    return theta_RP


def _tabulate(records: Sequence[GameRecord], agents: Sequence[str]) -> tuple[Floats, Floats, Floats]:
    """The different compositions of tables as rows, and games and Good wins by deal and composition."""
    places = {agent: place for place, agent in enumerate(agents)}
    rows: dict[tuple[float, ...], int] = {}
    deals = {deal: place for place, deal in enumerate(sorted({record.deal for record in records}))}
    where = []
    for record in records:
        row = [0.0] * (2 * len(agents) + 1)
        seats = list(zip(record.agents, record.roles, strict=True))
        num_good = sum(role.side is Side.GOOD for _, role in seats)
        for agent, role in seats:
            if role.side is Side.GOOD:
                row[places[agent]] += 1 / num_good
            else:
                row[len(agents) + places[agent]] -= 1 / (len(seats) - num_good)
        row[-1] = 1.0
        where.append((deals[record.deal], rows.setdefault(tuple(row), len(rows))))
    games_DC = np.zeros((len(deals), len(rows)))
    wins_DC = np.zeros((len(deals), len(rows)))
    for (deal, composition), record in zip(where, records, strict=True):
        games_DC[deal, composition] += 1
        wins_DC[deal, composition] += record.winner is Side.GOOD
    return np.array(list(rows)), games_DC, wins_DC


def open_skill(
    records: Sequence[GameRecord], agents: Sequence[str]
) -> dict[tuple[str, Side], PlackettLuceRating]:
    """OpenSkill's rating of every agent by side, after the games in their order.

    A game is a match of the entrant against the opponent, each on the side it plays.
    """
    model = PlackettLuce()
    skill = {(agent, side): model.rating() for agent in agents for side in Side}
    for record in sorted(records, key=lambda record: record.number):
        side = record.entrant_side
        other = Side.EVIL if side is Side.GOOD else Side.GOOD
        players = (record.entrant, side), (record.opponent, other)
        ranks = [1.0, 2.0] if record.entrant_won else [2.0, 1.0]
        (first,), (second,) = model.rate([[skill[players[0]]], [skill[players[1]]]], ranks=ranks)
        skill[players[0]], skill[players[1]] = first, second
    return skill

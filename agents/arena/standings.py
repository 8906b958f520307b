"""The result of a tournament: rates, paired differences and ratings over all of its games."""

# Shape legend: A agents, S sides (Good, Evil), D deals, O opponents, K sums over deals, R replicates

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Literal

import numpy as np

from agents.arena.plan import TournamentConfig
from agents.arena.ratings import Ratings, rate
from agents.arena.record import GameRecord
from agents.arena.statistics import Floats, Interval, Rate, mcnemar, percentiles, resampled_sums, wilson
from games.avalon.roles import Side
from games.avalon.setup import NUM_QUESTS
from games.avalon.state import EndReason

SIDES = (Side.GOOD, Side.EVIL)
ComparedSide = Literal["good", "evil", "both"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Expense:
    """What an agent's language model did and took over the whole tournament."""

    model: str
    games: int
    decisions: int
    fallbacks: int
    calls: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: Decimal | None
    """None where the price is not known; never zero for that."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentResult:
    """One agent, over all its opponents. In the design `guest` only its games as the guest count."""

    agent: str
    good: Rate
    evil: Rate
    both: Interval | None
    """The mean of both rates; None while it has not played both sides."""
    by_role: dict[str, Rate]
    shots: Rate
    """Merlin hit, among the shots of the Assassin whom it played."""
    expense: Expense | None
    """None for a bot."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """How much more often one agent wins than another, over games on equal deals with equal opponents."""

    first: str
    second: str
    side: ComparedSide
    difference: Interval
    pairs: int
    only_first: int
    """Pairs of games of which only the first agent won its own."""
    only_second: int
    p: float
    """McNemar's exact test, which takes the pairs of one deal for independent; the interval does not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """All games of one ordered pair."""

    entrant: str
    opponent: str
    wins: Rate
    """Of the entrant's side."""
    reasons: dict[EndReason, int]
    quests: float
    """Played a game, on average; likewise the next."""
    proposals: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Standings:
    """Everything that a tournament tells."""

    games: int
    deals: int
    good: Rate
    """Games that Good won."""
    missions: Rate
    """Games with three successful quests, whatever the shot did."""
    shots: Rate
    """Merlin hit, among shots."""
    reasons: dict[EndReason, int]
    quests: float
    proposals: float
    proposals_by_quest: tuple[float | None, ...]
    """Teams proposed until one went, or until the fifth was rejected; None for a quest never reached."""
    agents: tuple[AgentResult, ...]
    """In the order of the plan."""
    cells: tuple[Cell, ...]
    differences: tuple[Difference, ...]
    ratings: Ratings


def standings_of(config: TournamentConfig, records: Sequence[GameRecord]) -> Standings:
    """Evaluate the games that are there; at least one."""
    won_ASDO = _wins(config, records)
    return Standings(
        games=len(records),
        deals=won_ASDO.shape[2],
        good=wilson(sum(record.winner is Side.GOOD for record in records), len(records)),
        missions=wilson(sum(sum(record.quests) >= 3 for record in records), len(records)),
        shots=_shots(records),
        reasons=_reasons(records),
        quests=_mean([len(record.quests) for record in records]),
        proposals=_mean([sum(record.proposals) for record in records]),
        proposals_by_quest=tuple(_proposals_at(quest, records) for quest in range(NUM_QUESTS)),
        agents=_agents(config, records, won_ASDO),
        cells=_cells(config, records),
        differences=_differences(config, won_ASDO),
        ratings=rate(records, config.agents, config.seed),
    )


def _wins(config: TournamentConfig, records: Sequence[GameRecord]) -> Floats:
    """1 where an agent's side won on this deal against this opponent, 0 where it lost, NaN for no game."""
    agents = {agent: place for place, agent in enumerate(config.agents)}
    deals = {deal: place for place, deal in enumerate(sorted({record.deal for record in records}))}
    won_ASDO = np.full((len(agents), len(SIDES), len(deals), len(agents)), np.nan)
    for record in records:
        entrant, opponent, deal = agents[record.entrant], agents[record.opponent], deals[record.deal]
        side = SIDES.index(record.entrant_side)
        won_ASDO[entrant, side, deal, opponent] = record.entrant_won
        if config.design == "sides":
            won_ASDO[opponent, 1 - side, deal, entrant] = not record.entrant_won
    return won_ASDO


def _agents(
    config: TournamentConfig, records: Sequence[GameRecord], won_ASDO: Floats
) -> tuple[AgentResult, ...]:
    wins_ASD, games_ASD = np.nansum(won_ASDO, axis=3), (~np.isnan(won_ASDO)).sum(axis=3)
    results = []
    for place, agent in enumerate(config.agents):
        good, evil = (
            wilson(int(wins_ASD[place, side].sum()), int(games_ASD[place, side].sum())) for side in (0, 1)
        )
        results.append(
            AgentResult(
                agent=agent,
                good=good,
                evil=evil,
                both=_mean_of_sides(wins_ASD[place], games_ASD[place].astype(np.float64), config.seed),
                by_role=_by_role(config, records, agent),
                shots=_shots([record for record in records if record.shooter == agent]),
                expense=_expense(agent, records),
            )
        )
    return tuple(results)


def _mean_of_sides(sums_SD: Floats, counts_SD: Floats, seed: int) -> Interval | None:
    """The mean over sides of sums / counts, with its interval over deals; None if a side has no games."""
    if not counts_SD.any(axis=1).all():
        return None
    value = float((sums_SD.sum(axis=1) / counts_SD.sum(axis=1)).mean())
    num_sides, num_deals = sums_SD.shape
    if num_deals < 2:
        return Interval(value, None, None)
    drawn_RK = resampled_sums(np.concatenate([sums_SD, counts_SD]).T, seed)
    with np.errstate(invalid="ignore"):  # a replicate may lack a side's games; it has no value then
        drawn_R = (drawn_RK[:, :num_sides] / drawn_RK[:, num_sides:]).mean(axis=1)
    return Interval(value, *percentiles(drawn_R))


def _by_role(config: TournamentConfig, records: Sequence[GameRecord], agent: str) -> dict[str, Rate]:
    """How often its side won, by the role it had; a role that it had at two seats counts once a game."""
    hits: Counter[str] = Counter()
    trials: Counter[str] = Counter()
    for record in records:
        if record.guest_seat is not None:
            roles = {record.roles[record.guest_seat - 1]} if record.entrant == agent else set()
        else:
            seats = zip(record.agents, record.roles, strict=True)
            roles = {role for seated, role in seats if seated == agent}
        for role in roles:
            trials[role] += 1
            hits[role] += role.side is record.winner
    listed = dict.fromkeys(role.value for role in config.read_setup().roles)
    return {role: wilson(hits[role], trials[role]) for role in listed if trials[role]}


def _shots(records: Sequence[GameRecord]) -> Rate:
    shots = [record.shot_hit for record in records if record.shot_hit is not None]
    return wilson(sum(shots), len(shots))


def _reasons(records: Sequence[GameRecord]) -> dict[EndReason, int]:
    return dict(Counter(record.reason for record in records).most_common())


def _proposals_at(quest: int, records: Sequence[GameRecord]) -> float | None:
    counts = [record.proposals[quest] for record in records if quest < len(record.proposals)]
    return _mean(counts) if counts else None


def _mean(counts: Sequence[int]) -> float:
    return sum(counts) / len(counts)


def _expense(agent: str, records: Sequence[GameRecord]) -> Expense | None:
    spent = [record.spent[agent] for record in records if agent in record.spent]
    if not spent:
        return None
    costs = [each.cost_usd for each in spent]
    return Expense(
        model=spent[0].model,
        games=len(spent),
        decisions=sum(each.decisions for each in spent),
        fallbacks=sum(each.fallbacks for each in spent),
        calls=sum(each.calls for each in spent),
        input_tokens=sum(each.input_tokens for each in spent),
        cached_tokens=sum(each.cached_tokens for each in spent),
        output_tokens=sum(each.output_tokens for each in spent),
        cost_usd=None if None in costs else sum((cost for cost in costs if cost is not None), Decimal(0)),
    )


def _cells(config: TournamentConfig, records: Sequence[GameRecord]) -> tuple[Cell, ...]:
    by_pair: dict[tuple[str, str], list[GameRecord]] = {}
    for record in records:
        by_pair.setdefault((record.entrant, record.opponent), []).append(record)
    return tuple(
        Cell(
            entrant=entrant,
            opponent=opponent,
            wins=wilson(sum(record.entrant_won for record in games), len(games)),
            reasons=_reasons(games),
            quests=_mean([len(record.quests) for record in games]),
            proposals=_mean([sum(record.proposals) for record in games]),
        )
        for entrant in config.agents
        for opponent in config.agents
        if (games := by_pair.get((entrant, opponent)))
    )


def _differences(config: TournamentConfig, won_ASDO: Floats) -> tuple[Difference, ...]:
    results = []
    for first, second in combinations(range(len(config.agents)), 2):
        less_SDO = won_ASDO[first] - won_ASDO[second]
        compared: dict[ComparedSide, Floats] = {
            "good": less_SDO[:1],
            "evil": less_SDO[1:],
            "both": less_SDO,
        }
        for side, chosen_SDO in compared.items():
            counts_SD = (~np.isnan(chosen_SDO)).sum(axis=2).astype(np.float64)
            difference = _mean_of_sides(np.nansum(chosen_SDO, axis=2), counts_SD, config.seed)
            if difference is None:
                continue
            only_first, only_second = int((chosen_SDO == 1).sum()), int((chosen_SDO == -1).sum())
            results.append(
                Difference(
                    first=config.agents[first],
                    second=config.agents[second],
                    side=side,
                    difference=difference,
                    pairs=int(counts_SD.sum()),
                    only_first=only_first,
                    only_second=only_second,
                    p=mcnemar(only_first, only_second),
                )
            )
    return tuple(results)

"""Several games together: how they ended, and each agent's figures as Good and as Evil over all its seats."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from agents.arena.report import PlayerLine, Spending, Story, conduct_json, rate_json, spending_json
from games.avalon.metrics.conduct import Conduct
from games.avalon.metrics.counted import Mean, Share
from games.avalon.metrics.exposure import Concealment, concealment_of
from games.avalon.metrics.outcome import OutcomeRates, outcome_rates


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLine:
    """One agent on one side."""

    agent: str
    is_evil: bool
    seats: int
    conduct: Conduct
    leaking: Share
    false_statements: Share
    honest: Share
    spending: Spending

    @property
    def side(self) -> str:
        return "Evil" if self.is_evil else "Good"


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """What several games say in sum."""

    rates: OutcomeRates
    concealment: Concealment
    exposure_at_the_end: Mean
    """Merlin exposure at the last moment of each game with Merlin."""
    agents: tuple[AgentLine, ...]


def together(stories: Sequence[Story]) -> Together | None:
    """The games in sum; None for a single one, which speaks for itself."""
    if len(stories) < 2:
        return None
    exposed = [float(story.course.exposure_T[-1]) for story in stories if story.course.exposure_T is not None]
    players = [player for story in stories for player in story.players]
    keys = sorted({(player.agent, player.is_evil) for player in players})
    return Together(
        rates=outcome_rates(story.outcome for story in stories),
        concealment=concealment_of(story.game for story in stories),
        exposure_at_the_end=Mean(sum(exposed), len(exposed)),
        agents=tuple(
            _line(agent, is_evil, [p for p in players if (p.agent, p.is_evil) == (agent, is_evil)])
            for agent, is_evil in keys
        ),
    )


def _line(agent: str, is_evil: bool, players: Sequence[PlayerLine]) -> AgentLine:
    spendings = [player.spending for player in players]
    return AgentLine(
        agent=agent,
        is_evil=is_evil,
        seats=len(players),
        conduct=sum((player.conduct for player in players), Conduct()),
        leaking=sum((player.leaking for player in players), Share()),
        false_statements=sum((player.false_statements for player in players), Share()),
        honest=sum((player.honesty.honest for player in players), Share()),
        spending=Spending(
            calls=_total([spent.calls for spent in spendings]),
            input_tokens=_total([spent.input_tokens for spent in spendings]),
            output_tokens=_total([spent.output_tokens for spent in spendings]),
            cost=_total_cost([spent.cost for spent in spendings]),
        ),
    )


def _total(counts: Sequence[int | None]) -> int | None:
    """The sum; unknown if any part is."""
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _total_cost(costs: Sequence[Decimal | None]) -> Decimal | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known, Decimal(0)) if len(known) == len(costs) else None


def together_json(sums: Together) -> dict[str, Any]:
    """The sums for programs."""
    rates = sums.rates
    return {
        "games": rates.good_wins.of,
        "good_wins": rate_json(rates.good_wins),
        "by_reason": {reason: rate_json(share) for reason, share in rates.by_reason.items()},
        "mission_wins": rate_json(rates.mission_wins),
        "shots_that_hit": rate_json(rates.hits),
        "proposals_a_quest": rate_json(rates.proposals_a_quest),
        "evil_fail_rate_by_quest": {
            str(quest): rate_json(share) for quest, share in rates.evil_fails_by_quest.items()
        },
        "merlin_survived": rate_json(sums.concealment.survived),
        "merlin_survived_by_chance": rate_json(sums.concealment.survived_by_chance),
        "merlin_exposure_at_the_end": rate_json(sums.exposure_at_the_end),
        "agents": [
            {
                "agent": line.agent,
                "side": line.side.lower(),
                "seats": line.seats,
                **conduct_json(line.conduct),
                "leak_rate": rate_json(line.leaking),
                "hallucination_rate": rate_json(line.false_statements),
                "honesty": rate_json(line.honest),
                **spending_json(line.spending),
            }
            for line in sums.agents
        ],
    }

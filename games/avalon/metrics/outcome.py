"""Outcome metrics of a game and of many (specification 4.3).

mission win         three successes were reached, whatever the shot did
hit rate            shots that named Merlin / shots taken
proposals a quest   proposals made for a quest, the forced ones included; mean over quests with a proposal
Evil fail rate      fail cards on quest q / Evil seats on the team of quest q (only Evil can play one)
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from games.avalon.metrics.counted import Mean, Share
from games.avalon.metrics.recorded import RecordedGame
from games.avalon.roles import Side
from games.avalon.state import EndReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one game went; winner and reason are None while it has not ended."""

    winner: Side | None
    reason: EndReason | None
    mission_won: bool
    shot_hit: bool | None
    """None where no shot was taken."""
    proposals_by_quest: Mapping[int, int]
    evil_fails_by_quest: Mapping[int, Share]


def outcome_of(game: RecordedGame) -> Outcome:
    """Read the outcome out of a game."""
    table = game.table
    proposals: dict[int, int] = {}
    for proposal in table.proposals:
        proposals[proposal.quest] = proposals.get(proposal.quest, 0) + 1
    return Outcome(
        winner=table.ending.winner if table.ending else None,
        reason=table.ending.reason if table.ending else None,
        mission_won=table.successes >= 3,
        shot_hit=None if table.shot is None else table.shot[1] == game.merlin,
        proposals_by_quest=proposals,
        evil_fails_by_quest={
            result.quest: Share(result.fails, len(game.evil.intersection(result.team)))
            for result in table.quests
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRates:
    """Outcomes of several finished games."""

    good_wins: Share
    by_reason: Mapping[EndReason, Share]
    mission_wins: Share
    hits: Share
    proposals_a_quest: Mean
    evil_fails_by_quest: Mapping[int, Share]


def outcome_rates(outcomes: Iterable[Outcome]) -> OutcomeRates:
    """Add up the outcomes of finished games; a game without an end is left out."""
    finished = [outcome for outcome in outcomes if outcome.reason is not None]
    reasons = sorted({outcome.reason for outcome in finished if outcome.reason is not None})
    quests = sorted({quest for outcome in finished for quest in outcome.evil_fails_by_quest})
    counts = [count for outcome in finished for count in outcome.proposals_by_quest.values()]
    return OutcomeRates(
        good_wins=Share(sum(outcome.winner is Side.GOOD for outcome in finished), len(finished)),
        by_reason={
            reason: Share(sum(outcome.reason == reason for outcome in finished), len(finished))
            for reason in reasons
        },
        mission_wins=Share(sum(outcome.mission_won for outcome in finished), len(finished)),
        hits=Share(
            sum(outcome.shot_hit is True for outcome in finished),
            sum(outcome.shot_hit is not None for outcome in finished),
        ),
        proposals_a_quest=Mean(sum(counts), len(counts)),
        evil_fails_by_quest={
            quest: sum(
                (outcome.evil_fails_by_quest.get(quest, Share()) for outcome in finished),
                Share(),
            )
            for quest in quests
        },
    )

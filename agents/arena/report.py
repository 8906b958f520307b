"""One game as a report tells it: chronicle, beliefs, turning points, leaks, and a line for each player."""

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from agents.arena.report_beliefs import Course, best_known_beliefs, course_of
from agents.arena.report_games import FoundGame
from agents.arena.report_words import (
    Chapter,
    TurningPoint,
    chronicle,
    ending_line,
    role_title,
    turning_points,
)
from agents.llm.journal import read_records
from agents.llm.names import ModelName
from agents.llm.usage import Usage, cost_of
from games.avalon.metrics.conduct import Conduct, conduct_of
from games.avalon.metrics.counted import Mean, Share
from games.avalon.metrics.exposure import chance_of_hit, speeches_of
from games.avalon.metrics.honesty import Honesty, honesty_of
from games.avalon.metrics.leaks import Leak, leaks_of, share_of_speeches
from games.avalon.metrics.outcome import Outcome, outcome_of
from games.avalon.metrics.recorded import RecordedGame
from games.avalon.metrics.statements import Statement, statements_of
from games.avalon.roles import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What a seat's model was asked and took. None is unknown, not nothing."""

    calls: int | None
    input_tokens: int | None
    output_tokens: int | None
    cost: Decimal | None


NO_MODEL = Spending(calls=0, input_tokens=0, output_tokens=0, cost=Decimal(0))
UNKNOWN = Spending(calls=None, input_tokens=None, output_tokens=None, cost=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayerLine:
    """One seat's figures."""

    seat: int
    role: str
    is_evil: bool
    agent: str
    model: str | None
    conduct: Conduct
    leaking: Share
    false_statements: Share
    honesty: Honesty
    spending: Spending


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A game, ready to be shown."""

    found: FoundGame
    outcome: Outcome
    ending: str
    chapters: tuple[Chapter, ...]
    course: Course
    chance_of_hit: float
    turns_of_set: tuple[TurningPoint, ...]
    turns_of_merlin: tuple[TurningPoint, ...]
    leaks: tuple[Leak, ...]
    false_statements: tuple[Statement, ...]
    players: tuple[PlayerLine, ...]

    @property
    def game(self) -> RecordedGame:
        return self.found.game

    @property
    def turns(self) -> list[TurningPoint]:
        """The turning points of both kinds in order of time."""
        return sorted((*self.turns_of_set, *self.turns_of_merlin), key=lambda turn: turn.place)


def story_of(found: FoundGame) -> Story:
    """Work out everything a report says about a game.

    Raises:
        NimueFailure: The journal of its calls is damaged.
    """
    game = found.game
    course = course_of(game)
    of_set, of_merlin = turning_points(game, course)
    statements = statements_of(game)
    leaks = leaks_of(game)
    return Story(
        found=found,
        outcome=outcome_of(game),
        ending=ending_line(game),
        chapters=tuple(chronicle(game)),
        course=course,
        chance_of_hit=chance_of_hit(game),
        turns_of_set=tuple(of_set),
        turns_of_merlin=tuple(of_merlin),
        leaks=tuple(leaks),
        false_statements=tuple(statement for statement in statements if not statement.true),
        players=tuple(_players(found, leaks, statements)),
    )


def _players(found: FoundGame, leaks: list[Leak], statements: list[Statement]) -> list[PlayerLine]:
    game = found.game
    conduct = conduct_of(game)
    honesty = honesty_of(game, best_known_beliefs(game))
    spending = spending_by_seat(found)
    speeches, leaking = speeches_of(game), {leak.event for leak in leaks}
    return [
        PlayerLine(
            seat=seat,
            role=role_title(game.role_of(seat)),
            is_evil=game.role_of(seat).side is Side.EVIL,
            agent=found.agent_of(seat),
            model=found.models.get(seat),
            conduct=conduct[seat],
            leaking=share_of_speeches(seat, speeches, leaking),
            false_statements=Share(
                sum(statement.seat == seat and not statement.true for statement in statements),
                sum(statement.seat == seat for statement in statements),
            ),
            honesty=honesty[seat],
            spending=spending[seat],
        )
        for seat in game.setup.seats
    ]


def spending_by_seat(found: FoundGame) -> dict[int, Spending]:
    """What each seat's calls took, from the run's journal; a call's lane begins with its seat."""
    seats = found.game.setup.seats
    if found.calls is None:
        return {seat: _without_journal(found, seat) for seat in seats}
    used: dict[int, dict[ModelName, Usage]] = {seat: {} for seat in seats}
    uncounted: set[int] = set()
    for record in read_records(found.calls):
        seat = int(record.tag.lane.partition("/")[0])
        if record.answer.usage_metadata is None:
            uncounted.add(seat)
        before = used[seat].get(record.model, Usage())
        used[seat][record.model] = before + Usage.from_message(record.answer)
    return {seat: _spending(used[seat], counted=seat not in uncounted) for seat in seats}


def _without_journal(found: FoundGame, seat: int) -> Spending:
    is_bot = seat in found.agents and seat not in found.models
    return NO_MODEL if is_bot else UNKNOWN


def _spending(used: dict[ModelName, Usage], *, counted: bool) -> Spending:
    total = sum(used.values(), Usage())
    if not counted:
        return Spending(calls=total.calls, input_tokens=None, output_tokens=None, cost=None)
    costs = [cost_of(model, usage) for model, usage in used.items()]
    known = [cost for cost in costs if cost is not None]
    return Spending(
        calls=total.calls,
        input_tokens=total.input_tokens,
        output_tokens=total.output_tokens,
        cost=sum(known, Decimal(0)) if len(known) == len(costs) else None,
    )


# -- as JSON -----------------------------------------------------------------------------------------


def story_json(story: Story) -> dict[str, Any]:
    """Everything the report shows, for programs. What is unknown is null."""
    course = story.course
    return {
        "game": story.found.name,
        "path": str(story.found.path),
        "setup": story.game.setup.to_json(),
        "roles": {str(seat): story.game.role_of(seat).value for seat in story.game.setup.seats},
        "winner": story.outcome.winner,
        "reason": story.outcome.reason,
        "mission_won": story.outcome.mission_won,
        "shot_hit": story.outcome.shot_hit,
        "proposals_by_quest": {
            str(quest): count for quest, count in story.outcome.proposals_by_quest.items()
        },
        "evil_fail_rate_by_quest": {
            str(quest): share.rate for quest, share in story.outcome.evil_fails_by_quest.items()
        },
        "chronicle": [asdict(chapter) for chapter in story.chapters],
        "moments": [moment.label for moment in course.moments],
        "public_p_evil": _rows(course.public_TN),
        "public_p_true_evil_set": _numbers(course.true_set_T),
        "merlin_exposure": None if course.exposure_T is None else _numbers(course.exposure_T),
        "merlin_exposure_by_chance": story.chance_of_hit if story.game.merlin else None,
        "observers": [
            {"seat": observer.seat, "source": observer.source, "p_evil": _rows(observer.evil_TN)}
            for observer in course.observers
        ],
        "turning_points": {
            "true_evil_set": [_turn_json(turn) for turn in story.turns_of_set],
            "merlin_exposure": [_turn_json(turn) for turn in story.turns_of_merlin],
        },
        "leaks": [
            {
                "seat": leak.seat,
                "quest": leak.quest,
                "attempt": leak.attempt,
                "kind": leak.kind,
                "about": sorted(leak.about),
                "sentence": leak.sentence,
            }
            for leak in story.leaks
        ],
        "false_statements": [
            {"seat": statement.seat, "statement": statement.text} for statement in story.false_statements
        ],
        "players": [_player_json(player) for player in story.players],
    }


def _player_json(player: PlayerLine) -> dict[str, Any]:
    return {
        "seat": player.seat,
        "role": player.role.lower(),
        "agent": player.agent,
        "model": player.model,
        **conduct_json(player.conduct),
        "leak_rate": rate_json(player.leaking),
        "hallucination_rate": rate_json(player.false_statements),
        "honesty": rate_json(player.honesty.honest),
        "consistency": rate_json(player.honesty.consistent),
        **spending_json(player.spending),
    }


def conduct_json(conduct: Conduct) -> dict[str, Any]:
    """Every figure of a seat's or an agent's conduct by its name."""
    return {name: rate_json(getattr(conduct, name)) for name in Conduct.__dataclass_fields__}


def spending_json(spending: Spending) -> dict[str, Any]:
    """Calls, tokens and cost; what is unknown is None."""
    return {
        "calls": spending.calls,
        "input_tokens": spending.input_tokens,
        "output_tokens": spending.output_tokens,
        "cost_usd": None if spending.cost is None else str(spending.cost),
    }


def rate_json(counted: Share | Mean) -> dict[str, Any]:
    """A rate or mean with what it was counted over."""
    if isinstance(counted, Share):
        return {"rate": counted.rate, "hits": counted.hits, "of": counted.of}
    return {"mean": counted.value, "of": counted.of}


def _turn_json(turn: TurningPoint) -> dict[str, Any]:
    return {"moment": turn.label, "before": turn.before, "after": turn.after, "text": turn.text}


def _numbers(values: np.ndarray[Any, np.dtype[np.float64]]) -> list[float | None]:
    return [None if np.isnan(value) else round(float(value), 4) for value in values]


def _rows(values: np.ndarray[Any, np.dtype[np.float64]]) -> list[list[float | None]]:
    return [_numbers(row) for row in values]

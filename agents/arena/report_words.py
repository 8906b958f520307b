"""A game told in short sentences, and its turning points with the events that made them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.arena.report_beliefs import Course
from agents.recon.rendering import seats_text
from games.avalon.events import Event
from games.avalon.metrics.exposure import Moment
from games.avalon.metrics.recorded import RecordedGame
from games.avalon.roles import Role
from games.avalon.state import EndReason
from games.avalon.table import Proposal

MAX_TURNING_POINTS = 3
"""Of each kind."""
SMALLEST_TURN = 0.03
"""A change of probability that is worth a sentence."""

_ENDINGS: dict[EndReason, str] = {
    "three_fails": "Evil wins: three quests have failed",
    "five_rejections": "Evil wins: five proposals in a row were rejected",
    "merlin_shot": "Evil wins: the Assassin has found Merlin",
    "merlin_survived": "Good wins: three quests have succeeded and Merlin stayed hidden",
    "three_successes": "Good wins: three quests have succeeded",
}


def role_title(role: Role) -> str:
    return "Servant" if role is Role.SERVANT else role.value.capitalize()


def seat_title(game: RecordedGame, seat: int) -> str:
    """ "seat 3 (Merlin)"."""
    return f"seat {seat} ({role_title(game.role_of(seat))})"


@dataclass(frozen=True, slots=True)
class Speech:
    """Words as they were said; not to be trusted as markup."""

    seat: int
    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """One proposal and what came of it."""

    title: str
    lines: tuple[str, ...]
    speeches: tuple[Speech, ...]


def chronicle(game: RecordedGame) -> list[Chapter]:
    """The game, proposal by proposal."""
    chapters: list[Chapter] = []
    lines: list[str] = []
    speeches: list[Speech] = []
    title = ""
    proposals = iter(game.table.proposals)

    def close() -> None:
        if title and (lines or speeches):
            chapters.append(Chapter(title, tuple(lines), tuple(speeches)))
        lines.clear()
        speeches.clear()

    for event in game.events:
        if event.type == "leader":
            close()
            title = f"Quest {event.quest}, proposal {event.attempt}"
        elif event.type == "speech" and event.seat is not None:
            text = event.data["text"]
            if text.strip():
                heard = "" if event.visible_to == "all" else ", to Evil alone"
                speeches.append(Speech(event.seat, role_title(game.role_of(event.seat)) + heard, text))
        elif event.type == "vote":
            lines.append(_vote_line(game, next(proposals)))
        else:
            line = _line(game, event)
            if line:
                lines.append(line)
    close()
    if not game.table.ending and game.events:
        chapters.append(Chapter("Not over yet", ("The record stops here.",), ()))
    return chapters


def _line(game: RecordedGame, event: Event) -> str:
    data = event.data
    match event.type:
        case "quest":
            return quest_line(game, event)
        case "lady":
            holder, target = (_cap(seat_title(game, data[who])) for who in ("holder", "target"))
            side = game.role_of(data["target"]).side.value.capitalize()
            return f"{holder} looks with the Lady of the Lake. {target} is {side}."
        case "shot" if data["target"] is not None and event.seat is not None:
            shooter, target = _cap(seat_title(game, event.seat)), seat_title(game, data["target"])
            return f"{shooter} names {target} and {'finds Merlin' if data['hit'] else 'misses'}."
        case "end":
            return ending_line(game)
        case _:
            return ""


def ending_line(game: RecordedGame) -> str:
    """How it ended, or that it has not."""
    ending = game.table.ending
    return f"{_ENDINGS[ending.reason]}." if ending else "The game is not over."


def quest_line(game: RecordedGame, event: Event) -> str:
    fails = event.data["fails"]
    outcome = "succeeds" if event.data["success"] else "fails"
    cards = f"{fails or 'no'} fail card{'' if fails == 1 else 's'}"
    aboard = sorted(game.evil.intersection(event.data["team"]))
    hidden = f"; Evil aboard: {seats_text(aboard)}" if aboard else "; nobody Evil aboard"
    return f"Quest {event.quest} with {seats_text(event.data['team'])} {outcome}: {cards}{hidden}."


def _vote_line(game: RecordedGame, proposal: Proposal) -> str:
    opening = f"{_cap(seat_title(game, proposal.leader))} proposes {seats_text(proposal.team)}"
    if proposal.forced:
        return f"{opening}, who go without a vote."
    approving = [seat for seat, approves in proposal.votes.items() if approves]
    against = sorted(set(proposal.votes) - set(approving))
    count = f"{len(approving)} to {len(against)}"
    word = "approved" if proposal.approved else "rejected"
    minority = against if proposal.approved else approving
    who = f" ({'against' if proposal.approved else 'for'} it: {seats_text(minority)})" if minority else ""
    return f"{opening}: {word} {count}{who}."


def _cap(text: str) -> str:
    return text[:1].upper() + text[1:]


@dataclass(frozen=True, slots=True)
class TurningPoint:
    """A large change between two moments."""

    place: int
    """Of the later moment."""
    label: str
    before: float
    after: float
    text: str

    @property
    def change(self) -> float:
        return self.after - self.before


def turning_points(game: RecordedGame, course: Course) -> tuple[list[TurningPoint], list[TurningPoint]]:
    """The largest changes of the true Evil set's public probability, and of Merlin exposure."""
    evil = seats_text(game.evil)
    about_set = _largest(
        game, course.moments, course.true_set_T, f"the table's belief that {evil} are the Evil seats"
    )
    if course.exposure_T is None:
        return about_set, []
    about_merlin = _largest(game, course.moments, course.exposure_T, "what Evil puts on the true Merlin")
    return about_set, about_merlin


def _largest(
    game: RecordedGame, moments: Sequence[Moment], value_T: NDArray[np.float64], what: str
) -> list[TurningPoint]:
    points = [
        TurningPoint(
            place,
            moments[place].label,
            float(value_T[place - 1]),
            float(value_T[place]),
            _turn_text(game, moments[place], float(value_T[place - 1]), float(value_T[place]), what),
        )
        for place in range(1, len(moments))
    ]
    large = [point for point in points if abs(point.change) >= SMALLEST_TURN]
    largest = sorted(large, key=lambda point: -abs(point.change))[:MAX_TURNING_POINTS]
    return sorted(largest, key=lambda point: point.place)


def _turn_text(game: RecordedGame, moment: Moment, before: float, after: float, what: str) -> str:
    verb = "rises" if after > before else "falls"
    return f"{_cause(game, moment)} {_cap(what)} {verb} from {percent(before)} to {percent(after)}."


def _cause(game: RecordedGame, moment: Moment) -> str:
    event = game.events[moment.event]
    if event.type != "vote":
        return _line(game, event)
    proposal = next(
        proposal
        for proposal in game.table.proposals
        if (proposal.quest, proposal.attempt) == (moment.quest, moment.attempt)
    )
    return _vote_line(game, proposal)


def percent(value: float | None) -> str:
    """ "42 %"; "-" where there is nothing to count."""
    return "-" if value is None else f"{100 * value:.0f} %"

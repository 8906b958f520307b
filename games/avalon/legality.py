"""What the game waits for and which answers it takes; every refusal names what is wrong.

Answers are checked here as plain values (a team, the approvals by seat, a target); `answers` reads them
out of actions.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from games.avalon.actions import (
    Action,
    Bid,
    Card,
    Decision,
    DecisionKind,
    HoldFire,
    Inspect,
    Propose,
    Shoot,
    Speak,
    Vote,
)
from games.avalon.knowledge import knowledge_of
from games.avalon.options import lady_options, options, shot_options
from games.avalon.roles import Role
from games.avalon.setup import TEAM_SIZES, Setup
from games.avalon.state import Phase, Position
from games.avalon.talk import MAX_BID
from games.errors import GameError


class IllegalAction(GameError):
    """The rules do not allow this action now; the message says why and what would be allowed."""


# -- what the game waits for -------------------------------------------------------------------------


def pending(position: Position) -> tuple[Decision, ...]:
    """Every decision that can be taken now, all at once and independently; none at the end."""
    return _ASK[position.phase](position)


def _ask_leader(position: Position) -> tuple[Decision, ...]:
    return (proposal_asked(position.quest, position.attempt, position.leader, position.team is not None),)


def proposal_asked(quest: int, attempt: int, leader: int, revised: bool) -> Decision:
    """The decision on a team; `revised` where the leader has named a tentative one before."""
    return _decisions("propose", quest, attempt, (leader,), 2 if revised else 1)[0]


def _ask_speaker(position: Position) -> tuple[Decision, ...]:
    speaker = position.floor.queue[0]
    times = position.floor.spoken.count(speaker) + 1
    return _decisions("speak", position.quest, position.attempt, (speaker,), times)


def _ask_for_bids(position: Position) -> tuple[Decision, ...]:
    times = len(position.floor.spoken) + 1
    return _decisions("bid", position.quest, position.attempt, position.secrets.seats, times)


def _ask_for_votes(position: Position) -> tuple[Decision, ...]:
    return _decisions("vote", position.quest, position.attempt, voters(position))


def _ask_for_cards(position: Position) -> tuple[Decision, ...]:
    return _decisions("card", position.quest, 0, team_on_the_table(position))


def _ask_evil_speaker(position: Position) -> tuple[Decision, ...]:
    return _decisions("evil_talk", window_of(position), 0, position.floor.queue[:1])


def _ask_assassin(position: Position) -> tuple[Decision, ...]:
    return _decisions("shoot", window_of(position), 0, (shooter_of(position),))


def _ask_lady_holder(position: Position) -> tuple[Decision, ...]:
    return _decisions("inspect", position.quest, 0, position.lady_holders[-1:])


_ASK: dict[Phase, Callable[[Position], tuple[Decision, ...]]] = {
    "propose": _ask_leader,
    "talk": _ask_speaker,
    "bid": _ask_for_bids,
    "vote": _ask_for_votes,
    "quest": _ask_for_cards,
    "evil_talk": _ask_evil_speaker,
    "shoot": _ask_assassin,
    "lady": _ask_lady_holder,
    "end": lambda position: (),
}


def voters(position: Position) -> tuple[int, ...]:
    """The seats that are asked for a vote."""
    secrets = position.secrets
    if secrets.setup.rules.leader_votes:
        return secrets.seats
    return tuple([seat for seat in secrets.seats if seat != position.leader])


def window_of(position: Position) -> int:
    """The quest after which an early shot may be taken; 0 for the shot after the third success."""
    return position.quest if may_hold_fire(position) else 0


def may_hold_fire(position: Position) -> bool:
    return position.successes < 3


def team_on_the_table(position: Position) -> tuple[int, ...]:
    if position.team is None:
        raise AssertionError(f"No team is on the table in phase {position.phase}.")
    return position.team


def shooter_of(position: Position) -> int:
    if position.secrets.shooter is None:
        raise AssertionError("Nobody assassinates in a game without Merlin.")
    return position.secrets.shooter


# What stands in the id, where it differs from the kind of decision.
_WORD_IN_ID: dict[DecisionKind, str] = {"inspect": "lady"}


@lru_cache(maxsize=4096)
def _decisions(
    kind: DecisionKind, quest: int, attempt: int, seats: tuple[int, ...], times: int = 1
) -> tuple[Decision, ...]:
    place = f"q{quest}" if quest else ""
    place += f"a{attempt}" if attempt else ""
    path = f"{place}{'/' if place else ''}{_WORD_IN_ID.get(kind, kind)}"
    repeat = f"#{times}" if times > 1 else ""
    return tuple(Decision(f"{path}/{seat}{repeat}", kind, seat) for seat in seats)


# -- which answers it takes --------------------------------------------------------------------------


def check_team(num_players: int, quest: int, leader: int, team: tuple[int, ...]) -> None:
    """Raise `IllegalAction` unless the leader may send this team on the quest."""
    complaint = complaint_of_team(num_players, quest, team)
    if complaint:
        raise IllegalAction(f"The team {list(team)} of seat {leader} {complaint}.")


def complaint_of_team(num_players: int, quest: int, team: tuple[int, ...]) -> str:
    """What is wrong with a team, if anything."""
    for member in team:
        if type(member) is not int or not 1 <= member <= num_players:
            return f"names {member!r}; seats are the whole numbers 1 to {num_players}"
    if len(set(team)) != len(team):
        return "names a seat twice"
    size = TEAM_SIZES[num_players][quest - 1]
    return "" if len(team) == size else f"has {len(team)} members; quest {quest} takes {size}"


def check_approvals(seats: Sequence[int], approvals: Sequence[bool]) -> None:
    """Raise `IllegalAction` unless each of these seats' votes is True or False."""
    for seat, approve in zip(seats, approvals, strict=True):
        if type(approve) is not bool:
            raise wrong_kind(seat, Vote, Vote(approve))


def check_cards(seats: Sequence[int], fails: Sequence[bool], evil: frozenset[int]) -> None:
    """Raise `IllegalAction` unless each of these seats may play its card."""
    for seat, fail in zip(seats, fails, strict=True):
        if type(fail) is not bool:
            raise wrong_kind(seat, Card, Card(fail))
        if fail and seat not in evil:
            raise IllegalAction(f"Seat {seat} is Good and must play a success card.")


def check_text(seat: int, text: str) -> None:
    """Raise `IllegalAction` unless these are words."""
    if type(text) is not str:
        raise wrong_kind(seat, Speak, Speak(text))


def check_bid(seat: int, eagerness: int) -> None:
    """Raise `IllegalAction` unless a seat may bid so much."""
    if type(eagerness) is not int:
        raise wrong_kind(seat, Bid, Bid(eagerness))
    if not 0 <= eagerness <= MAX_BID:
        raise IllegalAction(f"Seat {seat} bids {eagerness}; a bid is 0 to {MAX_BID}.")


def check_look(position: Position, target: int) -> None:
    """Raise `IllegalAction` unless the Lady's holder may look at this seat."""
    targets = lady_targets(position)
    if type(target) is not int or target not in targets:
        raise IllegalAction(
            f"Seat {position.lady_holders[-1]} cannot look at seat {target}: the Lady of the Lake goes to a "
            f"seat that never held her, one of {list(targets)}."
        )


def check_shot(position: Position, target: int) -> None:
    """Raise `IllegalAction` unless the Assassin may name this seat."""
    targets = shot_targets(position)
    if type(target) is not int or target not in targets:
        raise IllegalAction(
            f"Seat {shooter_of(position)} cannot shoot seat {target}; the Assassin may name {list(targets)}."
        )


def check_hold_fire(position: Position) -> None:
    """Raise `IllegalAction` unless the Assassin may keep his shot."""
    if not may_hold_fire(position):
        raise wrong_kind(shooter_of(position), Shoot, HoldFire())


# -- refusals ----------------------------------------------------------------------------------------

_WANTED: dict[type[Action], str] = {
    Propose: "Propose(team)",
    Speak: "Speak(text)",
    Bid: f"Bid(0) to Bid({MAX_BID})",
    Vote: "Vote(True) or Vote(False)",
    Card: "Card(True) or Card(False)",
    Inspect: "Inspect(target)",
    Shoot: "Shoot(target)",
}


def wrong_kind(seat: int, wanted: type[Action], action: Action) -> IllegalAction:
    """The answer of a seat is none, or not one, of what is asked for."""
    return IllegalAction(f"Seat {seat} must answer with {_WANTED[wanted]}, not with {action!r}.")


def wrong_seats(position: Position, actions: Mapping[int, Action]) -> IllegalAction:
    """The answers are not those of the pending seats."""
    wanted = [decision.seat for decision in pending(position)]
    missing = [seat for seat in wanted if seat not in actions]
    surplus = [seat for seat in actions if seat not in wanted]
    complaint = [f"no answer of {_seats(missing)}"] if missing else []
    complaint += [f"{_seats(surplus)} not asked"] if surplus else []
    return _not_one_each(position, f"there is {' and '.join(complaint)}")


def wrong_number(position: Position, num_answers: int) -> IllegalAction:
    """There are more or fewer answers, in the order of the pending seats, than these seats."""
    return _not_one_each(position, f"the answers are {num_answers}")


def _not_one_each(position: Position, complaint: str) -> IllegalAction:
    waiting = pending(position)
    return IllegalAction(
        f"Quest {position.quest}, attempt {position.attempt}: {waiting[0].kind} wants one answer of "
        f"{_seats([decision.seat for decision in waiting])}, but {complaint}."
    )


def _seats(seats: list[int]) -> str:
    return f"seat {seats[0]}" if len(seats) == 1 else "seats " + ", ".join(map(str, seats))


def not_pending(position: Position, what: str) -> IllegalAction:
    """Something else is waited for than this decision, or this kind of decision."""
    asked = ", ".join(waiting.id for waiting in pending(position)) or "nothing, it is over"
    return IllegalAction(f"{what} cannot be decided now; the game waits for {asked}.")


def game_over(position: Position) -> IllegalAction:
    """Nothing is waited for."""
    ending = position.ending
    how = f", {ending.winner} has won ({ending.reason})" if ending else ""
    return IllegalAction(f"The game is over{how}; it takes no more actions.")


# -- options -----------------------------------------------------------------------------------------


def lady_targets(position: Position) -> tuple[int, ...]:
    return lady_options(position.secrets.setup, position.lady_holders)


def shot_targets(position: Position) -> tuple[int, ...]:
    return _shot_targets(position.secrets.setup, position.secrets.roles, shooter_of(position))


@lru_cache(maxsize=1024)
def _shot_targets(setup: Setup, roles: tuple[Role, ...], shooter: int) -> tuple[int, ...]:
    return shot_options(setup, shooter, knowledge_of(setup, roles, shooter).evil)


def legal_actions(position: Position, decision: Decision) -> tuple[Action, ...]:
    """Every answer the rules allow, in a fixed order; () for speeches, which are free text.

    Teams are sorted, proposals carry no speech. Raises `IllegalAction` if the decision is not pending.
    """
    if decision not in pending(position):
        raise not_pending(position, decision.id)
    secrets = position.secrets
    return options(
        decision.kind,
        num_players=len(secrets.seats),
        team_size=secrets.team_sizes[position.quest - 1],
        side=secrets.roles[decision.seat - 1].side,
        lady_targets=lady_targets(position) if decision.kind == "inspect" else (),
        shot_targets=shot_targets(position) if decision.kind == "shoot" else (),
        may_hold_fire=may_hold_fire(position),
    )

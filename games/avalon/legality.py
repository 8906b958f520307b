"""What the game waits for and which answers it takes; every refusal names what is wrong."""

from collections.abc import Callable, Mapping
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
from games.avalon.state import Phase, State
from games.avalon.talk import MAX_BID
from games.errors import GameError


class IllegalAction(GameError):
    """The rules do not allow this action now; the message says why and what would be allowed."""


def pending(state: State) -> tuple[Decision, ...]:
    """Every decision that can be taken now, all at once and independently; none at the end."""
    return _ASK[state.phase](state)


def _ask_leader(state: State) -> tuple[Decision, ...]:
    times = 1 if state.team is None else 2
    return _decisions("propose", state.quest, state.attempt, (state.leader,), times)


def _ask_speaker(state: State) -> tuple[Decision, ...]:
    speaker = state.floor.queue[0]
    times = state.floor.spoken.count(speaker) + 1
    return _decisions("speak", state.quest, state.attempt, (speaker,), times)


def _ask_for_bids(state: State) -> tuple[Decision, ...]:
    times = len(state.floor.spoken) + 1
    return _decisions("bid", state.quest, state.attempt, state.secrets.seats, times)


def _ask_for_votes(state: State) -> tuple[Decision, ...]:
    voters = state.secrets.seats
    if not state.secrets.setup.rules.leader_votes:
        voters = tuple([seat for seat in voters if seat != state.leader])
    return _decisions("vote", state.quest, state.attempt, voters)


def _ask_for_cards(state: State) -> tuple[Decision, ...]:
    return _decisions("card", state.quest, 0, team_on_the_table(state))


def _ask_evil_speaker(state: State) -> tuple[Decision, ...]:
    return _decisions("evil_talk", window_of(state), 0, state.floor.queue[:1])


def _ask_assassin(state: State) -> tuple[Decision, ...]:
    return _decisions("shoot", window_of(state), 0, (shooter_of(state),))


def _ask_lady_holder(state: State) -> tuple[Decision, ...]:
    return _decisions("inspect", state.quest, 0, state.lady_holders[-1:])


_ASK: dict[Phase, Callable[[State], tuple[Decision, ...]]] = {
    Phase.PROPOSE: _ask_leader,
    Phase.TALK: _ask_speaker,
    Phase.BID: _ask_for_bids,
    Phase.VOTE: _ask_for_votes,
    Phase.QUEST: _ask_for_cards,
    Phase.EVIL_TALK: _ask_evil_speaker,
    Phase.SHOOT: _ask_assassin,
    Phase.LADY: _ask_lady_holder,
    Phase.END: lambda state: (),
}


def window_of(state: State) -> int:
    """The quest after which an early shot may be taken; 0 for the shot after the third success."""
    return state.quest if may_hold_fire(state) else 0


def may_hold_fire(state: State) -> bool:
    return state.successes < 3


def team_on_the_table(state: State) -> tuple[int, ...]:
    if state.team is None:
        raise AssertionError(f"No team is on the table in phase {state.phase}.")
    return state.team


def shooter_of(state: State) -> int:
    if state.secrets.shooter is None:
        raise AssertionError("Nobody assassinates in a game without Merlin.")
    return state.secrets.shooter


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


def check(state: State, decision: Decision, action: Action) -> None:
    """Raise `IllegalAction` unless this decision is pending and the action answers it within the rules."""
    if decision not in pending(state):
        raise _not_pending(state, decision)
    CHECKS[decision.kind](state, decision.seat, action)


def _not_pending(state: State, decision: Decision) -> IllegalAction:
    asked = ", ".join(waiting.id for waiting in pending(state)) or "nothing, it is over"
    return IllegalAction(f"{decision.id} cannot be decided now; the game waits for {asked}.")


def check_all(state: State, actions: Mapping[int, Action]) -> tuple[Decision, ...]:
    """Answer with the decisions that these actions take.

    Raises `IllegalAction` unless every pending seat, and no other, answers within the rules.
    """
    waiting = pending(state)
    if not waiting:
        raise IllegalAction(f"The game is over{_how(state)}; it takes no more actions.")
    if len(actions) != len(waiting):
        raise _wrong_seats(state, waiting, actions)
    check_one = CHECKS[waiting[0].kind]
    for decision in waiting:
        seat = decision.seat
        if seat not in actions:
            raise _wrong_seats(state, waiting, actions)
        check_one(state, seat, actions[seat])
    return waiting


def _how(state: State) -> str:
    return f", {state.ending.winner} has won ({state.ending.reason})" if state.ending else ""


def _wrong_seats(state: State, waiting: tuple[Decision, ...], actions: Mapping[int, Action]) -> IllegalAction:
    wanted = [decision.seat for decision in waiting]
    missing = [seat for seat in wanted if seat not in actions]
    surplus = [seat for seat in actions if seat not in wanted]
    complaint = [f"no answer of {_seats(missing)}"] if missing else []
    complaint += [f"{_seats(surplus)} not asked"] if surplus else []
    return IllegalAction(
        f"Quest {state.quest}, attempt {state.attempt}: {waiting[0].kind} wants one answer of "
        f"{_seats(wanted)}, but there is {' and '.join(complaint)}."
    )


def _seats(seats: list[int]) -> str:
    return f"seat {seats[0]}" if len(seats) == 1 else "seats " + ", ".join(map(str, seats))


def _wrong_kind(seat: int, wanted: str, action: Action) -> IllegalAction:
    return IllegalAction(f"Seat {seat} must answer with {wanted}, not with {action!r}.")


def _check_vote(state: State, seat: int, action: Action) -> None:
    if type(action) is not Vote or type(action.approve) is not bool:
        raise _wrong_kind(seat, "Vote(True) or Vote(False)", action)


def _check_card(state: State, seat: int, action: Action) -> None:
    if type(action) is not Card or type(action.fail) is not bool:
        raise _wrong_kind(seat, "Card(True) or Card(False)", action)
    if action.fail and seat not in state.secrets.evil:
        raise IllegalAction(f"Seat {seat} is Good and must play a success card.")


def _check_propose(state: State, seat: int, action: Action) -> None:
    if type(action) is not Propose or type(action.speech) is not str:
        raise _wrong_kind(seat, "Propose(team)", action)
    team = action.team
    size = state.secrets.team_sizes[state.quest - 1]
    for member in team:
        if type(member) is not int or not 1 <= member <= len(state.secrets.seats):
            raise IllegalAction(
                f"The team {list(team)} of seat {seat} names {member!r}; "
                f"seats are the whole numbers 1 to {len(state.secrets.seats)}."
            )
    if len(set(team)) != len(team):
        raise IllegalAction(f"The team {list(team)} of seat {seat} names a seat twice.")
    if len(team) != size:
        raise IllegalAction(
            f"The team {list(team)} of seat {seat} has {len(team)} members; quest {state.quest} takes {size}."
        )


def _check_speech(state: State, seat: int, action: Action) -> None:
    if type(action) is not Speak or type(action.text) is not str:
        raise _wrong_kind(seat, "Speak(text)", action)


def _check_bid(state: State, seat: int, action: Action) -> None:
    if type(action) is not Bid or type(action.eagerness) is not int:
        raise _wrong_kind(seat, f"Bid(0) to Bid({MAX_BID})", action)
    if not 0 <= action.eagerness <= MAX_BID:
        raise IllegalAction(f"Seat {seat} bids {action.eagerness}; a bid is 0 to {MAX_BID}.")


def _check_inspect(state: State, seat: int, action: Action) -> None:
    if type(action) is not Inspect:
        raise _wrong_kind(seat, "Inspect(target)", action)
    targets = lady_targets(state)
    if type(action.target) is not int or action.target not in targets:
        raise IllegalAction(
            f"Seat {seat} cannot look at seat {action.target}: the Lady of the Lake goes to a seat that "
            f"never held her, one of {list(targets)}."
        )


def _check_shot(state: State, seat: int, action: Action) -> None:
    if type(action) is HoldFire and may_hold_fire(state):
        return
    if type(action) is not Shoot:
        raise _wrong_kind(seat, "Shoot(target)", action)
    targets = shot_targets(state)
    if type(action.target) is not int or action.target not in targets:
        raise IllegalAction(
            f"Seat {seat} cannot shoot seat {action.target}; the Assassin may name {list(targets)}."
        )


CHECKS: dict[DecisionKind, Callable[[State, int, Action], None]] = {
    "propose": _check_propose,
    "speak": _check_speech,
    "bid": _check_bid,
    "vote": _check_vote,
    "card": _check_card,
    "inspect": _check_inspect,
    "evil_talk": _check_speech,
    "shoot": _check_shot,
}


def lady_targets(state: State) -> tuple[int, ...]:
    return lady_options(state.setup, state.lady_holders)


def shot_targets(state: State) -> tuple[int, ...]:
    shooter = shooter_of(state)
    return shot_options(state.setup, shooter, knowledge_of(state.setup, state.roles, shooter).evil)


def legal_actions(state: State, decision: Decision) -> tuple[Action, ...]:
    """Every answer the rules allow, in a fixed order; () for speeches, which are free text.

    Teams are sorted, proposals carry no speech. Raises `IllegalAction` if the decision is not pending.
    """
    if decision not in pending(state):
        raise _not_pending(state, decision)
    return options(
        decision.kind,
        num_players=len(state.secrets.seats),
        team_size=state.secrets.team_sizes[state.quest - 1],
        side=state.role_of(decision.seat).side,
        lady_targets=lady_targets(state) if decision.kind == "inspect" else (),
        shot_targets=shot_targets(state) if decision.kind == "shoot" else (),
        may_hold_fire=may_hold_fire(state),
    )

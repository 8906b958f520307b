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
from games.avalon.roles import Role
from games.avalon.setup import Setup
from games.avalon.state import Phase, State
from games.avalon.talk import MAX_BID
from games.errors import GameError

Answers = Mapping[int, Action]


class IllegalAction(GameError):
    """The rules do not allow this action now; the message says why and what would be allowed."""


def pending(state: State) -> tuple[Decision, ...]:
    """Every decision that can be taken now, all at once and independently; none at the end."""
    return _ASK[state.phase](state)


def _ask_leader(state: State) -> tuple[Decision, ...]:
    return (proposal_asked(state.quest, state.attempt, state.leader, state.team is not None),)


def proposal_asked(quest: int, attempt: int, leader: int, revised: bool) -> Decision:
    """The decision on a team; `revised` where the leader has named a tentative one before."""
    return _decisions("propose", quest, attempt, (leader,), 2 if revised else 1)[0]


def _ask_speaker(state: State) -> tuple[Decision, ...]:
    speaker = state.floor.queue[0]
    times = state.floor.spoken.count(speaker) + 1
    return _decisions("speak", state.quest, state.attempt, (speaker,), times)


def _ask_for_bids(state: State) -> tuple[Decision, ...]:
    times = len(state.floor.spoken) + 1
    return _decisions("bid", state.quest, state.attempt, state.secrets.seats, times)


def _ask_for_votes(state: State) -> tuple[Decision, ...]:
    return _decisions("vote", state.quest, state.attempt, _voters(state))


def _voters(state: State) -> tuple[int, ...]:
    if state.secrets.setup.rules.leader_votes:
        return state.secrets.seats
    return tuple([seat for seat in state.secrets.seats if seat != state.leader])


def _ask_for_cards(state: State) -> tuple[Decision, ...]:
    return _decisions("card", state.quest, 0, team_on_the_table(state))


def _ask_evil_speaker(state: State) -> tuple[Decision, ...]:
    return _decisions("evil_talk", window_of(state), 0, state.floor.queue[:1])


def _ask_assassin(state: State) -> tuple[Decision, ...]:
    return _decisions("shoot", window_of(state), 0, (shooter_of(state),))


def _ask_lady_holder(state: State) -> tuple[Decision, ...]:
    return _decisions("inspect", state.quest, 0, state.lady_holders[-1:])


_ASK: dict[Phase, Callable[[State], tuple[Decision, ...]]] = {
    "propose": _ask_leader,
    "talk": _ask_speaker,
    "bid": _ask_for_bids,
    "vote": _ask_for_votes,
    "quest": _ask_for_cards,
    "evil_talk": _ask_evil_speaker,
    "shoot": _ask_assassin,
    "lady": _ask_lady_holder,
    "end": lambda state: (),
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


# Each of the following reads the answers of all pending seats and raises `IllegalAction` unless every
# pending seat, and no other, answers within the rules. Proposals, votes and cards are most of a game, so
# they are read without listing the decisions.


def check_all(state: State, actions: Answers) -> tuple[Decision, ...]:
    """Answer with the decisions that these actions take."""
    waiting = pending(state)
    if len(actions) != len(waiting):
        raise _wrong_seats(state, actions)
    check_one = CHECKS[waiting[0].kind]
    for decision in waiting:
        seat = decision.seat
        if seat not in actions:
            raise _wrong_seats(state, actions)
        check_one(state, seat, actions[seat])
    return waiting


def read_proposal(state: State, actions: Answers) -> Propose:
    """What the leader names."""
    seat = state.leader
    if len(actions) != 1 or seat not in actions:
        raise _wrong_seats(state, actions)
    return _check_propose(state, seat, actions[seat])


def read_votes(state: State, actions: Answers) -> list[bool]:
    """Who approves, seat 1 first; a leader who is not asked (`leader_votes`) counts as approving."""
    voters = _voters(state)
    if len(actions) != len(voters):
        raise _wrong_seats(state, actions)
    approvals = _check_votes(state, voters, actions)
    if len(voters) < len(state.secrets.seats):
        approvals.insert(state.leader - 1, True)
    return approvals


def read_cards(state: State, actions: Answers) -> list[bool]:
    """Who on the team plays a fail, in the order of the team."""
    team = team_on_the_table(state)
    if len(actions) != len(team):
        raise _wrong_seats(state, actions)
    return _check_cards(state, team, actions)


def game_over(state: State) -> IllegalAction:
    how = f", {state.ending.winner} has won ({state.ending.reason})" if state.ending else ""
    return IllegalAction(f"The game is over{how}; it takes no more actions.")


def _wrong_seats(state: State, actions: Answers) -> IllegalAction:
    waiting = pending(state)
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


def _missing_or_wrong_kind(state: State, seat: int, wanted: str, actions: Answers) -> IllegalAction:
    return _wrong_kind(seat, wanted, actions[seat]) if seat in actions else _wrong_seats(state, actions)


def _check_votes(state: State, seats: tuple[int, ...], actions: Answers) -> list[bool]:
    approvals = []
    for seat in seats:
        vote = actions.get(seat)
        if type(vote) is not Vote or type(vote.approve) is not bool:
            raise _missing_or_wrong_kind(state, seat, "Vote(True) or Vote(False)", actions)
        approvals.append(vote.approve)
    return approvals


def _check_cards(state: State, seats: tuple[int, ...], actions: Answers) -> list[bool]:
    fails = []
    for seat in seats:
        card = actions.get(seat)
        if type(card) is not Card or type(card.fail) is not bool:
            raise _missing_or_wrong_kind(state, seat, "Card(True) or Card(False)", actions)
        if card.fail and seat not in state.secrets.evil:
            raise IllegalAction(f"Seat {seat} is Good and must play a success card.")
        fails.append(card.fail)
    return fails


def _check_vote(state: State, seat: int, action: Action) -> None:
    _check_votes(state, (seat,), {seat: action})


def _check_card(state: State, seat: int, action: Action) -> None:
    _check_cards(state, (seat,), {seat: action})


def _check_propose(state: State, seat: int, action: Action) -> Propose:
    if type(action) is not Propose or type(action.speech) is not str:
        raise _wrong_kind(seat, "Propose(team)", action)
    team = action.team
    secrets = state.secrets
    size, num_players = secrets.team_sizes[state.quest - 1], len(secrets.seats)
    for member in team:
        if type(member) is not int or not 1 <= member <= num_players:
            raise IllegalAction(
                f"The team {list(team)} of seat {seat} names {member!r}; "
                f"seats are the whole numbers 1 to {num_players}."
            )
    if len(set(team)) != len(team):
        raise IllegalAction(f"The team {list(team)} of seat {seat} names a seat twice.")
    if len(team) != size:
        raise IllegalAction(
            f"The team {list(team)} of seat {seat} has {len(team)} members; quest {state.quest} takes {size}."
        )
    return action


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


CHECKS: dict[DecisionKind, Callable[[State, int, Action], object]] = {
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
    return _shot_targets(state.setup, state.roles, shooter_of(state))


@lru_cache(maxsize=1024)
def _shot_targets(setup: Setup, roles: tuple[Role, ...], shooter: int) -> tuple[int, ...]:
    return shot_options(setup, shooter, knowledge_of(setup, roles, shooter).evil)


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

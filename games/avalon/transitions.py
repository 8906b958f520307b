"""How a game moves: from a deal to its opening, and from a state and everybody's actions to the next.

The order of play and the ends follow the official game; every point that published tables play
otherwise is a switch in `games.avalon.setup.Rules`. Each step answers with the next state and the
events that tell of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, cast

from games.avalon.actions import (
    Bid,
    HoldFire,
    Inspect,
    Shoot,
    Speak,
)
from games.avalon.draws import Deal
from games.avalon.events import Event
from games.avalon.knowledge import ACTS_WITH_EVIL, knowledge_of, knowledge_to_json
from games.avalon.legality import (
    Answers,
    check_all,
    game_over,
    lady_targets,
    may_hold_fire,
    proposal_asked,
    read_cards,
    read_proposal,
    read_votes,
    shooter_of,
    team_on_the_table,
)
from games.avalon.order_of_play import (
    first_lady_holder,
    is_final,
    phase_after_early_shot,
    phase_after_last_speech,
    phase_after_proposal,
    phase_after_quest,
    queue_after_proposal,
    queue_before_proposal,
    seat_after,
)
from games.avalon.roles import Role, Side
from games.avalon.setup import MAX_ATTEMPTS, Setup
from games.avalon.state import (
    SILENCE,
    Ending,
    EndReason,
    Floor,
    Phase,
    QuestResult,
    Secrets,
    State,
    secrets_of,
)
from games.avalon.talk import clean_speech, mentioned_seats, next_speaker
from games.errors import GameError

_NAME = {role: role.value for role in Role}
_KEY = tuple(str(seat) for seat in range(11))  # JSON keys of seats

Step = tuple[State, tuple[Event, ...]]


def start(setup: Setup, deal: Deal) -> Step:
    """Seat everybody and let the night pass. Raises `GameError` if the deal does not fit the setup."""
    first = deal.first_leader
    if not 1 <= first <= setup.num_players:
        raise GameError(f"Seat {first} cannot lead first; seats are 1 to {setup.num_players}.")
    secrets, header, roles, nights = _seat_and_show(setup, deal.roles)
    lady = (first_lady_holder(first, setup.num_players),) if setup.rules.lady_of_the_lake else ()
    night = State(secrets, "propose", 1, 1, first, None, SILENCE, 0, 0, (), lady, False, None)
    dealt = Event("deal", 0, 0, None, "god", {"roles": roles, "first_leader": first})
    state, opening = _open_attempt(night, 1, 1, first)
    return state, (header, dealt, *nights, *opening)


@lru_cache(maxsize=1024)
def _seat_and_show(
    setup: Setup, roles: tuple[Role, ...]
) -> tuple[Secrets, Event, dict[str, str], tuple[Event, ...]]:
    """What depends on the roles alone: the secrets, the header, the roles by seat, what the night shows."""
    if sorted(roles) != sorted(setup.roles):
        raise GameError(
            f"The deal seats {', '.join(roles)}, but the setup {setup.name} is {', '.join(setup.roles)}."
        )
    secrets = secrets_of(setup, roles)
    nights = [knowledge_to_json(knowledge_of(setup, roles, seat)) for seat in secrets.seats]
    return (
        secrets,
        Event("header", 0, 0, None, "all", {"setup": setup.public().to_json()}),
        _roles_by_seat(roles),
        tuple([Event("knowledge", 0, 0, seat, (seat,), night) for seat, night in enumerate(nights, start=1)]),
    )


def _roles_by_seat(roles: tuple[Role, ...]) -> dict[str, str]:
    return {_KEY[seat]: _NAME[role] for seat, role in enumerate(roles, start=1)}


def apply(state: State, actions: Answers) -> Step:
    """Play one action for every pending seat; the given state stays as it was.

    Raises `IllegalAction` if a pending seat is missing, another seat is named, or an action breaks the
    rules.
    """
    return _STEPS[state.phase](state, actions)


# -- one attempt: talk, proposal, talk, vote ---------------------------------------------------------


def _open_attempt(state: State, quest: int, attempt: int, leader: int) -> Step:
    secrets, _, _, _, _, _, _, successes, fails, quests, lady_holders, shot_spent, _ = state
    queue = queue_before_proposal(secrets.setup.rules, leader, attempt, len(secrets.seats))
    opened = State(
        secrets,
        "talk" if queue else "propose",
        quest,
        attempt,
        leader,
        None,
        Floor(queue) if queue else SILENCE,
        successes,
        fails,
        quests,
        lady_holders,
        shot_spent,
        None,
    )
    return opened, _leader_named(quest, attempt, leader)


@lru_cache(maxsize=256)  # five quests of five attempts, ten seats
def _leader_named(quest: int, attempt: int, leader: int) -> tuple[Event, ...]:
    return (Event("leader", quest, attempt, leader, "all", {"leader": leader}),)


def _within_attempt(state: State, phase: Phase, team: tuple[int, ...] | None, floor: Floor) -> State:
    secrets, _, quest, attempt, leader, _, _, successes, fails, quests, lady_holders, shot_spent, _ = state
    return State(
        secrets,
        phase,
        quest,
        attempt,
        leader,
        team,
        floor,
        successes,
        fails,
        quests,
        lady_holders,
        shot_spent,
        None,
    )


def _put_on_table(state: State, actions: Answers) -> Step:
    action = read_proposal(state, actions)
    quest, attempt, leader = state.quest, state.attempt, state.leader
    rules = state.secrets.setup.rules
    revised = state.team is not None
    team = tuple(sorted(action.team))
    proposal = _proposed(quest, attempt, leader, team, is_final(rules, attempt, revised), revised)
    if rules.is_silent(attempt):
        voting, forced = _call_vote(state, team)
        return voting, (proposal, *forced)
    events = [proposal]
    text = clean_speech(action.speech)
    if text:
        events.append(Event("speech", quest, attempt, leader, "all", {"text": text}, proposal.decision))
    num_players = len(state.secrets.seats)
    queue = queue_after_proposal(rules, leader, attempt, num_players)
    phase = phase_after_proposal(rules, attempt, revised, queue)
    if phase == "vote":
        voting, forced = _call_vote(state, team)
        return voting, (*events, *forced)
    floor = Floor(queue, state.floor.spoken, mentioned_seats(text, num_players))
    return _within_attempt(state, phase, team, floor), tuple(events)


@lru_cache(maxsize=4096)
def _proposed(
    quest: int, attempt: int, leader: int, team: tuple[int, ...], final: bool, revised: bool
) -> Event:
    asked = proposal_asked(quest, attempt, leader, revised)
    return Event("propose", quest, attempt, leader, "all", {"team": list(team), "final": final}, asked.id)


def _speak(state: State, actions: Answers) -> Step:
    (asked,) = check_all(state, actions)
    action = cast("Speak", actions[asked.seat])
    floor = state.floor
    speaker = floor.queue[0]
    text = clean_speech(action.text)
    event = Event("speech", state.quest, state.attempt, speaker, "all", {"text": text}, asked.id)
    heard = Floor(floor.queue[1:], (*floor.spoken, speaker), mentioned_seats(text, len(state.secrets.seats)))
    phase: Phase = "talk"
    if not heard.queue:
        phase = phase_after_last_speech(state.secrets.setup.rules, len(heard.spoken))
    if phase == "vote":
        voting, forced = _call_vote(state, team_on_the_table(state))
        return voting, (event, *forced)
    return _within_attempt(state, phase, state.team, heard), (event,)


def _give_floor(state: State, actions: Answers) -> Step:
    check_all(state, actions)
    bid_of = cast("Mapping[int, Bid]", actions)
    bids = {seat: bid_of[seat].eagerness for seat in state.secrets.seats}
    floor = state.floor
    last_speaker = floor.spoken[-1] if floor.spoken else state.leader
    speaker = next_speaker(bids, floor.mentioned, last_speaker)
    data = {"bids": {_KEY[seat]: bid for seat, bid in bids.items()}, "speaker": speaker}
    event = Event("bids", state.quest, state.attempt, None, "all", data)
    if speaker is not None:
        return _within_attempt(state, "talk", state.team, replace(floor, queue=(speaker,))), (event,)
    voting, forced = _call_vote(state, team_on_the_table(state))
    return voting, (event, *forced)


def _call_vote(state: State, team: tuple[int, ...]) -> Step:
    if not state.secrets.setup.rules.is_forced(state.attempt):
        return _within_attempt(state, "vote", team, state.floor), ()
    # Nobody is asked: the team goes, and the event says so with an empty ballot.
    data = {"votes": {}, "approved": True, "forced": True}
    event = Event("vote", state.quest, state.attempt, None, "all", data)
    return _within_attempt(state, "quest", team, SILENCE), (event,)


def _count_votes(state: State, actions: Answers) -> Step:
    quest, attempt = state.quest, state.attempt
    event = _counted(quest, attempt, tuple(read_votes(state, actions)))
    if event.data["approved"]:
        return _within_attempt(state, "quest", state.team, SILENCE), (event,)
    if attempt == MAX_ATTEMPTS:
        return _end(state, Side.EVIL, "five_rejections", event)
    reopened, opening = _open_attempt(
        state, quest, attempt + 1, seat_after(state.leader, len(state.secrets.seats))
    )
    return reopened, (event, *opening)


@lru_cache(maxsize=4096)
def _counted(quest: int, attempt: int, ballot: tuple[bool, ...]) -> Event:
    votes = {_KEY[seat]: approves for seat, approves in enumerate(ballot, start=1)}
    data = {"votes": votes, "approved": 2 * sum(ballot) > len(ballot), "forced": False}
    return Event("vote", quest, attempt, None, "all", data)


# -- a quest and what may follow it ------------------------------------------------------------------


def _go_on_quest(state: State, actions: Answers) -> Step:
    played = read_cards(state, actions)
    secrets, quest, attempt, leader = state.secrets, state.quest, state.attempt, state.leader
    team = team_on_the_table(state)
    cards = {_KEY[seat]: fail for seat, fail in zip(team, played, strict=True)}
    fails = sum(played)
    required = secrets.fails_required[quest - 1]
    success = fails < required
    result = QuestResult(quest, attempt, leader, team, fails, required, success)
    data = {"team": list(team), "fails": fails, "success": success, "required": required}
    events = (
        Event("card", quest, attempt, None, "god", {"cards": cards}),
        Event("quest", quest, attempt, None, "all", data),
    )
    scored = State(
        secrets,
        "quest",
        quest,
        attempt,
        leader,
        None,
        SILENCE,
        state.successes + success,
        state.fails + (not success),
        (*state.quests, result),
        state.lady_holders,
        state.shot_spent,
        None,
    )
    following, more = _after_quest(scored)
    return following, events + more


def _after_quest(state: State) -> Step:
    setup = state.secrets.setup
    phase = phase_after_quest(setup, state.quest, state.successes, state.fails, state.shot_spent)
    if phase == "end":
        if state.fails == 3:
            return _end(state, Side.EVIL, "three_fails")
        return _end(state, Side.GOOD, "merlin_survived" if state.shot_spent else "three_successes")
    if phase == "shoot":
        return _take_aim(state), ()
    return _lady_or_next_quest(state, phase)


def _lady_or_next_quest(state: State, phase: Phase) -> Step:
    # Nobody left for the Lady to look at cannot come up in play: she is used three times at most.
    if phase == "lady" and lady_targets(state):
        return state._replace(phase="lady"), ()
    return _next_quest(state)


def _take_aim(state: State) -> State:
    secrets = state.secrets
    if secrets.setup.rules.evil_talk_before_shot:
        talkers = tuple(seat for seat in secrets.seats if state.role_of(seat) in ACTS_WITH_EVIL)
        if len(talkers) > 1:
            return state._replace(phase="evil_talk", floor=Floor(talkers))
    return state._replace(phase="shoot")


def _whisper(state: State, actions: Answers) -> Step:
    (asked,) = check_all(state, actions)
    action = cast("Speak", actions[asked.seat])
    speaker, *others = state.floor.queue
    listeners = (*state.floor.spoken, *state.floor.queue)
    data = {"text": clean_speech(action.text)}
    event = Event("speech", state.quest, state.attempt, speaker, tuple(sorted(listeners)), data, asked.id)
    if others:
        return state._replace(floor=Floor(tuple(others), (*state.floor.spoken, speaker))), (event,)
    return state._replace(phase="shoot", floor=SILENCE), (event,)


def _shoot(state: State, actions: Answers) -> Step:
    (asked,) = check_all(state, actions)
    action = cast("Shoot | HoldFire", actions[asked.seat])
    quest, attempt, shooter = state.quest, state.attempt, shooter_of(state)
    phase = phase_after_early_shot(state.secrets.setup, quest)
    if isinstance(action, HoldFire):
        # Without seat and decision, whose id names the seat: the Assassin stays unknown.
        held = Event("shot", quest, attempt, None, "all", {"target": None, "hit": False})
        following, more = _lady_or_next_quest(state, phase)
        return following, (held, *more)
    hit = action.target == state.secrets.merlin
    data = {"target": action.target, "hit": hit}
    shot = Event("shot", quest, attempt, shooter, "all", data, asked.id)
    if hit:
        return _end(state, Side.EVIL, "merlin_shot", shot)
    if not may_hold_fire(state):
        return _end(state, Side.GOOD, "merlin_survived", shot)
    following, more = _lady_or_next_quest(state._replace(shot_spent=True), phase)
    return following, (shot, *more)


def _inspect(state: State, actions: Answers) -> Step:
    (asked,) = check_all(state, actions)
    action = cast("Inspect", actions[asked.seat])
    holder, target = state.lady_holders[-1], action.target
    side = Side.EVIL if target in state.secrets.evil else Side.GOOD
    looking = {"holder": holder, "target": target}
    answer = {"target": target, "side": side.value}
    looked = (
        Event("lady", state.quest, state.attempt, holder, "all", looking, asked.id),
        Event("lady_answer", state.quest, state.attempt, holder, (holder,), answer, asked.id),
    )
    following, more = _next_quest(state._replace(lady_holders=(*state.lady_holders, target)))
    return following, looked + more


def _next_quest(state: State) -> Step:
    return _open_attempt(state, state.quest + 1, 1, seat_after(state.leader, len(state.secrets.seats)))


def _end(state: State, winner: Side, reason: EndReason, *before: Event) -> Step:
    last = Event("end", state.quest, state.attempt, None, "all", _end_data(winner, reason, state.roles))
    ended = state._replace(phase="end", floor=SILENCE, ending=Ending(winner, reason))
    return ended, (*before, last)


@lru_cache(maxsize=1024)
def _end_data(winner: Side, reason: EndReason, roles: tuple[Role, ...]) -> dict[str, Any]:
    return {"winner": winner.value, "reason": reason, "roles": _roles_by_seat(roles)}


def _refuse(state: State, actions: Answers) -> Step:
    raise game_over(state)


_STEPS: dict[Phase, Callable[[State, Answers], Step]] = {
    "propose": _put_on_table,
    "talk": _speak,
    "bid": _give_floor,
    "vote": _count_votes,
    "quest": _go_on_quest,
    "evil_talk": _whisper,
    "shoot": _shoot,
    "lady": _inspect,
    "end": _refuse,
}

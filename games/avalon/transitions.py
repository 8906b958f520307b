"""How a game moves: from a deal to its opening, and from a state and everybody's actions to the next.

The order of play and the ends follow the official game; every point that published tables play
otherwise is a switch in `games.avalon.setup.Rules`. Each step answers with the next state and the
events that tell of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import cast

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
from games.avalon.draws import Deal
from games.avalon.events import Event
from games.avalon.knowledge import ACTS_WITH_EVIL, knowledge_of, knowledge_to_json
from games.avalon.legality import (
    check_all,
    lady_targets,
    may_hold_fire,
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
from games.avalon.state import SILENCE, Ending, EndReason, Floor, Phase, QuestResult, State, secrets_of
from games.avalon.talk import clean_speech, mentioned_seats, next_speaker
from games.errors import GameError

_NAME = {role: role.value for role in Role}
_KEY = tuple(str(seat) for seat in range(11))  # JSON keys of seats

Step = tuple[State, tuple[Event, ...]]
Answers = Mapping[int, Action]


def start(setup: Setup, deal: Deal) -> Step:
    """Seat everybody and let the night pass. Raises `GameError` if the deal does not fit the setup."""
    _check_deal(setup, deal)
    secrets = secrets_of(setup, deal)
    first = deal.first_leader
    lady = first_lady_holder(first, len(secrets.seats))
    state = State(
        secrets=secrets,
        phase=Phase.PROPOSE,
        quest=1,
        attempt=1,
        leader=first,
        team=None,
        floor=SILENCE,
        successes=0,
        fails=0,
        quests=(),
        lady_holders=(lady,) if setup.rules.lady_of_the_lake else (),
        shot_spent=False,
        ending=None,
    )
    roles = _roles_by_seat(deal.roles)
    events = [_header(setup), Event("deal", 0, 0, None, "god", {"roles": roles, "first_leader": first})]
    for seat in secrets.seats:
        night = knowledge_to_json(knowledge_of(setup, deal.roles, seat))
        events.append(Event("knowledge", 0, 0, seat, (seat,), night))
    state, opening = _open_attempt(state, 1, 1, first)
    return state, (*events, *opening)


def _roles_by_seat(roles: tuple[Role, ...]) -> dict[str, str]:
    return {_KEY[seat]: _NAME[role] for seat, role in enumerate(roles, start=1)}


def _check_deal(setup: Setup, deal: Deal) -> None:
    if sorted(deal.roles) != sorted(setup.roles):
        raise GameError(
            f"The deal seats {', '.join(deal.roles)}, but the setup {setup.name} is {', '.join(setup.roles)}."
        )
    if not 1 <= deal.first_leader <= setup.num_players:
        raise GameError(f"Seat {deal.first_leader} cannot lead first; seats are 1 to {setup.num_players}.")


@lru_cache(maxsize=64)
def _header(setup: Setup) -> Event:
    return Event("header", 0, 0, None, "all", {"setup": setup.public().to_json()})


def apply(state: State, actions: Answers) -> Step:
    """Play one action for every pending seat; the given state stays as it was.

    Raises `IllegalAction` if a pending seat is missing, another seat is named, or an action breaks the
    rules.
    """
    first = check_all(state, actions)[0]
    return _STEPS[first.kind](state, actions, first)


# -- one attempt: talk, proposal, talk, vote ---------------------------------------------------------


def _open_attempt(state: State, quest: int, attempt: int, leader: int) -> Step:
    secrets = state.secrets
    queue = queue_before_proposal(secrets.setup.rules, leader, attempt, len(secrets.seats))
    opened = State(
        secrets,
        Phase.TALK if queue else Phase.PROPOSE,
        quest,
        attempt,
        leader,
        None,
        Floor(queue) if queue else SILENCE,
        state.successes,
        state.fails,
        state.quests,
        state.lady_holders,
        state.shot_spent,
        None,
    )
    return opened, (Event("leader", quest, attempt, leader, "all", {"leader": leader}),)


def _within_attempt(state: State, phase: Phase, team: tuple[int, ...] | None, floor: Floor) -> State:
    return State(
        state.secrets,
        phase,
        state.quest,
        state.attempt,
        state.leader,
        team,
        floor,
        state.successes,
        state.fails,
        state.quests,
        state.lady_holders,
        state.shot_spent,
        None,
    )


def _put_on_table(state: State, actions: Answers, asked: Decision) -> Step:
    action = cast(Propose, actions[asked.seat])
    quest, attempt, leader = state.quest, state.attempt, state.leader
    num_players = len(state.secrets.seats)
    rules = state.secrets.setup.rules
    revised = state.team is not None
    members = sorted(action.team)
    team = tuple(members)
    data = {"team": members, "final": is_final(rules, attempt, revised)}
    proposal = Event("propose", quest, attempt, leader, "all", data, asked.id)
    if rules.is_silent(attempt):
        voting, forced = _call_vote(state, team)
        return voting, (proposal, *forced)
    events = [proposal]
    text = clean_speech(action.speech)
    if text:
        events.append(Event("speech", quest, attempt, leader, "all", {"text": text}, asked.id))
    queue = queue_after_proposal(rules, leader, attempt, num_players)
    phase = phase_after_proposal(rules, attempt, revised, queue)
    if phase is Phase.VOTE:
        voting, forced = _call_vote(state, team)
        return voting, (*events, *forced)
    floor = Floor(queue, state.floor.spoken, mentioned_seats(text, num_players))
    return _within_attempt(state, phase, team, floor), tuple(events)


def _speak(state: State, actions: Answers, asked: Decision) -> Step:
    action = cast(Speak, actions[asked.seat])
    floor = state.floor
    speaker = floor.queue[0]
    text = clean_speech(action.text)
    event = Event("speech", state.quest, state.attempt, speaker, "all", {"text": text}, asked.id)
    heard = Floor(floor.queue[1:], (*floor.spoken, speaker), mentioned_seats(text, len(state.secrets.seats)))
    phase = Phase.TALK
    if not heard.queue:
        phase = phase_after_last_speech(state.secrets.setup.rules, len(heard.spoken))
    if phase is Phase.VOTE:
        voting, forced = _call_vote(state, team_on_the_table(state))
        return voting, (event, *forced)
    return _within_attempt(state, phase, state.team, heard), (event,)


def _give_floor(state: State, actions: Answers, asked: Decision) -> Step:
    bid_of = cast(Mapping[int, Bid], actions)
    bids = {seat: bid_of[seat].eagerness for seat in state.secrets.seats}
    floor = state.floor
    last_speaker = floor.spoken[-1] if floor.spoken else state.leader
    speaker = next_speaker(bids, floor.mentioned, last_speaker)
    data = {"bids": {_KEY[seat]: bid for seat, bid in bids.items()}, "speaker": speaker}
    event = Event("bids", state.quest, state.attempt, None, "all", data)
    if speaker is not None:
        return _within_attempt(state, Phase.TALK, state.team, replace(floor, queue=(speaker,))), (event,)
    voting, forced = _call_vote(state, team_on_the_table(state))
    return voting, (event, *forced)


def _call_vote(state: State, team: tuple[int, ...]) -> Step:
    if not state.secrets.setup.rules.is_forced(state.attempt):
        return _within_attempt(state, Phase.VOTE, team, state.floor), ()
    # Nobody is asked: the team goes, and the event says so with an empty ballot.
    data = {"votes": {}, "approved": True, "forced": True}
    event = Event("vote", state.quest, state.attempt, None, "all", data)
    return _within_attempt(state, Phase.QUEST, team, SILENCE), (event,)


def _count_votes(state: State, actions: Answers, asked: Decision) -> Step:
    vote_of = cast(Mapping[int, Vote], actions)
    quest, attempt = state.quest, state.attempt
    # A leader who does not vote (`leader_votes`) counts as approving.
    votes = {_KEY[seat]: seat not in vote_of or vote_of[seat].approve for seat in state.secrets.seats}
    approved = 2 * sum(votes.values()) > len(votes)
    data = {"votes": votes, "approved": approved, "forced": False}
    event = Event("vote", quest, attempt, None, "all", data)
    if approved:
        return _within_attempt(state, Phase.QUEST, state.team, SILENCE), (event,)
    if attempt == MAX_ATTEMPTS:
        return _end(state, Side.EVIL, "five_rejections", event)
    reopened, opening = _open_attempt(
        state, quest, attempt + 1, seat_after(state.leader, len(state.secrets.seats))
    )
    return reopened, (event, *opening)


# -- a quest and what may follow it ------------------------------------------------------------------


def _go_on_quest(state: State, actions: Answers, asked: Decision) -> Step:
    card_of = cast(Mapping[int, Card], actions)
    secrets, quest = state.secrets, state.quest
    team = team_on_the_table(state)
    cards = {_KEY[seat]: card_of[seat].fail for seat in team}
    fails = sum(cards.values())
    required = secrets.fails_required[quest - 1]
    success = fails < required
    result = QuestResult(quest, state.attempt, state.leader, team, fails, required, success)
    data = {"team": list(team), "fails": fails, "success": success, "required": required}
    events = (
        Event("card", quest, state.attempt, None, "god", {"cards": cards}),
        Event("quest", quest, state.attempt, None, "all", data),
    )
    scored = State(
        secrets,
        Phase.QUEST,
        quest,
        state.attempt,
        state.leader,
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
    if phase is Phase.END:
        if state.fails == 3:
            return _end(state, Side.EVIL, "three_fails")
        return _end(state, Side.GOOD, "merlin_survived" if state.shot_spent else "three_successes")
    if phase is Phase.SHOOT:
        return _take_aim(state), ()
    return _lady_or_next_quest(state, phase)


def _lady_or_next_quest(state: State, phase: Phase) -> Step:
    # Nobody left for the Lady to look at cannot come up in play: she is used three times at most.
    if phase is Phase.LADY and lady_targets(state):
        return replace(state, phase=Phase.LADY), ()
    return _next_quest(state)


def _take_aim(state: State) -> State:
    secrets = state.secrets
    if secrets.setup.rules.evil_talk_before_shot:
        talkers = tuple(seat for seat in secrets.seats if state.role_of(seat) in ACTS_WITH_EVIL)
        if len(talkers) > 1:
            return replace(state, phase=Phase.EVIL_TALK, floor=Floor(talkers))
    return replace(state, phase=Phase.SHOOT)


def _whisper(state: State, actions: Answers, asked: Decision) -> Step:
    action = cast(Speak, actions[asked.seat])
    speaker, *others = state.floor.queue
    listeners = (*state.floor.spoken, *state.floor.queue)
    data = {"text": clean_speech(action.text)}
    event = Event("speech", state.quest, state.attempt, speaker, tuple(sorted(listeners)), data, asked.id)
    if others:
        return replace(state, floor=Floor(tuple(others), (*state.floor.spoken, speaker))), (event,)
    return replace(state, phase=Phase.SHOOT, floor=SILENCE), (event,)


def _shoot(state: State, actions: Answers, asked: Decision) -> Step:
    action = cast(Shoot | HoldFire, actions[asked.seat])
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
    following, more = _lady_or_next_quest(replace(state, shot_spent=True), phase)
    return following, (shot, *more)


def _inspect(state: State, actions: Answers, asked: Decision) -> Step:
    action = cast(Inspect, actions[asked.seat])
    holder, target = state.lady_holders[-1], action.target
    side = Side.EVIL if target in state.secrets.evil else Side.GOOD
    looking = {"holder": holder, "target": target}
    answer = {"target": target, "side": side.value}
    looked = (
        Event("lady", state.quest, state.attempt, holder, "all", looking, asked.id),
        Event("lady_answer", state.quest, state.attempt, holder, (holder,), answer, asked.id),
    )
    following, more = _next_quest(replace(state, lady_holders=(*state.lady_holders, target)))
    return following, looked + more


def _next_quest(state: State) -> Step:
    return _open_attempt(state, state.quest + 1, 1, seat_after(state.leader, len(state.secrets.seats)))


def _end(state: State, winner: Side, reason: EndReason, *before: Event) -> Step:
    data = {"winner": winner.value, "reason": reason, "roles": _roles_by_seat(state.roles)}
    ending = Event("end", state.quest, state.attempt, None, "all", data)
    ended = replace(state, phase=Phase.END, floor=SILENCE, ending=Ending(winner, reason))
    return ended, (*before, ending)


_STEPS: dict[DecisionKind, Callable[[State, Answers, Decision], Step]] = {
    "propose": _put_on_table,
    "speak": _speak,
    "bid": _give_floor,
    "vote": _count_votes,
    "card": _go_on_quest,
    "evil_talk": _whisper,
    "shoot": _shoot,
    "inspect": _inspect,
}

"""Properties of every game, under every mixture of rules: drawn by hypothesis."""

import copy
import json
import random
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.avalon.actions import Action, Bid, Card, Decision, HoldFire, Inspect, Propose, Shoot, Speak, Vote
from games.avalon.draws import Deal, deal
from games.avalon.events import Event
from games.avalon.knowledge import consistent_assignments, knowledge_of
from games.avalon.roles import Side
from games.avalon.rules import IllegalAction, apply, legal_actions, pending, replay
from games.avalon.setup import Setup
from games.avalon.state import State
from games.avalon.view import Viewer, public_table, view
from games.errors import GameError
from tests.games.avalon.playthrough import choose_at_random, random_game, seeds, setups, steps

many = settings(max_examples=80, deadline=None)
some = settings(max_examples=40, deadline=None)


@many
@given(setups, seeds)
def test_every_game_ends_within_five_times_five_proposals(setup: Setup, seed: int) -> None:
    state, events = random_game(setup, seed)
    final_proposals = [event for event in events if event.type == "propose" and event.data["final"]]
    assert state.ending is not None
    assert len(final_proposals) <= 25
    assert len(state.quests) <= 5


@many
@given(setups, seeds)
def test_the_score_only_rises_and_by_one_quest_at_a_time(setup: Setup, seed: int) -> None:
    history = [state for state, _ in steps(setup, deal(setup, seed), choose_at_random(seed))]
    for before, after in pairwise(history):
        rise = (after.successes - before.successes, after.fails - before.fails)
        assert rise in [(0, 0), (1, 0), (0, 1)]
        assert len(after.quests) == after.successes + after.fails <= 5
        assert max(after.successes, after.fails) <= 3


@many
@given(setups, seeds)
def test_the_ending_follows_from_the_score_and_the_shot(setup: Setup, seed: int) -> None:
    state, events = random_game(setup, seed)
    assert state.ending is not None
    hits = [event for event in events if event.type == "shot" and event.data["hit"]]
    rejected = setup.rules.hammer_rule == "evil_wins" and max(state.successes, state.fails) < 3 and not hits
    reason = state.ending.reason
    assert (reason == "three_fails") == (state.fails == 3)
    assert (reason == "five_rejections") == rejected
    assert (reason == "merlin_shot") == bool(hits)
    assert (reason in ("merlin_survived", "three_successes")) == (state.ending.winner is Side.GOOD)
    assert (reason == "three_successes") == (state.successes == 3 and not setup.has_merlin)


@many
@given(setups, seeds)
def test_replaying_the_events_gives_the_same_end(setup: Setup, seed: int) -> None:
    state, events = random_game(setup, seed)
    assert replay(setup, events) == state


@some
@given(setups, seeds)
def test_replaying_up_to_any_step_gives_the_state_of_that_step(setup: Setup, seed: int) -> None:
    events: list[Event] = []
    for state, told in steps(setup, deal(setup, seed), choose_at_random(seed)):
        events += told
        if random.Random(f"{seed}/{len(events)}").random() < 0.1:
            assert replay(setup, events) == state


def said_with_proposal(event: Event) -> bool:
    return event.type == "speech" and event.decision is not None and "/propose/" in event.decision


@some
@given(setups, seeds, st.data())
def test_a_missing_or_doubled_event_is_a_contradiction(setup: Setup, seed: int, data: st.DataObject) -> None:
    _, events = random_game(setup, seed)
    # What a leader says with a proposal may be left out: the game without it is another legal game.
    needed = [place for place, event in enumerate(events[:-1]) if not said_with_proposal(event)]
    place = data.draw(st.sampled_from(needed))
    doubled = [*events[: place + 1], *events[place:]]
    missing = [*events[:place], *events[place + 1 :]]
    for damaged in (doubled, missing):
        with pytest.raises(GameError):
            replay(setup, damaged)


@some
@given(setups, seeds)
def test_every_decision_of_a_game_has_an_id_of_its_own(setup: Setup, seed: int) -> None:
    ids: list[str] = []
    for state, _ in steps(setup, deal(setup, seed), choose_at_random(seed)):
        waiting = pending(state)
        ids += [decision.id for decision in waiting]
        assert len({decision.seat for decision in waiting}) == len(waiting)
    assert len(ids) == len(set(ids))


@some
@given(setups, seeds)
def test_events_are_plain_json(setup: Setup, seed: int) -> None:
    _, events = random_game(setup, seed)
    for event in events:
        assert json.loads(json.dumps(event.data)) == event.data


# -- the table and the views -------------------------------------------------------------------------


@some
@given(setups, seeds)
def test_the_public_table_always_agrees_with_the_game(setup: Setup, seed: int) -> None:
    events: list[Event] = []
    for state, told in steps(setup, deal(setup, seed), choose_at_random(seed)):
        events += told
        table = public_table(events)
        phase = "shoot" if state.phase == "evil_talk" else state.phase
        assert table.phase == phase
        assert (table.quest, table.attempt, table.leader) == (state.quest, state.attempt, state.leader)
        assert (table.team, table.successes, table.fails) == (state.team, state.successes, state.fails)
        assert (table.quests, table.lady_holders) == (state.quests, state.lady_holders)
        shots = [(event.seat, event.data["target"]) for event in events if event.type == "shot"]
        assert table.shot == next((shot for shot in shots if shot[0] is not None), None)
        assert table.ending == state.ending
        waiting = () if phase == "shoot" else tuple(decision.seat for decision in pending(state))
        assert table.waiting_for == waiting


@some
@given(setups, seeds)
def test_a_seat_can_list_its_legal_actions_from_its_view_alone(setup: Setup, seed: int) -> None:
    viewers = {seat: Viewer(seat) for seat in setup.seats}
    for state, told in steps(setup, deal(setup, seed), choose_at_random(seed)):
        for viewer in viewers.values():
            for event in told:
                viewer.observe(event)
        for decision in pending(state):
            listed = viewers[decision.seat].view().legal_actions(decision)
            assert listed == legal_actions(state, decision)


def twin_deal(setup: Setup, dealt: Deal, seat: int, pick: random.Random) -> Deal:
    """Another deal that gives this seat the same night."""
    knowledge = knowledge_of(setup, dealt.roles, seat)
    seatings = [
        roles for roles, _ in zip(consistent_assignments(setup, knowledge), range(3000), strict=False)
    ]
    return Deal(pick.choice(seatings), dealt.first_leader)


@many
@given(setups, seeds, st.data())
def test_a_seats_view_depends_on_nothing_that_is_hidden_from_it(
    setup: Setup, seed: int, data: st.DataObject
) -> None:
    """Non-interference: two deals that look alike to a seat stay alike until a public fact differs."""
    seat = data.draw(st.sampled_from(setup.seats))
    dealt = deal(setup, seed)
    twin = twin_deal(setup, dealt, seat, random.Random(seed))
    histories = [steps(setup, one, choose_at_random(seed)) for one in (dealt, twin)]
    logs = [[event for _, told in history for event in told] for history in histories]
    seen = [[event for event in log if event.seen_by(seat)] for log in logs]
    differing = (place for place, (one, other) in enumerate(zip(*seen, strict=False)) if one != other)
    place = next(differing, min(map(len, seen)))
    if place < min(map(len, seen)):
        one, other = seen[0][place], seen[1][place]
        lady_told = one.type == other.type == "lady_answer"  # the one private fact a seat learns in play
        assert one.visible_to == other.visible_to == "all" or lady_told
    if place > 0 and any(event.type == "knowledge" for event in seen[0][:place]):
        assert view(seen[0][:place], seat) == view(seen[1][:place], seat)
    assert place > [event.type for event in seen[0]].index("leader")


# -- illegal actions ---------------------------------------------------------------------------------

Spoiler = Callable[[State, Decision], tuple[Action, str]]


def _wrong_kind(state: State, decision: Decision) -> tuple[Action, str]:
    action = Bid(0) if decision.kind != "bid" else Vote(True)
    return action, f"Seat {decision.seat} must answer with"


def _spoil_team(change: Callable[[tuple[int, ...], Setup], tuple[int, ...]], complaint: str) -> Spoiler:
    def spoil(state: State, decision: Decision) -> tuple[Action, str]:
        team = tuple(range(1, state.setup.team_size(state.quest) + 1))
        return Propose(change(team, state.setup)), complaint

    return spoil


def _past_holder(state: State, decision: Decision) -> tuple[Action, str]:
    return Inspect(state.lady_holders[0]), f"Seat {decision.seat} cannot look at seat {state.lady_holders[0]}"


def _own_seat(state: State, decision: Decision) -> tuple[Action, str]:
    return Shoot(decision.seat), f"Seat {decision.seat} cannot shoot seat {decision.seat}"


def _good_fails(state: State, decision: Decision) -> tuple[Action, str]:
    if decision.seat in state.secrets.evil:
        return _wrong_kind(state, decision)
    return Card(True), f"Seat {decision.seat} is Good"


def _hold_at_the_end(state: State, decision: Decision) -> tuple[Action, str]:
    if state.successes < 3:
        return _own_seat(state, decision)
    return HoldFire(), f"Seat {decision.seat} must answer with Shoot"


SPOILERS: dict[str, list[Spoiler]] = {
    "propose": [
        _wrong_kind,
        _spoil_team(lambda team, setup: team[1:], "members; quest"),
        _spoil_team(lambda team, setup: (*team, setup.num_players), "members; quest"),
        _spoil_team(lambda team, setup: (team[1], *team[1:]), "names a seat twice"),
        _spoil_team(lambda team, setup: (0, *team[1:]), "names 0"),
        _spoil_team(lambda team, setup: (setup.num_players + 1, *team[1:]), "seats are the whole numbers"),
    ],
    "vote": [_wrong_kind, lambda state, decision: (Vote(None), "Vote")],  # type: ignore[arg-type]
    "card": [_wrong_kind, _good_fails],
    "speak": [_wrong_kind, lambda state, decision: (Speak(None), "Speak")],  # type: ignore[arg-type]
    "evil_talk": [_wrong_kind],
    "bid": [_wrong_kind, lambda state, decision: (Bid(5), f"Seat {decision.seat} bids 5")],
    "inspect": [_wrong_kind, _past_holder, lambda state, decision: (Inspect(99), "cannot look at seat 99")],
    "shoot": [_wrong_kind, _own_seat, _hold_at_the_end],
}


@many
@given(setups, seeds, st.data())
def test_an_illegal_action_is_refused_by_name_and_changes_nothing(
    setup: Setup, seed: int, data: st.DataObject
) -> None:
    history = steps(setup, deal(setup, seed), choose_at_random(seed))
    state = data.draw(st.sampled_from([state for state, _ in history[:-1]]))
    waiting = pending(state)
    decision = data.draw(st.sampled_from(waiting))
    action, complaint = data.draw(st.sampled_from(SPOILERS[decision.kind]))(state, decision)
    actions = {other.seat: choose_at_random(seed)(state, other) for other in waiting}
    before = copy.deepcopy(state)
    with pytest.raises(IllegalAction) as refusal:
        apply(state, {**actions, decision.seat: action})
    assert complaint in str(refusal.value)
    assert state == before


@some
@given(setups, seeds, st.data())
def test_an_answer_too_many_or_too_few_is_refused_by_seat(
    setup: Setup, seed: int, data: st.DataObject
) -> None:
    history = steps(setup, deal(setup, seed), choose_at_random(seed))
    state = data.draw(st.sampled_from([state for state, _ in history[:-1]]))
    waiting = pending(state)
    seat = data.draw(st.sampled_from(waiting)).seat
    actions = {other.seat: choose_at_random(seed)(state, other) for other in waiting}
    with pytest.raises(IllegalAction, match=f"no answer of seat {seat}"):
        apply(state, {other: action for other, action in actions.items() if other != seat})
    with pytest.raises(IllegalAction, match="seat 99 not asked"):
        apply(state, {**actions, 99: actions[seat]})

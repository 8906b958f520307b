"""The table that is moved in place: the same games, events and refusals as by way of immutable states."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from games.avalon.draws import Deal, deal
from games.avalon.events import Event
from games.avalon.live_table import LiveTable
from games.avalon.rules import IllegalAction, apply, legal_actions, pending, replay, start
from games.avalon.setup import Rules, Setup, preset
from games.avalon.state import State
from games.errors import GameError
from tests.games.avalon.playthrough import choose_at_random, seeds, setups, steps

many = settings(max_examples=80, deadline=None)
some = settings(max_examples=40, deadline=None)


def move(table: LiveTable, actions: Mapping[int, Any]) -> None:
    """Play these actions of all pending seats as plain answers."""
    answers = [actions[decision.seat] for decision in pending(table)]
    match table.phase:
        case "propose":
            table.propose(answers[0].team, answers[0].speech)
        case "talk":
            table.speak(answers[0].text)
        case "bid":
            table.bid([answer.eagerness for answer in answers])
        case "vote":
            table.vote([answer.approve for answer in answers])
        case "quest":
            table.play_cards([answer.fail for answer in answers])
        case "evil_talk":
            table.whisper(answers[0].text)
        case "shoot" if isinstance(answers[0], HoldFire):
            table.hold_fire()
        case "shoot":
            table.shoot(answers[0].target)
        case "lady":
            table.inspect(answers[0].target)


def chosen(state: State, seed: int) -> dict[int, Action]:
    choose = choose_at_random(seed)
    return {decision.seat: choose(state, decision) for decision in pending(state)}


def six_players(**rules: Any) -> LiveTable:
    """Seats 1 to 6: Merlin, Percival, two servants, Morgana, the Assassin; seat 1 leads."""
    setup = preset("6-recon", Rules(**rules))
    return LiveTable(setup, Deal(setup.roles, 1))


# -- the same games ----------------------------------------------------------------------------------


@many
@given(setups, seeds)
def test_plain_answers_lead_to_the_same_states_and_events_as_actions(setup: Setup, seed: int) -> None:
    dealt = deal(setup, seed)
    table = LiveTable(setup, dealt)
    state, told = start(setup, dealt)
    events = list(told)
    while pending(state):
        assert table.state() == state
        assert pending(table) == pending(state)
        actions = chosen(state, seed)
        move(table, actions)
        state, told = apply(state, actions)
        events += told
        assert table.log == events
    assert table.state() == state
    assert replay(setup, table.log) == state


@some
@given(setups, seeds, st.data())
def test_a_table_set_up_from_any_state_plays_on_to_the_same_end(
    setup: Setup, seed: int, data: st.DataObject
) -> None:
    history = steps(setup, deal(setup, seed), choose_at_random(seed))
    place = data.draw(st.integers(0, len(history) - 1))
    table = LiveTable.at(history[place][0])
    assert table.log == []
    while pending(table):
        move(table, chosen(table.state(), seed))
    assert table.state() == history[-1][0]
    assert table.log == [event for _, told in history[place + 1 :] for event in told]


@some
@given(setups, seeds)
def test_a_state_taken_from_a_table_does_not_follow_its_later_moves(setup: Setup, seed: int) -> None:
    table = LiveTable(setup, deal(setup, seed))
    taken = []
    while pending(table):
        taken.append(table.state())
        move(table, chosen(table.state(), seed))
    assert taken == [state for state, _ in steps(setup, deal(setup, seed), choose_at_random(seed))[:-1]]


def test_a_list_that_is_changed_after_the_move_changes_nothing_that_was_told() -> None:
    table = six_players()
    team, votes, cards = [6, 5], [True] * 6, [True, False]
    table.propose(team)
    table.vote(votes)
    table.play_cards(cards)
    before = table.state(), list(table.log)
    for answers in (team, votes, cards):
        answers.clear()
    assert (table.state(), table.log) == before
    assert [event.data for event in table.log if event.type == "propose"] == [{"team": [5, 6], "final": True}]


def test_a_deal_that_does_not_fit_is_refused() -> None:
    setup = preset("6-recon")
    with pytest.raises(GameError, match="Seat 7 cannot lead first"):
        LiveTable(setup, Deal(setup.roles, 7))
    with pytest.raises(GameError, match="The deal seats"):
        LiveTable(setup, Deal(setup.roles[:5], 1))


# -- the same refusals -------------------------------------------------------------------------------

Spoiler = Callable[[State, Decision], Any]


def team_with(*first: object) -> Spoiler:
    """A team of the right size that begins with these members."""

    def spoil(state: State, decision: Decision) -> Propose:
        size = state.secrets.team_sizes[state.quest - 1]
        return Propose((*first, *range(2, 9))[:size])

    return spoil


def team_of_one_more(state: State, decision: Decision) -> Propose:
    return Propose(state.secrets.seats[: state.secrets.team_sizes[state.quest - 1] + 1])


def legal_team_without_words(state: State, decision: Decision) -> Propose:
    return Propose(state.secrets.seats[: state.secrets.team_sizes[state.quest - 1]], None)  # type: ignore[arg-type]


def shot_not_to_be_held(state: State, decision: Decision) -> Action:
    return HoldFire() if state.successes == 3 else Shoot(decision.seat)


def fail_card_of_good(state: State, decision: Decision) -> Any:
    return Card(None if decision.seat in state.secrets.evil else True)  # type: ignore[arg-type]


def same(action: Any) -> Spoiler:
    return lambda state, decision: action


NOT_BOOLEAN: tuple[Any, ...] = (None, 1, 0, 1.0, "yes", [], [1])

# Numbers stand in for True and False, and these for seats, because they are equal to one another.
SPOILERS: dict[DecisionKind, list[Spoiler]] = {
    "propose": [
        *[team_with(member) for member in (0, 99, -1, True, 1.0, "1", None, (1,), [1])],
        team_with(2),
        team_of_one_more,
        legal_team_without_words,
    ],
    "vote": [same(Vote(word)) for word in NOT_BOOLEAN],
    "card": [fail_card_of_good, *[same(Card(word)) for word in NOT_BOOLEAN]],
    "speak": [same(Speak(words)) for words in (None, b"", 3)],  # type: ignore[arg-type]
    "evil_talk": [same(Speak(words)) for words in (None, b"", 3)],  # type: ignore[arg-type]
    "bid": [same(Bid(bid)) for bid in (5, -1, True, 1.0, None)],  # type: ignore[arg-type]
    "inspect": [
        *[same(Inspect(seat)) for seat in (0, 99, True, None)],  # type: ignore[arg-type]
        lambda state, decision: Inspect(state.lady_holders[0]),
        lambda state, decision: Inspect(float(state.lady_holders[-1] % 2 + 1)),  # type: ignore[arg-type]
    ],
    "shoot": [
        *[same(Shoot(seat)) for seat in (0, 99, True, None)],  # type: ignore[arg-type]
        lambda state, decision: Shoot(decision.seat),
        lambda state, decision: Shoot(float(state.secrets.merlin or 1)),  # type: ignore[arg-type]
        shot_not_to_be_held,
    ],
}


@settings(max_examples=200, deadline=None)
@given(setups, seeds, st.data())
def test_an_answer_against_the_rules_is_refused_in_the_same_words_through_either_door_and_changes_nothing(
    setup: Setup, seed: int, data: st.DataObject
) -> None:
    history = steps(setup, deal(setup, seed), choose_at_random(seed))
    reached = [state for state, _ in history[:-1]]
    kind = data.draw(st.sampled_from(sorted({pending(state)[0].kind for state in reached})))
    state = data.draw(st.sampled_from([state for state in reached if pending(state)[0].kind == kind]))
    decision = data.draw(st.sampled_from(pending(state)))
    spoiled = data.draw(st.sampled_from(SPOILERS[kind]))(state, decision)
    actions = {**chosen(state, seed), decision.seat: spoiled}
    table = LiveTable.at(state)
    with pytest.raises(IllegalAction) as by_action:
        apply(state, actions)
    with pytest.raises(IllegalAction) as by_plain_answer:
        move(table, actions)
    assert str(by_plain_answer.value) == str(by_action.value)
    assert (table.state(), table.log) == (state, [])


@some
@given(setups, seeds, st.data())
def test_an_answer_too_many_or_too_few_is_refused_and_changes_nothing(
    setup: Setup, seed: int, data: st.DataObject
) -> None:
    history = steps(setup, deal(setup, seed), choose_at_random(seed))
    joint = [state for state, _ in history if len(pending(state)) > 1]
    state = data.draw(st.sampled_from(joint))
    table, num_asked = LiveTable.at(state), len(pending(state))
    joint_move = {"vote": table.vote, "quest": table.play_cards, "bid": table.bid}[state.phase]
    for number in (0, num_asked - 1, num_asked + 1):
        with pytest.raises(
            IllegalAction, match=rf"wants one answer of seats .*, but the answers are {number}"
        ):
            joint_move([False] * number)
    assert (table.state(), table.log) == (state, [])


MOVES: dict[str, Callable[[LiveTable], None]] = {
    "propose": lambda table: table.propose((1, 2)),
    "talk": lambda table: table.speak("hello"),
    "bid": lambda table: table.bid([1] * len(table.secrets.seats)),
    "vote": lambda table: table.vote([True] * len(table.secrets.seats)),
    "quest": lambda table: table.play_cards([False, False]),
    "evil_talk": lambda table: table.whisper("hush"),
    "shoot": lambda table: table.shoot(1),
    "hold": lambda table: table.hold_fire(),
    "lady": lambda table: table.inspect(2),
}


@some
@given(setups, seeds)
def test_whatever_is_not_waited_for_is_refused_and_changes_nothing(setup: Setup, seed: int) -> None:
    for state, _ in steps(setup, deal(setup, seed), choose_at_random(seed)):
        table = LiveTable.at(state)
        for phase, out_of_turn in MOVES.items():
            if phase != state.phase and (phase, state.phase) != ("hold", "shoot"):
                with pytest.raises(IllegalAction) as refusal:
                    out_of_turn(table)
                waited_for = pending(state)[0].id if pending(state) else "The game is over"
                assert waited_for in str(refusal.value)
        assert (table.state(), table.log) == (state, [])


def test_an_ended_game_takes_no_more_answers_in_the_same_words_through_either_door() -> None:
    table = six_players()
    for _ in range(5):
        table.propose((1, 2))
        table.vote([False] * 6)
    told = list(table.log)
    with pytest.raises(IllegalAction) as by_action:
        apply(table.state(), {1: Propose((1, 2))})
    with pytest.raises(IllegalAction) as by_plain_answer:
        table.propose((1, 2))
    assert str(by_plain_answer.value) == str(by_action.value)
    assert "evil has won (five_rejections)" in str(by_action.value)
    assert table.log == told


# -- shared events -----------------------------------------------------------------------------------


def test_what_equals_a_legal_answer_without_being_one_is_refused_though_the_event_is_at_hand() -> None:
    """Events that recur are kept by their answers, and `True == 1 == 1.0`."""

    def told(table: LiveTable) -> list[Event]:
        table.propose((1, 5))
        table.vote([True] * 6)
        table.play_cards([False, True])
        return table.log

    told(six_players())
    table = six_players()
    for team in ((True, 5), (1.0, 5)):
        with pytest.raises(IllegalAction, match=r"seats are the whole numbers 1 to 6"):
            table.propose(team)  # type: ignore[arg-type]
    table.propose((1, 5))
    with pytest.raises(IllegalAction, match=r"Seat 1 must answer with Vote\(True\) or Vote\(False\)"):
        table.vote([1, 1, 1, 1, 1, 1])  # type: ignore[list-item]
    table.vote([True] * 6)
    with pytest.raises(IllegalAction, match=r"Seat 1 must answer with Card\(True\) or Card\(False\)"):
        table.play_cards([0, 1])  # type: ignore[list-item]
    table.play_cards([False, True])
    assert table.log == told(six_players())


def test_legal_actions_can_be_asked_of_a_live_table() -> None:
    table = six_players()
    (asked,) = pending(table)
    assert legal_actions(table, asked) == legal_actions(table.state(), asked)

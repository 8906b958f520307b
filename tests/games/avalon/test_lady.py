"""The Lady of the Lake: who holds her, whom she may be used on, and who learns what."""

import pytest

from games.avalon.actions import Inspect, Vote
from games.avalon.roles import Side
from games.avalon.rules import IllegalAction, apply, legal_actions, pending
from games.avalon.setup import Rules, preset
from games.avalon.view import view
from tests.games.avalon.playthrough import HandGame

# 7-standard by hand: Merlin 1, Percival 2, servants 3 and 4, Morgana 5, Assassin 6, Oberon 7.


def with_lady(first_leader: int = 1) -> HandGame:
    return HandGame(preset("7-standard", Rules(lady_of_the_lake=True)), first_leader)


def after_quest_two(first_leader: int = 1) -> HandGame:
    game = with_lady(first_leader)
    game.succeed()
    game.fail()
    return game


@pytest.mark.parametrize(("first_leader", "holder"), [(1, 7), (4, 3)])
def test_the_seat_that_would_lead_last_holds_the_lady_first(first_leader: int, holder: int) -> None:
    assert with_lady(first_leader).state.lady_holders == (holder,)


def test_the_lady_is_used_after_quests_two_three_and_four_only() -> None:
    game = with_lady()
    used_after = []
    outcomes = iter([game.succeed, game.fail, game.succeed, game.fail, game.succeed])
    for outcome in outcomes:
        outcome()
        if game.state.phase == "lady":
            used_after.append(game.state.quest)
            game.answer(legal_actions(game.state, pending(game.state)[0])[0])
    assert used_after == [2, 3, 4]


def test_the_lady_is_not_used_when_the_quest_ended_the_game() -> None:
    game = with_lady()
    game.fail()
    game.fail()
    game.answer(Inspect(1))
    game.fail()
    assert game.state.ending is not None
    assert len(game.told("lady")) == 1


def test_the_lady_is_not_used_before_the_last_shot() -> None:
    game = with_lady()
    game.succeed()
    game.succeed()
    game.answer(Inspect(1))
    game.succeed()
    assert game.state.phase == "shoot"


def test_without_the_rule_nobody_holds_her() -> None:
    game = HandGame(preset("7-standard"))
    game.succeed()
    game.succeed()
    assert game.state.phase == "propose"
    assert game.state.lady_holders == ()


@pytest.mark.parametrize(("target", "side"), [(1, Side.GOOD), (5, Side.EVIL), (3, Side.GOOD)])
def test_the_holder_alone_learns_the_side_and_only_the_side(target: int, side: Side) -> None:
    game = after_quest_two()
    holder = game.state.lady_holders[-1]
    looked, answer, _ = game.answer(Inspect(target))
    assert looked.visible_to == "all"
    assert looked.data == {"holder": holder, "target": target}
    assert answer.visible_to == (holder,)
    assert answer.data == {"target": target, "side": side.value}
    assert view(game.events, holder).knowledge.lady == {target: side}
    assert all(view(game.events, seat).knowledge.lady == {} for seat in range(1, 7))


def test_the_token_passes_to_the_seat_that_was_looked_at() -> None:
    game = after_quest_two()
    game.answer(Inspect(4))
    game.succeed()
    assert [decision.id for decision in pending(game.state)] == ["q3/lady/4"]


@pytest.mark.parametrize("target", [7, 4, 0, 8])
def test_a_seat_that_held_the_lady_or_is_not_at_the_table_cannot_be_looked_at(target: int) -> None:
    game = after_quest_two()
    game.answer(Inspect(4))
    game.succeed()
    with pytest.raises(IllegalAction, match=f"cannot look at seat {target}.* one of \\[1, 2, 3, 5, 6\\]"):
        game.answer(Inspect(target))


def test_the_lady_is_passed_over_when_every_other_seat_has_held_her() -> None:
    game = with_lady()
    game.succeed()
    game.propose(1, 5, 3)
    game.answer(Vote(True))
    exhausted = game.state._replace(lady_holders=(1, 2, 3, 4, 5, 6, 7))
    following, _ = apply(
        exhausted, {decision.seat: legal_actions(exhausted, decision)[0] for decision in pending(exhausted)}
    )
    assert (following.phase, following.quest) == ("propose", 3)

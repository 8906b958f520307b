"""Proposals, votes, quests and the ends of a game."""

import copy

import pytest

from games.avalon.actions import Card, Decision, Propose, Shoot, Vote
from games.avalon.draws import Deal
from games.avalon.roles import Role, Side
from games.avalon.rules import IllegalAction, apply, check, legal_actions, pending, start
from games.avalon.setup import Rules, Setup, preset
from games.avalon.state import Ending
from games.errors import GameError
from tests.games.avalon.playthrough import HandGame

# 6-recon by hand: Merlin 1, Percival 2, servants 3 and 4, Morgana 5, Assassin 6.
MERLIN, PERCIVAL, SERVANT, MORGANA, ASSASSIN = 1, 2, 3, 5, 6


def six_players(**switches: object) -> HandGame:
    return HandGame(preset("6-recon", Rules(**switches)))  # type: ignore[arg-type]


# -- the opening -------------------------------------------------------------------------------------


def test_a_game_opens_with_header_deal_one_knowledge_a_seat_and_the_first_leader() -> None:
    game = six_players()
    assert [event.type for event in game.events] == ["header", "deal", *["knowledge"] * 6, "leader"]
    assert [event.visible_to for event in game.events] == [
        "all",
        "god",
        *[(seat,) for seat in range(1, 7)],
        "all",
    ]


def test_a_deal_of_other_roles_than_the_setups_is_refused() -> None:
    setup = preset("5-standard")
    with pytest.raises(GameError, match="The deal seats"):
        start(setup, Deal(preset("5-basic").roles, 1))


def test_a_first_leader_who_is_not_at_the_table_is_refused() -> None:
    setup = preset("5-standard")
    with pytest.raises(GameError, match="Seat 6 cannot lead first"):
        start(setup, Deal(setup.roles, 6))


# -- proposals ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("team", "complaint"),
    [
        ((2, 2), "seat 1 names a seat twice"),
        ((0, 1), "names 0; seats are the whole numbers 1 to 6"),
        ((1, 7), "names 7"),
        ((-1, 2), "names -1"),
        ((1, 2, 3), "has 3 members; quest 1 takes 2"),
        ((), "has 0 members"),
        ((1, 2.0), "names 2.0"),
        ((True, 2), "names True"),
    ],
)
def test_a_wrong_team_is_refused_with_the_reason(team: tuple[int, ...], complaint: str) -> None:
    with pytest.raises(IllegalAction, match=complaint):
        six_players().propose(*team)


def test_a_leader_may_stay_at_home() -> None:
    game = six_players()
    game.propose(3, 2)
    assert game.state.team == (2, 3)


def test_every_team_of_the_right_size_is_legal_and_listed_once_in_order() -> None:
    game = six_players()
    game.succeed()
    listed = [action.team for action in legal_actions(game.state, pending(game.state)[0])]  # type: ignore[union-attr]
    assert len(listed) == 20
    assert listed == sorted(set(listed))


@pytest.mark.parametrize("approve", [True, False])
def test_the_leader_token_moves_one_seat_clockwise_after_every_proposal(approve: bool) -> None:
    game = HandGame(preset("6-recon"), first_leader=6)
    game.propose(1, 2)
    game.answer(Vote(approve))
    if approve:
        game.cards()
    assert game.state.leader == 1


def test_the_token_goes_round_the_table_through_rejections_and_quests() -> None:
    game = HandGame(preset("5-standard"), first_leader=4)
    leaders = []
    for _ in range(3):
        for _ in range(3):
            leaders.append(game.state.leader)
            game.reject()
        leaders.append(game.state.leader)
        game.succeed()
    assert leaders == [4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5]


# -- votes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("num_players", "approvals", "approved"),
    [
        (5, 2, False),
        (5, 3, True),
        (6, 3, False),
        (6, 4, True),
        (7, 3, False),
        (7, 4, True),
        (8, 4, False),
        (8, 5, True),
        (9, 4, False),
        (9, 5, True),
        (10, 5, False),
        (10, 6, True),
    ],
)
def test_only_a_strict_majority_approves_and_a_tie_rejects(
    num_players: int, approvals: int, approved: bool
) -> None:
    names = {
        5: "5-standard",
        6: "6-recon",
        7: "7-standard",
        8: "8-standard",
        9: "9-standard",
        10: "10-standard",
    }
    game = HandGame(preset(names[num_players]))
    game.propose(*game.some_team())
    told = game.vote(*range(1, approvals + 1))
    assert told[0].data["approved"] is approved
    assert game.state.phase == ("quest" if approved else "propose")


def test_votes_are_told_together_by_name_once_all_are_in() -> None:
    game = six_players()
    game.propose(1, 2)
    vote = game.vote(2, 4)[0]
    assert (vote.type, vote.visible_to, vote.seat, vote.decision) == ("vote", "all", None, None)
    assert vote.data["votes"] == {"1": False, "2": True, "3": False, "4": True, "5": False, "6": False}


def test_a_leader_who_does_not_vote_is_not_asked_and_counts_as_approving() -> None:
    game = six_players(leader_votes=False)
    game.propose(1, 2)
    assert [decision.seat for decision in pending(game.state)] == [2, 3, 4, 5, 6]
    vote = game.vote(2, 3, 4)[0]
    assert vote.data["votes"]["1"] is True
    assert vote.data["approved"] is True


def test_a_leader_who_does_not_vote_cannot_break_a_tie_alone() -> None:
    game = six_players(leader_votes=False)
    game.propose(1, 2)
    assert game.vote(2, 3)[0].data["approved"] is False


def test_the_vote_track_starts_again_at_one_for_every_quest() -> None:
    game = six_players()
    game.reject()
    game.reject()
    assert game.state.attempt == 3
    game.succeed()
    assert (game.state.quest, game.state.attempt) == (2, 1)


# -- quests ------------------------------------------------------------------------------------------


def test_one_fail_card_fails_a_quest_and_only_the_number_is_public() -> None:
    game = six_players()
    card, quest, *_ = game.quest((MORGANA, SERVANT), MORGANA)
    assert quest.data == {"team": [3, 5], "fails": 1, "success": False, "required": 1}
    assert quest.visible_to == "all"
    assert card.data == {"cards": {"3": False, "5": True}}
    assert card.visible_to == "god"


def test_evil_may_play_success() -> None:
    game = six_players()
    game.quest((MORGANA, ASSASSIN))
    assert game.state.successes == 1


@pytest.mark.parametrize("seat", [MERLIN, PERCIVAL, SERVANT])
def test_a_fail_card_of_good_is_refused_even_if_asked_for(seat: int) -> None:
    game = six_players()
    game.propose(seat, MORGANA)
    game.answer(Vote(True))
    decision = next(decision for decision in pending(game.state) if decision.seat == seat)
    assert legal_actions(game.state, decision) == (Card(False),)
    with pytest.raises(IllegalAction, match=f"Seat {seat} is Good and must play a success card"):
        game.do({seat: Card(True), MORGANA: Card(False)})


def test_every_member_of_a_team_is_asked_for_a_card_so_that_the_question_tells_no_side() -> None:
    game = six_players()
    game.propose(SERVANT, MORGANA)
    game.answer(Vote(True))
    assert [decision.id for decision in pending(game.state)] == ["q1/card/3", "q1/card/5"]


def quest_four(name: str) -> HandGame:
    game = HandGame(preset(name))
    game.succeed()
    game.succeed()
    game.fail()
    assert game.state.quest == 4
    return game


@pytest.mark.parametrize("name", ["7-standard", "8-standard", "9-standard", "10-standard"])
def test_one_fail_on_quest_four_from_seven_players_on_is_a_success_with_one_fail_showing(name: str) -> None:
    game = quest_four(name)
    evil = min(game.state.secrets.evil)
    others = [seat for seat in game.state.secrets.seats if seat not in game.state.secrets.evil]
    team = [evil, *others][: game.state.setup.team_size(4)]
    quest = game.quest(team, evil)[1]
    assert quest.data["fails"] == 1
    assert quest.data["required"] == 2
    assert quest.data["success"] is True
    assert game.state.successes == 3


def test_two_fails_on_quest_four_fail_it() -> None:
    game = quest_four("7-standard")
    game.fail()
    assert game.state.quests[-1].fails == 2
    assert game.state.fails == 2


def test_one_fail_on_quest_four_is_enough_with_six_players() -> None:
    game = quest_four("6-recon")
    game.fail()
    assert game.state.quests[-1].fails == 1
    assert game.state.fails == 2


def test_a_two_fail_quest_moved_to_five_leaves_quest_four_at_one() -> None:
    game = HandGame(preset("8-standard", Rules(two_fail_quest=5)))
    game.succeed()
    game.succeed()
    game.fail()
    game.fail()
    assert game.state.quests[-1].fails == 1
    assert game.state.fails == 2
    assert game.state.secrets.fails_required[4] == 2


# -- ends --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("last_quest", [3, 4, 5])
def test_the_third_success_leads_to_the_shot_on_quest_three_four_or_five(last_quest: int) -> None:
    game = six_players()
    for _ in range(last_quest - 3):
        game.fail()
    for _ in range(3):
        game.succeed()
    assert game.state.quest == last_quest
    assert [decision.id for decision in pending(game.state)] == [f"shoot/{ASSASSIN}"]


@pytest.mark.parametrize("last_quest", [3, 4, 5])
def test_the_third_fail_ends_the_game_without_any_shot(last_quest: int) -> None:
    game = six_players()
    for _ in range(last_quest - 3):
        game.succeed()
    for _ in range(3):
        game.fail()
    assert game.state.ending == Ending(Side.EVIL, "three_fails")
    assert pending(game.state) == ()
    assert game.told("shot") == []


def test_three_successes_win_for_good_where_no_merlin_plays() -> None:
    game = HandGame(preset("6-plain"))
    for _ in range(3):
        game.succeed()
    assert game.state.ending == Ending(Side.GOOD, "three_successes")


@pytest.mark.parametrize(
    ("target", "ending"),
    [
        (MERLIN, Ending(Side.EVIL, "merlin_shot")),
        (SERVANT, Ending(Side.GOOD, "merlin_survived")),
    ],
)
def test_the_shot_decides_the_game(target: int, ending: Ending) -> None:
    game = six_players()
    for _ in range(3):
        game.succeed()
    shot, _ = game.answer(Shoot(target))
    assert game.state.ending == ending
    assert shot.data == {"target": target, "hit": target == MERLIN}


def test_all_roles_are_revealed_at_the_end() -> None:
    game = six_players()
    for _ in range(5):
        game.reject()
    end = game.events[-1]
    assert end.visible_to == "all"
    assert end.data == {
        "winner": "evil",
        "reason": "five_rejections",
        "roles": {str(seat): role.value for seat, role in enumerate(game.state.roles, start=1)},
    }


# -- whose turn, and refusals ------------------------------------------------------------------------


def test_all_votes_are_pending_at_once_with_ids_that_a_replay_gives_again() -> None:
    game = six_players()
    game.reject()
    game.propose(1, 2)
    assert [decision.id for decision in pending(game.state)] == [f"q1a2/vote/{seat}" for seat in range(1, 7)]


def test_a_missing_vote_is_named() -> None:
    game = six_players()
    game.propose(1, 2)
    with pytest.raises(IllegalAction, match=r"vote wants .* no answer of seats 5, 6\."):
        game.do({seat: Vote(True) for seat in range(1, 5)})


def test_an_answer_of_a_seat_that_was_not_asked_is_named() -> None:
    game = six_players()
    with pytest.raises(IllegalAction, match="seat 4 not asked"):
        game.do({1: Propose((1, 2)), 4: Vote(True)})


def test_an_action_of_the_wrong_kind_is_refused() -> None:
    game = six_players()
    with pytest.raises(IllegalAction, match=r"Seat 1 must answer with Propose\(team\), not with Vote"):
        game.do({1: Vote(True)})


def test_a_vote_that_is_not_true_or_false_is_refused() -> None:
    game = six_players()
    game.propose(1, 2)
    with pytest.raises(IllegalAction, match="must answer with Vote"):
        game.answer(Vote(1))  # type: ignore[arg-type]


def test_nothing_can_be_done_after_the_end() -> None:
    game = six_players()
    for _ in range(5):
        game.reject()
    with pytest.raises(IllegalAction, match="The game is over"):
        game.do({1: Vote(True)})
    with pytest.raises(IllegalAction, match="The game is over"):
        game.do({})


def test_a_decision_that_is_not_pending_cannot_be_checked_or_listed() -> None:
    game = six_players()
    stranger = Decision("q1a1/vote/1", "vote", 1)
    with pytest.raises(IllegalAction, match="the game waits for q1a1/propose/1"):
        check(game.state, stranger, Vote(True))
    with pytest.raises(IllegalAction, match="the game waits for q1a1/propose/1"):
        legal_actions(game.state, stranger)


def test_check_agrees_with_apply_on_a_legal_action() -> None:
    game = six_players()
    decision = pending(game.state)[0]
    check(game.state, decision, Propose((1, 2)))
    with pytest.raises(IllegalAction, match="names a seat twice"):
        check(game.state, decision, Propose((1, 1)))


def test_a_refused_action_leaves_the_state_as_it_was() -> None:
    game = six_players()
    before = copy.deepcopy(game.state)
    with pytest.raises(IllegalAction):
        apply(game.state, {1: Propose((1, 1))})
    assert game.state == before


def test_an_applied_action_leaves_the_former_state_as_it_was() -> None:
    game = six_players()
    former, before = game.state, copy.deepcopy(game.state)
    game.propose(1, 2)
    assert former == before
    assert game.state != before


def test_the_assassins_task_on_mordred_lets_mordred_shoot() -> None:
    roles = (Role.MERLIN, Role.PERCIVAL, Role.SERVANT, Role.MORDRED, Role.MORGANA)
    game = HandGame(Setup(roles=roles, assassin=Role.MORDRED))
    for _ in range(3):
        game.succeed()
    assert [decision.seat for decision in pending(game.state)] == [4]

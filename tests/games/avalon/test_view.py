"""What a seat sees, and the public table that is derived from public events."""

import pytest

from games.avalon.actions import Inspect, Shoot, Speak, Vote
from games.avalon.events import Event
from games.avalon.roles import Role, Side
from games.avalon.rules import pending
from games.avalon.setup import Rules, preset
from games.avalon.state import Ending, QuestResult
from games.avalon.view import Proposal, Viewer, public_table, view
from games.errors import GameError
from tests.games.avalon.playthrough import HandGame, random_game

# 6-recon by hand: Merlin 1, Percival 2, servants 3 and 4, Morgana 5, Assassin 6.


def six_players(**switches: object) -> HandGame:
    return HandGame(preset("6-recon", Rules(**switches)))  # type: ignore[arg-type]


def test_a_seat_sees_its_own_knowledge_and_nobody_elses() -> None:
    game = six_players()
    seen = view(game.events, 2).events
    assert [event.seat for event in seen if event.type == "knowledge"] == [2]
    assert [event.type for event in seen] == ["header", "knowledge", "leader"]


def test_a_view_holds_exactly_the_events_that_the_seat_may_see_in_order() -> None:
    _, events = random_game(preset("10-standard", Rules(lady_of_the_lake=True, talk="round_robin")), 4)
    for seat in range(1, 11):
        assert list(view(events, seat).events) == [event for event in events if event.seen_by(seat)]


def test_a_view_knows_its_role_and_what_the_night_told_it() -> None:
    game = six_players()
    assassin, percival = view(game.events, 6), view(game.events, 2)
    assert (assassin.role, assassin.knowledge.evil) == (Role.ASSASSIN, frozenset({5, 6}))
    assert (percival.role, percival.knowledge.merlin_candidates) == (Role.PERCIVAL, frozenset({1, 5}))


def test_the_setup_in_a_view_names_the_roles_but_no_seat() -> None:
    game = HandGame(preset("6-recon", Rules(shuffle_seats=False)))
    assert view(game.events, 3).setup == game.state.setup.public()


def test_private_notes_of_an_agent_reach_its_own_view_only() -> None:
    game = six_players()
    note = Event("note", 1, 1, 4, (4,), {"text": "seat 5 lies"})
    assert note in view([*game.events, note], 4).events
    assert note not in view([*game.events, note], 3).events


def test_nobody_sees_the_cards_or_the_deal() -> None:
    game = six_players()
    game.fail()
    for seat in range(1, 7):
        assert {"deal", "card"}.isdisjoint(event.type for event in view(game.events, seat).events)


def test_a_seat_that_is_not_at_the_table_has_no_view() -> None:
    with pytest.raises(GameError, match="Seat 7 has not been told its role"):
        view(six_players().events, 7)


def test_events_without_a_header_make_no_table() -> None:
    with pytest.raises(GameError, match="do not begin with the game's header"):
        public_table(six_players().events[1:])


# -- the table ---------------------------------------------------------------------------------------


def test_the_table_knows_the_sizes_and_fails_of_all_quests_from_the_start() -> None:
    table = public_table(HandGame(preset("7-standard")).events)
    assert table.team_sizes == (2, 3, 3, 4, 4)
    assert table.fails_required == (1, 1, 1, 2, 1)


def test_the_table_shows_the_leader_then_the_team_then_the_score() -> None:
    game = HandGame(preset("6-recon"), first_leader=3)
    table = public_table(game.events)
    assert (table.quest, table.attempt, table.leader, table.team) == (1, 1, 3, None)
    game.propose(4, 2)
    table = public_table(game.events)
    assert (table.phase, table.team) == ("vote", (2, 4))
    game.answer(Vote(True))
    assert public_table(game.events).phase == "quest"
    game.cards()
    table = public_table(game.events)
    assert (table.quest, table.attempt, table.leader, table.successes, table.fails) == (2, 1, 4, 1, 0)
    assert table.team is None


def test_the_table_keeps_every_proposal_with_its_votes() -> None:
    game = six_players()
    game.propose(1, 2)
    game.vote(1, 2)
    game.propose(2, 3)
    game.answer(Vote(True))
    yes = dict.fromkeys(range(1, 7), True)
    no = {seat: seat in (1, 2) for seat in range(1, 7)}
    assert public_table(game.events).proposals == (
        Proposal(1, 1, 1, (1, 2), no, approved=False, forced=False),
        Proposal(1, 2, 2, (2, 3), yes, approved=True, forced=False),
    )


def test_a_team_that_went_without_a_vote_is_marked_as_forced() -> None:
    game = six_players(hammer_rule="auto_approve_5")
    for _ in range(4):
        game.reject()
    game.propose(1, 2)
    last = public_table(game.events).proposals[-1]
    assert (last.attempt, last.approved, last.forced, last.votes) == (5, True, True, {})


def test_the_table_keeps_every_quest_that_was_played() -> None:
    game = six_players()
    game.quest((3, 5), 5)
    result = QuestResult(quest=1, attempt=1, leader=1, team=(3, 5), fails=1, required=1, success=False)
    assert public_table(game.events).quests == (result,)


@pytest.mark.parametrize("leader_votes", [True, False])
def test_the_table_says_whose_turn_it_is(leader_votes: bool) -> None:
    game = six_players(leader_votes=leader_votes, talk="round_robin")
    turns = [public_table(game.events).waiting_for]
    game.propose(1, 5, speech="seat 5 is fine")
    turns.append(public_table(game.events).waiting_for)
    for _ in range(5):
        game.answer(Speak("hm"))
    turns.append(public_table(game.events).waiting_for)
    game.answer(Vote(True))
    turns.append(public_table(game.events).waiting_for)
    voters = (1, 2, 3, 4, 5, 6) if leader_votes else (2, 3, 4, 5, 6)
    assert turns == [(1,), (2,), voters, (1, 5)]


def test_a_tentative_team_shows_while_the_leader_may_still_change_it() -> None:
    game = six_players(talk="tentative_then_final", talk_rounds=0)
    game.propose(1, 5)
    table = public_table(game.events)
    assert (table.phase, table.team, table.waiting_for) == ("propose", (1, 5), (1,))


def test_whose_turn_it_is_does_not_tell_who_the_assassin_is() -> None:
    game = six_players(evil_talk_before_shot=True)
    for _ in range(3):
        game.succeed()
    for seat in range(1, 7):
        table = view(game.events, seat).table
        assert (table.phase, table.waiting_for) == ("shoot", ())


def test_the_table_follows_the_lady_of_the_lake() -> None:
    game = HandGame(preset("7-standard", Rules(lady_of_the_lake=True)))
    game.succeed()
    game.fail()
    table = public_table(game.events)
    assert (table.phase, table.lady_holder, table.waiting_for) == ("lady", 7, (7,))
    game.answer(Inspect(5))
    table = public_table(game.events)
    assert (table.phase, table.lady_holder, table.lady_holders) == ("propose", 5, (7, 5))


def test_the_table_remembers_who_shot_at_whom() -> None:
    game = six_players(assassin_window="after_every_quest")
    game.succeed()
    game.answer(Shoot(3))
    assert public_table(game.events).shot == (6, 3)


def test_the_table_shows_no_roles_before_the_end_and_all_of_them_then() -> None:
    game = six_players()
    for _ in range(3):
        game.succeed()
    assert public_table(game.events).roles is None
    game.answer(Shoot(2))
    table = public_table(game.events)
    assert table.roles == game.state.roles
    assert table.ending == Ending(Side.GOOD, "merlin_survived")


def test_the_table_takes_nothing_from_private_events() -> None:
    _, events = random_game(preset("7-standard", Rules(lady_of_the_lake=True, talk="round_robin")), 8)
    public = [event for event in events if event.visible_to == "all"]
    assert public_table(events) == public_table(public)


def test_a_viewer_shown_the_events_one_by_one_sees_what_a_view_of_all_of_them_shows() -> None:
    _, events = random_game(preset("7-standard", Rules(lady_of_the_lake=True, talk="bid")), 11)
    viewer = Viewer(3)
    for event in events:
        viewer.observe(event)
    assert viewer.view() == view(events, 3)


def test_a_view_does_not_change_when_the_game_goes_on() -> None:
    game = six_players()
    viewer = Viewer(1)
    for event in game.events:
        viewer.observe(event)
    before = viewer.view()
    events, table = before.events, before.table
    for event in game.fail():
        viewer.observe(event)
    assert (before.events, before.table) == (events, table)
    assert viewer.view() != before


def test_a_view_lists_the_shots_that_the_rules_allow() -> None:
    game = six_players()
    for _ in range(3):
        game.succeed()
    decision = pending(game.state)[0]
    assert view(game.events, 6).legal_actions(decision) == tuple(Shoot(seat) for seat in (1, 2, 3, 4))

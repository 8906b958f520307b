"""Beliefs, held against a plain loop over all deals, and against what must hold of any belief."""

from collections.abc import Mapping
from dataclasses import replace
from math import comb, exp, log
from time import perf_counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.avalon.actions import Inspect, Shoot, Vote
from games.avalon.behaviour import BeliefParams, Habits, Weights, published_params
from games.avalon.behaviour_file import shipped_params
from games.avalon.beliefs import (
    beliefs_as_servant,
    beliefs_of,
    evidence_of,
    likelihood_of,
    public_beliefs,
)
from games.avalon.bots import make_bot
from games.avalon.events import Event
from games.avalon.hypotheses import ROLES
from games.avalon.knowledge import consistent_assignments
from games.avalon.play import play
from games.avalon.roles import EVIL_ROLES, Role
from games.avalon.setup import NUM_EVIL, PRESETS, Rules, Setup, preset
from games.avalon.table import Table
from games.avalon.view import View, public_table, view
from tests.games.avalon.playthrough import HandGame, random_game, seeds, setups

M, P, S, A, G, N, OB, MO = (
    Role.MERLIN,
    Role.PERCIVAL,
    Role.SERVANT,
    Role.ASSASSIN,
    Role.MORGANA,
    Role.MINION,
    Role.OBERON,
    Role.MORDRED,
)
PARAMS = published_params(
    evil=Weights(proposals=0.3, votes=0.5, fails=1.0), merlin=Weights(proposals=0.9, votes=0.5, fails=0.8)
)

small_setups = setups.filter(lambda setup: setup.num_players <= 7)


# -- the same by a plain loop ---------------------------------------------------------------------------


def plain_beliefs(seen: View, cards: Mapping[int, bool], weights: Weights) -> dict[tuple[Role, ...], float]:
    """Spec 3.2 written out, one deal after another."""
    habits = PARAMS.habits_of(seen.setup)
    logs = {
        roles: log_likelihood(seen, roles, habits, weights)
        for roles in consistent_assignments(seen.setup, seen.knowledge)
        if is_possible(seen, roles, cards)
    }
    most = max(logs.values())
    total = sum(exp(value - most) for value in logs.values())
    return {roles: exp(value - most) / total for roles, value in logs.items()}


def is_possible(seen: View, roles: tuple[Role, ...], cards: Mapping[int, bool]) -> bool:
    for quest in seen.table.quests:
        others = [seat for seat in quest.team if seat != seen.seat or cards.get(quest.quest) is not False]
        if sum(roles[seat - 1] in EVIL_ROLES for seat in others) < quest.fails:
            return False
    if seen.table.shot is not None:
        shooter, target = seen.table.shot
        was_hit = seen.table.ending is not None and seen.table.ending.reason == "merlin_shot"
        return roles[shooter - 1] is seen.setup.assassin and (roles[target - 1] is Role.MERLIN) is was_hit
    return True


def log_likelihood(seen: View, roles: tuple[Role, ...], habits: Habits, weights: Weights) -> float:
    def player(seat: int) -> int:
        role = roles[seat - 1]
        return 1 if role is Role.MERLIN else 2 if role in EVIL_ROLES else 0

    num_players, num_evil = len(roles), NUM_EVIL[len(roles)]
    total = 0.0
    for _, attempt, leader, team, votes in named_teams(seen):
        aboard = sum(roles[seat - 1] in EVIL_ROLES for seat in team)
        chance = habits.proposed_PE[len(team)][player(leader), aboard]
        alike = comb(num_evil, aboard) * comb(num_players - num_evil, len(team) - aboard)
        total += weights.proposals * (log(chance) - log(alike))
        table = habits.approve_last_PSE if attempt == 5 else habits.approve_PSE
        for seat, approves in votes.items():
            place = 0 if seat == leader else 1 if seat in team else 2
            chance = table[player(seat), place, min(aboard, 2)]
            total += weights.votes * log(chance if approves else 1 - chance)
    for played in seen.table.quests:
        aboard = sum(roles[seat - 1] in EVIL_ROLES for seat in played.team)
        total += weights.fails * log(habits.fails_EQF[aboard, played.quest - 1, played.fails])
    return total


def named_teams(seen: View) -> list[tuple[int, int, int, tuple[int, ...], Mapping[int, bool]]]:
    """Every final proposal out of the events themselves, with the votes of the seats that were asked."""
    named: list[tuple[int, int, int, tuple[int, ...], Mapping[int, bool]]] = []
    for event in seen.events:
        if event.type == "propose" and event.data["final"] and event.seat is not None:
            named.append((event.quest, event.attempt, event.seat, tuple(event.data["team"]), {}))
        if event.type == "vote":
            quest, attempt, leader, team, _ = named.pop()
            asked = {
                int(seat): approves
                for seat, approves in event.data["votes"].items()
                if seen.setup.rules.leader_votes or int(seat) != leader
            }
            named.append((quest, attempt, leader, team, asked))
    return named


def cards_of(events: list[Event], seat: int) -> dict[int, bool]:
    return {
        event.quest: event.data["cards"][str(seat)]
        for event in events
        if event.type == "card" and str(seat) in event.data["cards"]
    }


@settings(max_examples=40, deadline=None)
@given(small_setups, seeds, st.floats(0, 1), st.data())
def test_beliefs_equal_a_plain_loop_over_all_deals(
    setup: Setup, seed: int, share: float, data: st.DataObject
) -> None:
    _, events = random_game(setup, seed)
    some = events[: 2 + setup.num_players + round(share * (len(events) - 3 - setup.num_players))]
    seat = data.draw(st.sampled_from(list(setup.seats)))
    cards = cards_of(some, seat) if data.draw(st.booleans()) else {}
    seen = view(some, seat)
    belief = beliefs_of(seen, own_cards=cards, params=PARAMS)
    expected = plain_beliefs(seen, cards, PARAMS.evil)
    listed = [tuple(ROLES[code] for code in row) for row in belief.hypotheses.roles_HN]
    assert belief.prob_H == pytest.approx([expected.get(roles, 0.0) for roles in listed], abs=1e-9)
    for other in setup.seats:
        evil = sum(prob for roles, prob in expected.items() if roles[other - 1] in EVIL_ROLES)
        assert belief.evil_N[other - 1] == pytest.approx(evil, abs=1e-9)
    by_merlin = plain_beliefs(seen, cards, PARAMS.merlin)
    for other in setup.seats:
        merlin = sum(prob for roles, prob in by_merlin.items() if roles[other - 1] is Role.MERLIN)
        assert belief.merlin_N[other - 1] == pytest.approx(merlin, abs=1e-9)


# -- what must hold of any belief ------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(setups, seeds, st.data())
def test_beliefs_are_probabilities_and_never_rule_out_the_truth(
    setup: Setup, seed: int, data: st.DataObject
) -> None:
    state, events = random_game(setup, seed)
    seat = data.draw(st.sampled_from(list(setup.seats)))
    some = events[: data.draw(st.integers(2 + setup.num_players, len(events)))]
    belief = beliefs_of(view(some, seat), own_cards=cards_of(some, seat))
    evil = frozenset(state.secrets.evil)
    assert belief.evil_sets()[evil] > 0
    assert sum(belief.evil_sets().values()) == pytest.approx(1)
    assert belief.evil_N.sum() == pytest.approx(len(evil))
    assert belief.merlin_N.sum() == pytest.approx(1 if setup.has_merlin else 0)
    assert belief.evil_N[seat - 1] == pytest.approx(float(state.role_of(seat) in EVIL_ROLES))
    truth = [ROLES.index(role) for role in state.roles]
    (place,) = np.flatnonzero((belief.hypotheses.roles_HN == truth).all(axis=1))
    assert belief.prob_H[place] > 0
    assert belief.prob_H.sum() == pytest.approx(1)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(PRESETS)), seeds, st.integers(1, 9))
def test_beliefs_move_with_the_seats(name: str, seed: int, shift: int) -> None:
    """The same game with everybody some seats further on: every belief is some seats further on."""
    setup = preset(name)
    num_players = setup.num_players

    def moved(seat: int) -> int:
        return (seat + shift - 1) % num_players + 1

    _, events = random_game(setup, seed)
    seen = public_table(events)
    shifted = replace(
        seen,
        proposals=tuple(
            replace(
                proposal,
                leader=moved(proposal.leader),
                team=tuple(map(moved, proposal.team)),
                votes={moved(seat): vote for seat, vote in proposal.votes.items()},
            )
            for proposal in seen.proposals
        ),
        quests=tuple(quest._replace(team=tuple(map(moved, quest.team))) for quest in seen.quests),
        shot=None,
    )
    here = public_beliefs(bare_view(setup, replace(seen, shot=None), events))
    there = public_beliefs(bare_view(setup, shifted, events))
    for seat in setup.seats:
        assert there.evil_N[moved(seat) - 1] == pytest.approx(here.evil_N[seat - 1], abs=1e-9)
        assert there.merlin_N[moved(seat) - 1] == pytest.approx(here.merlin_N[seat - 1], abs=1e-9)


def bare_view(setup: Setup, table: Table, events: list[Event]) -> View:
    return replace(view(events, 1), table=table)


@settings(max_examples=15, deadline=None)
@given(small_setups, seeds, st.data())
def test_a_belief_follows_from_the_view_alone(setup: Setup, seed: int, data: st.DataObject) -> None:
    """What is hidden from the seat, and what was asked before, changes nothing."""
    _, events = random_game(setup, seed)
    seat = data.draw(st.sampled_from(list(setup.seats)))
    whole = beliefs_of(view(events, seat)).evil_N
    likelihood_of.cache_clear()
    own = [event for event in events if event.seen_by(seat)]
    assert (beliefs_of(view(own, seat)).evil_N == whole).all()


def test_nobody_can_change_a_belief_that_others_share() -> None:
    game = HandGame(preset("5-basic"))
    game.quest((1, 2))
    belief = public_beliefs(view(game.events, 1))
    with pytest.raises(ValueError, match="read-only"):
        belief.weight_C[0] = 0
    kept = likelihood_of(
        True, shipped_params().habits[5, False], evidence_of(game.state.setup, public_table(game.events))
    )
    with pytest.raises(ValueError, match="read-only"):
        kept.log_KC[0, 0] = 0


# -- positions worked out by hand ------------------------------------------------------------------------


def test_before_anything_happened_a_servant_suspects_all_others_alike() -> None:
    game = HandGame(Setup(roles=(S, M, S, A, N)))
    belief = beliefs_of(view(game.events, 1))
    assert belief.evil_N == pytest.approx([0, 0.5, 0.5, 0.5, 0.5])
    assert belief.merlin_N == pytest.approx([0, 0.25, 0.25, 0.25, 0.25])


def test_a_failed_quest_points_at_its_team() -> None:
    game = HandGame(Setup(roles=(S, M, S, A, N)))
    game.quest((1, 4), 4)
    belief = beliefs_of(view(game.events, 1))
    assert belief.evil_N[3] == pytest.approx(1)
    outside = beliefs_of(view(game.events, 2)).evil_N
    assert outside[0] + outside[3] >= 1
    assert all(frozenset({1, 4}) & team for team in beliefs_of(view(game.events, 2)).evil_sets())


def test_one_failed_and_one_clean_quest_give_the_published_odds() -> None:
    """Fail cards alone: the sets that explain them, by the counted chances of spec 3.3."""
    only_fails = Weights(proposals=0.0, votes=0.0, fails=1.0)
    game = HandGame(Setup(roles=(S, M, S, A, N)))
    game.quest((1, 2))
    belief = beliefs_of(view(game.events, 3), params=published_params(evil=only_fails))
    both, one, none = 0.729, 0.810, 1.0
    total = both + 4 * one + none
    assert belief.evil_sets()[frozenset({1, 2})] == pytest.approx(both / total)
    assert belief.evil_sets()[frozenset({1, 4})] == pytest.approx(one / total)
    assert belief.evil_sets()[frozenset({4, 5})] == pytest.approx(none / total)


def test_an_evil_seat_that_played_success_knows_that_the_fail_was_anothers() -> None:
    game = HandGame(Setup(roles=(M, P, S, S, A, G, OB)))
    game.quest((5, 1))
    game.quest((7, 1, 2), 7)
    game.propose(5, 1, 7)
    game.answer(Vote(True))
    game.cards(7)
    seen = view(game.events, 5)
    guess = beliefs_of(seen)
    sure = beliefs_of(seen, own_cards={1: False, 3: False})
    assert guess.evil_N[0] > 0 and guess.evil_N[6] > 0
    assert sure.evil_N[2] == sure.evil_N[3] == 0
    assert sure.evil_N[0] + sure.evil_N[6] == pytest.approx(1)


def test_the_ladys_answer_is_certain_to_her_holder_and_nothing_to_others() -> None:
    table = HandGame(Setup(roles=(S, S, P, G, A, N, M), rules=Rules(lady_of_the_lake=True)))
    table.quest((1, 2))
    table.quest((1, 2, 3))
    before = beliefs_of(view(table.events, 1)).evil_N
    table.do({7: Inspect(4)})
    after = beliefs_of(view(table.events, 1)).evil_N
    assert after == pytest.approx(before)
    assert beliefs_of(view(table.events, 7)).evil_N[3] == pytest.approx(1)


def test_a_tentative_team_is_no_evidence_until_it_is_final() -> None:
    rules = Rules(talk="tentative_then_final", talk_rounds=0)
    game = HandGame(Setup(roles=(S, M, S, A, N), rules=rules))
    game.propose(1, 4)
    assert evidence_of(game.state.setup, public_table(game.events)) == ()
    game.propose(1, 2)
    (named,) = evidence_of(game.state.setup, public_table(game.events))
    assert named.team == (1, 2)


def test_a_shot_that_missed_shows_the_assassin_and_clears_its_target_of_being_merlin() -> None:
    rules = Rules(assassin_window="after_every_quest")
    game = HandGame(Setup(roles=(S, M, S, A, N), rules=rules))
    game.quest((1, 2))
    game.do({4: Shoot(1)})
    belief = beliefs_of(view(game.events, 2))
    assert belief.evil_N[3] == pytest.approx(1)
    outsider = beliefs_of(view(game.events, 3))
    assert outsider.merlin_N[0] == 0
    assert outsider.merlin_N[3] == 0


def test_merlins_votes_give_him_away_to_evil() -> None:
    """He rejects the team that others take for clean and approves the truly clean ones."""
    game = HandGame(Setup(roles=(S, M, S, A, N)))
    game.propose(1, 4)
    game.vote(1, 3, 4, 5)
    game.cards()
    game.propose(2, 3, 1)
    game.vote(1, 2, 3)
    belief = beliefs_of(view(game.events, 4))
    assert belief.merlin_N.argmax() == 1
    assert belief.merlin_N[1] > 0.4


def test_the_public_believes_less_than_a_servant_and_a_servant_less_than_merlin() -> None:
    game = HandGame(Setup(roles=(S, M, S, A, N)))
    game.quest((1, 4), 4)
    seen = view(game.events, 2)
    truth = frozenset({4, 5})
    public, servant, merlin = (
        asked(seen).evil_sets()[truth] for asked in (public_beliefs, beliefs_as_servant, beliefs_of)
    )
    assert public < servant < merlin
    assert merlin == pytest.approx(1)


def test_the_two_weight_sets_serve_their_own_question() -> None:
    game = HandGame(Setup(roles=(S, M, S, A, N)))
    game.propose(1, 2)
    seen = view(game.events, 3)
    nothing = Weights(proposals=0.0, votes=0.0, fails=0.0)
    full = Weights(proposals=1.0, votes=1.0, fails=1.0)
    belief = beliefs_of(seen, params=published_params(evil=nothing, merlin=full))
    assert belief.evil_N == pytest.approx([0.5, 0.5, 0, 0.5, 0.5])
    assert belief.merlin_N != pytest.approx([0.25, 0.25, 0, 0.25, 0.25], abs=0.005)


# -- cost --------------------------------------------------------------------------------------------------


def ten_seats() -> tuple[Setup, tuple[Event, ...]]:
    setup = preset("10-standard")
    return setup, play(setup, {seat: make_bot("human_table", seat) for seat in setup.seats}, seed=5).events


def test_an_update_of_a_table_of_ten_takes_at_most_25_milliseconds() -> None:
    setup, events = ten_seats()
    table = public_table(events)
    evidence = evidence_of(setup, table)
    seen = view(events, 1)
    beliefs_of(seen)
    habits = shipped_params().habits_of(setup)

    def update_and_spread() -> float:
        begun = perf_counter()
        likelihood_of.__wrapped__(True, habits, evidence)
        belief = beliefs_of(seen)
        assert len(belief.prob_H) == 151_200
        return perf_counter() - begun

    assert min(update_and_spread() for _ in range(5)) < 0.025


def test_each_event_costs_one_update() -> None:
    setup, events = ten_seats()
    likelihood_of.cache_clear()
    for place in range(2 + setup.num_players, len(events)):
        beliefs_of(view(events[:place], 1))
    shown = len(evidence_of(setup, public_table(events)))
    assert likelihood_of.cache_info().misses <= shown + 1


# -- parameters ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("params", [published_params(), shipped_params()], ids=["published", "shipped"])
def test_habits_are_chances_that_leave_nothing_possible_out(params: BeliefParams) -> None:
    for (num_players, _), habits in params.habits.items():
        num_evil = NUM_EVIL[num_players]
        for approve in (habits.approve_PSE, habits.approve_last_PSE):
            assert ((approve > 0) & (approve < 1)).all()
            assert np.ptp(approve[0], axis=1) == pytest.approx(0)  # a Servant does not know who is aboard
        for size, chances_PE in habits.proposed_PE.items():
            assert chances_PE.sum(axis=1) == pytest.approx(1, abs=1e-4)
            assert (chances_PE[:, : min(size, num_evil) + 1] > 0).all()
        for aboard in range(num_evil + 1):
            assert habits.fails_EQF[aboard].sum(axis=1) == pytest.approx(1, abs=1e-4)
            assert (habits.fails_EQF[aboard, :, : aboard + 1] > 0).all()
            assert (habits.fails_EQF[aboard, :, aboard + 1 :] == 0).all()


def test_beliefs_know_evil_better_than_chance_at_the_end_of_human_like_games() -> None:
    setup = preset("5-basic")
    gains = []
    for seed in range(60):
        bots = {seat: make_bot("human_table", 16 * seed + seat) for seat in setup.seats}
        played = play(setup, bots, seed)
        truth = frozenset(played.state.secrets.evil)
        gains.append(log(10 * public_beliefs(view(played.events, 1)).evil_sets()[truth]))
    # 0 is chance; a mean over 60 games varies by about .15.
    assert float(np.mean(gains)) > 0.8

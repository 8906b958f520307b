"""The shipped bots: their promises, their policies one by one, and the win rates they are known for."""

import random
from collections import Counter
from itertools import combinations
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from games.avalon.actions import Action, Bid, Card, Decision, HoldFire, Inspect, Propose, Shoot, Speak, Vote
from games.avalon.bots import BOTS, Bot, make_bot
from games.avalon.bots.behaviour_tables import (
    FAIL_CARDS,
    approval_chance,
    fail_card_chance,
    fail_count_chance,
    proposed_evil_chances,
)
from games.avalon.bots.conformance import check_bot, conformance_setups
from games.avalon.bots.deduction import Evidence, cleanest_teams, consistent_sets, seats_of
from games.avalon.bots.human_table import class_of
from games.avalon.draws import deal
from games.avalon.play import play_deal
from games.avalon.roles import Role, Side
from games.avalon.rules import IllegalAction, pending
from games.avalon.setup import NUM_EVIL, Rules, Setup, preset
from games.avalon.view import View, view
from games.errors import GameError
from tests.games.avalon.playthrough import HandGame

M, P, S, A, G, N, OB = (
    Role.MERLIN,
    Role.PERCIVAL,
    Role.SERVANT,
    Role.ASSASSIN,
    Role.MORGANA,
    Role.MINION,
    Role.OBERON,
)


class Table(HandGame):
    """A position played by hand, roles by seat as told, at which a bot is asked."""

    def __init__(self, *roles: Role, rules: Rules | None = None, first_leader: int = 1) -> None:
        super().__init__(Setup(roles=roles, rules=rules or Rules()), first_leader)

    def facing(self, *team: int) -> "Table":
        """This table with a team on it."""
        self.propose(*team)
        return self

    def ask(self, name: str, seat: int, seed: int = 0) -> Action:
        """What this bot answers at this seat to the decision that is pending there."""
        decision = next(decision for decision in pending(self.state) if decision.seat == seat)
        return make_bot(name, seed).act(view(self.events, seat), decision)

    def teams(self, name: str, seeds: int = 60) -> set[tuple[int, ...]]:
        """Every team that the leader names under many seeds."""
        answers = [self.ask(name, self.state.leader, seed) for seed in range(seeds)]
        return {answer.team for answer in answers if isinstance(answer, Propose)}


# -- promises of every bot ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", BOTS)
def test_every_bot_keeps_the_promises_of_a_bot(name: str) -> None:
    check_bot(lambda seed: make_bot(name, seed), seed=3)


def test_conformance_meets_every_switch_value_and_table_size() -> None:
    setups = conformance_setups()
    assert {setup.num_players for setup in setups} == {5, 6, 7, 8, 9, 10}
    for switch, values in {
        "hammer_rule": {"evil_wins", "auto_approve_5", "auto_approve_4_silent"},
        "talk": {"none", "round_robin", "leader_first_then_all", "tentative_then_final", "bid"},
        "leader_votes": {True, False},
        "lady_of_the_lake": {True, False},
        "evil_talk_before_shot": {True, False},
        "may_shoot_known_evil": {True, False},
        "assassin_window": {"after_3_successes", "after_every_quest"},
    }.items():
        assert {getattr(setup.rules, switch) for setup in setups} == values


class GlobalDice:
    """A bot that breaks its promise by drawing from a global generator."""

    def __init__(self, seed: int) -> None:
        self._honest = make_bot("random", seed)

    def act(self, view: View, decision: Decision) -> Action:
        return Vote(random.random() < 0.5) if decision.kind == "vote" else self._honest.act(view, decision)


class Counting:
    """A bot that breaks its promise by remembering how often it was asked."""

    def __init__(self, seed: int) -> None:
        self._honest = make_bot("random", seed)
        self._asked = 0

    def act(self, view: View, decision: Decision) -> Action:
        self._asked += 1
        return Vote(self._asked < 3) if decision.kind == "vote" else self._honest.act(view, decision)


@pytest.mark.parametrize("unsound", [GlobalDice, Counting])
def test_conformance_finds_a_bot_that_depends_on_more_than_seed_and_view(unsound: type[GlobalDice]) -> None:
    with pytest.raises(AssertionError, match="the bot answers Vote"):
        check_bot(unsound)


def test_conformance_finds_an_illegal_action() -> None:
    class Saboteur:
        def __init__(self, seed: int) -> None:
            self._honest = make_bot("random", seed)

        def act(self, view: View, decision: Decision) -> Action:
            return Card(True) if decision.kind == "card" else self._honest.act(view, decision)

    with pytest.raises(IllegalAction, match="is Good and must play a success card"):
        check_bot(Saboteur)


def test_an_unknown_bot_is_refused_with_the_known_names() -> None:
    with pytest.raises(GameError, match="no bot 'merlin'; there are random, naive, logic, human_table"):
        make_bot("merlin", 0)


@pytest.mark.parametrize("name", BOTS)
def test_bots_speak_of_public_facts_only(name: str) -> None:
    """The same words come from every role, so nothing that the night told can be in them."""
    casts = ((M, S, S, A, N), (S, M, A, S, N), (A, S, S, M, N))
    said = []
    for cast in casts:
        table = Table(*cast, rules=Rules(talk="round_robin"))
        table.propose(1, 5)
        said.append(table.ask(name, 2))
    assert said[0] == said[1] == said[2]
    assert isinstance(said[0], Speak)


@pytest.mark.parametrize("name", ["naive", "logic", "human_table"])
def test_scripted_bots_name_the_last_quest_truly(name: str) -> None:
    table = Table(M, S, S, A, N, rules=Rules(talk="leader_first_then_all"))
    for _ in range(5):
        table.answer(Speak(""))
    table.quest((1, 4), 4)
    answer = table.ask(name, 2)
    assert answer == Speak("Quest 1 failed with 1 fail card; seats 1 and 4 were on it.")


@pytest.mark.parametrize("name", BOTS)
def test_bots_leave_the_floor_to_others(name: str) -> None:
    table = Table(M, S, S, A, N, rules=Rules(talk="bid"))
    table.propose(1, 2)
    assert table.ask(name, 3) == Bid(0)


@pytest.mark.parametrize("name", ["naive", "logic", "human_table"])
def test_a_tentative_team_stays(name: str) -> None:
    table = Table(S, M, S, A, N, rules=Rules(talk="tentative_then_final", talk_rounds=0))
    table.propose(2, 5)
    assert table.ask(name, 1) == Propose((2, 5))


@pytest.mark.parametrize("name", BOTS)
def test_the_lady_looks_at_a_seat_of_unknown_side(name: str) -> None:
    # Seat 7 holds the Lady and as Merlin knows seats 4, 5, 6 to be Evil.
    table = Table(S, S, P, G, A, N, M, rules=Rules(lady_of_the_lake=True))
    table.quest((1, 2))
    table.quest((1, 2, 3))
    answers = [table.ask(name, 7, seed) for seed in range(40)]
    assert {answer.target for answer in answers if isinstance(answer, Inspect)} == {1, 2, 3}


@pytest.mark.parametrize("name", BOTS)
def test_the_assassin_holds_fire_until_the_third_success(name: str) -> None:
    table = Table(M, S, S, A, N, rules=Rules(assassin_window="after_every_quest"))
    table.quest((1, 2))
    assert table.ask(name, 4) == HoldFire()


@pytest.mark.parametrize("name", ["random", "naive", "logic", "human_table"])
def test_the_shot_may_hit_any_seat_that_the_assassin_does_not_know(name: str) -> None:
    table = Table(M, S, S, P, A, G, OB)
    table.quest((1, 2))
    table.quest((1, 2, 3))
    table.quest((1, 2, 3))
    answers = [table.ask(name, 5, seed) for seed in range(80)]
    assert {answer.target for answer in answers if isinstance(answer, Shoot)} == {1, 2, 3, 4, 7}


# -- random --------------------------------------------------------------------------------------------


def test_random_teams_are_uniform() -> None:
    table = Table(S, M, S, A, N)
    counts = Counter(table.ask("random", 1, seed) for seed in range(2000))
    assert len(counts) == 10
    # 200 expected each, standard deviation 13.4: 5 of them is 67.
    assert max(abs(count - 200) for count in counts.values()) < 67


def test_random_good_never_fails_and_random_evil_fails_half_the_time() -> None:
    table = Table(S, M, S, A, N)
    table.propose(1, 4)
    table.answer(Vote(True))
    assert {table.ask("random", 1, seed) for seed in range(50)} == {Card(False)}
    fails = sum(table.ask("random", 4, seed) == Card(True) for seed in range(1000))
    assert 420 < fails < 580


# -- naive ---------------------------------------------------------------------------------------------


def test_naive_merlin_names_himself_with_good_and_rejects_any_evil() -> None:
    table = Table(M, S, S, A, N)
    assert table.teams("naive") == {(1, 2), (1, 3)}
    assert table.facing(1, 2).ask("naive", 1) == Vote(True)
    assert Table(M, S, S, A, N).facing(1, 5).ask("naive", 1) == Vote(False)


def test_naive_evil_names_himself_with_good_and_approves_what_it_can_sink() -> None:
    table = Table(A, M, S, S, N)
    assert table.teams("naive") == {(1, 2), (1, 3), (1, 4)}
    assert table.facing(1, 2).ask("naive", 5) == Vote(True)
    assert Table(A, M, S, S, N).facing(2, 3).ask("naive", 5) == Vote(False)


def test_naive_evil_takes_a_partner_along_where_two_fails_are_needed() -> None:
    table = Table(A, M, S, S, S, G, N, first_leader=5)
    table.quest((2, 3))
    table.quest((2, 3, 6), 6)
    table.quest((2, 3, 4))
    assert table.state.quest == 4
    teams = table.teams("naive")
    assert teams
    assert all(1 in team and len({6, 7} & set(team)) == 1 for team in teams)


@pytest.mark.parametrize(
    ("cast", "team", "failing"),
    [
        ((M, S, S, A, N), (1, 4), {4}),  # just enough Evil aboard: fail
        ((M, S, S, A, N), (1, 5), {5}),
        ((M, S, S, A, N), (4, 5), {4}),  # the Minion leaves it to the Assassin
        ((S, S, S, S, N, N), (5, 6), {5, 6}),  # without an Assassin nobody else would do it
        ((M, S, S, S, A, N, G), (5, 6), {5, 6}),  # three Evil in the game: everybody fails
    ],
)
def test_naive_evil_sabotages(cast: tuple[Role, ...], team: tuple[int, ...], failing: set[int]) -> None:
    table = Table(*cast)
    table.propose(*team)
    table.answer(Vote(True))
    assert {seat for seat in team if table.ask("naive", seat) == Card(True)} == failing


def test_naive_evil_keeps_its_card_when_it_cannot_sink_the_quest_alone() -> None:
    table = Table(A, M, S, S, S, G, N, first_leader=5)
    table.quest((2, 3))
    table.quest((2, 3, 6), 6)
    table.quest((2, 3, 4))
    table.propose(1, 2, 3, 4)
    table.answer(Vote(True))
    assert table.ask("naive", 1) == Card(False)


def test_a_naive_servant_approves_any_first_team_with_himself_and_no_other() -> None:
    assert Table(S, S, M, A, N).facing(2, 4).ask("naive", 2) == Vote(True)
    assert Table(S, S, M, A, N).facing(3, 4).ask("naive", 2) == Vote(False)


def test_a_naive_servant_leaves_out_a_failed_partner() -> None:
    table = Table(M, S, S, A, N)
    table.quest((2, 4), 4)  # seat 2 now knows that seat 4 is Evil
    assert table.teams("naive") == {(1, 2, 3), (1, 2, 5), (2, 3, 5)}


def test_a_naive_servant_builds_on_the_largest_spotless_team() -> None:
    table = Table(M, S, S, A, N)
    table.quest((1, 3))
    assert table.teams("naive") == {(1, 2, 3)}  # seat 2 leads: clean for him like any other, but seen clean
    table.quest((1, 2, 3))
    assert table.state.quest == 3
    assert table.teams("naive") == {(1, 3), (2, 3)}  # within the trio, and seat 3 leads


def test_naive_percival_plays_like_a_servant() -> None:
    as_percival = Table(P, M, S, G, A).teams("naive")
    assert as_percival == Table(S, M, P, G, A).teams("naive") == {(1, 2), (1, 3), (1, 4), (1, 5)}


# -- logic ---------------------------------------------------------------------------------------------


def test_logic_evil_always_fails_and_names_anybody() -> None:
    table = Table(A, M, S, S, N)
    assert len(table.teams("logic", 200)) == 10
    table.propose(1, 5)
    table.answer(Vote(True))
    assert table.ask("logic", 1) == table.ask("logic", 5) == Card(True)


def test_logic_merlin_trusts_clean_teams_of_clean_leaders_and_evil_the_rest() -> None:
    clean = Table(S, M, S, A, N).facing(1, 2)
    assert clean.ask("logic", 2) == Vote(True)
    assert clean.ask("logic", 4) == clean.ask("logic", 5) == Vote(False)
    dirty_leader = Table(A, M, S, S, N).facing(2, 3)
    assert dirty_leader.ask("logic", 2) == Vote(False)
    assert dirty_leader.ask("logic", 5) == Vote(True)


def test_logic_good_approves_the_fifth_team_whatever_it_is() -> None:
    table = Table(M, S, S, A, N)
    for _ in range(4):
        table.propose(1, 4)
        table.vote()
    table.propose(4, 5)
    assert [table.ask("logic", seat) for seat in table.state.secrets.seats] == [Vote(True)] * 3 + [
        Vote(False)
    ] * 2


def test_logic_percival_never_trusts_both_of_his_pair() -> None:
    table = Table(P, M, S, S, G, A)
    table.propose(2, 5)
    assert {table.ask("logic", 1, seed) for seed in range(40)} == {Vote(False)}


# -- human_table -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seat", "team", "expected"),
    [
        (1, (1, 2), 0.926),  # a Servant who leads
        (2, (1, 2), 0.697),
        (2, (1, 3), 0.422),
        (3, (1, 3), 0.896),  # Merlin aboard, clean
        (3, (1, 4), 0.392),
        (5, (1, 2), 0.377),  # Evil off a clean team
        (4, (1, 4), 0.765),
    ],
)
def test_human_votes_come_as_often_as_counted(seat: int, team: tuple[int, ...], expected: float) -> None:
    table = Table(S, S, M, A, N)
    table.propose(*team)
    share = np.mean([table.ask("human_table", seat, seed) == Vote(True) for seed in range(800)])
    assert abs(share - expected) < 4 * sqrt(expected * (1 - expected) / 800)


def test_human_evil_hides_on_the_first_quest() -> None:
    table = Table(S, S, M, A, N)
    table.propose(1, 4)
    table.answer(Vote(True))
    fails = np.mean([table.ask("human_table", 4, seed) == Card(True) for seed in range(800)])
    assert abs(fails - 0.190) < 4 * sqrt(0.19 * 0.81 / 800)


def test_two_independent_cards_give_nearly_the_counted_pairs() -> None:
    for quest in range(1, 6):
        chance = fail_card_chance(2, quest)
        independent = ((1 - chance) ** 2, 2 * chance * (1 - chance), chance**2)
        assert independent == pytest.approx(FAIL_CARDS[2][quest - 1], abs=0.06)
        assert fail_card_chance(1, quest) == FAIL_CARDS[1][quest - 1][1]


def test_fail_counts_are_chances() -> None:
    for num_evil in range(5):
        for quest in range(1, 6):
            total = sum(fail_count_chance(fails, num_evil, quest) for fails in range(3))
            assert total == pytest.approx(1, abs=0.002)
            assert fail_count_chance(num_evil + 1, num_evil, quest) == 0


def test_an_evil_seat_cannot_be_on_a_clean_team() -> None:
    with pytest.raises(ValueError, match="at least one Evil"):
        approval_chance("evil", "on_team", 0, is_hammer=False)


def test_human_proposals_hold_as_many_evil_as_counted() -> None:
    setup = preset("5-basic")
    counts: dict[tuple[str, int], Counter[int]] = {}
    for seed in range(300):
        dealt = deal(setup, seed)
        played = play_deal(
            setup, {seat: make_bot("human_table", 16 * seed + seat) for seat in setup.seats}, dealt
        )
        for event in played.events:
            if event.type == "propose" and event.seat is not None:
                team = event.data["team"]
                aboard = sum(dealt.roles[seat - 1].side is Side.EVIL for seat in team)
                key = (class_of(dealt.roles[event.seat - 1]), len(team))
                counts.setdefault(key, Counter())[aboard] += 1
    for player in ("servant", "merlin", "evil"):
        for size in (2, 3):
            seen = counts[player, size]
            for num_evil, expected in enumerate(proposed_evil_chances(player, size, 5)[:3]):
                noise = 4 * sqrt(expected * (1 - expected) / seen.total())
                # A Servant cannot draw from the table; his deduction comes within .06 of it.
                assert abs(seen[num_evil] / seen.total() - expected) < noise + (
                    0.06 if player == "servant" else 0
                )


# -- deduction -------------------------------------------------------------------------------------------


@st.composite
def evidence_of_a_servant(draw: st.DrawFn) -> Evidence:
    """Quests that a true Evil team could have left behind, seen by a Good seat."""
    num_players = draw(st.integers(5, 10))
    evil = draw(
        st.permutations(range(1, num_players + 1)).map(lambda seats: set(seats[: NUM_EVIL[num_players]]))
    )
    quests = []
    for _ in range(draw(st.integers(0, 4))):
        team = tuple(sorted(draw(st.permutations(range(1, num_players + 1)))[: draw(st.integers(2, 5))]))
        quests.append((team, draw(st.integers(0, len(evil.intersection(team))))))
    seat = draw(st.sampled_from([seat for seat in range(1, num_players + 1) if seat not in evil]))
    return Evidence(num_players=num_players, quests=tuple(quests), good=frozenset({seat}))


@given(evidence_of_a_servant(), st.integers(2, 5))
def test_deduction_equals_plain_enumeration(evidence: Evidence, size: int) -> None:
    seats = range(1, evidence.num_players + 1)
    possible = [
        set(evil)
        for evil in combinations(seats, NUM_EVIL[evidence.num_players])
        if evidence.good.isdisjoint(evil)
        and all(len(set(evil) & set(team)) >= fails for team, fails in evidence.quests)
    ]
    assert [set(seats_of(row)) for row in consistent_sets(evidence)] == possible
    scores = {team: sum(evil.isdisjoint(team) for evil in possible) for team in combinations(seats, size)}
    best = max(scores.values())
    assert cleanest_teams(evidence, size) == {team for team, score in scores.items() if score == best}


# -- rates (spec 3.6) ------------------------------------------------------------------------------------

AUTO_5 = Rules(hammer_rule="auto_approve_5")
AUTO_4 = Rules(hammer_rule="auto_approve_4_silent")


def outcomes(setup: Setup, good: str, evil: str, num_games: int) -> dict[str, float]:
    """The shares of Good wins and of the ways to lose; the deals are seeds 0, 1, 2 ..."""
    reasons: Counter[str] = Counter()
    for seed in range(num_games):
        dealt = deal(setup, seed)
        bots: dict[int, Bot] = {
            seat: make_bot(good if role.side is Side.GOOD else evil, 16 * seed + seat)
            for seat, role in enumerate(dealt.roles, start=1)
        }
        reasons[play_deal(setup, bots, dealt).ending.reason] += 1
    return {
        "good": (reasons["merlin_survived"] + reasons["three_successes"]) / num_games,
        "fails": reasons["three_fails"] / num_games,
        "hammer": reasons["five_rejections"] / num_games,
        "shot": reasons["merlin_shot"] / num_games,
    }


@pytest.mark.parametrize(
    ("cast", "rules", "good", "evil", "num_games", "expected"),
    [
        (
            "5-basic",
            AUTO_5,
            "naive",
            "naive",
            600,
            {"good": 0.386, "fails": 0.423, "hammer": 0.0, "shot": 0.191},
        ),
        ("5-basic", Rules(), "naive", "naive", 600, {"good": 0.109, "fails": 0.295, "hammer": 0.546}),
        ("5-basic", Rules(), "random", "random", 600, {"good": 0.315, "fails": 0.374, "hammer": 0.126}),
        ("5-basic", Rules(), "random", "naive", 300, {"good": 0.0, "shot": 0.0}),
        ("5-basic", Rules(), "logic", "logic", 350, {"good": 0.212, "fails": 0.669, "hammer": 0.0}),
        # The reference let Servants propose by a table that only the truth can be read into; see human_table.
        ("5-basic", Rules(), "human_table", "human_table", 400, {"good": 0.431}),
        ("6-recon", AUTO_4, "naive", "naive", 350, {"good": 0.419, "fails": 0.435, "hammer": 0.0}),
        ("6-recon", Rules(), "naive", "naive", 100, {"good": 0.0, "hammer": 1.0}),
    ],
)
def test_bots_win_as_often_as_they_are_known_to(
    cast: str, rules: Rules, good: str, evil: str, num_games: int, expected: dict[str, float]
) -> None:
    seen = outcomes(preset(cast, rules), good, evil, num_games)
    for outcome, share in expected.items():
        # Four standard errors of this sample and of the reference's (500 to 3,000 games).
        error = sqrt(share * (1 - share) * (1 / num_games + 1 / 1500))
        assert abs(seen[outcome] - share) <= 4 * error, (outcome, seen)

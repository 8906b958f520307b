"""What the night tells whom, and how many deals that leaves possible."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.avalon.draws import deal
from games.avalon.knowledge import (
    Knowledge,
    consistent_assignments,
    knowledge_from_json,
    knowledge_of,
    knowledge_to_json,
)
from games.avalon.roles import EVIL_ROLES, Role, Side
from games.avalon.setup import Rules, Setup, preset
from tests.games.avalon.playthrough import seeds, setups

M, P, S = Role.MERLIN, Role.PERCIVAL, Role.SERVANT
A, G, D, O, N = Role.ASSASSIN, Role.MORGANA, Role.MORDRED, Role.OBERON, Role.MINION  # noqa: E741

TEN = preset("10-standard")  # Merlin 1, Percival 2, servants 3-6, Morgana 7, Assassin 8, Mordred 9, Oberon 10


def knows(setup: Setup, role: Role) -> Knowledge:
    return knowledge_of(setup, setup.roles, setup.roles.index(role) + 1)


def test_merlin_sees_evil_and_oberon_but_never_mordred() -> None:
    assert knows(TEN, M).evil == frozenset({7, 8, 10})


def test_merlin_does_not_learn_which_evil_role_a_seat_has() -> None:
    assert knows(TEN, M).known_roles == {1: M}


def test_merlin_misses_oberon_too_where_the_rules_say_so() -> None:
    assert knows(preset("10-standard", Rules(merlin_sees_oberon=False)), M).evil == frozenset({7, 8})


@pytest.mark.parametrize("role", [A, G, D])
def test_evil_sees_evil_but_oberon(role: Role) -> None:
    assert knows(TEN, role).evil == frozenset({7, 8, 9})


def test_minions_know_each_other() -> None:
    assert knows(preset("6-plain"), N).evil == frozenset({5, 6})


def test_evil_does_not_learn_its_mates_roles_unless_the_rules_say_so() -> None:
    assert knows(TEN, A).known_roles == {8: A}
    assert knows(preset("10-standard", Rules(evil_know_roles=True)), A).known_roles == {7: G, 8: A, 9: D}


@pytest.mark.parametrize("switches", [{}, {"evil_know_roles": True}])
@pytest.mark.parametrize("role", [O, S])
def test_oberon_and_the_servants_see_nothing(role: Role, switches: dict[str, bool]) -> None:
    knowledge = knows(preset("10-standard", Rules(**switches)), role)  # type: ignore[arg-type]
    assert knowledge.evil is None
    assert knowledge.merlin_candidates == frozenset()
    assert set(knowledge.known_roles.values()) == {role}


def test_percival_sees_merlin_and_morgana_without_telling_them_apart() -> None:
    knowledge = knows(TEN, P)
    assert knowledge.merlin_candidates == {1, 7}
    assert knowledge.known_roles == {2: P}
    assert knowledge.evil is None


def test_percival_without_morgana_knows_merlin() -> None:
    setup = Setup(roles=(M, P, S, A, N))
    knowledge = knows(setup, P)
    assert knowledge.merlin_candidates == {1}
    assert {seating[0] for seating in consistent_assignments(setup, knowledge)} == {M}


def test_what_percival_is_told_does_not_depend_on_who_of_the_two_is_merlin() -> None:
    told = [
        knowledge_to_json(knowledge_of(TEN, (first, P, S, S, S, S, second, A, D, O), 2))
        for first, second in ((M, G), (G, M))
    ]
    assert list(told[0].items()) == list(told[1].items())


WITH_OBERON, WITH_MORDRED = "7-standard", "7-mordred"


@pytest.mark.parametrize(
    ("name", "role", "count"),
    [
        # avalon spec, table of opening views: everything, then by the role that looks.
        ("5-basic", None, 60),
        ("5-basic", M, 2),
        ("5-basic", S, 24),
        ("5-basic", A, 3),
        ("5-basic", N, 3),
        ("5-standard", None, 120),
        ("5-standard", M, 4),
        ("5-standard", P, 4),
        ("5-standard", S, 24),
        ("5-standard", G, 6),
        ("5-standard", A, 6),
        ("6-recon", None, 360),
        ("6-recon", M, 6),
        ("6-recon", P, 6),
        ("6-recon", S, 120),
        ("6-recon", G, 12),
        ("6-recon", A, 12),
        (WITH_OBERON, None, 2520),
        (WITH_OBERON, M, 18),
        (WITH_OBERON, P, 24),
        (WITH_OBERON, S, 720),
        (WITH_OBERON, G, 60),
        (WITH_OBERON, A, 60),
        (WITH_OBERON, O, 360),
        (WITH_MORDRED, None, 2520),
        (WITH_MORDRED, M, 24),
        (WITH_MORDRED, P, 24),
        (WITH_MORDRED, S, 720),
        (WITH_MORDRED, G, 24),
        (WITH_MORDRED, A, 24),
        (WITH_MORDRED, D, 24),
        ("8-standard", None, 6720),
        ("8-standard", M, 24),
        ("8-standard", P, 40),
        ("8-standard", S, 2520),
        ("8-standard", G, 40),
        ("8-standard", A, 40),
        ("8-standard", N, 40),
        ("10-standard", None, 151_200),
    ],
)
def test_the_number_of_deals_that_fit_an_opening_view(name: str, role: Role | None, count: int) -> None:
    setup = preset(name)
    knowledge = None if role is None else knows(setup, role)
    assert sum(1 for _ in consistent_assignments(setup, knowledge)) == count


def test_deals_are_listed_once_each_in_the_order_of_the_roles() -> None:
    rank = list(Role).index
    listed = [tuple(map(rank, seating)) for seating in consistent_assignments(preset("5-standard"))]
    assert listed == sorted(set(listed))


small_setups = setups.filter(lambda setup: setup.num_players <= 7)


@settings(max_examples=40, deadline=None)
@given(small_setups, seeds, st.data())
def test_a_deal_fits_a_view_exactly_if_it_would_give_that_seat_the_same_night(
    setup: Setup, seed: int, data: st.DataObject
) -> None:
    """The plain definition against the enumeration by possible roles."""
    seat = data.draw(st.sampled_from(setup.seats))
    knowledge = knowledge_of(setup, deal(setup, seed).roles, seat)
    listed = set(consistent_assignments(setup, knowledge))
    everything = list(consistent_assignments(setup))
    sample = random.Random(seed).sample(everything, min(60, len(everything)))
    assert deal(setup, seed).roles in listed
    assert all(knowledge_of(setup, seating, seat) == knowledge for seating in listed)
    assert all((knowledge_of(setup, seating, seat) == knowledge) == (seating in listed) for seating in sample)


@settings(max_examples=60, deadline=None)
@given(setups, seeds, st.data())
def test_knowledge_survives_its_event(setup: Setup, seed: int, data: st.DataObject) -> None:
    seat = data.draw(st.sampled_from(setup.seats))
    knowledge = knowledge_of(setup, deal(setup, seed).roles, seat)
    assert knowledge_from_json(seat, knowledge_to_json(knowledge)) == knowledge


@pytest.mark.parametrize(("side", "evil"), [(Side.GOOD, False), (Side.EVIL, True)])
def test_the_ladys_answer_leaves_only_deals_of_that_side(side: Side, evil: bool) -> None:
    setup = preset("6-recon")
    knowledge = Knowledge(3, S, known_roles={3: S}, lady={5: side})
    sides = {seating[4] in EVIL_ROLES for seating in consistent_assignments(setup, knowledge)}
    assert sides == {evil}


def test_lists_of_seats_are_sorted_by_seat_whatever_the_roles() -> None:
    roles = (A, S, G, S, P, M)
    data = [knowledge_to_json(knowledge_of(preset("6-recon"), roles, seat)) for seat in range(1, 7)]
    assert data[0]["evil"] == data[2]["evil"] == data[5]["evil"] == [1, 3]
    assert data[4]["merlin_candidates"] == [3, 6]

"""The table of deals and its classes, held against plain enumeration."""

from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.avalon.draws import deal
from games.avalon.hypotheses import (
    EVIL,
    MERLIN,
    ROLES,
    SERVANT,
    bits_of,
    class_of_deal,
    class_weights,
    classes_of,
    hypotheses,
)
from games.avalon.knowledge import consistent_assignments, knowledge_of, possible_roles
from games.avalon.roles import EVIL_ROLES, Role
from games.avalon.setup import PRESETS, Rules, Setup, preset
from tests.games.avalon.playthrough import seeds, setups


@pytest.mark.parametrize("name", [name for name in PRESETS if len(PRESETS[name]) <= 8])
def test_the_table_is_every_deal_once_in_the_order_of_enumeration(name: str) -> None:
    setup = preset(name)
    table = hypotheses(setup.roles)
    listed = [tuple(ROLES[code] for code in row) for row in table.roles_HN]
    assert listed == list(consistent_assignments(setup))
    assert (table.evil_HN == [[role in EVIL_ROLES for role in deal] for deal in listed]).all()
    merlins = [deal.index(Role.MERLIN) + 1 if Role.MERLIN in deal else 0 for deal in listed]
    assert table.merlin_H.tolist() == merlins


@pytest.mark.parametrize(
    ("num_players", "num_classes"), [(5, 30), (6, 60), (7, 140), (8, 280), (9, 504), (10, 1260)]
)
def test_there_are_as_many_classes_as_the_specification_counts(num_players: int, num_classes: int) -> None:
    classes = classes_of(num_players, True)
    assert len(classes.set_C) == num_classes
    assert len(set(map(tuple, classes.player_CN.tolist()))) == num_classes


def test_a_table_of_ten_has_151200_deals_each_in_its_own_class() -> None:
    table = hypotheses(preset("10-standard").roles)
    assert len(table) == 151_200
    players_HN = np.where(table.evil_HN, EVIL, SERVANT)
    players_HN[np.arange(len(table)), table.merlin_H - 1] = MERLIN
    assert (table.classes.player_CN[table.class_H] == players_HN).all()


def test_without_merlin_a_class_is_an_evil_team() -> None:
    table = hypotheses(preset("6-plain").roles)
    assert len(table) == len(table.classes.sets) == len(table.classes.set_C) == 15
    assert not table.merlin_H.any()


@pytest.mark.parametrize(
    ("setup", "seat_of", "expected"),
    [
        (preset("5-basic"), Role.MERLIN, 2),
        (preset("5-basic"), Role.SERVANT, 24),
        (preset("5-basic"), Role.ASSASSIN, 3),
        (preset("5-standard"), Role.PERCIVAL, 4),
        (preset("6-recon"), Role.MERLIN, 6),
        (preset("6-recon"), Role.SERVANT, 120),
        (preset("6-recon"), Role.MORGANA, 12),
        (preset("8-standard"), Role.PERCIVAL, 40),
    ],
)
def test_each_role_begins_with_as_many_deals_as_the_specification_counts(
    setup: Setup, seat_of: Role, expected: int
) -> None:
    seat = setup.roles.index(seat_of) + 1
    possible = possible_roles(setup, knowledge_of(setup, setup.roles, seat))
    allowed = tuple(bits_of(roles) for roles in possible)
    assert hypotheses(setup.roles).consistent(allowed).sum() == expected
    assert class_weights(setup.roles, allowed).sum() == expected


OBERON_7 = Setup(
    roles=(Role.MERLIN, Role.PERCIVAL, Role.SERVANT, Role.SERVANT, Role.MORGANA, Role.ASSASSIN, Role.OBERON)
)
MORDRED_7 = Setup(roles=(*OBERON_7.roles[:-1], Role.MORDRED))


@pytest.mark.parametrize(
    ("setup", "expected"),
    [(OBERON_7, (18, 24, 720, 720, 60, 60, 360)), (MORDRED_7, (24, 24, 720, 720, 24, 24, 24))],
)
def test_a_table_of_seven_begins_with_as_many_deals_as_the_specification_counts(
    setup: Setup, expected: tuple[int, ...]
) -> None:
    assert len(hypotheses(setup.roles)) == factorial(7) // 2
    counts = []
    for seat in setup.seats:
        possible = possible_roles(setup, knowledge_of(setup, setup.roles, seat))
        counts.append(int(hypotheses(setup.roles).consistent(tuple(map(bits_of, possible))).sum()))
    assert tuple(counts) == expected


@settings(max_examples=25, deadline=None)
@given(setups.filter(lambda setup: setup.num_players <= 8), seeds, st.data())
def test_consistency_equals_plain_enumeration(setup: Setup, seed: int, data: st.DataObject) -> None:
    roles = deal(setup, seed).roles
    knowledge = knowledge_of(setup, roles, data.draw(st.sampled_from(list(setup.seats))))
    table = hypotheses(setup.roles)
    consistent_H = table.consistent(tuple(map(bits_of, possible_roles(setup, knowledge))))
    listed = [tuple(ROLES[code] for code in row) for row in table.roles_HN[consistent_H]]
    assert listed == list(consistent_assignments(setup, knowledge))


@given(st.sampled_from(sorted(PRESETS)), seeds)
def test_a_deal_is_found_in_its_class(name: str, seed: int) -> None:
    setup = preset(name, Rules())
    roles = deal(setup, seed).roles
    classes = classes_of(setup.num_players, setup.has_merlin)
    place = class_of_deal(roles)
    evil = {seat for seat, role in enumerate(roles, start=1) if role in EVIL_ROLES}
    assert classes.sets[classes.set_C[place]] == evil
    merlin = [seat for seat, role in enumerate(roles, start=1) if role is Role.MERLIN]
    assert (np.flatnonzero(classes.merlin_CN[place]) + 1).tolist() == merlin

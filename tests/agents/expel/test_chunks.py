"""What the insight model is shown is planned before the first call."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.expel.chunks import in_groups, plan_chunks
from memory.records import Experience, Outcome
from tests.agents.expel.attempts import experience

ENDLESS = 10**9


def successes(number: int) -> list[Experience]:
    return [experience(f"task-{place:02}") for place in range(number)]


@pytest.mark.parametrize(
    ("num_successes", "group_size", "sizes"),
    [(9, 8, [5, 4]), (17, 8, [6, 6, 5]), (10, 4, [4, 4, 2]), (8, 8, [8]), (1, 8, [1]), (0, 8, [])],
)
def test_successes_are_shown_in_nearly_equal_groups_and_none_in_none(
    num_successes: int, group_size: int, sizes: list[int]
) -> None:
    """Specification H 31."""
    gathered = successes(num_successes)
    assert [len(group) for group in in_groups(gathered, group_size)] == sizes
    chunks = plan_chunks(gathered, fold=None, group_size=group_size, seed=1, max_chars=ENDLESS)
    assert [len(chunk.experiences) for chunk in chunks] == sizes
    assert {chunk.kind for chunk in chunks} <= {"success"}


def test_pairs_come_first_by_task_and_trial_then_the_successes() -> None:
    fails = [experience("a", trial=0, outcome="fail"), experience("a", trial=1, outcome="halted")]
    solved = experience("a", trial=2)
    later_fail, later = experience("b", trial=0, outcome="fail"), experience("b", trial=1)
    alone, never = experience("c"), experience("d", outcome="fail")
    gathered = [never, later, alone, solved, *reversed(fails), later_fail]
    *pairs, group = plan_chunks(gathered, fold=None, group_size=8, seed=1, max_chars=ENDLESS)
    assert [(chunk.kind, chunk.experiences) for chunk in pairs] == [
        ("compare", (solved.id, fails[0].id)),
        ("compare", (solved.id, fails[1].id)),
        ("compare", (later.id, later_fail.id)),
    ]
    assert group.kind == "success"
    assert sorted(group.experiences) == sorted([solved.id, later.id, alone.id])


def test_a_task_that_could_not_be_played_teaches_nothing() -> None:
    gathered = [
        experience("a", trial=0, outcome="error"),
        experience("a", trial=1),
        experience("b", outcome="error"),
    ]
    (only,) = plan_chunks(gathered, fold=None, group_size=8, seed=1, max_chars=ENDLESS)
    assert (only.kind, only.experiences) == ("success", (gathered[1].id,))


def test_a_group_that_is_too_long_is_halved_until_it_fits_or_is_one() -> None:
    gathered = successes(8)
    length = len(gathered[0].task) + len(gathered[0].text)
    for room, sizes in ((8 * length, [8]), (4 * length, [4, 4]), (3 * length, [2] * 4), (1, [1] * 8)):
        chunks = plan_chunks(gathered, fold=None, group_size=8, seed=1, max_chars=room)
        assert [len(chunk.experiences) for chunk in chunks] == sizes


@st.composite
def pools(draw: st.DrawFn) -> list[Experience]:
    """What a gathering may leave: failures, then at most one success, each task in a fold."""
    pool = []
    for number in range(draw(st.integers(0, 12))):
        fold = draw(st.integers(0, 2))
        fails: list[Outcome] = draw(st.lists(st.sampled_from(["fail", "halted"]), max_size=3))
        outcomes: list[Outcome] = [*fails, "success"] if draw(st.booleans()) else fails
        pool += [
            experience(f"task-{number:02}", trial=trial, outcome=outcome, fold=fold)
            for trial, outcome in enumerate(outcomes)
        ]
    return pool


@given(pool=pools(), fold=st.integers(0, 2), size=st.integers(1, 9), seed=st.integers(0, 99))
def test_a_plan_holds_every_pair_and_success_of_the_other_folds_once_and_none_of_its_own(
    pool: list[Experience], fold: int, size: int, seed: int
) -> None:
    chunks = plan_chunks(pool, fold=fold, group_size=size, seed=seed, max_chars=ENDLESS)
    by_id = {one.id: one for one in pool}
    assert all(by_id[one].fold != fold for chunk in chunks for one in chunk.experiences)
    training = [one for one in pool if one.fold != fold]
    shown = [one for chunk in chunks if chunk.kind == "success" for one in chunk.experiences]
    assert sorted(shown) == sorted(one.id for one in training if one.outcome == "success")
    pairs = {chunk.experiences for chunk in chunks if chunk.kind == "compare"}
    assert pairs == {
        (good.id, bad.id)
        for good in training
        for bad in training
        if good.task_id == bad.task_id and good.outcome == "success" != bad.outcome
    }
    assert [chunk.kind for chunk in chunks] == sorted(chunk.kind for chunk in chunks)
    assert all(0 < len(chunk.experiences) <= max(size, 2) for chunk in chunks)


@given(pool=pools(), seed=st.integers(0, 99))
def test_a_plan_does_not_depend_on_the_order_of_the_gathered(pool: list[Experience], seed: int) -> None:
    mixed = list(pool)
    Random(seed).shuffle(mixed)
    assert plan_chunks(pool, fold=0, group_size=3, seed=seed, max_chars=ENDLESS) == plan_chunks(
        mixed, fold=0, group_size=3, seed=seed, max_chars=ENDLESS
    )

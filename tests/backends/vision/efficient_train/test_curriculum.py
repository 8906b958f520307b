"""A curriculum costs what was asked, and the learning rate follows its cost without a jump."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.vision.efficient_train.curriculum import (
    Curriculum,
    efficient_train,
    efficient_train_plus_plus,
    full_size,
)

STEPS = 1000


def curricula(side: int = 224, multiple: int = 16) -> list[Curriculum]:
    return [
        full_size(side, STEPS, 9.0),
        efficient_train(side, STEPS, 9.0, multiple),
        efficient_train_plus_plus(side, STEPS, 9.0, multiple),
    ]


@pytest.mark.parametrize("side", [32, 64, 224])
def test_each_costs_as_much_as_the_full_size_run(side: int) -> None:
    for curriculum in curricula(side, multiple=4):
        assert curriculum.cost == pytest.approx(STEPS, rel=0.01)


def test_at_224_the_sides_are_the_published_ones() -> None:
    _, et, plus_plus = curricula()
    assert [segment.side for segment in et.segments] == [160, 192, 224]
    assert [segment.side for segment in plus_plus.segments] == [96] * 2 + [160] * 4 + [192] * 2 + [224] * 2
    shares = [segment.steps / et.num_steps for segment in et.segments]
    assert shares == pytest.approx([0.6, 0.2, 0.2], abs=0.001)
    # Ten segments of equal computation.
    costs = [segment.steps * (segment.side / 224) ** 2 for segment in plus_plus.segments]
    assert costs == pytest.approx([STEPS / 10] * 10, rel=0.01)


def test_easy_steps_are_more_steps() -> None:
    full, et, plus_plus = curricula()
    assert full.num_steps < et.num_steps < plus_plus.num_steps


def test_the_share_runs_from_0_to_1_without_a_jump() -> None:
    for curriculum in curricula():
        shares = [curriculum.share_at(step) for step in range(curriculum.num_steps + 1)]
        assert shares[0] == 0 and shares[-1] == 1
        rises = [after - before for before, after in pairwise(shares)]
        assert min(rises) > 0 and max(rises) <= 1 / STEPS * 1.01


def test_augmentation_rises_to_its_magnitude() -> None:
    full, et, plus_plus = curricula()
    assert full.magnitude_at(0) == full.magnitude_at(STEPS) == 9
    for curriculum in (et, plus_plus):
        levels = [curriculum.magnitude_at(step) for step in range(curriculum.num_steps)]
        assert levels == sorted(levels)
        assert levels[0] == 0 and levels[-1] == pytest.approx(9, abs=0.05)
    assert [segment.magnitude[0] for segment in plus_plus.segments] == pytest.approx(list(range(10)))


@given(st.integers(16, 256), st.integers(1, 500), st.sampled_from([1, 4, 16]))
def test_every_step_belongs_to_a_segment_that_fits(side: int, steps: int, multiple: int) -> None:
    side = side // multiple * multiple
    for make in (efficient_train, efficient_train_plus_plus):
        curriculum = make(side, steps, 0.0, multiple)
        sides = [segment.side for segment in curriculum.segments]
        assert sides == sorted(sides) and sides[-1] == side
        assert all(small % multiple == 0 and small > 0 for small in sides)
        assert curriculum.segment_at(curriculum.num_steps - 1) == curriculum.segments[-1]

"""Draws by priority: proportions, what may be drawn, and the weights that undo them."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.rl.pixels.priorities import Priorities, SumTree


@given(st.lists(st.floats(0, 10), min_size=1, max_size=40), st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_the_root_is_the_sum_and_nothing_of_weight_0_is_drawn(weights: list[float], seed: int) -> None:
    tree = SumTree(len(weights))
    tree.put(np.arange(len(weights)), np.array(weights))
    assert tree.total == pytest.approx(sum(weights))
    if tree.total > 0:
        torch.manual_seed(seed)
        assert all(weights[place] > 0 for place in tree.draw(20))


def test_places_are_drawn_in_proportion() -> None:
    torch.manual_seed(0)
    tree = SumTree(5)
    tree.put(np.arange(5), np.array([1.0, 0.0, 3.0, 4.0, 2.0]))
    counts = np.bincount(tree.draw(20_000), minlength=5) / 20_000
    # Five standard deviations of a share of a half are 0.018.
    np.testing.assert_allclose(counts, [0.1, 0.0, 0.3, 0.4, 0.2], atol=0.018)


def test_an_empty_tree_refuses() -> None:
    with pytest.raises(ValueError, match="every weight is 0"):
        SumTree(3).draw(1)


@pytest.mark.parametrize("count", [6, 9, 10, 11, 25])
def test_only_steps_with_a_whole_window_are_drawn(count: int) -> None:
    torch.manual_seed(0)
    priorities = Priorities(capacity=10, before=1, after=3, alpha=0.5)
    for number in range(1, count + 1):
        priorities.append(number)
    steps, weights = priorities.draw(500, count, beta=1.0)
    oldest = max(count - 10, 0)
    assert set(steps.tolist()) == set(range(oldest + 1, count - 3))
    assert weights.tolist() == [1.0] * 500


def test_surprising_steps_are_drawn_more_and_count_less() -> None:
    torch.manual_seed(0)
    priorities = Priorities(capacity=8, before=0, after=0, alpha=0.5)
    for number in range(1, 5):
        priorities.append(number)
    priorities.update(torch.tensor([2]), torch.tensor([16.0]))
    steps, weights = priorities.draw(7000, 4, beta=1.0)
    assert float((steps == 2).float().mean()) == pytest.approx(4 / 7, abs=0.03)
    assert set(weights[steps == 2].tolist()) == {0.25}
    assert set(weights[steps != 2].tolist()) == {1.0}

"""The exact rule: it is LinUCB where it should be, optimistic where the truth is possible, and maximal."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.rl.gfucb.finite_class import FiniteClassUcb, theoretical_radius
from backends.rl.gfucb.tasks import Floats, ReluFeatures, SharedFeatureTasks

WIDTH, SIZE, ARMS = 4, 3, 4


def candidates(count: int, seed: int) -> list[ReluFeatures]:
    stream = np.random.default_rng(seed)
    return [ReluFeatures.draw(WIDTH, 8, SIZE, stream) for _ in range(count)]


def experienced(num_tasks: int, count: int, rounds: int, seed: int, radius: float) -> FiniteClassUcb:
    """A learner that has seen random arms with the rewards of its first representation."""
    stream = np.random.default_rng((seed, 7))
    representations = candidates(count, seed)
    learner = FiniteClassUcb(representations, SIZE, num_tasks, radius=radius)
    heads = stream.normal(size=(num_tasks, SIZE))
    for _ in range(rounds):
        arms = stream.normal(size=(num_tasks, WIDTH))
        means = np.einsum("mr,mr->m", representations[0](arms), heads)
        learner.learn(arms, means + 0.3 * stream.normal(size=num_tasks))
    return learner


def ridge(features: Floats, rewards: Floats) -> tuple[Floats, Floats]:
    counted: Floats = np.eye(SIZE) + features.T @ features
    head: Floats = np.linalg.solve(counted, features.T @ rewards).astype(np.float64)
    return head, counted


def test_with_one_task_and_one_representation_it_plays_as_linucb() -> None:
    representation = candidates(1, 0)[0]
    radius = theoretical_radius(0.5, 1, SIZE, 1)
    learner = FiniteClassUcb([representation], SIZE, 1, radius=radius)
    stream, head = np.random.default_rng(1), np.array([1.0, -0.5, 0.2])
    features, rewards = np.zeros((0, SIZE)), np.zeros(0)
    for _ in range(60):
        arms = stream.normal(size=(1, ARMS, WIDTH))
        known, counted = ridge(features, rewards)
        shown = representation(arms[0])
        widths = np.einsum("kr,rs,ks->k", shown, np.linalg.inv(counted), shown)
        expected = int((shown @ known + math.sqrt(radius) * np.sqrt(widths)).argmax())
        chosen = learner.choose(arms)
        assert chosen.tolist() == [expected]
        reward = float(shown[expected] @ head + 0.5 * stream.normal())
        learner.learn(arms[:, expected], np.array([reward]))
        features = np.vstack([features, shown[expected]])
        rewards = np.append(rewards, reward)


def test_losses_are_those_of_ridge_regressions_summed_over_tasks() -> None:
    stream, representations = np.random.default_rng(3), candidates(3, 2)
    learner = FiniteClassUcb(representations, SIZE, 2, radius=1.0)
    arms, rewards = stream.normal(size=(20, 2, WIDTH)), stream.normal(size=(20, 2))
    for one, paid in zip(arms, rewards, strict=True):
        learner.learn(one, paid)
    for number, representation in enumerate(representations):
        loss = 0.0
        for task in range(2):
            features = representation(arms[:, task])
            head, _ = ridge(features, rewards[:, task])
            np.testing.assert_allclose(learner.heads_NMR[number, task], head, atol=1e-10)
            loss += float(((features @ head - rewards[:, task]) ** 2).sum() + head @ head)
        assert learner.losses_N[number] == pytest.approx(loss, abs=1e-9)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.integers(1, 3), st.integers(0, 12), st.floats(0.1, 20))
def test_its_arms_are_nearly_the_best_of_all_combinations(
    seed: int, num_tasks: int, rounds: int, radius: float
) -> None:
    learner = experienced(num_tasks, 3, rounds, seed, radius)
    arms = np.random.default_rng((seed, 8)).normal(size=(num_tasks, ARMS, WIDTH))
    best = -math.inf
    for number, representation in enumerate(candidates(3, seed)):
        slack = learner.slack_N[number]
        if slack < 0:
            continue
        features = representation(arms)
        for chosen in itertools.product(range(ARMS), repeat=num_tasks):
            picked = features[np.arange(num_tasks), chosen]
            width = sum(
                picked[task] @ np.linalg.solve(counted(learner, number, task), picked[task])
                for task in range(num_tasks)
            )
            mean = float((picked * learner.heads_NMR[number]).sum())
            best = max(best, mean + math.sqrt(slack * width))
    _, found = learner.optimistic(arms)
    assert found <= best + 1e-9
    # One task is exact; several are improved one at a time, which may end a little below.
    assert found >= best - (1e-9 if num_tasks == 1 else 0.05 * abs(best))


def counted(learner: FiniteClassUcb, number: int, task: int) -> Floats:
    counts: Floats = np.linalg.inv(learner._inverse_NMRR[number, task])
    return counts


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(0, 15))
def test_where_the_truth_is_in_the_set_the_value_is_no_lower_than_the_true_best(
    seed: int, num_tasks: int, rounds: int
) -> None:
    stream = np.random.default_rng((seed, 1))
    representations = candidates(4, seed)
    tasks = SharedFeatureTasks.draw(
        representations[0], num_tasks=num_tasks, num_arms=ARMS, noise=0.5, stream=stream
    )
    learner = FiniteClassUcb(representations, SIZE, num_tasks, radius=50.0)
    everyone = np.arange(num_tasks)
    for _ in range(rounds):
        shown = tasks.round(stream)
        chosen = learner.choose(shown.arms_MKD)
        paid = shown.means_MK[everyone, chosen] + 0.5 * stream.normal(size=num_tasks)
        learner.learn(shown.arms_MKD[everyone, chosen], paid)
    shown = tasks.round(stream)
    assert learner.contains(0, tasks.heads_MR)
    # Exact but for the search over combinations of arms, which may end a little below.
    _, value = learner.optimistic(shown.arms_MKD)
    true_best = float(shown.means_MK.max(1).sum())
    assert value >= true_best - 0.02 * abs(true_best)


def test_a_representation_that_fits_too_badly_is_ruled_out() -> None:
    learner = experienced(num_tasks=4, count=6, rounds=80, seed=5, radius=2.0)
    assert learner.best_representation == 0
    assert learner.slack_N[0] == pytest.approx(2.0)
    assert (learner.slack_N[1:] < 0).all()


def test_the_radius_is_the_numbers_in_all_heads_and_the_logarithm_of_the_class() -> None:
    assert theoretical_radius(2.0, 3, 5, 64) == pytest.approx(4 * (15 + math.log(64)))

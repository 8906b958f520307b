"""Worlds are the same for every learner; networks share or do not; sharing lowers the exact regret."""

import numpy as np
import pytest
import torch

from backends.lab.errors import LabError
from backends.rl.gfucb.learners import make_learner, make_world
from backends.rl.gfucb.neural_linear import NeuralLinearUcb, NeuralSettings, TaskNetworks
from backends.rl.gfucb.reproduce import growth
from backends.rl.gfucb.simulation import play
from backends.rl.gfucb.spec import LearnerName
from backends.rl.gfucb.tasks import DigitTasks, Floats, ReluFeatures


def silent(done: int) -> None:
    """Who plays without being watched."""


def regret(name: LearnerName, num_tasks: int, seed: int, rounds: int = 60) -> float:
    world = make_world("features", num_tasks=num_tasks, num_arms=6, representations=16, seed=seed)
    learner = make_learner(name, world, NeuralSettings(updates=4), scale=1.0, seed=seed)
    return float(play(world.tasks, learner, rounds, seed, silent).sum(0).mean())


def test_features_have_length_one_and_the_zero_arm_gives_no_nan() -> None:
    features = ReluFeatures.draw(8, 32, 5, np.random.default_rng(0))
    arms = np.random.default_rng(1).normal(size=(50, 8))
    np.testing.assert_allclose(np.linalg.norm(features(arms), axis=-1), 1.0)
    np.testing.assert_array_equal(features(np.zeros((1, 8))), 0.0)


def test_fewer_tasks_are_the_first_of_more() -> None:
    few, many = (make_world("features", num_tasks=count, num_arms=6, seed=3) for count in (2, 7))
    np.testing.assert_array_equal(few.heads_MR, many.heads_MR[:2])
    arms = np.random.default_rng(0).normal(size=(4, 8))
    np.testing.assert_array_equal(few.candidates[0](arms), many.candidates[0](arms))


def test_a_digit_pays_each_task_its_own_price() -> None:
    tasks = DigitTasks.draw(num_tasks=3, num_arms=5, noise=0.1, stream=np.random.default_rng(0))
    shown = tasks.round(np.random.default_rng(1))
    assert shown.arms_MKD.shape == (3, 5, 64)
    for task in range(3):
        for arm in range(5):
            match = (tasks.pictures_PD == shown.arms_MKD[task, arm]).all(1)
            prices = tasks.prices_MR[task, tasks.digits_P[match]]
            assert shown.means_MK[task, arm] in prices


def test_the_regret_of_an_oracle_is_zero_and_of_chance_is_not() -> None:
    world = make_world("features", num_tasks=2, num_arms=6, seed=0)

    class Chance:
        def choose(self, arms_MKD: Floats) -> np.ndarray:
            return np.zeros(2, dtype=np.int64)

        def learn(self, arms_MD: Floats, rewards_M: Floats) -> None:
            """It learns nothing."""

    class Oracle(Chance):
        def choose(self, arms_MKD: Floats) -> np.ndarray:
            means = np.einsum("mkr,mr->mk", world.candidates[0](arms_MKD), world.heads_MR)
            return np.asarray(means.argmax(1))

    assert play(world.tasks, Oracle(), 20, 0, silent).sum() == 0
    assert play(world.tasks, Chance(), 20, 0, silent).min(0).sum() >= 0
    assert play(world.tasks, Chance(), 20, 0, silent).sum() > 10


def test_ten_tasks_that_share_lose_less_than_one_alone() -> None:
    # Over these seeds 60 rounds lose about 17 alone and 12 together; chance loses 70.
    alone = np.mean([regret("exact", 1, seed) for seed in range(6)])
    together = np.mean([regret("exact", 10, seed) for seed in range(2)])
    assert together < 0.9 * alone


@pytest.mark.parametrize("name", ["shared", "independent", "greedy", "lagrangian", "linucb"])
def test_every_learner_does_better_than_chance(name: LearnerName) -> None:
    world = make_world("features", num_tasks=2, num_arms=6, noise=0.1, representations=2, seed=1)
    learner = make_learner(name, world, NeuralSettings(updates=8), scale=0.1, seed=1)
    regrets = play(world.tasks, learner, 80, 1, silent).mean(1)
    assert regrets[40:].mean() < 0.6 * regrets[:5].mean()


def test_a_world_without_a_finite_class_refuses_the_exact_learner() -> None:
    world = make_world("digits", num_tasks=2, num_arms=3, seed=0)
    with pytest.raises(LabError, match="--learner shared"):
        make_learner("exact", world, NeuralSettings(), scale=1.0, seed=0)


def test_a_shared_trunk_gives_every_task_the_same_features_and_separate_ones_do_not() -> None:
    arm = torch.randn(1, 1, 6).expand(3, 1, 6)
    for shared in (True, False):
        features = TaskNetworks(6, 3, NeuralSettings(), shared=shared).features(arm)
        assert torch.allclose(features[0], features[1]) == shared


def test_the_stack_computes_what_linear_layers_compute() -> None:
    network = TaskNetworks(6, 2, NeuralSettings(hidden=8, features=4), shared=False)
    arms = torch.randn(2, 5, 6)
    for task in range(2):
        hidden = arms[task]
        for number in range(3):
            hidden = hidden @ network.weights[number][task] + network.biases[number][task]
            hidden = torch.relu(hidden) if number < 2 else hidden
        torch.testing.assert_close(network(arms)[task], hidden @ network.heads_MR[task])


def test_the_bonus_is_the_width_in_the_features_and_shrinks_where_one_has_played() -> None:
    settings = NeuralSettings(features=4, bonus=2.0, ridge=1e-3, updates=0)
    learner = NeuralLinearUcb(6, 2, settings, shared=True, seed=0)
    arms = torch.randn(2, 3, 6, generator=torch.Generator().manual_seed(0))
    _, before = learner.judge(arms)
    lengths = learner.network.features(arms).norm(dim=-1).detach()
    torch.testing.assert_close(before, 2.0 * lengths / 1e-3**0.5)
    for _ in range(5):
        learner.remember(arms[:, 0].double().numpy(), np.zeros(2), np.array([1.0, 0.0]))
    _, after = learner.judge(arms)
    assert (after[0] < before[0]).all() and after[0, 0] < 0.6 * before[0, 0]
    torch.testing.assert_close(after[1], before[1])  # this task has not played


@pytest.mark.parametrize("power", [0.5, 1.0])
def test_growth_is_the_power_of_the_curve(power: float) -> None:
    assert growth(3.0 * np.arange(1, 301, dtype=float) ** power) == pytest.approx(power)

"""Surprise and the contrast of skills are what their formulas say."""

import math

import numpy as np
import pytest
import torch

from backends.rl.skills.contrastive import contrastive_loss
from backends.rl.skills.networks import clamp_straight_through
from backends.rl.skills.objectives import AVOIDS, SEEKS, Surprise, SurpriseSettings
from backends.rl.skills.particle_reward import ParticleReward, RunningVariance
from backends.rl.skills.replay import Batch


def batch(size: int, modes: torch.Tensor | None = None) -> Batch:
    stream = torch.Generator().manual_seed(0)

    def drawn(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=stream)

    return Batch(
        state_BO=drawn(size, 3),
        action_BA=drawn(size, 2),
        reward_B=drawn(size),
        discount_B=torch.ones(size),
        next_BO=drawn(size, 3),
        skill_BZ=drawn(size, 4),
        mode_B=torch.zeros(size, dtype=torch.int64) if modes is None else modes,
        episode_B=torch.zeros(size, dtype=torch.int64),
        step_B=torch.arange(size),
    )


@pytest.mark.parametrize("minus_mean", [True, False])
def test_the_reward_is_the_distance_to_neighbours_by_the_plain_formula(minus_mean: bool) -> None:
    states, others = torch.randn(12, 5), torch.randn(12, 5)
    found = ParticleReward(neighbours=3, minus_mean=minus_mean)(states, others)
    distances = np.linalg.norm(states.numpy()[:, None] - others.numpy()[None], axis=-1)
    nearest = np.sort(distances, axis=1)[:, :3]
    total = 1e-4 + nearest.size
    mean = nearest.mean() * nearest.size / total
    variance = 1e-4 + nearest.var(ddof=1) * nearest.size
    variance = (variance + nearest.mean() ** 2 * 1e-4 * nearest.size / total) / total
    shifted = nearest - mean if minus_mean else nearest
    expected = np.log1p(np.maximum(shifted / variance - 5e-4, 0).mean(1))
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-4, atol=1e-6)


def test_running_variance_in_parts_is_that_of_the_whole() -> None:
    seen, values = RunningVariance(), torch.randn(4000, dtype=torch.float64) * 3 + 2
    for part in torch.split(values, 1000):
        seen.add(part)
    assert seen.mean == pytest.approx(float(values.mean()), rel=1e-5)
    # Each part's own variance is unbiased, as in the published code: off by a thousandth of itself.
    assert seen.variance == pytest.approx(float(values.var()), rel=2e-3)


def test_farther_states_are_more_surprising() -> None:
    states = torch.cat([torch.zeros(20, 2) + 0.01 * torch.randn(20, 2), torch.tensor([[5.0, 5.0]])])
    rewards = ParticleReward(neighbours=4, minus_mean=True)(states, states)
    assert rewards.argmax() == 20 and rewards[20] > 2 * rewards[:20].max()


def test_the_sign_turns_exactly_where_surprise_is_avoided() -> None:
    modes = torch.tensor([SEEKS, AVOIDS] * 8)
    settings = SurpriseSettings(skills=4, width=16, neighbours=3)
    torch.manual_seed(0)
    mixed = Surprise(3, settings).reward(batch(16, modes))
    torch.manual_seed(0)
    seeking = Surprise(3, settings).reward(batch(16))
    assert (seeking > 0).all()
    torch.testing.assert_close(mixed, torch.where(modes == AVOIDS, -seeking, seeking))


@pytest.mark.parametrize("mode", [SEEKS, AVOIDS])
def test_a_batch_of_one_mode_only_is_rewarded_too(mode: int) -> None:
    rewards = Surprise(3, SurpriseSettings(skills=4, width=16)).reward(batch(8, torch.full((8,), mode)))
    assert torch.isfinite(rewards).all()


def test_orthonormal_matches_have_the_closed_form_of_the_loss() -> None:
    vectors, temperature = torch.eye(6, dtype=torch.float64), 0.5
    others = 5.0  # five neighbours of similarity 0; the diagonal is what is subtracted
    expected = -math.log(math.exp(1 / temperature) / (others + 1e-6))
    assert float(contrastive_loss(vectors, 3 * vectors, temperature)) == pytest.approx(expected)


def test_the_loss_subtracts_the_largest_diagonal_and_not_the_diagonal() -> None:
    query, key = torch.randn(5, 3, dtype=torch.float64), torch.randn(5, 3, dtype=torch.float64)
    first, second = (one / one.norm(dim=1, keepdim=True) for one in (query, key))
    similar = torch.exp(first @ second.T / 0.5)
    others = (similar.sum(1) - math.exp(2)).clamp(min=1e-6)
    expected = -(similar.diagonal() / (others + 1e-6)).log().mean()
    torch.testing.assert_close(contrastive_loss(query, key, 0.5), expected)


def test_the_contrast_learns_which_step_a_skill_led_to() -> None:
    torch.manual_seed(0)
    surprise = Surprise(3, SurpriseSettings(skills=4, width=32, rate=3e-3))
    steps = batch(64)
    losses = [float(surprise.learn(steps)["contrast"]) for _ in range(60)]
    assert losses[-1] < losses[0] - 1


def test_clamping_lets_the_gradient_through() -> None:
    values = torch.tensor([-3.0, 0.5, 2.0], requires_grad=True)
    clamped = clamp_straight_through(values, 1.0)
    assert clamped.tolist() == [-1.0, 0.5, 1.0]
    clamped.sum().backward()  # type: ignore[no-untyped-call]
    assert values.grad is not None and values.grad.tolist() == [1.0, 1.0, 1.0]

"""The base: projected returns, several steps, noise, targets, and that it learns."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.rl.vcr.algorithm import Learner, Moments
from backends.rl.vcr.augmentation import brightened, shifted
from backends.rl.vcr.networks import NetworkConfig, NoisyLinear, RainbowWithModel, renormalised
from backends.rl.vcr.presets import WEIGHTS, atari, tiny
from backends.rl.vcr.values import atoms_of, projected, surprise

ATOMS = atoms_of(51, 10.0, torch.zeros(1))


@given(st.floats(-30, 30), st.floats(0, 1), st.integers(0, 1000))
@settings(max_examples=50, deadline=None)
def test_projection_keeps_probability(gained: float, discount: float, seed: int) -> None:
    p = torch.randn(4, 51, generator=torch.Generator().manual_seed(seed)).softmax(-1)
    found = projected(p, torch.full((4,), gained), torch.full((4,), discount), ATOMS)
    torch.testing.assert_close(found.sum(-1), torch.ones(4))
    assert float(found.min()) >= 0


@given(st.floats(-3, 3), st.floats(0.1, 0.6))
@settings(max_examples=50, deadline=None)
def test_projection_moves_the_mean_as_bellman_says(gained: float, discount: float) -> None:
    p = torch.linspace(-2, 2, 51).softmax(-1)[None]
    found = projected(p, torch.tensor([gained]), torch.tensor([discount]), ATOMS)
    wanted = gained + discount * float(p[0] @ ATOMS)
    assert float(found[0] @ ATOMS) == pytest.approx(wanted, abs=1e-4)


def test_projection_equals_the_sum_over_all_pairs_of_atoms() -> None:
    torch.manual_seed(0)
    p, gained, discounts = torch.randn(6, 51).softmax(-1), 6 * torch.randn(6), torch.rand(6)
    moved = (gained[:, None] + discounts[:, None] * ATOMS).clamp(-10, 10)
    near = (1 - (moved[:, None] - ATOMS[:, None]).abs() / 0.4).clamp(0, 1)
    torch.testing.assert_close(
        projected(p, gained, discounts, ATOMS), (near * p[:, None]).sum(-1), atol=1e-4, rtol=0
    )


def test_what_was_expected_surprises_least() -> None:
    target = torch.tensor([[0.2, 0.5, 0.3]])
    assert float(surprise(target, target.log())) == pytest.approx(1e-6)
    assert float(surprise(target, torch.tensor([[0.5, 0.2, 0.3]]).log())) > 0.1


def test_noise_stays_until_it_is_drawn_and_vanishes_when_off() -> None:
    torch.manual_seed(0)
    layer, x = NoisyLinear(5, 4, 0.5), torch.randn(3, 5)
    first = layer(x)
    torch.testing.assert_close(layer(x), first, atol=0, rtol=0)
    layer.draw_noise()
    assert float((layer(x) - first).detach().abs().max()) > 1e-3
    torch.testing.assert_close(layer(x, False), x @ layer.weight.T + layer.bias)
    torch.testing.assert_close(layer.weight_spread.detach(), torch.full((4, 5), 0.5 / 5**0.5))


def test_latents_are_stretched_and_a_constant_one_does_no_harm() -> None:
    latents = torch.stack((torch.arange(8.0).view(2, 2, 2), torch.full((2, 2, 2), 3.0)))
    found = renormalised(latents)
    assert float(found[0].min()) == 0.0 and float(found[0].max()) == pytest.approx(1.0, abs=1e-5)
    assert (found[1] == 0).all()


def test_the_published_network_makes_latents_of_seven_pixels() -> None:
    assert NetworkConfig(num_actions=6).latent_side == 7
    with torch.device("meta"):
        model = RainbowWithModel(atari(6).network)
    assert model.network.head.value_inner.weight.shape == (256, 64 * 49)
    assert model.predictor.weight.shape == (512, 512)


def test_a_shift_moves_pictures_by_at_most_its_pad() -> None:
    torch.manual_seed(0)
    frames = torch.zeros(60, 1, 9, 9)
    frames[:, 0, 4, 4] = 1
    moved = shifted(frames, pad=2)
    places = moved[:, 0].nonzero()
    assert len(places) == 60
    assert {tuple(place) for place in (places[:, 1:] - 4).tolist()} <= {
        (down, right) for down in range(-2, 3) for right in range(-2, 3)
    }
    assert len({tuple(place) for place in places[:, 1:].tolist()}) > 10


def test_brightness_changes_by_a_tenth_at_most() -> None:
    torch.manual_seed(0)
    found = brightened(torch.ones(500, 1, 2, 2))
    assert 0.8999 < float(found.min()) < 0.92 and 1.08 < float(found.max()) < 1.1001


def moments(ends: list[bool], rewards: list[float]) -> Moments:
    torch.manual_seed(1)
    return Moments(
        stacks_BMCHW=torch.randint(256, (2, 4, 6, 10, 10), dtype=torch.uint8),
        actions_BM=torch.zeros(2, 4, dtype=torch.long),
        rewards_BM=torch.tensor([rewards, rewards]),
        ends_BM=torch.tensor([ends, ends]),
    )


def test_a_return_stops_at_an_end() -> None:
    config = replace(tiny(3), augment=False)
    torch.manual_seed(0)
    learner = Learner(config, "cpu")

    def priority(ends: list[bool], rewards: list[float]) -> float:
        torch.manual_seed(2)
        return float(learner.losses(moments(ends, rewards)).values_B[0].detach())

    ended = [False, True, False, False]
    assert priority(ended, [0.1, 0.2, 0.0, 0.0]) == priority(ended, [0.1, 0.2, 0.9, 0.9])
    going = [False, False, False, True]  # the step after the three that are counted
    assert priority(going, [0.1, 0.2, 0.0, 0.0]) != priority(going, [0.1, 0.2, 0.9, 0.0])
    assert priority(going, [0.1, 0.2, 0.3, 0.0]) == priority(going, [0.1, 0.2, 0.3, 0.9])


@pytest.mark.parametrize(("momentum", "share"), [(1.0, 1.0), (0.01, 0.01)])
def test_the_targets_follow_each_update(momentum: float, share: float) -> None:
    torch.manual_seed(0)
    learner = Learner(replace(tiny(3), momentum=momentum), "cpu")
    before = next(learner.slow.parameters()).clone()
    learner.update(moments([False] * 4, [0.0] * 4), torch.ones(2))
    now = next(learner.model.network.parameters())
    assert float((now - before).detach().abs().max()) > 1e-5
    torch.testing.assert_close(next(learner.target.parameters()), now)
    torch.testing.assert_close(next(learner.slow.parameters()), before + share * (now - before))


@pytest.mark.parametrize("method", ["rainbow", "vcr"])
def test_only_methods_with_a_model_train_it(method: str) -> None:
    value_weight, latent_weight = {str(name): weights for name, weights in WEIGHTS.items()}[method]
    torch.manual_seed(0)
    config = replace(tiny(3), value_weight=value_weight, latent_weight=latent_weight)
    learner = Learner(config, "cpu")
    before = [one.clone() for one in learner.model.transition.parameters()]
    learner.update(moments([False] * 4, [1.0] * 4), torch.ones(2))
    changed = any(
        not torch.equal(one, other)
        for one, other in zip(before, learner.model.transition.parameters(), strict=True)
    )
    assert changed == (method == "vcr")


def test_steps_of_weight_0_teach_nothing() -> None:
    torch.manual_seed(0)
    learner = Learner(tiny(3), "cpu")
    before = [one.clone() for one in learner.model.parameters()]
    learner.update(moments([False] * 4, [1.0] * 4), torch.zeros(2))
    for one, other in zip(before, learner.model.parameters(), strict=True):
        torch.testing.assert_close(one, other.detach())

"""The world model: published sizes, causality, tokens, two-hot numbers, free nats."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from backends.rl.pixels.replay import Windows
from backends.rl.storm.model import WorldModel
from backends.rl.storm.presets import atari, new_agent, tiny, tiny_world
from backends.rl.storm.tokens import divergence, draw, mixed_logits
from backends.rl.storm.two_hot import SymlogTwoHot, symexp, symlog


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def windows(batch: int, length: int) -> Windows:
    return Windows(
        frames_BLCHW=torch.randint(256, (batch, length, 3, 10, 10), dtype=torch.uint8),
        actions_BL=torch.randint(3, (batch, length)),
        rewards_BL=torch.randn(batch, length),
        terminals_BL=torch.rand(batch, length) < 0.2,
        overs_BL=torch.zeros(batch, length, dtype=torch.bool),
    )


@pytest.mark.parametrize(("actions", "sequence"), [(18, 5_032_960), (6, 5_026_816)])
def test_the_parts_have_their_published_sizes(actions: int, sequence: int) -> None:
    config = atari(actions)
    with torch.device("meta"):
        world, agent = WorldModel(config.world), new_agent(config)
    assert count(world.encoder) == 690_624
    assert count(world.to_posterior) + count(world.to_prior) == 4_720_640
    assert count(world.sequence) == sequence
    assert count(world.decoder) == 4_884_931
    assert count(world.reward) == 657_151
    assert count(world.termination) == 526_849
    assert count(agent.critic) == count(agent.slow_critic) == 1_181_439
    if actions == 18:
        assert count(world) == 16_513_155
        assert count(agent.actor) == 1_059_858


def test_a_feature_knows_nothing_of_later_actions_and_tokens() -> None:
    torch.manual_seed(0)
    world = tiny_world().eval()
    tokens = torch.randn(2, 9, world.config.token)
    actions = world.one_hot(torch.randint(3, (2, 9)))
    before = world.sequence(tokens, actions)
    changed_tokens, changed_actions = tokens.clone(), actions.clone()
    changed_tokens[:, 6:] += 1
    changed_actions[:, 5] = changed_actions[:, 5].roll(1, -1)
    after = world.sequence(changed_tokens, changed_actions)
    torch.testing.assert_close(before[:, :5], after[:, :5], atol=0, rtol=0)
    assert ((before - after)[:, 5:].abs().amax((0, 2)) > 1e-4).all()


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
@settings(max_examples=50, deadline=None)
def test_two_hot_numbers_come_back(values: list[float]) -> None:
    two_hot = SymlogTwoHot()
    wanted = torch.tensor(values)
    encoded = two_hot.encode(wanted)
    torch.testing.assert_close(encoded.sum(-1), torch.ones(len(values)))
    assert ((encoded > 0).sum(-1) <= 2).all()
    found = symexp(encoded @ two_hot.bins_N)
    torch.testing.assert_close(symlog(found), symlog(wanted), atol=2e-5, rtol=2e-5)


def test_numbers_beyond_the_grid_lie_on_its_ends() -> None:
    two_hot = SymlogTwoHot()
    encoded = two_hot.encode(torch.tensor([-1e12, 1e12, float(symexp(torch.tensor(-20.0)))]))
    assert encoded.argmax(-1).tolist() == [0, 254, 0]
    assert encoded.amax(-1).tolist() == [1.0, 1.0, 1.0]


def test_the_loss_is_the_cross_entropy_with_the_two_hot_numbers() -> None:
    torch.manual_seed(0)
    two_hot = SymlogTwoHot()
    logits, values = torch.randn(4, 5, 255), 10 * torch.randn(4, 5)
    naive = -(two_hot.encode(values) * logits.log_softmax(-1)).sum(-1).mean()
    torch.testing.assert_close(two_hot.loss(logits, values), naive)


def test_every_class_keeps_a_share_of_the_even_distribution() -> None:
    log_p = mixed_logits(100 * torch.randn(3, 64), variables=8)
    assert log_p.shape == (3, 8, 8)
    torch.testing.assert_close(log_p.exp().sum(-1), torch.ones(3, 8))
    assert float(log_p.exp().min()) >= 0.01 / 8 * 0.999


def test_a_drawn_token_is_one_hot_with_the_gradient_of_its_probabilities() -> None:
    torch.manual_seed(0)
    logits = torch.randn(5, 64, requires_grad=True)
    weights = torch.randn(5, 64)
    log_p = mixed_logits(logits, variables=8)
    token = draw(log_p)
    hard = token.detach().view(5, 8, 8)
    torch.testing.assert_close(hard.sum(-1), torch.ones(5, 8))
    torch.testing.assert_close(hard.amax(-1), torch.ones(5, 8))
    (through,) = torch.autograd.grad((token * weights).sum(), logits, retain_graph=True)
    (direct,) = torch.autograd.grad((log_p.exp().flatten(-2) * weights).sum(), logits)
    torch.testing.assert_close(through, direct)


def test_tokens_are_drawn_as_often_as_their_probabilities_say() -> None:
    torch.manual_seed(0)
    log_p = torch.tensor([0.1, 0.2, 0.3, 0.4]).log()[None].expand(20_000, 1, 4)
    shares = draw(log_p).mean(0)
    # Five standard deviations of a share of 0.4 are 0.017.
    torch.testing.assert_close(shares, torch.tensor([0.1, 0.2, 0.3, 0.4]), atol=0.017, rtol=0)


def test_the_likeliest_token_is_always_the_same() -> None:
    log_p = mixed_logits(torch.randn(4, 64), variables=8)
    torch.testing.assert_close(draw(log_p, "mode"), draw(log_p, "mode"), atol=0, rtol=0)


def test_a_divergence_below_one_nat_is_free() -> None:
    torch.manual_seed(0)
    world = tiny_world().eval()
    with torch.no_grad():  # nearly even distributions before and after
        for head in (world.to_posterior, world.to_prior):
            head.weight.mul_(1e-3)
            head.bias.zero_()
    seen = windows(2, 6)
    loss = world.loss(seen)
    assert float(loss.divergence.detach()) < 1
    gradient = prior_gradient(world, loss.total)
    assert gradient is None or float(gradient.abs().max()) == 0.0
    with torch.no_grad():
        world.to_prior.bias.copy_(5 * torch.randn(64))
    loss = world.loss(seen)
    assert float(loss.divergence.detach()) > 1
    gradient = prior_gradient(world, loss.total)
    assert gradient is not None and float(gradient.abs().max()) > 0


def prior_gradient(world: WorldModel, total: Tensor) -> Tensor | None:
    world.zero_grad()
    total.backward()  # type: ignore[no-untyped-call]
    return world.to_prior.weight.grad


def test_divergence_is_summed_over_variables_and_averaged_over_the_rest() -> None:
    p, q = torch.tensor([0.5, 0.5]).log(), torch.tensor([0.25, 0.75]).log()
    one = float((p.exp() * (p - q)).sum())
    found = divergence(p.expand(3, 4, 5, 2), q.expand(3, 4, 5, 2))
    assert float(found) == pytest.approx(5 * one)


def test_the_small_settings_fit_their_game() -> None:
    config = tiny(3)
    assert config.context + config.horizon <= config.world.longest
    assert config.length <= config.world.longest

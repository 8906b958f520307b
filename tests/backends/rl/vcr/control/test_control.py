"""The continuous form: the base's numbers, whom value consistency teaches, and what counts in a window."""

import copy
import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from backends.rl.vcr.control.algorithm import ControlLearner, Steps
from backends.rl.vcr.control.consistency import compared_actions, value_distance, values_of_all
from backends.rl.vcr.control.networks import (
    ControlNetworkConfig,
    ControlWithModel,
    Policy,
    TwinValues,
    ValueNetwork,
)
from backends.rl.vcr.control.presets import ControlConfig, suite, tiny

BOTH = replace(tiny(2), latent_weight=1.0, shift=0)
BATCH = 6


def steps(*, same_frame: bool = False, over_at: int | None = None, terminal: bool = False) -> Steps:
    """Drawn steps; with `same_frame` nothing ever changes, with `over_at` an episode ends with that step."""
    torch.manual_seed(1)
    stacks = torch.randint(256, (BATCH, 4, 3, 16, 16), dtype=torch.uint8)
    overs = torch.zeros(BATCH, 4, dtype=torch.bool)
    if over_at is not None:
        overs[:, over_at] = True
    return Steps(
        stacks_BMCHW=stacks[:, :1].expand_as(stacks) if same_frame else stacks,
        actions_BMA=torch.rand(BATCH, 4, 2) * 2 - 1,
        rewards_BM=torch.randn(BATCH, 4),
        terminals_BM=overs & terminal,
        overs_BM=overs,
    )


def learner(config: ControlConfig = BOTH) -> ControlLearner:
    torch.manual_seed(0)
    return ControlLearner(config, "cpu")


def test_the_published_network_has_latents_of_50_numbers_from_39200() -> None:
    config = suite(6).network
    assert config.convolved == 32 * 35 * 35
    with torch.device("meta"):
        model = ControlWithModel(config)
    convolutions = 9 * 32 * 9 + 32 + 3 * (32 * 32 * 9 + 32)
    latent = 39200 * 50 + 50 + 2 * 50
    critic = 56 * 1024 + 1024 + 1024 * 1024 + 1024 + 1024 + 1
    assert sum(one.numel() for one in model.network.parameters()) == convolutions + latent + 2 * critic


def test_weights_begin_orthogonal_and_biases_at_0() -> None:
    torch.manual_seed(0)
    network = ValueNetwork(tiny(2).network)
    linear, first_layer = network.to_latent[0], network.convolutions[0]
    assert isinstance(linear, nn.Linear) and isinstance(first_layer, nn.Conv2d)
    rows = linear.weight
    torch.testing.assert_close(rows @ rows.T, torch.eye(len(rows)), atol=1e-5, rtol=0)
    first = first_layer.weight.flatten(1)
    torch.testing.assert_close(first @ first.T, 2 * torch.eye(len(first)), atol=1e-5, rtol=0)
    assert not linear.bias.any()


def test_the_density_of_actions_integrates_to_1_and_is_that_of_the_draws() -> None:
    torch.manual_seed(0)
    sizes = ControlNetworkConfig(levers=1, side=16, widths=(4,), strides=(2,), latent=8, hidden=8)
    policy = Policy(replace(sizes, least_log_spread=-0.5, most_log_spread=0.5)).requires_grad_(False)
    convolved = torch.randn(1, 4 * 7 * 7).expand(20_000, -1)
    action, log_p = policy.drawn(convolved)
    # The mean of 1 / density over draws is the length of the interval that they fall into.
    inside = action.abs() < 0.9
    assert float((inside * (-log_p[:, None]).exp()).mean()) == pytest.approx(1.8, rel=0.05)
    mean, spread = policy(convolved[:1])
    raw = torch.atanh(action[:5, 0].double())
    normal = torch.distributions.Normal(mean[0].double(), spread[0].double())
    slope = (1 - action[:5, 0].double() ** 2).log()
    wanted = normal.log_prob(raw) - slope  # type: ignore[no-untyped-call]
    torch.testing.assert_close(log_p[:5].double(), wanted, atol=1e-3, rtol=1e-3)


def test_half_of_the_compared_actions_lie_near_what_the_policy_does() -> None:
    torch.manual_seed(0)
    policy = torch.tensor([[0.2, -0.4]]).expand(4000, -1)
    found = compared_actions(policy, 10)
    assert found.shape == (4000, 10, 2) and float(found.abs().max()) <= 1
    near, anywhere = found[:, :5].flatten(0, 1), found[:, 5:].flatten(0, 1)
    torch.testing.assert_close(near.mean(0), policy[0], atol=0.03, rtol=0)
    assert float(near[:, 0].std()) == pytest.approx(0.3, abs=0.02)
    assert float(anywhere.std()) == pytest.approx(1 / math.sqrt(3), abs=0.01)


def test_values_of_all_actions_are_those_of_each() -> None:
    torch.manual_seed(0)
    values = TwinValues(tiny(2).network)
    latents, actions = torch.randn(3, 32), torch.randn(3, 4, 2)
    found = values_of_all(values, latents, actions)
    for number in range(4):
        torch.testing.assert_close(found[:, number], values(latents, actions[:, number]))
    torch.testing.assert_close(values_of_all(values, latents, actions, teach_values=False), found)


def test_the_distance_is_in_units_of_the_scale_and_pulls_the_imagined_side_only() -> None:
    ours, theirs = torch.zeros(2, 3, 2, requires_grad=True), torch.full((2, 3, 2), 4.0, requires_grad=True)
    far = value_distance(ours, theirs, torch.tensor(2.0))
    assert far.tolist() == [8.0, 8.0]  # two opinions, each two units off
    far.sum().backward()  # type: ignore[no-untyped-call]
    assert theirs.grad is None and ours.grad is not None


def test_a_perfect_model_of_a_still_world_has_no_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = learner()
    monkeypatch.setattr(ours.model.transition, "forward", lambda latents, actions: latents)
    assert float(ours.losses(steps(same_frame=True)).consistency.detach()) == pytest.approx(0, abs=1e-9)
    assert float(ours.losses(steps()).consistency.detach()) > 1e-6


@pytest.mark.parametrize(("teach_values", "learn"), [(False, False), (True, True)])
def test_values_learn_from_consistency_only_if_asked(teach_values: bool, learn: bool) -> None:
    ours = learner(replace(BOTH, teach_values=teach_values))
    ours.losses(steps()).consistency.backward()  # type: ignore[no-untyped-call]
    network = ours.model.network
    assert any(one.grad is not None for one in network.values.parameters()) == learn
    assert all(one.grad is not None for one in network.convolutions.parameters())
    assert all(one.grad is not None for one in ours.model.transition.parameters())
    assert all(one.grad is None for one in ours.target.parameters())
    assert all(one.grad is None for one in ours.model.policy.parameters())


def test_steps_after_an_end_do_not_count() -> None:
    ours = learner()
    cut = ours.losses(steps(over_at=0))
    assert float(cut.consistency.detach()) == float(cut.latents.detach()) == 0.0
    assert float(ours.losses(steps(over_at=1)).latents.detach()) > 0


def value_loss(drawn: Steps) -> float:
    ours = learner()
    torch.manual_seed(2)
    return float(ours.losses(drawn).values.detach())


def test_a_step_cut_by_the_time_limit_teaches_no_values_and_a_terminal_one_its_reward() -> None:
    assert value_loss(steps(over_at=0)) == 0.0
    ended = steps(over_at=0, terminal=True)
    ours = learner()
    values = ours.model.network(ended.stacks_BMCHW[:, 0].float() / 255, ended.actions_BMA[:, 0])
    wanted = (values - ended.rewards_BM[:, :1]).square().sum(-1).mean()
    assert value_loss(ended) == pytest.approx(float(wanted.detach()), rel=1e-5)


def test_views_share_their_mean_target() -> None:
    one, two = learner(replace(BOTH, views=1)), learner(replace(BOTH, views=2))
    ended = steps(over_at=0, terminal=True)  # no draws in the target, and no shift: both views are equal
    found, wanted = two.losses(ended).values.detach(), one.losses(ended).values.detach()
    assert float(found) == pytest.approx(float(wanted), rel=1e-5)


def test_policy_and_targets_move_every_second_update() -> None:
    ours = learner()

    def now() -> tuple[Tensor, Tensor, Tensor]:
        first = next(ours.model.policy.parameters())
        return (
            first.detach().clone(),
            next(ours.target.parameters()).clone(),
            ours.log_temperature.detach().clone(),
        )

    begun, conv = now(), next(ours.model.network.parameters()).detach().clone()
    told = ours.update(steps())
    after = now()
    assert "policy_loss" in told
    assert all(not torch.equal(one, other) for one, other in zip(begun, after, strict=True))
    learnt = next(ours.model.network.parameters()).detach().clone()
    torch.testing.assert_close(after[1], conv + 0.01 * (learnt - conv))
    assert "policy_loss" not in ours.update(steps())
    assert all(torch.equal(one, other) for one, other in zip(after, now(), strict=True))
    assert not torch.equal(next(ours.model.network.parameters()), learnt)


def test_the_base_leaves_the_latent_model_alone() -> None:
    ours = learner(replace(BOTH, value_weight=0.0, latent_weight=0.0))
    before = [one.clone() for one in ours.model.transition.parameters()]
    ours.update(steps())
    assert all(torch.equal(*pair) for pair in zip(before, ours.model.transition.parameters(), strict=True))


def test_a_learner_goes_on_from_its_state() -> None:
    ours, again = learner(), learner()
    ours.update(steps())
    again.restore(copy.deepcopy(ours.state()))
    for one in (ours, again):
        torch.manual_seed(5)
        one.update(steps())
    for name, value in ours.model.state_dict().items():
        torch.testing.assert_close(again.model.state_dict()[name], value, atol=0, rtol=0)
    assert float(again.scale) == float(ours.scale) != 1.0

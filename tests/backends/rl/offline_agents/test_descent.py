"""Steps are those of torch's Adam, also after a checkpoint; nothing moves that was not asked to."""

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.optim import Adam
from torch.optim.lr_scheduler import CosineAnnealingLR

from backends.rl.offline_agents.descent import FusedAdam, squared_error, take_step


def loss_of(network: nn.Module, step: int) -> Tensor:
    x = torch.randn(16, 3, generator=torch.Generator().manual_seed(step))
    values: Tensor = network(x)
    return (values - x.sum(1, keepdim=True)).square().mean()


def test_steps_and_their_cosine_are_those_of_torchs_adam_also_after_a_checkpoint() -> None:
    torch.manual_seed(0)
    ours = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
    theirs = copy.deepcopy(ours)
    mine, plain = FusedAdam(ours.parameters(), 0.01), Adam(theirs.parameters(), 0.01)
    decay = CosineAnnealingLR(plain, 20)
    for step in range(20):
        if step == 10:
            kept = copy.deepcopy(mine.state_dict())
            mine = FusedAdam(ours.parameters(), 0.01)
            mine.load_state_dict(kept)
        mine.anneal(step / 20)
        assert mine.param_groups[0]["lr"] == pytest.approx(plain.param_groups[0]["lr"])
        take_step(mine, loss_of(ours, step))
        plain.zero_grad()
        loss_of(theirs, step).backward()  # type: ignore[no-untyped-call]
        plain.step()
        decay.step()
        for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(one, other)
    mine.anneal(3.0)
    assert mine.param_groups[0]["lr"] == pytest.approx(0.0)


def test_a_step_gives_no_gradient_to_other_weights_on_the_way() -> None:
    torch.manual_seed(0)
    policy, critic = nn.Linear(3, 2), nn.Linear(2, 1)
    before = policy.weight.detach().clone()
    take_step(FusedAdam(policy.parameters(), 0.1), critic(policy(torch.ones(4, 3))).mean())
    assert critic.weight.grad is None and critic.bias.grad is None
    assert not torch.equal(policy.weight, before)


def test_the_squared_error_adds_members_and_weighs_transitions() -> None:
    torch.manual_seed(0)
    values, target, weight = torch.randn(2, 5), torch.randn(5), torch.rand(5)
    naive = sum(
        float(weight[row] * (values[member, row] - target[row]) ** 2 / 5)
        for member in range(2)
        for row in range(5)
    )
    assert float(squared_error(values, target, weight)) == pytest.approx(naive, rel=1e-5)
    torch.testing.assert_close(
        squared_error(values, target, None), squared_error(values, target, torch.ones(5))
    )

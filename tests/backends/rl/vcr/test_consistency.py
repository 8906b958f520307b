"""Value consistency: 0 for a model that is right where it matters, and whom it teaches."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from backends.rl.vcr.algorithm import Learner, Moments
from backends.rl.vcr.consistency import (
    Distance,
    imagined_values,
    latent_distance,
    still_going,
    value_distance,
)
from backends.rl.vcr.networks import NetworkConfig, ValueHead
from backends.rl.vcr.presets import VcrConfig, tiny
from backends.rl.vcr.values import atoms_of

DISTANCES: tuple[Distance, ...] = ("ce", "mse", "kl_softmax")
QUIET = replace(tiny(3), augment=False)


def moments(batch: int = 4, *, same_frame: bool = False, end_at: int | None = None) -> Moments:
    """Drawn steps; with `same_frame` nothing ever changes, with `end_at` an episode ends after that step."""
    torch.manual_seed(1)
    stacks = torch.randint(256, (batch, 4, 6, 10, 10), dtype=torch.uint8)
    ends = torch.zeros(batch, 4, dtype=torch.bool)
    if end_at is not None:
        ends[:, end_at] = True
    return Moments(
        stacks_BMCHW=stacks[:, :1].expand_as(stacks) if same_frame else stacks,
        actions_BM=torch.randint(3, (batch, 4)),
        rewards_BM=torch.randn(batch, 4),
        ends_BM=ends,
    )


def learner(config: VcrConfig = QUIET) -> Learner:
    torch.manual_seed(0)
    return Learner(config, "cpu")


@pytest.mark.parametrize("distance", DISTANCES)
def test_equal_values_are_at_distance_0_and_others_are_not(distance: Distance) -> None:
    torch.manual_seed(0)
    atoms = atoms_of(21, 1.5, torch.zeros(1))
    ours, theirs = torch.randn(2, 5, 3, 21).log_softmax(-1)
    torch.testing.assert_close(value_distance(ours, ours, atoms, distance), torch.zeros(5), atol=1e-6, rtol=0)
    assert (value_distance(ours, theirs, atoms, distance) > 0).all()


@pytest.mark.parametrize("distance", DISTANCES)
def test_only_the_imagined_side_is_pulled(distance: Distance) -> None:
    atoms = atoms_of(21, 1.5, torch.zeros(1))
    ours, theirs = (torch.randn(5, 3, 21, requires_grad=True) for _ in range(2))
    far = value_distance(ours.log_softmax(-1), theirs.log_softmax(-1), atoms, distance)
    far.sum().backward()  # type: ignore[no-untyped-call]
    assert ours.grad is not None and float(ours.grad.abs().max()) > 0
    assert theirs.grad is None


@pytest.mark.parametrize("distance", DISTANCES)
def test_a_perfect_model_of_a_still_world_has_no_loss(
    distance: Distance, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = learner(replace(QUIET, distance=distance))
    monkeypatch.setattr(ours.model.transition, "forward", lambda latents, actions: latents)
    losses = ours.losses(moments(same_frame=True))
    torch.testing.assert_close(losses.consistency_B.detach(), torch.zeros(4), atol=1e-5, rtol=0)
    assert float(ours.losses(moments()).consistency_B.detach().min()) > 1e-8


@pytest.mark.parametrize(("teach_head", "learns"), [(False, False), (True, True)])
def test_the_head_learns_from_value_consistency_only_if_asked(teach_head: bool, learns: bool) -> None:
    ours = learner(replace(QUIET, teach_head=teach_head))
    ours.losses(moments()).consistency_B.mean().backward()  # type: ignore[no-untyped-call]
    network = ours.model.network
    assert any(one.grad is not None for one in network.head.parameters()) == learns
    assert all(one.grad is not None for one in network.layers.parameters())
    assert all(one.grad is not None for one in ours.model.transition.parameters())
    assert all(one.grad is None for one in ours.target.parameters())


def test_imagined_values_have_no_noise() -> None:
    torch.manual_seed(0)
    config = tiny(3).network
    head = ValueHead(config)
    latents = torch.rand(2, config.widths[-1], config.latent_side, config.latent_side)
    before = imagined_values(head, latents, teach_head=False)
    noisy = head(latents)
    head.draw_noise()
    torch.testing.assert_close(imagined_values(head, latents, teach_head=False), before, atol=0, rtol=0)
    torch.testing.assert_close(imagined_values(head, latents, teach_head=True), before)
    assert float((head(latents) - noisy).detach().abs().max()) > 1e-4


def test_steps_after_an_end_do_not_count() -> None:
    ends = torch.tensor([[False, False, False], [True, False, False], [False, True, False]])
    # The state after a step counts unless an episode ended with that step or one before it.
    assert still_going(ends).tolist() == [[1, 1, 1], [0, 0, 0], [1, 0, 0]]
    ours = learner()
    losses = ours.losses(moments(end_at=0))
    assert losses.consistency_B.tolist() == losses.latents_B.tolist() == [0.0] * 4
    whole, cut = ours.losses(moments()), ours.losses(moments(end_at=1))
    assert (cut.latents_B < whole.latents_B).all() and (cut.latents_B > 0).all()


def linear_head() -> tuple[ValueHead, Tensor]:
    """A head and a change of latents that changes none of its values."""
    torch.manual_seed(0)
    config = NetworkConfig(
        num_actions=2, side=4, channels=1, stack=1, widths=(8,), kernels=(2,), strides=(1,), hidden=4, atoms=5
    )
    head = ValueHead(config)
    rows = torch.cat((head.value_inner.weight, head.advantage_inner.weight)).detach()
    change = torch.randn(rows.shape[1])
    change -= rows.T @ torch.linalg.pinv(rows.T) @ change
    return head, change.view(1, 8, 3, 3)


def test_value_consistency_allows_what_no_value_sees_and_the_latent_loss_does_not() -> None:
    head, change = linear_head()
    latents = torch.rand(3, 8, 3, 3)
    atoms = atoms_of(5, 1.0, latents)
    apart = value_distance(head(latents + change, False), head(latents, False), atoms, "ce")
    torch.testing.assert_close(apart, torch.zeros(3), atol=1e-5, rtol=0)
    assert float(latent_distance((latents + change).flatten(1), latents.flatten(1)).min()) > 0.05


def test_latents_are_compared_by_direction() -> None:
    ours = torch.tensor([[3.0, 0.0], [0.0, 2.0], [-1.0, 0.0]])
    theirs = torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    assert latent_distance(ours, theirs).tolist() == pytest.approx([0.0, 2.0, 4.0])

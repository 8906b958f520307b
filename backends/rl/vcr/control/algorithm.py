"""One update: SAC on several shifted views of what was drawn (DrQ), with what teaches the latent model."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, optim

from backends.rl.pixels.replay import Windows
from backends.rl.pixels.stacks import stacks_of
from backends.rl.vcr.augmentation import shifted
from backends.rl.vcr.consistency import latent_distance, still_going
from backends.rl.vcr.control.consistency import compared_actions, value_distance, values_of_all
from backends.rl.vcr.control.networks import ControlWithModel, ValueNetwork
from backends.rl.vcr.control.presets import ControlConfig

# Shape legend: B steps drawn, V views of each, S = V * B states, K steps imagined, M = K + 1 steps of a
# window, C H W frames of a stack, A levers

_SCALE_KEPT = 0.99
_LEAST_SCALE = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """The drawn steps with what followed. `stacks_BMCHW` are bytes, of the step itself first."""

    stacks_BMCHW: Tensor
    actions_BMA: Tensor
    rewards_BM: Tensor
    terminals_BM: Tensor
    overs_BM: Tensor

    @classmethod
    def of(cls, seen: Windows, stack: int) -> "Steps":
        """From windows that begin `stack - 1` steps before the drawn ones."""
        before = stack - 1
        return cls(
            stacks_BMCHW=stacks_of(seen, stack),
            actions_BMA=seen.actions_BL[:, before:],
            rewards_BM=seen.rewards_BL[:, before:],
            terminals_BM=seen.terminals_BL[:, before:],
            overs_BM=seen.overs_BL[:, before:],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlLosses:
    """The parts of the loss of everything but the policy, each a mean."""

    values: Tensor
    consistency: Tensor
    latents: Tensor


class ControlLearner:
    """What is trained, its targets and its optimisers."""

    def __init__(self, config: ControlConfig, device: str) -> None:
        self.config = config
        self.model = ControlWithModel(config.network).to(device)
        self.target = ValueNetwork(config.network).to(device).requires_grad_(False)
        self.target.load_state_dict(self.model.network.state_dict())
        self.log_temperature = torch.tensor(math.log(config.temperature), device=device, requires_grad=True)
        self.scale = torch.ones((), device=device)
        """The running mean size of values, in which their differences are measured."""
        self.updates = 0
        # DrQ has no use for the latent model.
        self._imagines = bool(config.value_weight or config.latent_weight)
        taught = [
            *self.model.network.parameters(),
            *self.model.transition.parameters(),
            *self.model.predictor.parameters(),
        ]
        self._optimisers = {
            "values": optim.Adam(taught, lr=config.rate, fused=True),
            "policy": optim.Adam(self.model.policy.parameters(), lr=config.rate, fused=True),
            "temperature": optim.Adam([self.log_temperature], lr=config.rate),
        }

    def losses(self, steps: Steps) -> ControlLosses:
        """The losses of values and of the latent model."""
        config, network = self.config, self.model.network
        seen = self._views(steps.stacks_BMCHW[:, 0])
        latent_SZ = network.encode(seen)
        actions_SMA = steps.actions_BMA.repeat(config.views, 1, 1)
        with torch.no_grad():
            convolved_KSF, real_KSZ = self._seen_later(steps.stacks_BMCHW)
            drawn = [self.model.policy.drawn(one) for one in convolved_KSF]
            (next_SA, log_p_S), next_SZ = drawn[0], real_KSZ[0]
            worth_S = self.target.values(next_SZ, next_SA).amin(-1) - self._temperature * log_p_S
            worth_B = worth_S.view(config.views, -1).mean(0)
            goes_on_B = (~steps.terminals_BM[:, 0]).float()
            wanted_S = (steps.rewards_BM[:, 0] + config.discount * goes_on_B * worth_B).repeat(config.views)
            # After a step cut by a time limit a state follows that was not kept: nothing is known of it.
            known_S = (steps.terminals_BM[:, 0] | ~steps.overs_BM[:, 0]).float().repeat(config.views)
        values_S2 = network.values(latent_SZ, actions_SMA[:, 0])
        errors_S = (values_S2 - wanted_S[:, None]).square().sum(-1)
        nothing = torch.zeros_like(errors_S)
        consistency_S, compared_S = nothing, nothing
        if self._imagines:
            imagined = self.model.imagined(latent_SZ, actions_SMA[:, : config.jumps])
            ends_BK = (steps.terminals_BM | steps.overs_BM)[:, : config.jumps]
            counts_SK = still_going(ends_BK).repeat(config.views, 1)
            if config.value_weight:
                actions = [action for action, _ in drawn]
                consistency_S = (self._value_distances(imagined, real_KSZ, actions) * counts_SK).mean(1)
            if config.latent_weight:
                far = [
                    latent_distance(self.model.predictor(ours), theirs)
                    for ours, theirs in zip(imagined, real_KSZ, strict=True)
                ]
                compared_S = (torch.stack(far, 1) * counts_SK).mean(1)
        return ControlLosses(
            values=(errors_S * known_S).mean(), consistency=consistency_S.mean(), latents=compared_S.mean()
        )

    def update(self, steps: Steps) -> Mapping[str, Tensor]:
        """Take one step on all losses; the policy and the targets have theirs every `slow_every` updates."""
        config = self.config
        losses = self.losses(steps)
        total = (
            losses.values + config.value_weight * losses.consistency + config.latent_weight * losses.latents
        )
        self._step("values", total)
        told = {
            "value_loss": losses.values.detach(),
            "consistency": losses.consistency.detach(),
            "latent_loss": losses.latents.detach(),
        }
        if self.updates % config.slow_every == 0:
            told |= self._improve(steps)
            self._follow()
        self.updates += 1
        return told

    def _improve(self, steps: Steps) -> Mapping[str, Tensor]:
        """A step of the policy, and of the temperature towards an entropy of minus the levers."""
        network = self.model.network
        with torch.no_grad():
            convolved = network.convolutions(self._views(steps.stacks_BMCHW[:, 0]))
            latent = network.to_latent(convolved)
        action, log_p = self.model.policy.drawn(convolved)
        worth = network.values(latent, action).amin(-1)
        policy_loss = (self._temperature * log_p - worth).mean()
        self._step("policy", policy_loss)
        wanted = -float(self.config.network.levers)
        self._step("temperature", -(self.log_temperature.exp() * (log_p.detach() + wanted)).mean())
        return {"policy_loss": policy_loss.detach(), "temperature": self._temperature}

    def _seen_later(self, stacks_BMCHW: Tensor) -> tuple[Tensor, Tensor]:
        """Of the states that came: what the convolutions see, and the target's latents; K x S x ... each.

        Without a latent model only the next state matters.
        """
        views, steps = self.config.views, self.config.jumps if self._imagines else 1
        came = self._views(stacks_BMCHW[:, 1 : steps + 1].transpose(0, 1).flatten(0, 1))

        def by_step(found: Tensor) -> Tensor:
            return found.view(views, steps, -1, found.shape[-1]).transpose(0, 1).flatten(1, 2)

        return by_step(self.model.network.convolutions(came)), by_step(self.target.encode(came))

    def _value_distances(self, imagined: list[Tensor], real_KSZ: Tensor, actions: list[Tensor]) -> Tensor:
        found = []
        for ours, theirs, policy in zip(imagined, real_KSZ, actions, strict=True):
            compared = compared_actions(policy, self.config.compared)
            with torch.no_grad():
                wanted = values_of_all(self.target.values, theirs, compared)
                size = wanted.abs().mean().clamp(min=_LEAST_SCALE)
                self.scale = torch.lerp(self.scale, size, 1 - _SCALE_KEPT)
            judged = values_of_all(
                self.model.network.values, ours, compared, teach_values=self.config.teach_values
            )
            found.append(value_distance(judged, wanted, self.scale))
        return torch.stack(found, 1)

    @property
    def _temperature(self) -> Tensor:
        return self.log_temperature.detach().exp()

    def _views(self, stacks_BCHW: Tensor) -> Tensor:
        """Shifted copies, S x C x H x W, view after view."""
        pixels = (stacks_BCHW.float() / 255).repeat(self.config.views, 1, 1, 1)
        return shifted(pixels, self.config.shift)

    def _step(self, name: str, loss: Tensor) -> None:
        optimiser = self._optimisers[name]
        taught = [one for group in optimiser.param_groups for one in group["params"]]
        gradients = torch.autograd.grad(loss, taught, allow_unused=True)
        for parameter, gradient in zip(taught, gradients, strict=True):
            parameter.grad = gradient
        optimiser.step()

    @torch.no_grad()
    def _follow(self) -> None:
        slow: list[Tensor] = list(self.target.parameters())
        fast: list[Tensor] = list(self.model.network.parameters())
        torch._foreach_lerp_(slow, fast, self.config.follow)

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {
            "model": self.model.state_dict(),
            "target": self.target.state_dict(),
            "log_temperature": self.log_temperature,
            "scale": self.scale,
            "updates": self.updates,
            "optimisers": {name: one.state_dict() for name, one in self._optimisers.items()},
        }

    @torch.no_grad()
    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.model.load_state_dict(state["model"])
        self.target.load_state_dict(state["target"])
        self.log_temperature.copy_(state["log_temperature"])
        self.scale.copy_(state["scale"])
        self.updates = state["updates"]
        for name, optimiser in self._optimisers.items():
            optimiser.load_state_dict(state["optimisers"][name])

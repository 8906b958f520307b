"""DDPG as URLB has it: n-step returns, twin critics, a policy of fixed spread, one encoder of the context."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.rl.skills.networks import Actor, TwinCritic, clamp_straight_through
from backends.rl.skills.replay import Array, Batch

# Shape legend: B batch, O state, A action, Z skill, C context


@dataclass(frozen=True, slots=True, kw_only=True)
class DdpgSettings:
    """The published settings; small runs change `width`, `batch_size` and `rate`."""

    width: int = 1024
    batch_size: int = 1024
    rate: float = 1e-4
    target_rate: float = 0.01
    gamma: float = 0.99
    num_steps: int = 3
    spread: float = 0.2
    noise_clip: float = 0.3
    capacity: int = 1_000_000


class Encoder(Protocol):
    """What makes the context of actor and critic of a state and a skill; the critic's loss trains it.

    It is an nn.Module, too. `step` and `episode` say where in the agent's life the state was.
    """

    width: int

    def __call__(self, state_BO: Tensor, skill_BZ: Tensor, episode_B: Tensor, step_B: Tensor) -> Tensor:
        """The context, B x C."""
        ...


class PlainContext(nn.Module):
    """A state and a skill side by side."""

    def __init__(self, states: int, skills: int) -> None:
        super().__init__()
        self.width = states + skills

    def forward(self, state_BO: Tensor, skill_BZ: Tensor, episode_B: Tensor, step_B: Tensor) -> Tensor:
        return torch.cat([state_BO, skill_BZ], -1)


class DdpgAgent:
    """The agent: `act` in a state for a skill, `update` on a batch whose reward may have been replaced."""

    def __init__(self, encoder: nn.Module, actions: int, settings: DdpgSettings, device: str = "cpu") -> None:
        self.settings = settings
        self.device = device
        width: int = encoder.width  # type: ignore[assignment]
        self.encoder = encoder.to(device)
        self.actor = Actor(width, actions, settings.width).to(device)
        self.critic = TwinCritic(width, actions, settings.width).to(device)
        self.target_encoder = copy.deepcopy(self.encoder)
        self.target_critic = copy.deepcopy(self.critic)
        self._actor_optimiser = torch.optim.Adam(self.actor.parameters(), lr=settings.rate, fused=True)
        learnt = [*self.critic.parameters(), *self.encoder.parameters()]
        self._critic_optimiser = torch.optim.Adam(learnt, lr=settings.rate, fused=True)

    @torch.no_grad()
    def act(self, state_O: Array, skill_Z: Array, *, episode: int, step: int, noise: Array | None) -> Array:
        """An action; `noise` is standard normal, None for the mean."""
        where = (torch.tensor([one], device=self.device) for one in (episode, step))
        state, skill = (torch.from_numpy(one).to(self.device)[None] for one in (state_O, skill_Z))
        mean: Array = self.actor(self.encoder(state, skill, *where))[0].cpu().numpy()
        if noise is None:
            return mean
        limit = 1.0 - 1e-6
        return np.clip(mean + self.settings.spread * noise, -limit, limit).astype(np.float32)

    def update(self, batch: Batch, reward_B: Tensor) -> Mapping[str, Tensor]:
        """One step of actor and critic, both against the other as it was before, then of the targets."""
        context_BC = self.encoder(batch.state_BO, batch.skill_BZ, batch.episode_B, batch.step_B)
        with torch.no_grad():
            ahead_B = batch.step_B + self.settings.num_steps
            then = (batch.next_BO, batch.skill_BZ, batch.episode_B, ahead_B)
            next_action = self._sample(self.encoder(*then))
            next_value_B = self.target_critic(self.target_encoder(*then), next_action).amin(1)
            target_B = reward_B + batch.discount_B * next_value_B
        values_B2 = self.critic(context_BC, batch.action_BA)
        critic_loss = functional.mse_loss(values_B2, target_B[:, None].expand(-1, 2), reduction="sum")
        critic_loss = critic_loss / len(values_B2)  # the sum of both critics' mean squared errors
        seen_BC = context_BC.detach()
        actor_loss = -self.critic(seen_BC, self._sample(seen_BC)).amin(1).mean()
        actor_gradients = torch.autograd.grad(actor_loss, list(self.actor.parameters()))
        self._critic_optimiser.zero_grad()
        critic_loss.backward()  # type: ignore[no-untyped-call]
        self._critic_optimiser.step()
        for parameter, gradient in zip(self.actor.parameters(), actor_gradients, strict=True):
            parameter.grad = gradient
        self._actor_optimiser.step()
        self._follow()
        return {
            "critic_loss": critic_loss.detach(),
            "actor_loss": actor_loss.detach(),
            "value": values_B2.detach().mean(),
            "reward": reward_B.mean(),
        }

    def weights(self) -> dict[str, Tensor]:
        """What finetuning and acting need: actor, encoder, and the critic's trunk."""
        return {
            f"{part}.{key}": value
            for part, net in self._kept().items()
            for key, value in net.state_dict().items()
        }

    def begin_from(self, weights: Mapping[str, Tensor]) -> None:
        """Take what `weights` gave; critic heads and optimisers stay fresh, and the targets follow."""
        for part, net in self._kept().items():
            begin = f"{part}."
            own = {key.removeprefix(begin): one for key, one in weights.items() if key.startswith(begin)}
            net.load_state_dict(own)
        self.target_critic.load_state_dict(self.critic.state_dict())
        self.target_encoder.load_state_dict(self.encoder.state_dict())

    def _kept(self) -> dict[str, nn.Module]:
        return {"actor": self.actor, "encoder": self.encoder, "critic_trunk": self.critic.trunk}

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {name: part.state_dict() for name, part in self._parts().items()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint."""
        for name, part in self._parts().items():
            part.load_state_dict(state[name])

    def _parts(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        return {
            "encoder": self.encoder,
            "actor": self.actor,
            "critic": self.critic,
            "target_encoder": self.target_encoder,
            "target_critic": self.target_critic,
            "actor_optimiser": self._actor_optimiser,
            "critic_optimiser": self._critic_optimiser,
        }

    def _sample(self, context_BC: Tensor) -> Tensor:
        mean_BA: Tensor = self.actor(context_BC)
        limit = self.settings.noise_clip
        noise_BA = (self.settings.spread * torch.randn_like(mean_BA)).clamp(-limit, limit)
        return clamp_straight_through(mean_BA + noise_BA, 1.0 - 1e-6)

    @torch.no_grad()
    def _follow(self) -> None:
        for target, net in ((self.target_critic, self.critic), (self.target_encoder, self.encoder)):
            following: list[Tensor] = list(target.parameters())
            followed: list[Tensor] = list(net.parameters())
            if following:
                torch._foreach_lerp_(following, followed, self.settings.target_rate)

"""Dreams: from a few real steps on, the world model goes on alone with the actions of a policy.

The context is read at once and each imagined step only adds to the cache. A state is the token that is
expected now, with the feature of what came before it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from backends.rl.storm.model import WorldModel

# Shape legend: B dreams, L steps of context, T imagined steps, S state, C H W frame

Policy = Callable[[Tensor, int], Tensor]
"""From the states of all dreams and the number of the step to their actions."""


@dataclass(frozen=True, slots=True)
class Imagined:
    """Dreams of T steps: the states before each step and after the last, and what each step brought."""

    states_BTS: Tensor  # T + 1 of them
    actions_BT: Tensor
    rewards_BT: Tensor
    ends_BT: Tensor


@torch.no_grad()
def imagine(
    world: WorldModel, policy: Policy, frames_BLCHW: Tensor, actions_BL: Tensor, horizon: int
) -> Imagined:
    """Dream on from contexts for so many steps; the world model is in evaluation mode afterwards."""
    world.eval()
    batch, length = actions_BL.shape
    cache = world.sequence.new_cache(batch, length + horizon)
    tokens = world.tokens(frames_BLCHW)
    feature = world.sequence(tokens, world.one_hot(actions_BL), cache)[:, -1:]
    states = [torch.cat((world.following(feature), feature), -1)]
    actions, features = [], []
    for step in range(horizon):
        state = states[-1]
        action = policy(state[:, 0], step)[:, None]
        token = state[..., : world.config.token]
        feature = world.sequence(token, world.one_hot(action), cache)
        states.append(torch.cat((world.following(feature), feature), -1))
        actions.append(action)
        features.append(feature)
    after = torch.cat(features, 1)
    return Imagined(
        states_BTS=torch.cat(states, 1),
        actions_BT=torch.cat(actions, 1),
        rewards_BT=world.two_hot.decode(world.reward(after).float()),
        ends_BT=world.termination(after).squeeze(-1) > 0,
    )


@torch.no_grad()
def frames_of(world: WorldModel, imagined: Imagined) -> Tensor:
    """What the states show: frames of numbers from 0 to 1."""
    world.eval()
    frames: Tensor = world.decoder(imagined.states_BTS[..., : world.config.token])
    return frames.float().clamp(0, 1)

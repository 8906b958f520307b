"""The agent at the game: what it remembers of the last steps, and how it acts on what it expects to see."""

from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from backends.rl.pixels.game import Frame
from backends.rl.storm.actor_critic import ActorCritic
from backends.rl.storm.model import WorldModel
from backends.rl.storm.presets import StormConfig

# Shape legend: N games, L remembered steps, C H W frame


class Player:
    """One agent in several games at once. Its memory is not emptied where an episode ends."""

    def __init__(self, config: StormConfig, world: WorldModel, agent: ActorCritic) -> None:
        self.config = config
        self.world = world
        self.agent = agent
        self._frames: deque[Tensor] = deque(maxlen=config.memory)
        self._actions: deque[Tensor] = deque(maxlen=config.memory)

    @torch.no_grad()
    def act(self, frames_NCHW: Frame) -> list[int]:
        """Actions for what is seen, which is remembered with them. The first of all are drawn evenly."""
        self.world.eval()
        device = self.agent.lowest.device
        seen = torch.from_numpy(np.ascontiguousarray(frames_NCHW)).to(device)
        if self._frames:
            actions = self.agent.act(self._state(seen))
        else:
            actions = torch.randint(self.config.world.num_actions, (len(seen),)).to(device)
        self._frames.append(seen)
        self._actions.append(actions)
        chosen: list[int] = actions.tolist()
        return chosen

    def _state(self, seen_NCHW: Tensor) -> Tensor:
        past = torch.stack(list(self._frames), 1)
        frames = torch.cat((past, seen_NCHW[:, None]), 1) if self.config.act_on_seen else past
        tokens = self.world.tokens(frames.float() / 255)
        taken = self.world.one_hot(torch.stack(list(self._actions), 1))
        feature = self.world.sequence(tokens[:, : past.shape[1]], taken)[:, -1:]
        token = tokens[:, -1:] if self.config.act_on_seen else self.world.following(feature)
        return torch.cat((token, feature), -1)[:, 0]

    def episode_ends(self, game: int) -> None:
        """See `GamePlayer.episode_ends`: the memory goes on."""

    def state(self) -> dict[str, Any]:
        """What is remembered."""
        return {"frames": list(self._frames), "actions": list(self._actions)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Remember what `state` holds."""
        device = self.agent.lowest.device
        self._frames.extend(frame.to(device) for frame in state["frames"])
        self._actions.extend(action.to(device) for action in state["actions"])

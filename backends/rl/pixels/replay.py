"""What was seen and done, as a ring of frames: windows of it are drawn by their beginnings.

Frames are kept once, as bytes. A window is a run of steps of one game in the order of time; it may cross the
end of an episode, which `terminals` marks, but never the place where the ring is being written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from backends.rl.pixels.game import Frame, Steering
from backends.rl.pixels.play import Outcome

# Shape legend: T steps, N games, B windows, L steps of a window


@dataclass(frozen=True, slots=True)
class Windows:
    """Steps in order. At step t: the frame seen, the action taken, what it brought, whether all ended.

    `frames_BLCHW` are bytes; `actions_BL` are numbers of actions, or B, L, levers. `overs_BL` marks the last
    step of an episode, terminal or cut by a time limit.
    """

    frames_BLCHW: Tensor
    actions_BL: Tensor
    rewards_BL: Tensor
    terminals_BL: Tensor
    overs_BL: Tensor

    @property
    def pixels_BLCHW(self) -> Tensor:
        """The frames as numbers from 0 to 1."""
        return self.frames_BLCHW.float() / 255


class PixelReplay:
    """The last `capacity` steps of several games; `levers` are the numbers of an action that steers."""

    def __init__(
        self,
        capacity: int,
        frame_shape: tuple[int, int, int],
        num_games: int = 1,
        device: str = "cpu",
        *,
        levers: int | None = None,
    ) -> None:
        self.capacity = capacity
        self.num_games = num_games
        self.count = 0
        size = (capacity, num_games)
        self._frames = torch.zeros((*size, *frame_shape), dtype=torch.uint8, device=device)
        self._actions = (
            torch.zeros(size, dtype=torch.long, device=device)
            if levers is None
            else torch.zeros((*size, levers), device=device)
        )
        self._rewards = torch.zeros(size, device=device)
        self._terminals = torch.zeros(size, dtype=torch.bool, device=device)
        self._overs = torch.zeros(size, dtype=torch.bool, device=device)

    def __len__(self) -> int:
        """How many steps of each game are kept."""
        return min(self.count, self.capacity)

    @property
    def oldest(self) -> int:
        """The number, counted from the first step of all, of the oldest step kept."""
        return max(self.count - self.capacity, 0)

    def append(self, frames: Frame, actions: Sequence[int | Steering], outcomes: Sequence[Outcome]) -> None:
        """Keep one step of every game."""
        place = self.count % self.capacity
        self._frames[place] = torch.from_numpy(frames).to(self._frames.device)
        self._actions[place] = torch.tensor(actions)
        self._rewards[place] = torch.tensor([outcome.reward for outcome in outcomes])
        self._terminals[place] = torch.tensor([outcome.terminal for outcome in outcomes])
        self._overs[place] = torch.tensor([outcome.finished is not None for outcome in outcomes])
        self.count += 1

    def windows(self, begins_B: Tensor, games_B: Tensor, length: int) -> Windows:
        """The windows that begin at these steps, by the numbers that `oldest` counts in."""
        steps_BL = (begins_B[:, None] + torch.arange(length, device=begins_B.device)) % self.capacity
        place = (steps_BL, games_B[:, None])
        return Windows(
            self._frames[place],
            self._actions[place],
            self._rewards[place],
            self._terminals[place],
            self._overs[place],
        )

    def sample(self, num_windows: int, length: int) -> Windows:
        """Windows that begin anywhere, drawn evenly from torch's own random stream.

        Raises:
            ValueError: Fewer steps are kept than a window has.
        """
        if len(self) < length:
            raise ValueError(f"A window of {length} steps cannot be drawn from {len(self)}.")
        begins_B = self.oldest + torch.randint(len(self) + 1 - length, (num_windows,))
        games_B = torch.randint(self.num_games, (num_windows,))
        device = self._frames.device
        return self.windows(begins_B.to(device), games_B.to(device), length)

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps: the steps that are there."""
        kept = len(self)
        return {
            "count": self.count,
            "frames": self._frames[:kept],
            "actions": self._actions[:kept],
            "rewards": self._rewards[:kept],
            "terminals": self._terminals[:kept],
            "overs": self._overs[:kept],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take the steps of a checkpoint."""
        self.count = state["count"]
        kept = len(self)
        self._frames[:kept] = state["frames"]
        self._actions[:kept] = state["actions"]
        self._rewards[:kept] = state["rewards"]
        self._terminals[:kept] = state["terminals"]
        self._overs[:kept] = state["overs"]

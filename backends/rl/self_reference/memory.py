"""What an agent can recall: short segments of its episodes, found by the features of where they began."""

import copy
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.rl.skills.replay import SkillReplay

# Shape legend: B batch, M segments of the memory, K recalled ones, O state, R features, V numbers of one

_OLDEST = 2_000_001.0  # steps of published pretraining, and one: the scale of ages
_FORESIGHT = 50  # steps over which a segment's reward-to-go is summed


class SegmentMemory(nn.Module):
    """An index of segments, refreshed now and then from the replay memory.

    A segment is its first and last state, its mean action, its age, its reward-to-go and whether that is
    known. `size` segments are kept; while finetuning, the first half stays that of pretraining.
    """

    def __init__(
        self, features: nn.Module, *, states: int, actions: int, keys: int, size: int, length: int
    ) -> None:
        super().__init__()
        # A copy of its own: keys and queries must be read by the same features until the next refresh.
        self.features = _frozen_copy(features)
        self.length = length
        self.size = size
        self.described = 2 * states + actions + 3
        self.register_buffer("keys_MR", torch.zeros(size, keys))
        self.register_buffer("segments_MV", torch.zeros(size, self.described))
        self.register_buffer("episode_M", torch.full((size,), -1))
        self.register_buffer("step_M", torch.zeros(size, dtype=torch.int64))
        self.register_buffer("filled_M", torch.zeros(size, dtype=torch.bool))
        self.keys_MR: Tensor
        self.segments_MV: Tensor
        self.episode_M: Tensor
        self.step_M: Tensor
        self.filled_M: Tensor

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        """Itself: the target of a module that reads the memory reads the same one."""
        return self

    @torch.no_grad()
    def refresh(self, replay: SkillReplay, features: nn.Module | None, *, paid: bool) -> None:
        """Draw segments anew, uniformly from the replay memory, and encode their beginnings.

        Args:
            replay: Where they are drawn; an episode that is still lived is not there.
            features: The representation as it is now; None where it no longer learns.
            paid: Whether rewards are a task's. Then pretraining's half of the memory stays.
        """
        if features is not None:
            self.features.load_state_dict(features.state_dict())
        begin = self.size // 2 if paid else 0
        rows = replay.starts(self.size - begin, self.length)
        ahead = rows[:, None] + torch.arange(self.length)
        age = torch.log1p(replay.age(rows).float()) / torch.log(torch.tensor(_OLDEST))
        known = torch.full_like(age, float(paid))
        described = [
            replay.at("state", rows),
            replay.at("next", ahead[:, -1]),
            replay.at("action", ahead).mean(1),
            age[:, None],
            (_reward_to_go(replay, rows) * known)[:, None],
            known[:, None],
        ]
        device = self.keys_MR.device
        self.segments_MV[begin:] = torch.cat(described, -1).to(device)
        self.keys_MR[begin:] = functional.normalize(self.features(described[0].to(device)), dim=-1)
        self.episode_M[begin:] = replay.at("episode", rows).to(device)
        self.step_M[begin:] = replay.at("step", rows).to(device)
        self.filled_M[begin:] = True
        if paid:
            # Numbers of episodes began again with the task: those of pretraining match none.
            self.episode_M[:begin] = -1

    def recall(
        self, query_BR: Tensor, episode_B: Tensor, step_B: Tensor, count: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The nearest segments: their numbers B x K, their similarity, and which of them are really there.

        A segment of the query's own episode that ends after the query's step is its future, and never there.
        """
        similarity_BM = functional.normalize(query_BR, dim=-1) @ self.keys_MR.T
        same_BM = self.episode_M == episode_B[:, None]
        future_BM = same_BM & (self.step_M + self.length > step_B[:, None])
        hidden_BM = future_BM | ~self.filled_M
        masked_BM = similarity_BM.masked_fill(hidden_BM, -torch.inf)
        nearest_BK = masked_BM.detach().topk(min(count, self.size), dim=1).indices
        there_BK = ~hidden_BM.gather(1, nearest_BK)
        return nearest_BK, similarity_BM.gather(1, nearest_BK), there_BK


def _frozen_copy(module: nn.Module) -> nn.Module:
    """A copy whose weights are no parameters: nothing trains them, and no optimiser or target sees them."""
    copied = copy.deepcopy(module)
    for part in copied.modules():
        for name, parameter in list(part.named_parameters(recurse=False)):
            delattr(part, name)
            part.register_buffer(name, parameter.detach().clone())
    return copied


def _reward_to_go(replay: SkillReplay, rows: Tensor, gamma: float = 0.99) -> Tensor:
    """The discounted reward of the steps to come in the episode, as far as the foresight reaches."""
    ahead = torch.arange(_FORESIGHT)
    within = ahead <= replay.at("left", rows)[:, None]
    return (replay.at("reward", rows[:, None] + ahead) * gamma**ahead * within).sum(1)

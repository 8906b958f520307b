"""The encoder of an agent that recalls: attention over the segments that its state brings to mind.

The query is a network's reading of the state's features and the skill; the nearest segments become tokens;
one layer of cross-attention makes of them the reference, which stands beside state and skill before actor and
critic. The critic's loss trains it, through the tokens and through the similarities, which are added to the
attention's logits. The reference starts as zero.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from backends.rl.self_reference.memory import SegmentMemory

Retrieval = Literal["nearest", "random", "none"]

# Shape legend: B batch, K recalled segments, D attention width, H heads, R features, Z skill, O state


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceSettings:
    """Our defaults at the published scale; small runs change the widths and sizes."""

    segments: int = 16_384
    length: int = 8
    recalled: int = 10
    width: int = 256
    heads: int = 4
    feed_forward: int = 512
    reference: int = 64
    refresh_every: int = 2_500  # updates, of which there is one every two steps


class SelfReference(nn.Module):
    """State, skill and reference side by side."""

    def __init__(
        self,
        states: int,
        skills: int,
        memory: SegmentMemory,
        settings: ReferenceSettings,
        retrieval: Retrieval = "nearest",
    ) -> None:
        super().__init__()
        self.width = states + skills + settings.reference
        self.memory = memory
        self._settings = settings
        self._retrieval = retrieval
        keys, width = memory.keys_MR.shape[1], settings.width
        self.query = nn.Sequential(nn.Linear(keys + skills, width), nn.ReLU(), nn.Linear(width, keys))
        self.token = nn.Sequential(nn.Linear(memory.described, width), nn.ReLU(), nn.Linear(width, width))
        self.nothing = nn.Parameter(torch.zeros(1, width))
        self.lift = nn.Linear(keys, width)
        self.norm_query, self.norm_tokens = nn.LayerNorm(width), nn.LayerNorm(width)
        self.project_query = nn.Linear(width, width)
        self.project_tokens = nn.Linear(width, 2 * width)
        self.project_answer = nn.Linear(width, width)
        self.norm_answer = nn.LayerNorm(width)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, settings.feed_forward), nn.ReLU(), nn.Linear(settings.feed_forward, width)
        )
        self.output = nn.Linear(width, settings.reference)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(self, state_BO: Tensor, skill_BZ: Tensor, episode_B: Tensor, step_B: Tensor) -> Tensor:
        if self._retrieval == "none":
            reference = state_BO.new_zeros(len(state_BO), self._settings.reference)
        else:
            reference = self.reference(state_BO, skill_BZ, episode_B, step_B)
        return torch.cat([state_BO, skill_BZ, reference], -1)

    def reference(self, state_BO: Tensor, skill_BZ: Tensor, episode_B: Tensor, step_B: Tensor) -> Tensor:
        """What is made of the recalled segments, B x the reference's width."""
        with torch.no_grad():
            known_BR = self.memory.features(state_BO)
        query_BR = self.query(torch.cat([known_BR, skill_BZ], -1))
        # A control: segments by chance, everything else alike.
        asked_BR = query_BR if self._retrieval == "nearest" else torch.randn_like(query_BR)
        recalled = self.memory.recall(asked_BR, episode_B, step_B, self._settings.recalled)
        nearest_BK, similarity_BK, there_BK = recalled
        tokens_BKD = self.token(self.memory.segments_MV[nearest_BK])
        # One token stands for "nothing recalled", so that there is always something to attend to.
        nothing_B1D = self.nothing.expand(len(state_BO), 1, -1)
        tokens_BKD = torch.cat([tokens_BKD, nothing_B1D], 1)
        unseen_B1 = similarity_BK.new_zeros(len(state_BO), 1)
        bias_BK = torch.cat([similarity_BK.masked_fill(~there_BK, -torch.inf), unseen_B1], 1)
        asking_BD = self.lift(query_BR)
        answer_BD = asking_BD + self._attend(
            self.norm_query(asking_BD), self.norm_tokens(tokens_BKD), bias_BK
        )
        answer_BD = answer_BD + self.feed_forward(self.norm_answer(answer_BD))
        reference: Tensor = self.output(answer_BD)
        return reference

    def _attend(self, query_BD: Tensor, tokens_BKD: Tensor, bias_BK: Tensor) -> Tensor:
        batch, count, width = tokens_BKD.shape
        heads = self._settings.heads
        query_BH1 = self.project_query(query_BD).view(batch, heads, 1, width // heads)
        both = self.project_tokens(tokens_BKD).view(batch, count, 2, heads, width // heads)
        keys_BHK, values_BHK = both.permute(2, 0, 3, 1, 4)
        bias = bias_BK[:, None, None].expand(-1, heads, 1, -1)
        answer = nn.functional.scaled_dot_product_attention(query_BH1, keys_BHK, values_BHK, attn_mask=bias)
        projected: Tensor = self.project_answer(answer.reshape(batch, width))
        return projected

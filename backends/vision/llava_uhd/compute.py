"""How many floating-point operations a planned picture takes, at 2 a multiply-add.

The formulas count matrix products and attention, nothing else. On the published rows of the paper
(15.50, 14.63, 113.65 and 80.10 TFLOPs) they land within 4 %.
"""

from dataclasses import dataclass
from typing import Literal

Connector = Literal["resampler", "mlp"]


@dataclass(frozen=True, kw_only=True, slots=True)
class VisionTower:
    """The shape of a vision transformer."""

    layers: int
    width: int
    feed_forward: int
    class_token: bool

    def flops(self, patches: int, patch_size: int) -> int:
        """Encode one picture of so many patches."""
        tokens = patches + self.class_token
        linear = 2 * self.layers * (4 * self.width**2 + 2 * self.width * self.feed_forward) * tokens
        attention = 4 * self.layers * tokens**2 * self.width
        return linear + attention + 2 * patches * 3 * patch_size**2 * self.width


@dataclass(frozen=True, kw_only=True, slots=True)
class LanguageModel:
    """The shape of a decoder with a gated feed-forward layer."""

    layers: int
    width: int
    feed_forward: int
    vocabulary: int

    def flops(self, tokens: int, *, causal: bool) -> int:
        """Read so many tokens at once; `causal` counts only the half of the attention that is not masked."""
        linear = 2 * self.layers * (4 * self.width**2 + 3 * self.width * self.feed_forward) * tokens
        attention = (2 if causal else 4) * self.layers * tokens**2 * self.width
        return linear + attention + 2 * tokens * self.width * self.vocabulary


@dataclass(frozen=True, kw_only=True, slots=True)
class Compute:
    """The models that a plan's operations are counted for."""

    tower: VisionTower
    language_model: LanguageModel
    connector: Connector = "resampler"
    causal: bool = False

    def connector_flops(self, patches: int, queries: int) -> int:
        """Bring one encoded piece to the language model, as `queries` tokens or all patches by an MLP."""
        narrow, wide = self.tower.width, self.language_model.width
        if self.connector == "mlp":
            return 2 * patches * (narrow * wide + wide**2)
        keys = 2 * patches * narrow * wide + 4 * patches * wide**2
        return keys + 6 * queries * wide**2 + 4 * queries * patches * wide


CLIP_VIT_L = VisionTower(layers=24, width=1024, feed_forward=4096, class_token=True)
VICUNA_13B = LanguageModel(layers=40, width=5120, feed_forward=13824, vocabulary=32000)
"""Vicuna-13B-v1.5, which has the shape of Llama-2-13B."""
PAPER = Compute(tower=CLIP_VIT_L, language_model=VICUNA_13B)

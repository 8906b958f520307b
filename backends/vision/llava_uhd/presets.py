"""Towers with their compressors, as the laboratory's profiler and its tables take them."""

from dataclasses import replace

from torch import Tensor, nn

from backends.vision.llava_uhd.model.encoder import (
    CLIP_VIT_L_336,
    SIGLIP_SO400M,
    EncoderConfig,
    VisionEncoder,
)
from backends.vision.llava_uhd.model.projectors import MlpProjector, UnshuffleProjector
from backends.vision.llava_uhd.model.resampler import PAPER_13B, RELEASE_13B, Resampler
from backends.vision.llava_uhd.model.small import TINY, new_small
from backends.vision.llava_uhd.model.spatial_resampler import SpatialResampler

_VICUNA_13B_WIDTH, _QWEN3_8B_WIDTH = 5120, 4096


class PieceTokens(nn.Module):
    """Pieces of one shape in, (B, 3, height, width); the tokens that are read out, (Q, D) of each."""

    def __init__(self, encoder: VisionEncoder, compressor: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.compressor = compressor

    def forward(self, pieces: Tensor) -> tuple[Tensor, ...]:
        tokens: tuple[Tensor, ...] = self.compressor(self.encoder(pieces.unbind()))
        return tokens


def tiny() -> PieceTokens:
    """The encoder and resampler that the digits experiment trains."""
    reader = new_small(TINY)
    return PieceTokens(reader.encoder, reader.compressor)


def paper() -> PieceTokens:
    """The paper's: CLIP ViT-L/14-336 and 64 queries, for Vicuna-13B."""
    return PieceTokens(VisionEncoder(CLIP_VIT_L_336), Resampler(PAPER_13B))


def release() -> PieceTokens:
    """The ECCV release's: 144 queries, each for its own cell."""
    return PieceTokens(VisionEncoder(CLIP_VIT_L_336), SpatialResampler(RELEASE_13B))


def llava() -> PieceTokens:
    """LLaVA-1.5's, the baseline: one token for each patch."""
    return PieceTokens(VisionEncoder(CLIP_VIT_L_336), MlpProjector(CLIP_VIT_L_336.width, _VICUNA_13B_WIDTH))


def v4() -> PieceTokens:
    """LLaVA-UHD v4's: SigLIP-SO400M with patches merged after layer 6, and once more before Qwen3-8B."""
    return _siglip(merge_after=6)


def v4_unmerged() -> PieceTokens:
    """The same tower without the early merger, its baseline."""
    return _siglip(merge_after=None)


def _siglip(*, merge_after: int | None) -> PieceTokens:
    config: EncoderConfig = replace(SIGLIP_SO400M, merge_after=merge_after)
    return PieceTokens(VisionEncoder(config), UnshuffleProjector(config.width, _QWEN3_8B_WIDTH))

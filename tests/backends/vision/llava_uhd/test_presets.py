"""Complete models cost what was published."""

import pytest
import torch
from torch import Tensor, nn

from backends.lab.profile.cost import count_cost
from backends.vision.llava_uhd.model.encoder import VisionEncoder
from backends.vision.llava_uhd.presets import paper, release, tiny, v4, v4_unmerged


class Tower(nn.Module):
    """An encoder without what compresses its maps."""

    def __init__(self, encoder: VisionEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, pieces: Tensor) -> Tensor:
        features: Tensor = self.encoder(pieces.unbind()).features_TD
        return features


def test_early_merging_saves_the_published_share_of_the_tower() -> None:
    with torch.device("meta"):
        merged, plain = v4().encoder, v4_unmerged().encoder
    pieces = torch.empty(1, 3, 448, 448, device="meta")
    saved = 1 - count_cost(Tower(merged), [pieces]).macs / count_cost(Tower(plain), [pieces]).macs
    # Published: 55.75 %, for pictures whose size is not told; attention's share, and so the saving, grows
    # with it.
    assert saved == pytest.approx(0.5575, abs=0.02)


@pytest.mark.parametrize(("build", "tokens"), [(paper, 64), (release, 144), (v4, 64), (v4_unmerged, 256)])
def test_a_piece_becomes_as_many_tokens_as_published(build: type[nn.Module], tokens: int) -> None:
    side = 336 if build in (paper, release) else 448
    with torch.device("meta"):
        (found,) = build()(torch.empty(1, 3, side, side))
    assert found.shape[0] == tokens


def test_the_small_model_reads_pieces_of_any_shape() -> None:
    torch.manual_seed(0)
    shapes = [tiny()(torch.randn(2, 3, height, width))[0].shape for height, width in ((56, 56), (28, 98))]
    assert shapes == [(16, 64), (16, 64)]

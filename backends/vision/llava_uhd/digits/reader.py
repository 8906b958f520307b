"""The small LLaVA-UHD that reads the digits of a canvas in reading order."""

from collections.abc import Sequence

import torch
from torch import Tensor

from backends.vision.llava_uhd.digits.canvases import PATCH, SIDE
from backends.vision.llava_uhd.digits.views import QUERIES
from backends.vision.llava_uhd.model.decoder import DecoderConfig, SmallDecoder
from backends.vision.llava_uhd.model.encoder import EncoderConfig, VisionEncoder
from backends.vision.llava_uhd.model.lmm import PICTURE, LlavaUhd
from backends.vision.llava_uhd.model.pixels import PlannedPicture
from backends.vision.llava_uhd.model.resampler import Resampler, ResamplerConfig

WIDTH = 64
DIGITS = 10
_COMMA, _NEWLINE, _QUESTION = range(DIGITS, DIGITS + 3)
ENCODER = EncoderConfig(
    family="siglip",
    layers=3,
    width=WIDTH,
    feed_forward=2 * WIDTH,
    heads=2,
    patch=PATCH,
    side=SIDE // PATCH,
    activation="gelu",
    feature_layer=-1,
    final_norm=True,
)


def new_reader() -> LlavaUhd:
    """Encoder, resampler and decoder from nothing, the same for every view."""
    resampler = Resampler(
        ResamplerConfig(queries_side=int(QUERIES**0.5), width=WIDTH, feature_width=WIDTH, heads=4)
    )
    decoder = SmallDecoder(
        DecoderConfig(vocabulary=_QUESTION + 1, width=WIDTH, layers=1, heads=4, places=192)
    )
    return LlavaUhd(VisionEncoder(ENCODER), resampler, decoder, comma=_COMMA, newline=_NEWLINE)


def digit_scores(reader: LlavaUhd, pictures: Sequence[PlannedPicture], digits_BN: Tensor) -> Tensor:
    """Score every digit after picture, question and the digits before it, (B, N, 10)."""
    count, length = digits_BN.shape
    prompt = torch.tensor((PICTURE, _QUESTION)).expand(count, 2)
    scores_BLV, _ = reader(torch.cat((prompt, digits_BN), dim=1), pictures)
    found: Tensor = scores_BLV[:, -length - 1 : -1, :DIGITS]
    return found

"""Small LLaVA-UHDs that are trained from nothing, on one machine: text is bytes, slices are small squares."""

from dataclasses import dataclass
from math import isqrt

from backends.vision.llava_uhd.model.decoder import DecoderConfig, SmallDecoder
from backends.vision.llava_uhd.model.encoder import EncoderConfig, VisionEncoder
from backends.vision.llava_uhd.model.lmm import LlavaUhd
from backends.vision.llava_uhd.model.resampler import Resampler, ResamplerConfig
from backends.vision.llava_uhd.profiles import Profile

BYTES = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallConfig:
    """Encoder, resampler and decoder of one width, and the slicing rule that goes with them."""

    encoder: EncoderConfig
    rule: Profile
    heads: int
    decoder_layers: int
    places: int
    """The longest sequence, pictures and text together, that it can read."""

    @property
    def queries_side(self) -> int:
        assert self.rule.queries is not None, "small models compress by queries"
        return isqrt(self.rule.queries)


_TINY_ENCODER = EncoderConfig(
    family="siglip",
    layers=3,
    width=64,
    feed_forward=128,
    heads=2,
    patch=7,
    side=8,
    activation="gelu",
    feature_layer=-1,
    final_norm=True,
)
TINY = SmallConfig(
    encoder=_TINY_ENCODER,
    rule=Profile(name="tiny", resolution=56, patch=7, align=7, max_slices=8, queries=16),
    heads=4,
    decoder_layers=1,
    places=384,
)
"""Slices of 56 pixels, at most eight: the model of the digits experiment."""


def new_small(config: SmallConfig) -> LlavaUhd:
    """A model with fresh weights."""
    width = config.encoder.width
    resampler = Resampler(
        ResamplerConfig(
            queries_side=config.queries_side, width=width, feature_width=width, heads=config.heads
        )
    )
    decoder = SmallDecoder(
        DecoderConfig(
            vocabulary=BYTES,
            width=width,
            layers=config.decoder_layers,
            heads=config.heads,
            places=config.places,
        )
    )
    encoder = VisionEncoder(config.encoder)
    return LlavaUhd(encoder, resampler, decoder, comma=ord(","), newline=ord("\n"))

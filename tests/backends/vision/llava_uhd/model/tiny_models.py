"""Small models for the tests, made from a seed."""

from dataclasses import replace

import numpy as np
import torch
from PIL import Image

from backends.vision.llava_uhd.model.decoder import DecoderConfig, SmallDecoder
from backends.vision.llava_uhd.model.encoder import EncoderConfig, VisionEncoder
from backends.vision.llava_uhd.model.lmm import LlavaUhd
from backends.vision.llava_uhd.model.pixels import PlannedPicture, planned_picture
from backends.vision.llava_uhd.model.resampler import Resampler, ResamplerConfig
from backends.vision.llava_uhd.planner import plan
from backends.vision.llava_uhd.profiles import EXACT

RULE = replace(EXACT, name="tiny", resolution=28, patch=7, queries=4, compute=None)
COMMA, NEWLINE = 10, 11


def drawn_model() -> LlavaUhd:
    torch.manual_seed(5)
    encoder = VisionEncoder(EncoderConfig(layers=2, width=16, feed_forward=32, heads=2, patch=7, side=4))
    resampler = Resampler(ResamplerConfig(queries_side=2, width=24, feature_width=16, heads=2))
    decoder = SmallDecoder(DecoderConfig(vocabulary=14, width=24, layers=1, heads=2, places=90))
    return LlavaUhd(encoder, resampler, decoder, comma=COMMA, newline=NEWLINE)


def drawn_picture(width: int, height: int, seed: int = 0) -> PlannedPicture:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return planned_picture(Image.fromarray(pixels), plan((width, height), RULE))

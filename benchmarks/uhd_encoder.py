"""Slices a second of the vision encoder: one by one, and together in buckets or padded.

Two towers: the small one of the digits experiment on the slices of 32 canvases, and one as wide as ViT-Ti/14
and a quarter as deep, on pieces of one size and on the slices of a photo and a small picture. Weights are
random, since they do not matter here. The packed arrangement is left out: its mask grows with the square of
all patches together, so that it suits a few small pieces only.

    python -m benchmarks.uhd_encoder --json benchmarks/results/uhd_encoder.json
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from backends.vision.llava_uhd.model.attention import Batching
from backends.vision.llava_uhd.model.encoder import EncoderConfig, VisionEncoder
from backends.vision.llava_uhd.model.small import TINY
from backends.vision.llava_uhd.planner import plan
from backends.vision.llava_uhd.profiles import EXACT, Profile
from benchmarks.measured import written

SHALLOW_VIT_TINY = EncoderConfig(
    layers=3, width=192, feed_forward=768, heads=3, patch=14, side=24, feature_layer=-1
)
BATCHINGS: tuple[Batching, ...] = ("buckets", "padded")
CANVASES = [(448, 56), (224, 112), (112, 224), (56, 448)] * 8
PICTURES = [(4032, 3024), (672, 336)]
SIDES = {28: 128, 56: 64, 112: 32, 224: 12, 336: 8}
"""Pixels of square pieces, and how many are encoded together."""


def pieces_of(sizes: Sequence[tuple[int, int]], profile: Profile) -> list[Tensor]:
    """Random pixels for every piece of the plans of such pictures."""
    return random_pieces([piece.size for size in sizes for piece in plan(size, profile).pieces])


def random_pieces(sizes: Sequence[tuple[int, int]]) -> list[Tensor]:
    chance = torch.Generator().manual_seed(0)
    return [torch.randn(3, height, width, generator=chance) for width, height in sizes]


def ways(encoder: VisionEncoder, pieces: list[Tensor]) -> dict[str, Callable[[], object]]:
    def together(batching: Batching) -> Callable[[], object]:
        return lambda: encoder(pieces, batching)

    return {"one by one": lambda: [encoder([piece]) for piece in pieces]} | {
        batching: together(batching) for batching in BATCHINGS
    }


def rates(runs: dict[str, Callable[[], object]], pieces: int, rounds: int) -> dict[str, dict[str, float]]:
    """Slices a second of processor time, which other programs on the machine change less than the clock's."""
    found: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, run in runs.items():
            begin = time.process_time()
            run()
            if number:  # the first round warms up
                found[name].append(pieces / (time.process_time() - begin))
    return {
        name: {
            "median": round(statistics.median(kept), 1),
            "lowest": round(min(kept), 1),
            "highest": round(max(kept), 1),
        }
        for name, kept in found.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    cases = {"digits encoder, 32 canvases": (TINY.encoder, pieces_of(CANVASES, TINY.rule))} | {
        f"three layers of ViT-Ti/14, {count} of {side} x {side}": (
            SHALLOW_VIT_TINY,
            random_pieces([(side, side)] * count),
        )
        for side, count in SIDES.items()
    }
    cases["three layers of ViT-Ti/14, 4032x3024 + 672x336"] = (SHALLOW_VIT_TINY, pieces_of(PICTURES, EXACT))
    found: dict[str, Any] = {}
    for name, (config, pieces) in cases.items():
        encoder = VisionEncoder(config).eval()
        with torch.inference_mode():
            found[name] = {"pieces": len(pieces)} | rates(ways(encoder, pieces), len(pieces), asked.rounds)
        print(name, found[name], flush=True)
    result = {
        "benchmark": "uhd_encoder",
        "clock": "processor time of one thread",
        "rounds": asked.rounds,
        "slices_per_second": found,
    }
    written(asked.json, result)


if __name__ == "__main__":
    main()

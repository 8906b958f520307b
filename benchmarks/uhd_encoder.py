"""Slices a second of the vision encoder: one by one, and together in buckets or padded.

Two towers: the small one of the digits experiment, on the slices of 32 canvases, and one of the shape of
ViT-Ti/14 at 336 pixels, on the slices of a photo and a small picture. Weights are random, since they do not
matter here. The packed arrangement is left out: its mask grows with the square of all patches together, so
that it suits a few small pieces only.

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

VIT_TINY = EncoderConfig(layers=12, width=192, feed_forward=768, heads=3, patch=14, side=24)
BATCHINGS: tuple[Batching, ...] = ("buckets", "padded")
CANVASES = [(448, 56), (224, 112), (112, 224), (56, 448)] * 8
PICTURES = [(4032, 3024), (672, 336)]


def pieces_of(sizes: Sequence[tuple[int, int]], profile: Profile) -> list[Tensor]:
    chance = torch.Generator().manual_seed(0)
    return [
        torch.randn(3, piece.size[1], piece.size[0], generator=chance)
        for size in sizes
        for piece in plan(size, profile).pieces
    ]


def ways(encoder: VisionEncoder, pieces: list[Tensor]) -> dict[str, Callable[[], object]]:
    def together(batching: Batching) -> Callable[[], object]:
        return lambda: encoder(pieces, batching)

    return {"one by one": lambda: [encoder([piece]) for piece in pieces]} | {
        batching: together(batching) for batching in BATCHINGS
    }


def rates(runs: dict[str, Callable[[], object]], pieces: int, rounds: int) -> dict[str, dict[str, float]]:
    """Slices a second; the ways take turns, so that a change of the machine's load meets all of them."""
    found: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, run in runs.items():
            begin = time.perf_counter()
            run()
            if number:  # the first round warms up
                found[name].append(pieces / (time.perf_counter() - begin))
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
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    cases = {
        "digits encoder, 32 canvases": (TINY.encoder, pieces_of(CANVASES, TINY.rule)),
        "ViT-Ti/14, 4032x3024 + 672x336": (VIT_TINY, pieces_of(PICTURES, EXACT)),
    }
    found: dict[str, Any] = {}
    for name, (config, pieces) in cases.items():
        encoder = VisionEncoder(config).eval()
        with torch.inference_mode():
            found[name] = {"pieces": len(pieces)} | rates(ways(encoder, pieces), len(pieces), asked.rounds)
        print(name, found[name], flush=True)
    result = {
        "benchmark": "uhd_encoder",
        "clock": "wall clock",
        "threads": asked.threads,
        "rounds": asked.rounds,
        "slices_per_second": found,
    }
    written(asked.json, result)


if __name__ == "__main__":
    main()

"""Milliseconds of token mixers over numbers of tokens, and beside the official modules at their shapes.

Every mixer and the baselines, forward and with backward, for one picture in fp32 on one thread; first with 3
heads of a width of 192 over numbers of tokens, then at shapes of the published models. The slope is of the
logarithms between the last two numbers of tokens: 1 is linear, 2 quadratic. The crossover is the first
number of tokens at which a mixer is faster than softmax attention by torch's fused kernel. Official modules
are measured when `--reference` names a folder that holds their repositories; they are imported, never copied.
The clock counts the processor's time, so that other work on the machine does not enter.

    python -m benchmarks.mixers --json benchmarks/results/mixers.json --reference DIR
"""

import argparse
import contextlib
import importlib.util
import io
import math
import statistics
import sys
import time
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import timm.layers
import torch
from torch import Tensor, nn

from backends.vision.mixers.focused import FocusedAttention
from backends.vision.mixers.linear import LinearAttention
from backends.vision.mixers.slide import SlideAttention
from backends.vision.mixers.softmax import SoftmaxAttention
from backends.vision.mixers.ttt import TTT
from backends.vision.mixers.vca import VisualContrastAttention
from benchmarks.measured import written

DIM, HEADS = 192, 3
_MORE_ROUNDS = 4  # beside the official modules, where differences are small
Call = Callable[[Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Shape:
    """A stage of a published model."""

    model: str
    dim: int
    num_heads: int
    side: int


OFFICIAL_SHAPES: Mapping[str, tuple[Shape, ...]] = {
    "focused": (Shape("FLatten-Swin-T, stage 1", 96, 3, 56), Shape("FLatten-Swin-T, stage 2", 192, 6, 28)),
    "slide": (Shape("Slide-Swin-T, stage 1", 96, 3, 56), Shape("Slide-Swin-T, stage 2", 192, 6, 28)),
    "ttt": (
        Shape("ViT^3-T", 192, 6, 14),
        Shape("ViT^3-S", 384, 6, 14),
        Shape("H-ViT^3-T, stage 2", 128, 4, 28),
    ),
}


def ours(dim: int, num_heads: int, side: int) -> dict[str, nn.Module]:
    return {
        "softmax": SoftmaxAttention(dim, num_heads),
        "linear": LinearAttention(dim, num_heads),
        "focused": FocusedAttention(dim, num_heads, (side, side)),
        "slide": SlideAttention(dim, num_heads),
        "vca": VisualContrastAttention(dim, num_heads, 0),
        "ttt": TTT(dim, num_heads),
    }


class Reference:
    """The official modules; timm's old name for its layers is lent to them."""

    def __init__(self, folder: Path) -> None:
        sys.modules.setdefault("timm.models.layers", timm.layers)
        self._flatten = _module(folder / "FLatten-Transformer/models/flatten_swin.py")
        self._slide = _module(folder / "Slide-Transformer/slide_transformer/models/slide_swin.py")
        self._ttt = _module(folder / "ViTTT/vittt/models/ttt_block.py")

    def build(self, name: str, dim: int, num_heads: int, side: int) -> Call:
        with contextlib.redirect_stdout(io.StringIO()):
            match name:
                case "focused":
                    call: Call = self._flatten.FocusedLinearAttention(dim, (side, side), num_heads)
                case "slide":
                    call = self._slide.SlideAttention((side, side), dim, num_heads, 3)
                case "ttt":
                    call = partial(self._ttt.TTT(dim, num_heads), h=side, w=side)
                case _:
                    raise ValueError(f"There is no official module for {name}.")
        return call


def _module(path: Path) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(f"official_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def milliseconds(calls: Mapping[str, Call], dim: int, side: int, rounds: int) -> dict[str, dict[str, float]]:
    """Medians; the mixers take turns, and another begins in every round: load and caches meet all alike."""
    forward: dict[str, list[float]] = {name: [] for name in calls}
    both: dict[str, list[float]] = {name: [] for name in calls}
    names = list(calls)
    for number in range(rounds + 1):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            x = torch.randn(1, side * side, dim, requires_grad=True)
            begin = time.process_time()
            answer = calls[name](x)
            middle = time.process_time()
            answer.sum().backward()  # type: ignore[no-untyped-call]
            if number:  # the first round warms up
                forward[name].append(1000 * (middle - begin))
                both[name].append(1000 * (time.process_time() - begin))
    return {
        name: {
            "forward": round(statistics.median(forward[name]), 2),
            "with_backward": round(statistics.median(both[name]), 2),
        }
        for name in calls
    }


def over_tokens(sides: list[int], rounds: int) -> dict[int, dict[str, dict[str, float]]]:
    found: dict[int, dict[str, dict[str, float]]] = {}
    for side in sides:
        calls = {name: partial(mixer, grid=(side, side)) for name, mixer in ours(DIM, HEADS, side).items()}
        found[side * side] = milliseconds(calls, DIM, side, rounds)
        print(side * side, found[side * side], flush=True)
    return found


def beside_official(reference: Reference, rounds: int) -> list[dict[str, float | str]]:
    """A row a shape: milliseconds of both, and how many times as fast ours is."""
    table: list[dict[str, float | str]] = []
    for name, shapes in OFFICIAL_SHAPES.items():
        for shape in shapes:
            dim, num_heads, side = shape.dim, shape.num_heads, shape.side
            mixer = ours(dim, num_heads, side)[name]
            calls: dict[str, Call] = {
                "ours": partial(mixer, grid=(side, side)),
                "official": reference.build(name, dim, num_heads, side),
            }
            took = milliseconds(calls, dim, side, _MORE_ROUNDS * rounds)
            row: dict[str, float | str] = {"mixer": name, "shape": shape.model}
            for what in ("forward", "with_backward"):
                row[f"{what}_ours"], row[f"{what}_official"] = took["ours"][what], took["official"][what]
                row[f"{what}_ratio"] = round(took["official"][what] / took["ours"][what], 2)
            print(row, flush=True)
            table.append(row)
    return table


def slope(found: Mapping[int, Mapping[str, Mapping[str, float]]], name: str) -> float:
    before, last = sorted(found)[-2:]
    ratio = found[last][name]["with_backward"] / found[before][name]["with_backward"]
    return round(math.log(ratio) / math.log(last / before), 2)


def crossover(found: Mapping[int, Mapping[str, Mapping[str, float]]], name: str) -> int | None:
    """The first number of tokens from which on a mixer takes less time than softmax attention."""
    faster = {
        tokens: took[name]["with_backward"] < took["softmax"]["with_backward"]
        for tokens, took in found.items()
    }
    slower = [tokens for tokens, is_faster in faster.items() if not is_faster]
    after = [tokens for tokens in sorted(faster) if tokens > max(slower, default=0)]
    return after[0] if after else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sides", type=int, nargs="+", default=[14, 28, 56])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--reference", type=Path, help="folder of the official repositories")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    official = beside_official(Reference(asked.reference), asked.rounds) if asked.reference else []
    found = over_tokens(asked.sides, asked.rounds)
    mixers = [name for name in found[max(found)] if name != "softmax"]
    result: dict[str, Any] = {
        "benchmark": "mixers",
        "clock": "time of the processor",
        "threads": 1,
        "rounds": asked.rounds,
        "beside_official": official,
        "width": DIM,
        "heads": HEADS,
        "milliseconds_by_tokens": found,
        "slopes": {name: slope(found, name) for name in found[max(found)]},
        "faster_than_softmax_from": {name: crossover(found, name) for name in mixers},
    }
    print(result["slopes"], result["faster_than_softmax_from"])
    written(asked.json, result)


if __name__ == "__main__":
    main()

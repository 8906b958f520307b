"""Milliseconds of token mixers over numbers of tokens, and the official modules beside.

Each mixer of FLatten, Slide-Transformer and ViT^3 and the baselines, forward and with backward, with 3 heads
of a width of 192 in fp32. The slope is of the logarithms between the last two numbers of tokens: 1
is linear, 2 quadratic. Official modules are measured when `--reference` names a folder that holds their
repositories; they are imported, never copied.

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
from collections.abc import Callable
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
from benchmarks.measured import written

DIM, HEADS = 192, 3
Call = Callable[[Tensor], Tensor]


def ours(side: int) -> dict[str, nn.Module]:
    return {
        "softmax": SoftmaxAttention(DIM, HEADS),
        "linear": LinearAttention(DIM, HEADS),
        "focused": FocusedAttention(DIM, HEADS, (side, side)),
        "slide": SlideAttention(DIM, HEADS),
        "ttt": TTT(DIM, HEADS),
    }


def official(folder: Path, side: int) -> dict[str, Call]:
    """The official modules as functions of tokens; timm's old name for its layers is lent to them."""
    sys.modules.setdefault("timm.models.layers", timm.layers)
    flatten = _module(folder / "FLatten-Transformer/models/flatten_swin.py")
    slide = _module(folder / "Slide-Transformer/slide_transformer/models/slide_swin.py")
    ttt = _module(folder / "ViTTT/vittt/models/ttt_block.py")
    with contextlib.redirect_stdout(io.StringIO()):
        focused = flatten.FocusedLinearAttention(DIM, (side, side), HEADS)
    inner = ttt.TTT(DIM, HEADS)
    return {
        "focused": focused,
        "slide": slide.SlideAttention((side, side), DIM, HEADS, 3),
        "ttt": lambda x: inner(x, side, side),
    }


def _module(path: Path) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(f"official_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def milliseconds(calls: dict[str, Call], side: int, rounds: int) -> dict[str, dict[str, float]]:
    """Medians; the mixers take turns, so that a change of the machine's load meets all of them."""
    forward: dict[str, list[float]] = {name: [] for name in calls}
    both: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds + 1):
        for name, call in calls.items():
            x = torch.randn(1, side * side, DIM, requires_grad=True)
            begin = time.perf_counter()
            answer = call(x)
            middle = time.perf_counter()
            answer.sum().backward()  # type: ignore[no-untyped-call]
            if number:  # the first round warms up
                forward[name].append(1000 * (middle - begin))
                both[name].append(1000 * (time.perf_counter() - begin))
    return {
        name: {
            "forward": round(statistics.median(forward[name]), 2),
            "with_backward": round(statistics.median(both[name]), 2),
        }
        for name in calls
    }


def slope(found: dict[int, dict[str, dict[str, float]]], name: str) -> float:
    before, last = sorted(found)[-2:]
    ratio = found[last][name]["with_backward"] / found[before][name]["with_backward"]
    return round(math.log(ratio) / math.log(last / before), 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sides", type=int, nargs="+", default=[14, 28, 56])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--reference", type=Path, help="folder of the official repositories")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    torch.manual_seed(0)
    found: dict[int, dict[str, dict[str, float]]] = {}
    for side in asked.sides:
        calls: dict[str, Call] = {
            name: partial(mixer, grid=(side, side)) for name, mixer in ours(side).items()
        }
        if asked.reference is not None:
            calls |= {f"official {name}": call for name, call in official(asked.reference, side).items()}
        found[side * side] = milliseconds(calls, side, asked.rounds)
        print(side * side, found[side * side], flush=True)
    result: dict[str, Any] = {
        "benchmark": "mixers",
        "clock": "wall clock",
        "threads": asked.threads,
        "rounds": asked.rounds,
        "width": DIM,
        "heads": HEADS,
        "milliseconds_by_tokens": found,
        "slopes": {name: slope(found, name) for name in found[max(found)]},
    }
    print(result["slopes"])
    written(asked.json, result)


if __name__ == "__main__":
    main()

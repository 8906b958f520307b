"""Planning and slicing a 12-megapixel photo, beside the image processor of `transformers` for the same rule.

Both follow MiniCPM-V 4.6. Two results are timed: the pieces as 8-bit pixels, and the values that the encoder
takes (scaled, normalised, in its order of patches). Rounds of all contestants take turns, so that a machine
that slows down slows all of them. What comes out is compared before anything is timed.

    python -m benchmarks.see_slicing --json benchmarks/results/see_slicing.json
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backends.vision.llava_uhd.cutting import Pieces, cut
from backends.vision.llava_uhd.planner import plan
from backends.vision.llava_uhd.profiles import MINICPM_V_4_6
from benchmarks.measured import written

_SIZE = (4032, 3024)
_CLOSE = 1e-5  # float32


def photo() -> Image.Image:
    """Smooth colours with noise, as large as a phone's photo."""
    width, height = _SIZE
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = np.stack([np.sin(x / 700 + y / 900), np.cos(y / 500), np.sin((x + y) / 1500)], axis=-1)
    grain = np.random.default_rng(0).normal(0, 6, waves.shape)
    return Image.fromarray(np.clip(128 + 100 * waves + grain, 0, 255).astype(np.uint8))


def pixels_ours(image: Image.Image, *, quick: bool = False) -> list[NDArray[np.uint8]]:
    return [np.asarray(piece) for _, piece in _cut(image, quick=quick)]


def values_ours(image: Image.Image, *, quick: bool = False) -> NDArray[np.float32]:
    """What the encoder takes: values from -1 to 1, patch rows of all pieces side by side."""
    laid = []
    for _, piece in _cut(image, quick=quick):
        side = MINICPM_V_4_6.patch
        values = np.asarray(piece, dtype=np.float32)
        values *= np.float32(1 / 127.5)
        values -= np.float32(1)
        rows, columns = values.shape[0] // side, values.shape[1] // side
        patches = values.reshape(rows, side, columns, side, 3).transpose(4, 1, 0, 2, 3)
        laid.append(patches.reshape(3, side, -1))
    return np.concatenate(laid, axis=-1)[np.newaxis]


def _cut(image: Image.Image, *, quick: bool) -> Pieces:
    return cut(image, plan(image.size, MINICPM_V_4_6), quick=quick)


def theirs() -> tuple[Callable[[Image.Image], Any], Callable[[Image.Image], Any]]:
    """The processor's pieces as 8-bit pixels, and its values."""
    from transformers.models.minicpmv4_6 import image_processing_pil_minicpmv4_6 as processing

    processor = processing.MiniCPMV4_6ImageProcessorPil()

    def pixels(image: Image.Image) -> Any:
        return processor(image, do_rescale=False, do_normalize=False)["pixel_values"]

    def values(image: Image.Image) -> Any:
        return processor(image)["pixel_values"]

    return pixels, values


def timed(
    contestants: dict[str, Callable[[Image.Image], Any]], image: Image.Image, rounds: int
) -> dict[str, Any]:
    """Processor seconds of each contestant: median, least and most of all rounds but the first."""
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds + 1):
        for name, run in contestants.items():
            begin = time.process_time()
            run(image)
            if number:
                taken[name].append(time.process_time() - begin)
    return {
        name: {
            "median_ms": round(1000 * statistics.median(times), 1),
            "least_ms": round(1000 * min(times), 1),
            "most_ms": round(1000 * max(times), 1),
        }
        for name, times in taken.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    asked = parser.parse_args()
    image = photo()
    their_pixels, their_values = theirs()
    difference = float(np.abs(np.asarray(their_values(image)) - values_ours(image)).max())
    if difference > _CLOSE:
        raise SystemExit(f"The values differ by up to {difference}; nothing was timed.")
    quick = float(np.abs(values_ours(image, quick=True) - values_ours(image)).max() * 127.5)
    times = timed(
        {
            "pixels, nimue": pixels_ours,
            "pixels, nimue quick": lambda photo: pixels_ours(photo, quick=True),
            "pixels, transformers": their_pixels,
            "values, nimue": values_ours,
            "values, nimue quick": lambda photo: values_ours(photo, quick=True),
            "values, transformers": their_values,
        },
        image,
        asked.rounds,
    )
    for name, row in times.items():
        print(f"{name:24} {row['median_ms']:>8.1f} ms ({row['least_ms']} to {row['most_ms']})")
    result = {
        "benchmark": "see_slicing",
        "picture": f"{_SIZE[0]} x {_SIZE[1]}, decoded; plan, resize and cut by the rule of MiniCPM-V 4.6",
        "clock": "processor time; contestants take turns",
        "largest_difference_of_values": difference,
        "largest_difference_of_quick_of_255": round(quick, 1),
        "rounds": asked.rounds,
        "times": times,
        "transformers_over_nimue": {
            kind: round(times[f"{kind}, transformers"]["median_ms"] / times[f"{kind}, nimue"]["median_ms"], 2)
            for kind in ("pixels", "values")
        },
    }
    print(result["transformers_over_nimue"])
    written(asked.json, result)


if __name__ == "__main__":
    main()

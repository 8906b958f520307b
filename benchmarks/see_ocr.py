"""What slices keep of small text, with real weights: codes on large canvases, read by PP-OCR, all ways timed.

python -m benchmarks.see_ocr --json benchmarks/results/see_ocr.json
"""

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

from PIL import Image

from backends.vision.llava_uhd.small_text import CANVASES, WAYS, draw_codes, share_found
from backends.vision.ocr.reader import RapidReader
from benchmarks.measured import written


def measured(seeds: int) -> dict[str, dict[str, dict[str, Any]]]:
    reader = RapidReader(threads=1)
    reader.read(Image.new("RGB", (64, 64)))  # loading is not timed
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for name, (size, font_px, count) in CANVASES.items():
        found[name] = {}
        for way_name, way in WAYS.items():
            shares, seconds = [], []
            for seed in range(seeds):
                image, codes = draw_codes(size, font_px, count, seed)
                begin = time.process_time()
                text = way(image, reader)
                seconds.append(time.process_time() - begin)
                shares.append(share_found(text, codes))
            row = {
                "share_read": round(statistics.mean(shares), 3),
                "by_seed": [round(share, 3) for share in shares],
                "cpu_seconds": round(statistics.median(seconds), 1),
            }
            found[name][way_name] = row
            print(
                f"{name:16} {way_name:30} {row['share_read']:.3f}  {row['by_seed']}  {row['cpu_seconds']} s"
            )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    asked = parser.parse_args()
    result = {
        "benchmark": "see_ocr",
        "reader": RapidReader().name,
        "score": "share of six-character codes found letter for letter",
        "clock": "processor time of all threads",
        "published": {
            "page 1240x1754": {"squash": 0.157, "pad": 0.0, "UHD 336": 1.0},
            "strip 5000x250": {"squash": 0.0, "pad": 0.0, "UHD 336": 0.92},
        },
        "canvases": measured(asked.seeds),
    }
    written(asked.json, result)


if __name__ == "__main__":
    main()

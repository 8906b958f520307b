"""The proof with real weights: small text on a page and a strip, read in slices, squashed and padded."""

from functools import partial

from pydantic import BaseModel

from backends.lab.intervals import mean_interval
from backends.lab.reporter import Reporter
from backends.vision.llava_uhd.small_text import CANVASES, WAYS, draw_codes, share_found
from backends.vision.llava_uhd.spec import ReproduceResult, TextParams
from backends.vision.ocr.reader import RapidReader, Reader

PROVEN = (
    "squash to 336x336",
    "pad, then 336x336",
    "UHD 336, slices alone",
    "UHD 336, gutters and overlap",
)
"""The paper's three ways, and the remedies for words that slices cut; `benchmarks.see_ocr` times them all."""


class Read(BaseModel):
    """The share of one canvas's codes that were found."""

    share: float


def reproduce_text(params: TextParams, report: Reporter) -> ReproduceResult:
    """Read freshly drawn canvases in every way, over seeds."""
    return read_canvases(params, report, RapidReader())


def read_canvases(params: TextParams, report: Reporter, reader: Reader) -> ReproduceResult:
    """As `reproduce_text`, by a given reader. What was read before an interruption is not read again."""
    seeds = range(params.seed, params.seed + params.seeds)
    metrics: dict[str, float] = {}
    rows: list[dict[str, float | str | None]] = []
    total, done = len(CANVASES) * len(PROVEN) * len(seeds), 0
    for canvas in CANVASES:
        for way in PROVEN:
            shares = []
            for seed in seeds:
                report.check_cancelled()
                part = report.part(f"{canvas}, {way}, seed {seed}")
                shares.append(part.kept("read", Read, partial(_read, canvas, way, seed, reader)).share)
                done += 1
                report.progress(done, total)
            read, half_width = mean_interval(shares)
            rows.append({"view": way, "canvas": canvas, "read": read, "half_width": half_width})
            metrics[f"{canvas}: {way}"] = read
    return ReproduceResult(metrics=metrics, table=tuple(rows))


def _read(canvas: str, way: str, seed: int, reader: Reader) -> Read:
    size, font_px, count = CANVASES[canvas]
    image, codes = draw_codes(size, font_px, count, seed)
    return Read(share=share_found(WAYS[way](image, reader), codes))

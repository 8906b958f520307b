"""The proof with real weights: what is drawn, how it is shown, and how it is counted."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from backends.lab.events import EventList
from backends.lab.reporter import Reporter
from backends.vision.llava_uhd import reproduce_text
from backends.vision.llava_uhd.small_text import CANVASES, WAYS, draw_codes, share_found
from backends.vision.llava_uhd.spec import TextParams
from backends.vision.ocr.words import Area, Word


class SizeReader:
    """Reads the size of what it is shown, as one word."""

    def __init__(self) -> None:
        self.looks: list[tuple[int, int]] = []

    @property
    def name(self) -> str:
        return "sizes"

    def read(self, image: Image.Image) -> list[Word]:
        self.looks.append(image.size)
        width, height = image.size
        return [Word(f"{width}by{height}", Area(0, 0, width, height), 0.9)]


@pytest.mark.parametrize("canvas", CANVASES)
def test_codes_are_drawn_apart_and_differ_by_seed(canvas: str) -> None:
    size, font_px, count = CANVASES[canvas]
    image, codes = draw_codes(size, font_px, count, 0)
    assert image.size == size
    assert len(codes) == len(set(codes)) == count and {len(code) for code in codes} == {6}
    inked = float((np.asarray(image.convert("L")) < 128).mean())
    assert 0.002 < inked < 0.05
    assert draw_codes(size, font_px, count, 0)[1] == codes != draw_codes(size, font_px, count, 1)[1]


def test_each_way_shows_the_strip_as_it_says() -> None:
    image, _ = draw_codes(*CANVASES["strip 5000x250"], seed=0)
    shown = {}
    for name in ("squash to 336x336", "pad, then 336x336", "UHD 336, slices alone", "whole, one look"):
        reader = SizeReader()
        WAYS[name](image, reader)
        shown[name] = reader.looks
    assert shown["squash to 336x336"] == shown["pad, then 336x336"] == [(336, 336)]
    assert len(shown["UHD 336, slices alone"]) == 6
    assert all(width * height <= 336 * 336 for width, height in shown["UHD 336, slices alone"])
    assert shown["whole, one look"] == [(5000, 250)]


def test_padding_keeps_the_proportions_of_the_strip() -> None:
    seen: list[Image.Image] = []

    class Keeper(SizeReader):
        def read(self, image: Image.Image) -> list[Word]:
            seen.append(image)
            return []

    WAYS["pad, then 336x336"](Image.new("RGB", (5000, 250), "white"), Keeper())
    bright = (np.asarray(seen[0].convert("L")) > 200).any(axis=1)
    assert int(bright.sum()) == pytest.approx(336 * 250 / 5000, abs=3)


def test_a_code_counts_only_letter_for_letter() -> None:
    assert share_found("AB2CD3\nXYZ", ["AB2CD3", "AB2CD4"]) == 0.5


def test_what_was_read_before_an_interruption_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reproduce_text, "PROVEN", ("squash to 336x336", "UHD 336, slices alone"))
    params, report = TextParams(seeds=2), Reporter(EventList(), tmp_path, "cpu")
    first, second = SizeReader(), SizeReader()
    found = reproduce_text.read_canvases(params, report, first)
    assert reproduce_text.read_canvases(params, report, second) == found
    assert first.looks and not second.looks
    assert len(found.table) == 2 * len(CANVASES)
    assert found.metrics["page 1240x1754: squash to 336x336"] == 0


def test_the_proof_takes_ways_that_there_are() -> None:
    assert set(reproduce_text.PROVEN) <= set(WAYS)

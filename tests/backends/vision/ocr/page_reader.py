"""A reader that needs no weights: every word is a block of a colour of its own, a square for each letter."""

from dataclasses import dataclass, field
from itertools import product

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from backends.vision.ocr.words import Area, Word

_STEP = 70
_LIKE = 12  # of 255; colours of two words differ by a step
COLOURS = tuple(product((0, _STEP, 2 * _STEP, 3 * _STEP), repeat=3))


@dataclass
class BlockReader:
    """Finds the blocks of known words, each as far as a piece shows it."""

    words: list[str]
    looks: list[tuple[int, int]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return "blocks"

    def read(self, image: Image.Image) -> list[Word]:
        """Every word that this piece shows; of a word that is cut, as many letters as there is room for."""
        self.looks.append(image.size)
        pixels = np.asarray(image).astype(np.int16)
        level = np.rint(pixels / _STEP).astype(np.int16)
        numbers = (level * (16, 4, 1)).sum(axis=-1)
        numbers[(np.abs(pixels - level * _STEP) > _LIKE).any(axis=-1) | (level > 3).any(axis=-1)] = len(
            COLOURS
        )
        found = []
        for number in np.unique(numbers[numbers < len(self.words)]):
            blocks, count = ndimage.label(numbers == number)
            largest = 1 + int(np.argmax(np.bincount(blocks.ravel(), minlength=count + 1)[1:]))
            rows, columns = np.nonzero(blocks == largest)
            area = Area(
                float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1)
            )
            word = self.words[number]
            letters = min(round(area.width / area.height), len(word))
            if letters and min(area.width, area.height) > 3:
                found.append(Word(word[:letters], area, 0.99))
        return found


def page_with(words: list[tuple[str, int, int]], size: tuple[int, int], letter: int = 10) -> Image.Image:
    """Draw words, each at its left and top edge."""
    image = Image.new("RGB", size, (255, 255, 255))
    pen = ImageDraw.Draw(image)
    for (word, left, top), colour in zip(words, COLOURS, strict=False):
        pen.rectangle((left, top, left + letter * len(word) - 1, top + letter - 1), fill=colour)
    return image

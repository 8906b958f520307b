"""Pictures and stand-ins for the tests of looking."""

from pathlib import Path

from PIL import Image

from backends.vision.ocr.words import Area, Word


class WordsReader:
    """Finds the same words in every piece, at places of the whole picture that fit a piece of any size."""

    def __init__(self, *words: str) -> None:
        self.words = words
        self.looks = 0

    @property
    def name(self) -> str:
        return f"words {self.words}"

    def read(self, image: Image.Image) -> list[Word]:
        self.looks += 1
        step = image.height / (len(self.words) + 1)
        return [
            Word(word, Area(20.0, step * number, 20.0 + 8 * len(word), step * number + 12), 0.99)
            for number, word in enumerate(self.words, start=1)
        ]


def save_picture(folder: Path, name: str = "sign.png", size: tuple[int, int] = (300, 200)) -> Path:
    path = folder / name
    Image.new("RGB", size, (250, 250, 250)).save(path)
    return path

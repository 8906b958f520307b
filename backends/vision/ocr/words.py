"""Words and lines that were read, with where they stand in the picture."""

import re
import unicodedata
from dataclasses import dataclass
from functools import reduce


@dataclass(frozen=True, slots=True)
class Area:
    """An upright rectangle, in pixels of whatever it was read from."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def middle(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def joined(self, other: "Area") -> "Area":
        """The least area that holds both."""
        return Area(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def share_of_smaller(self, other: "Area") -> float:
        """How much of the smaller of the two areas lies in the other, from 0 to 1."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        if width <= 0 or height <= 0:
            return 0.0
        smaller = min(self.width * self.height, other.width * other.height)
        return width * height / smaller if smaller > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Word:
    """A word as one piece of the picture shows it."""

    text: str
    area: Area
    confidence: float


@dataclass(frozen=True, slots=True)
class Line:
    """Words that stand side by side and are read in one go."""

    words: tuple[Word, ...]
    text: str

    @property
    def area(self) -> Area:
        return reduce(Area.joined, (word.area for word in self.words))

    @property
    def confidence(self) -> float:
        """That of the least certain word."""
        return min(word.confidence for word in self.words)


def is_wide(character: str) -> bool:
    """Whether a character belongs to a script that is written without blanks, as Chinese is."""
    return unicodedata.east_asian_width(character) in "WF"


def tokens(text: str) -> list[str]:
    """What is merged as one: a word between blanks, or a single character of a script without blanks."""
    spaced = "".join(f" {character} " if is_wide(character) else character for character in text)
    return re.findall(r"\S+", spaced)

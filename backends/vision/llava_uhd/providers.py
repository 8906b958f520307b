"""What hosted models do to a picture before they look at it, and how many tokens it becomes there.

The limits are data, `hosted_limits.toml`; the few formulas that use them are here. A picture that a provider
would shrink loses its small print without a word, so plans for hosted models ask here first.
"""

import math
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Literal

from backends.vision.llava_uhd.pieces import Size

Counts = Literal["patches-28", "patches-32", "tiles-512", "tiles-768", "fixed", "unknown"]


@dataclass(frozen=True, kw_only=True, slots=True)
class HostedRule:
    """How one family of hosted models takes pictures."""

    name: str
    models: tuple[str, ...]
    """Patterns of model names, without the provider's prefix."""
    counts: Counts
    """What becomes tokens: squares of so many pixels, or a fixed number a picture."""
    budget: int | None = None
    """Squares that a picture may have; a larger one is shrunk to it."""
    multiplier: float = 1.0
    base: int = 0
    tile: int = 0
    longest_side: int | None = None
    """Pixels; a longer picture is shrunk to it, or must not be sent."""
    most_images: int
    """In a request."""
    crowd: int | None = None
    """With more images than this in a request, sides may not exceed `crowd_side`."""
    crowd_side: int | None = None
    most_image_bytes: int | None = None
    """After encoding as base64."""
    most_request_bytes: int
    detail: str = ""
    """What a request must say so that the picture is looked at closely; empty where nothing must be said."""

    def served_size(self, size: Size) -> Size:
        """The size at which the model sees a picture of this size."""
        return _SHRINKING[self.counts](size, self)

    def tokens(self, size: Size) -> int | None:
        """What a picture of this size becomes; None where the rule is not known."""
        width, height = self.served_size(size)
        match self.counts:
            case "patches-28":
                return _squares(width, height, 28)
            case "patches-32":
                return math.ceil(round(_squares(width, height, 32) * self.multiplier, 6))
            case "tiles-512":
                return self.base + self.tile * _squares(width, height, 512)
            case "tiles-768":
                return self.tile * (1 if max(width, height) <= 384 else _squares(width, height, 768))
            case "fixed":
                return self.tile
            case _:
                return None

    def takes_whole(self, size: Size) -> bool:
        """Whether a picture of this size reaches the model unshrunk."""
        return self.served_size(size) == size


@cache
def hosted_rules() -> tuple[HostedRule, ...]:
    """All rules, in the order in which they are tried."""
    text = files("backends.vision.llava_uhd").joinpath("hosted_limits.toml").read_text(encoding="utf-8")
    return tuple(
        HostedRule(**{**rule, "models": tuple(rule["models"])}) for rule in tomllib.loads(text)["rule"]
    )


def rule_for(model: str) -> HostedRule:
    """The rule of a model by its name, with or without a path before it; `unknown` where none fits."""
    name = model.rpartition("/")[2].lower()
    return next(rule for rule in hosted_rules() if any(fnmatchcase(name, each) for each in rule.models))


def _squares(width: float, height: float, side: int) -> int:
    return -(-math.ceil(width) // side) * -(-math.ceil(height) // side)


def _to_28(size: Size, rule: HostedRule) -> Size:
    """The largest size of the same shape whose sides, in whole squares of 28, keep both limits."""
    longest, budget = rule.longest_side or max(size), rule.budget or 0

    def fits(width: int, height: int) -> bool:
        return 28 * -(-max(width, height) // 28) <= longest and _squares(width, height, 28) <= budget

    if fits(*size):
        return size
    long, short = max(size), min(size)
    low, high = 1, long
    while low < high:  # the longest side that fits
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle, _other(middle, short, long)) else (low, middle - 1)
    other = _other(low, short, long)
    return (low, other) if size[0] >= size[1] else (other, low)


def _other(side: int, short: int, long: int) -> int:
    return max(round(side * short / long), 1)


def _to_32(size: Size, rule: HostedRule) -> Size:
    """Shrunk to the budget, then a little more so that one side is whole squares (OpenAI's guide)."""
    width, height = map(float, size)
    longest = rule.longest_side
    if longest is not None and max(width, height) > longest:
        width, height = width * longest / max(size), height * longest / max(size)
    budget = rule.budget or 0
    if _squares(width, height, 32) > budget:
        scale = math.sqrt(32 * 32 * budget / (width * height))
        across, down = width * scale / 32, height * scale / 32
        scale *= min(max(math.floor(across), 1) / across, max(math.floor(down), 1) / down)
        width, height = width * scale, height * scale
    return max(round(width), 1), max(round(height), 1)


def _to_tiles(size: Size, rule: HostedRule) -> Size:
    """Into a square of 2048, then to a shorter side of 768 (OpenAI's guide); nothing is enlarged."""
    del rule
    scale = min(1.0, 2048 / max(size))
    scale = min(scale, 768 / min(size)) if min(size) * scale > 768 else scale
    return max(round(size[0] * scale), 1), max(round(size[1] * scale), 1)


def _to_longest(size: Size, rule: HostedRule) -> Size:
    longest = rule.longest_side or max(size)
    scale = min(1.0, longest / max(size))
    return max(round(size[0] * scale), 1), max(round(size[1] * scale), 1)


_SHRINKING: dict[Counts, Callable[[Size, HostedRule], Size]] = {
    "patches-28": _to_28,
    "patches-32": _to_32,
    "tiles-512": _to_tiles,
    "tiles-768": _to_longest,
    "fixed": _to_longest,
    "unknown": _to_longest,
}

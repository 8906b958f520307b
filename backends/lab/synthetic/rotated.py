"""Turned boxes seen from above: rectangles and ellipses that do not touch, with DOTA's text files."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from torch import Generator, Tensor

CATEGORIES = ("box", "ellipse")
_TRIES = 40  # places that are tried for each object before it is left out


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedBox:
    """An object: centre, size in pixels, `angle` in radians from across towards down, and its category."""

    x: float
    y: float
    width: float
    height: float
    angle: float
    category: int

    @property
    def corners(self) -> tuple[tuple[float, float], ...]:
        """The four corners, in turn."""
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        halves = ((-1, -1), (1, -1), (1, 1), (-1, 1))
        return tuple(
            (
                self.x + a * self.width / 2 * cos - b * self.height / 2 * sin,
                self.y + a * self.width / 2 * sin + b * self.height / 2 * cos,
            )
            for a, b in halves
        )


@dataclass(frozen=True, slots=True)
class AerialPicture:
    """A picture (3 x S x S bytes) and the objects in it."""

    image: Tensor
    objects: tuple[TurnedBox, ...]


def make_aerial(size: int, seed: int, *, most: int = 8, noise: float = 0.05) -> AerialPicture:
    """Draw 1 to `most` objects wholly inside the picture, apart from each other."""
    chance = Generator().manual_seed(seed)

    def uniform(low: float, high: float) -> float:
        return low + (high - low) * float(torch.rand((), generator=chance))

    placed: list[TurnedBox] = []
    for _ in range(int(torch.randint(1, most + 1, (), generator=chance))):
        width = uniform(0.12, 0.35) * size
        height = width * uniform(0.25, 0.8)
        reach = math.hypot(width, height) / 2
        for _ in range(_TRIES):
            x, y = uniform(reach, size - reach), uniform(reach, size - reach)
            if all(math.hypot(x - o.x, y - o.y) > reach + math.hypot(o.width, o.height) / 2 for o in placed):
                kind = int(torch.randint(len(CATEGORIES), (), generator=chance))
                angle = uniform(-math.pi / 2, math.pi / 2)
                placed.append(TurnedBox(x=x, y=y, width=width, height=height, angle=angle, category=kind))
                break
    image = 0.35 + 0.1 * torch.rand(3, 1, 1, generator=chance) + torch.zeros(3, size, size)
    for one in placed:
        colour = 0.5 + 0.5 * torch.rand(3, 1, 1, generator=chance)
        image = torch.where(inside(one, size), colour, image)
    image = (image + noise * torch.randn(image.shape, generator=chance)).clamp(0, 1)
    return AerialPicture((image * 255).round().to(torch.uint8), tuple(placed))


def inside(one: TurnedBox, size: int) -> Tensor:
    """The pixels (S x S) whose centres an object covers."""
    axis = torch.arange(size) + 0.5
    down, across = torch.meshgrid(axis, axis, indexing="ij")
    dx, dy = across - one.x, down - one.y
    u = (dx * math.cos(one.angle) + dy * math.sin(one.angle)) / (one.width / 2)
    v = (dy * math.cos(one.angle) - dx * math.sin(one.angle)) / (one.height / 2)
    return torch.maximum(u.abs(), v.abs()) <= 1 if one.category == 0 else u**2 + v**2 <= 1


def write_dota(pictures: Sequence[AerialPicture], folder: Path) -> None:
    """Write `images/*.png` and `labelTxt/*.txt`: four corners, category, difficult."""
    for name in ("images", "labelTxt"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(pictures):
        stem = f"P{number:04d}"
        Image.fromarray(picture.image.permute(1, 2, 0).numpy()).save(folder / "images" / f"{stem}.png")
        lines = [
            " ".join(
                [
                    *(f"{value:.1f}" for corner in one.corners for value in corner),
                    CATEGORIES[one.category],
                    "0",
                ]
            )
            for one in picture.objects
        ]
        (folder / "labelTxt" / f"{stem}.txt").write_text("".join(f"{line}\n" for line in lines))

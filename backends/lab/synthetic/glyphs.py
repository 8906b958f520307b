"""Glyphs: pictures of one coloured, textured, turned shape on a noisy ground; the label is the shape."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

# Shape legend: N pictures, S side; x and y are N x S x S coordinates of the glyph's own frame
Shape = Callable[[Tensor, Tensor], Tensor]


def _polygon(corners: int) -> Shape:
    def inside(x: Tensor, y: Tensor) -> Tensor:
        angle = torch.atan2(y, x)
        sector = 2 * math.pi / corners
        turned = torch.remainder(angle, sector) - sector / 2
        return torch.hypot(x, y) * turned.cos() - math.cos(sector / 2)

    return inside


def _star(x: Tensor, y: Tensor) -> Tensor:
    return torch.hypot(x, y) - (0.68 + 0.32 * torch.cos(5 * torch.atan2(y, x)))


def _crescent(x: Tensor, y: Tensor) -> Tensor:
    return torch.maximum(torch.hypot(x, y) - 1, 0.85 - torch.hypot(x - 0.5, y))


# Below zero is inside.
SHAPES: Mapping[str, Shape] = {
    "disc": lambda x, y: torch.hypot(x, y) - 0.9,
    "ring": lambda x, y: (torch.hypot(x, y) - 0.7).abs() - 0.25,
    "triangle": _polygon(3),
    "square": _polygon(4),
    "half": lambda x, y: torch.maximum(torch.hypot(x, y) - 1, y),
    "star": _star,
    "crescent": _crescent,
    "bar": lambda x, y: torch.maximum(x.abs() - 1, y.abs() - 0.3),
    "cross": lambda x, y: torch.minimum(
        torch.maximum(x.abs() - 1, y.abs() - 0.28), torch.maximum(x.abs() - 0.28, y.abs() - 1)
    ),
    "corner": lambda x, y: torch.minimum(
        torch.maximum((x + 0.5).abs() - 0.3, y.abs() - 0.9),
        torch.maximum(x.abs() - 0.8, (y - 0.6).abs() - 0.3),
    ),
}

COLOURS: Mapping[str, tuple[float, float, float]] = {
    "red": (0.85, 0.15, 0.15),
    "green": (0.15, 0.7, 0.2),
    "blue": (0.15, 0.3, 0.9),
    "yellow": (0.95, 0.85, 0.1),
    "purple": (0.6, 0.2, 0.7),
    "white": (0.95, 0.95, 0.95),
}
TEXTURES = ("plain", "striped", "dotted")


@dataclass(frozen=True, slots=True)
class Glyphs:
    """Pictures (N x 3 x S x S, bytes), their labels and a sentence about each."""

    images: Tensor
    labels: Tensor
    captions: tuple[str, ...]


def make_glyphs(count: int, size: int, seed: int, *, noise: float = 0.1) -> Glyphs:
    """Draw `count` glyphs, as many of each shape as can be."""
    chance = Generator().manual_seed(seed)
    labels = torch.randperm(count, generator=chance) % len(SHAPES)
    colour = torch.randint(len(COLOURS), (count,), generator=chance)
    texture = torch.randint(len(TEXTURES), (count,), generator=chance)
    x, y = _frames(count, size, chance)
    inside = torch.zeros(count, size, size, dtype=torch.bool)
    for number, shape in enumerate(SHAPES.values()):
        of_shape = labels == number
        inside[of_shape] = shape(x[of_shape], y[of_shape]) < 0
    striped = torch.sin(9 * x) > 0
    dotted = (torch.sin(9 * x) * torch.sin(9 * y)).abs() > 0.35
    pattern = torch.stack([torch.ones_like(striped), striped, dotted], 1)[torch.arange(count), texture]
    palette = torch.tensor(list(COLOURS.values()))
    paint = palette[colour][:, :, None, None] * (0.6 + 0.4 * pattern[:, None])
    ground = 0.1 + 0.5 * torch.rand(count, 3, 1, 1, generator=chance)
    pictures = torch.where(inside[:, None], paint, ground)
    pictures = pictures + noise * torch.randn(pictures.shape, generator=chance)
    images = (pictures.clamp(0, 1) * 255).round().to(torch.uint8)
    shapes, colours = list(SHAPES), list(COLOURS)
    captions = tuple(
        f"a {colours[c]} {TEXTURES[t]} {shapes[label]} on a noisy ground"
        for label, c, t in zip(labels.tolist(), colour.tolist(), texture.tolist(), strict=True)
    )
    return Glyphs(images, labels, captions)


def _frames(count: int, size: int, chance: Generator) -> tuple[Tensor, Tensor]:
    """Each picture's coordinates in its glyph's frame: shifted, turned and scaled at random."""
    turn = 2 * math.pi * torch.rand(count, 1, 1, generator=chance)
    scale = 0.5 + 0.3 * torch.rand(count, 1, 1, generator=chance)
    shift = 0.4 * torch.rand(count, 2, 1, 1, generator=chance) - 0.2
    axis = (torch.arange(size) + 0.5) / size * 2 - 1
    across = (axis[None, None, :] - shift[:, 0]) / scale
    down = (axis[None, :, None] - shift[:, 1]) / scale
    return across * turn.cos() + down * turn.sin(), down * turn.cos() - across * turn.sin()

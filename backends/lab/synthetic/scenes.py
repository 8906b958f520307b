"""Scenes: several glyphs that hide each other, with boxes, masks, depth and normals, and as COCO files.

Thin wires run over some scenes; they are a class of their own in the semantic map, and no instance.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Generator, Tensor

from backends.lab.synthetic.glyphs import COLOURS, SHAPES

GROUND, WIRE = 0, len(SHAPES) + 1
"""In the semantic map shapes count from 1, in the order of `SHAPES`."""
CLASS_NAMES = ("ground", *SHAPES, "wire")

_FAR = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A visible glyph: its number in the instance map, its shape's, and its box (x, y, width, height)."""

    number: int
    shape: int
    box: tuple[int, int, int, int]
    area: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A picture (3 x S x S bytes) and all that is known of each pixel.

    Instances count from 1 in `instance_map`; `depth` is the distance of the plane that is seen, `normals`
    (3 x S x S) the direction it faces.
    """

    image: Tensor
    semantic: Tensor
    instance_map: Tensor
    depth: Tensor
    normals: Tensor
    instances: tuple[Instance, ...]


def make_scene(size: int, seed: int, *, most: int = 6, noise: float = 0.04) -> Scene:
    """Draw a scene of 2 to `most` glyphs, nearer ones over farther ones."""
    chance = Generator().manual_seed(seed)

    def uniform(low: float, high: float) -> float:
        return low + (high - low) * float(torch.rand((), generator=chance))

    axis = (torch.arange(size) + 0.5) / size * 2 - 1
    down, across = torch.meshgrid(axis, axis, indexing="ij")
    image = torch.full((3, size, size), 0.0) + 0.15 + 0.3 * torch.rand(3, 1, 1, generator=chance)
    semantic = torch.full((size, size), GROUND)
    numbers = torch.zeros(size, size, dtype=torch.long)
    depth = torch.full((size, size), _FAR)
    normals = torch.zeros(3, size, size)
    normals[2] = 1.0
    shapes, palette = list(SHAPES.values()), torch.tensor(list(COLOURS.values()))
    count = int(torch.randint(2, most + 1, (), generator=chance))
    for number, distance in enumerate(sorted((uniform(2, 8) for _ in range(count)), reverse=True), start=1):
        shape = int(torch.randint(len(shapes), (), generator=chance))
        turn, scale = uniform(0, 2 * math.pi), 1.4 / math.sqrt(distance) * uniform(0.5, 0.8)
        x, y = (across - uniform(-0.7, 0.7)) / scale, (down - uniform(-0.7, 0.7)) / scale
        inside = (
            shapes[shape](x * math.cos(turn) + y * math.sin(turn), y * math.cos(turn) - x * math.sin(turn))
            < 0
        )
        slope = torch.tensor([uniform(-0.5, 0.5), uniform(-0.5, 0.5)])
        colour = palette[int(torch.randint(len(palette), (), generator=chance))]
        image = torch.where(inside, colour[:, None, None] * (1.1 - distance / 12), image)
        semantic[inside], numbers[inside] = shape + 1, number
        depth = torch.where(inside, distance + scale * (slope[0] * x + slope[1] * y), depth)
        facing = torch.nn.functional.normalize(torch.stack([-slope[0], -slope[1], torch.tensor(1.0)]), dim=0)
        normals = torch.where(inside, facing[:, None, None], normals)
    if uniform(0, 1) < 0.5:
        slant, offset = uniform(-1, 1), uniform(-0.5, 0.5)
        wire = (down - slant * across - offset).abs() < 1.5 / size * math.hypot(1, slant)
        image = torch.where(wire, torch.tensor(0.05), image)
        semantic[wire], numbers[wire] = WIRE, 0
    image = (image + noise * torch.randn(image.shape, generator=chance)).clamp(0, 1)
    return Scene(
        image=(image * 255).round().to(torch.uint8),
        semantic=semantic,
        instance_map=numbers,
        depth=depth,
        normals=normals,
        instances=_visible(numbers, semantic),
    )


def _visible(numbers: Tensor, semantic: Tensor) -> tuple[Instance, ...]:
    found = []
    for number in range(1, int(numbers.max()) + 1):
        rows, columns = torch.nonzero(numbers == number, as_tuple=True)
        if len(rows) == 0:
            continue
        left, top = int(columns.min()), int(rows.min())
        box = (left, top, int(columns.max()) - left + 1, int(rows.max()) - top + 1)
        shape = int(semantic[rows[0], columns[0]]) - 1
        found.append(Instance(number=number, shape=shape, box=box, area=len(rows)))
    return tuple(found)


def write_coco(scenes: Sequence[Scene], folder: Path) -> Path:
    """Write scenes as `images/*.png`, `semantic/*.png` and `annotations.json`; returns the last.

    Masks are COCO's uncompressed run lengths, counted down the columns.
    """
    for name in ("images", "semantic"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    pictures: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, scene in enumerate(scenes, start=1):
        file = f"{number:06d}.png"
        Image.fromarray(scene.image.permute(1, 2, 0).numpy()).save(folder / "images" / file)
        Image.fromarray(scene.semantic.to(torch.uint8).numpy()).save(folder / "semantic" / file)
        height, width = scene.semantic.shape
        pictures.append({"id": number, "file_name": file, "height": height, "width": width})
        for instance in scene.instances:
            mask = (scene.instance_map == instance.number).numpy()
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": instance.shape + 1,
                    "bbox": list(instance.box),
                    "area": instance.area,
                    "iscrowd": 0,
                    "segmentation": {"size": [height, width], "counts": run_lengths(mask)},
                }
            )
    categories = [{"id": number, "name": name} for number, name in enumerate(SHAPES, start=1)]
    told = {"images": pictures, "annotations": annotations, "categories": categories}
    file_path = folder / "annotations.json"
    file_path.write_text(json.dumps(told), encoding="utf-8")
    return file_path


def run_lengths(mask: NDArray[np.bool_]) -> list[int]:
    """Lengths of runs outside and inside a mask, in turn, down the columns; the first run is outside."""
    flat = mask.T.reshape(-1).astype(np.int8)
    changes = np.flatnonzero(np.diff(flat)) + 1
    borders = [0, *changes.tolist(), len(flat)]
    runs = [end - begin for begin, end in pairwise(borders)]
    return [0, *runs] if flat[0] else runs

"""Pictures with boxes and masks from a COCO json file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from backends.lab.errors import LabError


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotations:
    """What is in a picture: boxes (N x 4: left, top, right, bottom), classes (N), masks (N x H x W)."""

    boxes: Tensor
    labels: Tensor
    masks: Tensor


@dataclass(frozen=True, slots=True)
class CocoImages:
    """The pictures of a COCO file. Classes are numbered from 0 in the order of the file's categories."""

    folder: Path
    pictures: tuple[Mapping[str, Any], ...]
    annotations: Mapping[int, tuple[Mapping[str, Any], ...]]
    class_names: tuple[str, ...]
    class_of: Mapping[int, int]

    def __len__(self) -> int:
        return len(self.pictures)

    def picture(self, number: int) -> Tensor:
        """A picture, 3 x H x W bytes. Raises `LabError` if its file is missing or no picture."""
        path = self.folder / self.pictures[number]["file_name"]
        try:
            with Image.open(path) as opened:
                return torch.from_numpy(np.asarray(opened.convert("RGB")).copy()).permute(2, 0, 1)
        except OSError as error:
            raise LabError(f"{path} cannot be read as a picture: {error}") from error

    def annotated(self, number: int) -> Annotations:
        """What is in a picture; crowds are left out."""
        picture = self.pictures[number]
        height, width = picture["height"], picture["width"]
        found = [one for one in self.annotations.get(picture["id"], ()) if not one.get("iscrowd")]
        boxes = [(x, y, x + w, y + h) for x, y, w, h in (one["bbox"] for one in found)]
        masks = [_mask(one["segmentation"], height, width) for one in found]
        return Annotations(
            boxes=torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
            labels=torch.tensor([self.class_of[one["category_id"]] for one in found], dtype=torch.long),
            masks=torch.stack(masks) if masks else torch.zeros(0, height, width, dtype=torch.bool),
        )


def open_coco(file: Path, folder: Path) -> CocoImages:
    """Open a COCO file whose pictures lie in `folder`.

    Raises:
        LabError: The file is missing, no JSON, or not of COCO's form.
    """
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        categories = told["categories"]
        by_picture: dict[int, list[Mapping[str, Any]]] = {}
        for annotation in told["annotations"]:
            by_picture.setdefault(annotation["image_id"], []).append(annotation)
        return CocoImages(
            folder,
            tuple(told["images"]),
            {picture: tuple(annotations) for picture, annotations in by_picture.items()},
            tuple(category["name"] for category in categories),
            {category["id"]: number for number, category in enumerate(categories)},
        )
    except (OSError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise LabError(f"{file} cannot be read as COCO json: {error!r}") from error


def _mask(segmentation: Mapping[str, Any] | Sequence[Sequence[float]], height: int, width: int) -> Tensor:
    if not isinstance(segmentation, Mapping):
        picture = Image.new("1", (width, height))
        brush = ImageDraw.Draw(picture)
        for polygon in segmentation:
            brush.polygon(list(polygon), fill=1)
        return torch.from_numpy(np.asarray(picture).copy())
    counts = segmentation["counts"]
    if isinstance(counts, str):
        raise LabError("Masks as compressed run lengths are not read; write them as lists of counts.")
    inside = np.arange(len(counts)) % 2 == 1
    flat = np.repeat(inside, np.asarray(counts, dtype=np.int64))
    return torch.from_numpy(flat.reshape(width, height).T.copy())

"""Labelled pictures by name or path: scikit-learn's digits, the glyph world, npz files, folders."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from backends.lab.batches import generator_for
from backends.lab.errors import LabError
from backends.lab.synthetic.glyphs import SHAPES, make_glyphs

MAX_PIXELS = 100_000_000
"""A picture with more pixels than this is refused: it may be a decompression bomb."""

_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})
_GLYPHS, _GLYPH_SIZE = 6000, 64
_TEST_SHARE = 0.2


class LabelledImages(Protocol):
    """Pictures with one label each."""

    @property
    def labels(self) -> Tensor:
        """One class number a picture."""
        ...

    @property
    def class_names(self) -> tuple[str, ...]: ...

    def load(self, indices: Tensor, size: int) -> Tensor:
        """Pictures as N x 3 x size x size, from 0 to 1."""
        ...


@dataclass(frozen=True, slots=True)
class ArrayImages:
    """Pictures in memory, N x 3 x H x W bytes."""

    images: Tensor
    labels: Tensor
    class_names: tuple[str, ...]

    def load(self, indices: Tensor, size: int) -> Tensor:
        """See `LabelledImages`."""
        pictures = self.images[indices].float() / 255
        if pictures.shape[-2:] == (size, size):
            return pictures
        smaller = size < pictures.shape[-1]
        resized: Tensor = functional.interpolate(
            pictures, (size, size), mode="bilinear", antialias=smaller, align_corners=False
        )
        return resized


@dataclass(frozen=True, slots=True)
class FolderImages:
    """Pictures in files, read when they are used: scaled by the shorter side, then cut to the middle."""

    paths: tuple[Path, ...]
    labels: Tensor
    class_names: tuple[str, ...]

    def load(self, indices: Tensor, size: int) -> Tensor:
        """See `LabelledImages`. Raises `LabError` for a file that is no picture or has too many pixels."""
        return torch.stack([_read_square(self.paths[index], size) for index in indices.tolist()])


@dataclass(frozen=True, slots=True)
class ImageSplit:
    """A training set and the test set that goes with it."""

    train: LabelledImages
    test: LabelledImages

    @property
    def num_classes(self) -> int:
        return len(self.train.class_names)


def open_images(name: str, seed: int) -> ImageSplit:
    """Open a bundled set (digits, glyphs), an .npz file, or a folder of class folders.

    An .npz holds `images` (N x H x W or N x H x W x 3, bytes) and `labels`. A folder holds one folder a
    class, or `train` and `val` folders that do. Where there is no split, a fifth is kept for testing.

    Raises:
        LabError: The name means nothing, or the file or folder does not hold labelled pictures.
    """
    if name in BUNDLED:
        return _split(BUNDLED[name](), seed)
    path = Path(name)
    if path.suffix == ".npz" and path.is_file():
        return _split(_read_npz(path), seed)
    if path.is_dir():
        if (path / "train").is_dir() and (path / "val").is_dir():
            train, test = _read_folder(path / "train"), _read_folder(path / "val")
            if train.class_names != test.class_names:
                raise LabError(f"{path}: train and val do not hold the same classes.")
            return ImageSplit(train, test)
        return _split(_read_folder(path), seed)
    raise LabError(f"There are no pictures {name!r}; give a folder, an .npz file, or {', '.join(BUNDLED)}.")


def _digits() -> ArrayImages:
    from sklearn.datasets import load_digits

    raw = load_digits()
    grey = torch.from_numpy(np.round(raw.images * (255 / 16)).astype(np.uint8))
    names = tuple(str(digit) for digit in range(10))
    return ArrayImages(grey[:, None].repeat(1, 3, 1, 1), torch.from_numpy(raw.target).long(), names)


def _glyphs() -> ArrayImages:
    drawn = make_glyphs(_GLYPHS, _GLYPH_SIZE, seed=0)
    return ArrayImages(drawn.images, drawn.labels, tuple(SHAPES))


BUNDLED: Mapping[str, Callable[[], ArrayImages]] = {"digits": _digits, "glyphs": _glyphs}


def _read_npz(path: Path) -> ArrayImages:
    with np.load(path, allow_pickle=False) as arrays:
        if not {"images", "labels"} <= set(arrays.files):
            raise LabError(f"{path} holds {', '.join(arrays.files)}; it needs images and labels.")
        images, labels = torch.from_numpy(arrays["images"]), torch.from_numpy(arrays["labels"]).long()
    if images.dtype != torch.uint8 or images.ndim not in (3, 4) or len(images) != len(labels):
        raise LabError(f"{path}: images are N x H x W (x 3) bytes, one label each; they are {images.shape}.")
    planes = images[:, None].repeat(1, 3, 1, 1) if images.ndim == 3 else images.permute(0, 3, 1, 2)
    if planes.shape[1] != 3:
        raise LabError(f"{path}: pictures have 1 or 3 channels, these have {planes.shape[1]}.")
    names = tuple(str(label) for label in range(int(labels.max()) + 1))
    return ArrayImages(planes.contiguous(), labels, names)


def _read_folder(path: Path) -> FolderImages:
    classes = sorted(child.name for child in path.iterdir() if child.is_dir())
    found = [
        (file, number)
        for number, name in enumerate(classes)
        for file in sorted((path / name).rglob("*"))
        if file.suffix.lower() in _SUFFIXES
    ]
    if not found:
        raise LabError(f"{path} holds no pictures in class folders, such as {path}/cat/1.jpg.")
    labels = torch.tensor([number for _, number in found])
    return FolderImages(tuple(file for file, _ in found), labels, tuple(classes))


def _read_square(path: Path, size: int) -> Tensor:
    try:
        with Image.open(path) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise LabError(f"{path} has {opened.width} x {opened.height} pixels, which is too many.")
            picture = opened.convert("RGB")
    except OSError as error:
        raise LabError(f"{path} cannot be read as a picture: {error}") from error
    scale = size / min(picture.size)
    picture = picture.resize(
        (max(round(picture.width * scale), size), max(round(picture.height * scale), size)),
        Image.Resampling.BICUBIC,
    )
    left, top = (picture.width - size) // 2, (picture.height - size) // 2
    square = np.asarray(picture.crop((left, top, left + size, top + size)), dtype=np.uint8)
    return torch.from_numpy(square.copy()).permute(2, 0, 1).float() / 255


@dataclass(frozen=True, slots=True)
class Chosen:
    """Some of the pictures of a set."""

    whole: LabelledImages
    indices: Tensor

    @property
    def labels(self) -> Tensor:
        return self.whole.labels[self.indices]

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.whole.class_names

    def load(self, indices: Tensor, size: int) -> Tensor:
        """See `LabelledImages`."""
        return self.whole.load(self.indices[indices], size)


def _split(whole: LabelledImages, seed: int) -> ImageSplit:
    order = torch.randperm(len(whole.labels), generator=generator_for(seed, 0))
    num_test = round(_TEST_SHARE * len(order))
    return ImageSplit(Chosen(whole, order[num_test:]), Chosen(whole, order[:num_test]))

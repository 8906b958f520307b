"""Canvases with scikit-learn's digits at random places in noise, drawn anew for every batch."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from torch import Tensor

SIDE = 56
"""Of a square with one digit; a canvas is a grid of them."""
DIGIT = 8
PATCH = 7
NOTHING = 10
"""What a patch shows that is not the centre of a digit."""
_NOISE = 90
_CELL = 14
_TRAINING_DIGITS = 1400

Shape = tuple[int, int]  # squares across and down


@dataclass(frozen=True, slots=True)
class DigitBank:
    """Pictures of digits, (N, 8, 8) from 0 to 255, and what they show."""

    pictures: NDArray[np.float32]
    names: NDArray[np.int64]


def load_banks() -> tuple[DigitBank, DigitBank]:
    """The 1,797 digits, always split alike: 1,400 to learn from and 397 that are never learned from."""
    data = load_digits()
    pictures: NDArray[np.float32] = (data.images * (255 / 16)).astype(np.float32)
    names: NDArray[np.int64] = data.target
    order = np.random.default_rng(0).permutation(len(names))
    learned, kept = order[:_TRAINING_DIGITS], order[_TRAINING_DIGITS:]
    return DigitBank(pictures[learned], names[learned]), DigitBank(pictures[kept], names[kept])


@dataclass(frozen=True, slots=True)
class Canvases:
    """Canvases of one size with one digit in every square."""

    pixels: Tensor
    """(count, height, width)"""
    digits: Tensor
    """In reading order, (count, squares)."""
    corners: Tensor
    """Left and top of every digit, in pixels, (count, squares, 2)."""


def draw_canvases(bank: DigitBank, shape: Shape, count: int, chance: np.random.Generator) -> Canvases:
    """Draw canvases with one digit at a random place of every square."""
    return _drawn(bank, shape, (SIDE, SIDE), count, chance)


def draw_parted(bank: DigitBank, parts: Shape, count: int, chance: np.random.Generator) -> Canvases:
    """Draw single squares with one digit in every of their equal parts."""
    return _drawn(bank, parts, (SIDE // parts[0], SIDE // parts[1]), count, chance)


def _drawn(
    bank: DigitBank, shape: Shape, cell: tuple[int, int], count: int, chance: np.random.Generator
) -> Canvases:
    across, down = shape
    canvases = _noise(count, cell[0] * across, cell[1] * down, chance)
    picked = chance.integers(len(bank.names), size=(count, down, across))
    room = (cell[0] - DIGIT + 1, cell[1] - DIGIT + 1)
    corners = chance.integers(room, size=(count, down, across, 2))
    for number, row, column in np.ndindex(count, down, across):
        corners[number, row, column] += (cell[0] * column, cell[1] * row)
        left, top = corners[number, row, column]
        _stamp(canvases[number], bank.pictures[picked[number, row, column]], top, left)
    digits = torch.from_numpy(bank.names[picked].reshape(count, -1))
    return Canvases(_scaled(canvases), digits, torch.from_numpy(corners.reshape(count, -1, 2)))


def draw_crowds(bank: DigitBank, count: int, chance: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Draw squares crowded with digits, and what each patch shows the centre of, (count, patches)."""
    canvases = _noise(count, SIDE, SIDE, chance)
    cells, patches = SIDE // _CELL, SIDE // PATCH
    shown = np.full((count, patches, patches), NOTHING)
    picked = chance.integers(len(bank.names), size=(count, cells, cells))
    offsets = chance.integers(_CELL - DIGIT + 1, size=(count, cells, cells, 2))
    for number, row, column in np.ndindex(count, cells, cells):
        top, left = offsets[number, row, column] + (_CELL * row, _CELL * column)
        digit = picked[number, row, column]
        _stamp(canvases[number], bank.pictures[digit], top, left)
        shown[number, (top + DIGIT // 2) // PATCH, (left + DIGIT // 2) // PATCH] = bank.names[digit]
    return _scaled(canvases), torch.from_numpy(shown.reshape(count, -1))


def _noise(count: int, width: int, height: int, chance: np.random.Generator) -> NDArray[np.float32]:
    return chance.random((count, height, width), dtype=np.float32) * _NOISE


def _stamp(canvas: NDArray[np.float32], digit: NDArray[np.float32], top: int, left: int) -> None:
    """Lay a digit into the noise; whichever is brighter shows."""
    window = canvas[top : top + DIGIT, left : left + DIGIT]
    np.maximum(window, digit, out=window)


def _scaled(canvases: NDArray[np.float32]) -> Tensor:
    """About zero in the mean, with a spread of about one where a digit is."""
    return torch.from_numpy(canvases / 127.5 - 0.4)

"""Labelled time series by name or path: drawn worlds, sets that aeon brings along, .ts files."""

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from backends.lab.batches import generator_for
from backends.lab.errors import LabError
from backends.lab.synthetic.series import make_series

# Shape legend: N series, T moments of the longest, F features

_TEST_SHARE = 0.3
_WAVES, _WAVE_MOMENTS = 600, 32
_RELAYS, SYMBOLS = 4000, 8
_FROM_AEON = {"japanese_vowels": "JapaneseVowels", "basic_motions": "BasicMotions", "arrow_head": "ArrowHead"}


@dataclass(frozen=True, slots=True)
class SeriesSet:
    """Series (N x T x F) padded with zeros, which moments are real (N x T), and a class for each."""

    series: Tensor
    kept: Tensor
    labels: Tensor


@dataclass(frozen=True, slots=True)
class SeriesSplit:
    """A training set and the test set that goes with it, standardised by the former."""

    train: SeriesSet
    test: SeriesSet
    class_names: tuple[str, ...]


def open_series(name: str, seed: int) -> SeriesSplit:
    """Open a drawn world (waves, relay), a set of aeon's, or NAME_TRAIN.ts with NAME_TEST.ts beside it.

    Raises:
        LabError: The name means nothing, or a file does not hold labelled series.
    """
    if name in _DRAWN:
        return _DRAWN[name](seed)
    if name in _FROM_AEON:
        return read_split(_aeon_file(_FROM_AEON[name]))
    if name.endswith("_TRAIN.ts"):
        return read_split(Path(name))
    known = ", ".join([*_DRAWN, *_FROM_AEON])
    raise LabError(f"There are no series {name!r}; give a file that ends in _TRAIN.ts, or {known}.")


def _aeon_file(folder: str) -> Path:
    found = importlib.util.find_spec("aeon")  # for its files only: importing it takes seconds
    if found is None or found.origin is None:
        raise LabError(f"{folder} comes with aeon; install it: pip install 'nimue[series]'.")
    return Path(found.origin).parent / "datasets" / "data" / folder / f"{folder}_TRAIN.ts"


def read_split(train_file: Path) -> SeriesSplit:
    """Read two .ts files of the UEA archive.

    Raises:
        LabError: A file is missing, or is not laid out as those are.
    """
    test_file = train_file.with_name(train_file.name.replace("_TRAIN.ts", "_TEST.ts"))
    parts = [_read_file(file) for file in (train_file, test_file)]
    names = tuple(sorted({label for _, labels in parts for label in labels}))
    longest = max(len(one) for series, _ in parts for one in series)
    train, test = (
        _padded(series, [names.index(label) for label in labels], longest) for series, labels in parts
    )
    if train.series.shape[-1] != test.series.shape[-1]:
        raise LabError(f"{train_file} and {test_file} differ in how many channels they have.")
    return standardised(train, test, names)


def _read_file(file: Path) -> tuple[list[Tensor], list[str]]:
    """The series (T x F) and labels of a file: channels are parted by colons, the label comes last."""
    if not file.is_file():
        raise LabError(f"There is no file {file}.")
    head, marker, body = file.read_text(encoding="utf-8").partition("@data")
    if not marker or "@classlabel true" not in head.lower():
        raise LabError(f"{file} does not hold labelled series: it has no @data, or no @classLabel true.")
    series, labels = [], []
    for number, line in enumerate(filter(None, (line.strip() for line in body.splitlines())), start=1):
        *channels, label = line.split(":")
        try:
            rows = [[float(value) for value in channel.split(",")] for channel in channels]
            array = np.array(rows, dtype=np.float32)
        except ValueError as error:
            raise LabError(
                f"{file}: series {number} holds what is no number, or unequal channels."
            ) from error
        if array.ndim != 2 or not np.isfinite(array).all():
            raise LabError(f"{file}: series {number} has no channels, or values are missing.")
        series.append(torch.from_numpy(array).T)
        labels.append(label.strip())
    if len({one.shape[1] for one in series}) != 1:
        raise LabError(f"{file} holds no series, or series with different numbers of channels.")
    return series, labels


def _padded(series: list[Tensor], labels: list[int], longest: int) -> SeriesSet:
    lengths = torch.tensor([len(one) for one in series])
    padded = torch.stack([functional.pad(one, (0, 0, 0, longest - len(one))) for one in series])
    return SeriesSet(padded, torch.arange(longest) < lengths[:, None], torch.tensor(labels))


def standardised(train: SeriesSet, test: SeriesSet, class_names: tuple[str, ...]) -> SeriesSplit:
    """Both sets with mean 0 and deviation 1 of each feature over the real moments of the training set."""
    real = train.series[train.kept]
    mean, deviation = real.mean(0), real.std(0).clamp_min(1e-6)

    def scaled(part: SeriesSet) -> SeriesSet:
        return SeriesSet((part.series - mean) / deviation * part.kept[..., None], part.kept, part.labels)

    return SeriesSplit(scaled(train), scaled(test), class_names)


def _waves(seed: int) -> SeriesSplit:
    drawn = make_series(_WAVES, _WAVE_MOMENTS, seed)
    num_test = round(_TEST_SHARE * _WAVES)
    train, test = (
        _whole(drawn.series.mT[part], drawn.labels[part]) for part in (slice(num_test, None), slice(num_test))
    )
    return standardised(train, test, tuple(str(label) for label in range(4)))


def _relays(seed: int) -> SeriesSplit:
    train = draw_relays(_RELAYS, seed)
    test = draw_relays(_RELAYS // 8, seed + 1_000_003)
    return SeriesSplit(train, test, tuple(str(symbol) for symbol in range(SYMBOLS)))


def draw_relays(count: int, seed: int) -> SeriesSet:
    """Symbols in random order, then one of them again; the class is the symbol that followed it.

    The moment to read is the one after the match: the graph of the answer is that of the match, shifted.
    """
    chance = generator_for(seed)
    order = torch.rand(count, SYMBOLS, generator=chance).argsort(1)
    place = torch.randint(SYMBOLS - 1, (count, 1), generator=chance)
    asked, answer = order.gather(1, place), order.gather(1, place + 1)
    return _whole(functional.one_hot(torch.cat([order, asked], 1), SYMBOLS).float(), answer[:, 0])


def _whole(series: Tensor, labels: Tensor) -> SeriesSet:
    return SeriesSet(series, torch.ones(series.shape[:2], dtype=torch.bool), labels)


_DRAWN: Mapping[str, Callable[[int], SeriesSplit]] = {"waves": _waves, "relay": _relays}

"""The experiment on the spatial schema: what its pictures hold, and what a reader is and is not told."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from backends.lab.events import EventList, Progress
from backends.lab.reporter import Reporter
from backends.vision.llava_uhd.grids import Grid
from backends.vision.llava_uhd.planner import plan
from backends.vision.llava_uhd.reproduce_schema import reproduce_schema
from backends.vision.llava_uhd.rows.pictures import (
    GRIDS,
    SIDE,
    SLICES,
    MarkedBatches,
    draw_marked,
    likeliest_row_share,
)
from backends.vision.llava_uhd.rows.reader import READER, new_row_reader, row_scores
from backends.vision.llava_uhd.spec import SchemaParams

HASTE = SchemaParams(seeds=2, steps=2, pictures=2, test_pictures=4, device="cpu")


def pictures_of(grid: Grid, squares: Tensor) -> Tensor:
    """The same six squares, (6, SIDE, SIDE), laid out in reading order on another grid, as one picture."""
    columns, rows = grid
    return (
        squares.reshape(rows, columns, SIDE, SIDE).permute(0, 2, 1, 3).reshape(1, SIDE * rows, SIDE * columns)
    )


@pytest.mark.parametrize("grid", GRIDS)
def test_the_planner_cuts_every_picture_into_its_squares(grid: Grid) -> None:
    columns, rows = grid
    planned = plan((SIDE * columns, SIDE * rows), READER.rule)
    assert planned.grid == grid
    assert planned.slice_size == (SIDE, SIDE)
    assert planned.detail_size == planned.size


@pytest.mark.parametrize("grid", GRIDS)
def test_the_mark_lies_whole_in_one_square_of_the_row_that_is_told(grid: Grid) -> None:
    marked = draw_marked(grid, 30, np.random.default_rng(0))
    for picture, row in zip(marked.pixels, marked.rows.tolist(), strict=True):
        tops, lefts = (picture > 1.5).nonzero(as_tuple=True)
        assert len(tops) == 14 * 14
        assert set((tops // SIDE).tolist()) == {row}
        assert len(set((lefts // SIDE).tolist())) == 1
    assert set(marked.rows.tolist()) == set(range(grid[1]))


def test_whoever_knows_only_a_slices_place_in_the_order_is_right_in_13_of_24_cases() -> None:
    assert likeliest_row_share() == pytest.approx(13 / 24)


@torch.no_grad()
def test_only_separators_tell_the_grid() -> None:
    reader = new_row_reader(0).eval()
    squares = torch.randn(SLICES, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    told, bare = (
        [row_scores(reader, pictures_of(grid, squares), separators=separators) for grid in GRIDS]
        for separators in (True, False)
    )
    for other in bare[1:]:
        torch.testing.assert_close(other, bare[0])
    for other in told[1:]:
        assert float((other - told[0]).abs().max()) > 1e-3


@torch.no_grad()
def test_shuffling_moves_the_slices_of_a_picture_and_nothing_else() -> None:
    reader = new_row_reader(0).eval()
    squares = torch.randn(SLICES, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    alike = squares[:1].expand(SLICES, -1, -1)

    def scores(picture: Tensor, *, shuffled: bool) -> Tensor:
        shuffle = torch.Generator().manual_seed(1) if shuffled else None
        return row_scores(reader, pictures_of((3, 2), picture), separators=True, shuffle=shuffle)

    torch.testing.assert_close(scores(alike, shuffled=True), scores(alike, shuffled=False))
    assert float((scores(squares, shuffled=True) - scores(squares, shuffled=False)).abs().max()) > 1e-3


def test_batches_are_functions_of_their_number_and_take_all_grids_in_turn() -> None:
    batches = MarkedBatches(count=2, steps=8, seed=1)
    sizes = [tuple(batches[number]["pixels"].shape[1:]) for number in range(len(batches))]
    assert sizes[:4] == sizes[4:] == [(SIDE * rows, SIDE * columns) for columns, rows in GRIDS]
    assert batches[1]["pixels"].equal(batches[1]["pixels"])
    assert not batches[1]["pixels"].equal(batches[5]["pixels"])


def test_the_job_compares_both_ways_and_does_nothing_twice(tmp_path: Path) -> None:
    events = EventList()
    found = reproduce_schema(HASTE, Reporter(events, tmp_path, "cpu"))
    assert [(row["view"], row["canvas"]) for row in found.table] == [
        ("with separators", "slices in order"),
        ("with separators", "slices shuffled"),
        ("without separators", "slices in order"),
        ("without separators", "slices shuffled"),
    ]
    assert [row["ceiling"] for row in found.table] == [
        None,
        None,
        pytest.approx(13 / 24),
        pytest.approx(13 / 24),
    ]
    assert set(found.metrics) == {"with_separators", "without_separators", "shuffled"}
    whole = [event for event in events.events if isinstance(event, Progress) and not event.stage]
    assert [(event.done, event.total) for event in whole][-1] == (4, 4)
    assert all(event.done <= event.total for event in whole)
    again = EventList()
    assert reproduce_schema(HASTE, Reporter(again, tmp_path, "cpu")) == found
    assert len(again.events) < len(events.events)

"""The digits experiment: its canvases, its views and its bookkeeping."""

import numpy as np
import pytest
import torch

from backends.lab.events import EventList, Metric, Progress
from backends.lab.reporter import Reporter
from backends.vision.llava_uhd.digits.batches import EXTREME, PARTS, SHAPES, SHORT, CanvasBatches
from backends.vision.llava_uhd.digits.canvases import (
    NOTHING,
    PATCH,
    SIDE,
    DigitBank,
    Shape,
    draw_canvases,
    draw_crowds,
    draw_parted,
    load_banks,
)
from backends.vision.llava_uhd.digits.ceilings import ceiling
from backends.vision.llava_uhd.digits.reader import digit_scores
from backends.vision.llava_uhd.digits.views import RULE, VIEWS, View, shown
from backends.vision.llava_uhd.model.small import TINY, new_small
from backends.vision.llava_uhd.reproduce import margins, reproduce
from backends.vision.llava_uhd.spec import ReproduceParams, ReproduceResult

BLANK = DigitBank(np.full((1, 8, 8), 255, dtype=np.float32), np.array([7]))
"""One digit, a bright square, so that its place can be seen."""
HASTE = ReproduceParams(
    seeds=2,
    encoder_steps=2,
    square_steps=2,
    short_steps=1,
    canvas_steps=1,
    crowds=2,
    squares=2,
    canvases=2,
    test_canvases=2,
    device="cpu",
)


def chance(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_digits_to_learn_from_and_digits_to_ask_are_different_pictures() -> None:
    learned, kept = load_banks()
    assert (len(learned.names), len(kept.names)) == (1400, 397)
    pictures = {picture.tobytes() for picture in learned.pictures}
    assert sum(picture.tobytes() in pictures for picture in kept.pictures) <= 2  # a few were scanned alike


@pytest.mark.parametrize("shape", SHAPES)
def test_every_square_of_a_canvas_has_its_digit_where_it_says(shape: Shape) -> None:
    across, down = shape
    canvases = draw_canvases(BLANK, shape, 2, chance())
    assert canvases.pixels.shape == (2, SIDE * down, SIDE * across)
    bright = (canvases.pixels > 1.5).float()
    assert int(bright.sum()) == 2 * across * down * 64
    for number, (left, top) in enumerate(canvases.corners[1].tolist()):
        assert bright[1, top : top + 8, left : left + 8].all()
        assert (left // SIDE, top // SIDE) == (number % across, number // across)


@pytest.mark.parametrize("parts", PARTS)
def test_every_part_of_a_single_square_has_its_digit(parts: Shape) -> None:
    across, down = parts
    squares = draw_parted(BLANK, parts, 2, chance())
    assert squares.pixels.shape == (2, SIDE, SIDE)
    bright = (squares.pixels > 1.5).float()
    assert int(bright.sum()) == 2 * across * down * 64
    for number, (left, top) in enumerate(squares.corners[1].tolist()):
        assert bright[1, top : top + 8, left : left + 8].all()
        assert (left * across // SIDE, top * down // SIDE) == (number % across, number // across)


def test_crowded_squares_name_the_patch_of_each_digits_centre() -> None:
    pixels, names = draw_crowds(BLANK, 3, chance())
    grid = names.reshape(3, SIDE // PATCH, SIDE // PATCH)
    assert (grid != NOTHING).sum(dim=(1, 2)).tolist() == [16, 16, 16]
    for picture, row, column in (grid == 7).nonzero().tolist():
        patch = pixels[picture, row * PATCH : (row + 1) * PATCH, column * PATCH : (column + 1) * PATCH]
        assert (patch > 1.5).sum() >= 4 * 4


@pytest.mark.parametrize("shape", [(4, 2), (1, 8)])
def test_slices_show_the_canvas_itself_in_reading_order(shape: Shape) -> None:
    across, down = shape
    pixels = draw_canvases(BLANK, shape, 2, chance()).pixels
    picture = shown(pixels, "uhd")[1]
    assert picture.plan.grid == shape
    rows = [torch.cat(list(picture.pieces[row * across : (row + 1) * across]), dim=2) for row in range(down)]
    assert torch.cat(rows, dim=1)[0].equal(pixels[1])


@pytest.mark.parametrize("view", ["squash", "pad"])
def test_other_views_are_one_square(view: View) -> None:
    pixels = draw_canvases(BLANK, (8, 1), 1, chance()).pixels
    picture = shown(pixels, view)[0]
    assert [piece.shape for piece in picture.pieces] == [(3, SIDE, SIDE)]
    assert picture.plan.tokens == RULE.queries


def test_padding_keeps_the_shape_of_digits() -> None:
    pixels = draw_canvases(BLANK, (2, 1), 1, chance()).pixels
    square = shown(pixels, "pad")[0].pieces[0][0]
    edges = torch.cat((square[:12], square[-12:]))
    torch.testing.assert_close(edges, torch.full_like(edges, float(pixels.mean())), atol=1e-5, rtol=1e-5)
    assert int((square > 1.5).sum()) in range(2, 2 * 16 + 1)


def test_every_digit_is_scored_without_seeing_itself() -> None:
    torch.manual_seed(0)
    reader = new_small(TINY).eval()
    canvases = draw_canvases(BLANK, (2, 1), 2, chance())
    pictures = shown(canvases.pixels, "uhd")
    before = digit_scores(reader, pictures, canvases.digits)
    other = canvases.digits.clone()
    other[:, 1] = 3
    after = digit_scores(reader, pictures, other)
    assert before.shape == (2, 2, 10)
    torch.testing.assert_close(before, after)  # the second digit is the last


def test_a_view_that_loses_more_has_a_lower_ceiling() -> None:
    learned, kept = load_banks()
    squashed, padded = ceiling("squash", (8, 1), learned, kept), ceiling("pad", (8, 1), learned, kept)
    assert squashed > padded + 0.3
    assert squashed < 0.9


def test_batches_are_functions_of_their_number_and_begin_with_easy_canvases() -> None:
    batches = CanvasBatches(
        bank=BLANK, draw=draw_canvases, count=2, easy=SHORT, shapes=SHAPES, easy_steps=4, steps=12, seed=1
    )
    sizes = [tuple(batches[number]["pixels"].shape[1:]) for number in range(len(batches))]
    assert len(sizes) == 16
    assert set(sizes[:4]) == {(SIDE, 2 * SIDE), (2 * SIDE, SIDE)}
    assert len(set(sizes[4:])) == len(SHAPES)
    assert batches[7]["pixels"].equal(batches[7]["pixels"])
    assert not batches[0]["pixels"].equal(batches[2]["pixels"])


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> tuple[ReproduceResult, EventList]:
    events = EventList()
    with pytest.MonkeyPatch.context() as patch:
        # The ceilings take seconds and have a test of their own.
        patch.setattr("backends.vision.llava_uhd.reproduce.ceiling", lambda *_: 0.5)
        return reproduce(HASTE, Reporter(events, tmp_path_factory.mktemp("run"), "cpu")), events


def test_the_experiment_measures_every_view_and_canvas(result: tuple[ReproduceResult, EventList]) -> None:
    table = result[0].table
    assert len(table) == len(VIEWS) * (len(SHAPES) + 2)
    assert all(0 <= float(row["read"] or 0) <= 1 for row in table)
    assert {row["ceiling"] for row in table if row["view"] == "uhd"} == {None}
    assert {row["ceiling"] for row in table if row["view"] != "uhd"} == {0.5}


def test_each_view_learns_from_the_state_after_squares(result: tuple[ReproduceResult, EventList]) -> None:
    stages = [event.stage for event in result[1].events if isinstance(event, Metric)]
    assert list(dict.fromkeys(stages))[:5] == [
        "encoder",
        "seed 0, squares",
        "seed 0, uhd",
        "seed 0, squash",
        "seed 0, pad",
    ]


def test_progress_counts_every_reader_once(result: tuple[ReproduceResult, EventList]) -> None:
    told = [event for event in result[1].events if isinstance(event, Progress) and not event.stage]
    assert [event.done for event in told] == sorted({event.done for event in told})
    assert (told[-1].done, told[-1].total) == (6, 6)


def test_margins_are_paired_by_seed() -> None:
    names = [f"{SIDE * across}x{SIDE * down}" for across, down in SHAPES]
    flat = [dict.fromkeys(names, 0.1), dict.fromkeys(names, 0.2)]
    better = [dict.fromkeys(names, 0.4), dict.fromkeys(names, 0.5)]
    found = margins({"uhd": better, "squash": flat, "pad": better})
    assert found["more_than_squash_all"] == pytest.approx(0.3)
    assert found["more_than_squash_extreme_half_width"] == pytest.approx(0, abs=1e-9)
    assert found["more_than_pad_extreme"] == 0


def test_extreme_canvases_are_eight_to_one() -> None:
    assert {across / down for across, down in EXTREME} == {8, 1 / 8}

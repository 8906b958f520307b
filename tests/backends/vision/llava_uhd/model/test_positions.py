"""Position tables, stretched to the shapes of pieces."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from backends.vision.llava_uhd.model.errors import ModelError
from backends.vision.llava_uhd.model.positions import GridPositions, sincos_2d, stretched

grids = st.tuples(st.integers(1, 40), st.integers(1, 40))


def drawn_table(side: int, width: int, seed: int = 0) -> Tensor:
    return torch.randn(side * side, width, generator=torch.Generator().manual_seed(seed))


def reference(table: Tensor, columns: int, rows: int) -> Tensor:
    """The whole map at once, in double precision."""
    side = int(table.shape[0] ** 0.5)
    picture = table.double().T.reshape(1, -1, side, side)
    drawn = functional.interpolate(picture, size=(rows, columns), mode="bicubic", align_corners=False)
    return drawn.flatten(2)[0].T


def test_at_its_own_grid_a_table_is_untouched_bit_by_bit() -> None:
    table = drawn_table(24, 16)
    assert stretched(table, (24, 24)).equal(table)


@given(grids)
@settings(max_examples=50, deadline=None)
def test_stretching_is_double_precision_bicubic_to_1e_5(grid: tuple[int, int]) -> None:
    table = drawn_table(8, 12)
    torch.testing.assert_close(stretched(table, grid).double(), reference(table, *grid), atol=1e-5, rtol=0)


@given(grids)
@settings(max_examples=50, deadline=None)
def test_a_constant_table_stays_constant(grid: tuple[int, int]) -> None:
    found = stretched(torch.full((49, 4), 3.5), grid)
    torch.testing.assert_close(found, torch.full((grid[0] * grid[1], 4), 3.5), atol=1e-5, rtol=0)


@given(grids)
@settings(max_examples=50, deadline=None)
def test_stretching_commutes_with_transposition(grid: tuple[int, int]) -> None:
    columns, rows = grid
    table = drawn_table(6, 4)
    upright = stretched(table, (columns, rows)).reshape(rows, columns, 4)
    turned_table = table.reshape(6, 6, 4).transpose(0, 1).reshape(36, 4)
    turned = stretched(turned_table, (rows, columns)).reshape(columns, rows, 4)
    torch.testing.assert_close(upright, turned.transpose(0, 1), atol=1e-5, rtol=0)


def test_bfloat16_tables_are_stretched_in_float32() -> None:
    table = drawn_table(24, 8).bfloat16()
    once = stretched(table.float(), (26, 22))
    assert stretched(table, (26, 22)).equal(once.bfloat16())
    assert stretched(table, (26, 22)).dtype == torch.bfloat16


def test_a_changed_table_is_stretched_anew() -> None:
    positions = GridPositions(4, 8)
    before = positions((3, 5))
    positions.table.data.fill_(2)
    torch.testing.assert_close(positions((3, 5)), torch.full((15, 8), 2.0))
    assert not before.any()


def test_gradient_reaches_the_table_through_a_stretch() -> None:
    positions = GridPositions(4, 2)
    positions((3, 5)).sum().backward()
    assert positions.table.grad is not None
    torch.testing.assert_close(positions.table.grad.sum(), torch.tensor(30.0))  # every place has weights of 1


def test_sine_positions_name_the_column_first_and_then_the_row() -> None:
    found = sincos_2d(5, 8).reshape(5, 5, 8)
    column, row = torch.tensor(3.0), torch.tensor(2.0)
    slow = 10000**-0.5
    expected = [
        column.sin(),
        (column * slow).sin(),
        column.cos(),
        (column * slow).cos(),
        row.sin(),
        (row * slow).sin(),
        row.cos(),
        (row * slow).cos(),
    ]
    torch.testing.assert_close(found[2, 3], torch.stack(expected))


def test_sine_positions_need_a_multiple_of_four() -> None:
    with pytest.raises(ModelError, match="multiple of 4, not 6"):
        sincos_2d(4, 6)

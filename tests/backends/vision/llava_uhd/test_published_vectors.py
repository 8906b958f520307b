"""Every published vector of the slicing rules, under every rule it names."""

import pytest

from backends.vision.llava_uhd.planner import SlicePlan, plan
from backends.vision.llava_uhd.profiles import MARCH_24, MINICPM_V_2_6, MINICPM_V_4_6, RELEASE
from tests.backends.vision.llava_uhd.published_vectors import (
    TABLE_A,
    TABLE_B,
    CompatibilityRow,
    Encoded,
    PaperRow,
)


def size_of(row: PaperRow | CompatibilityRow) -> str:
    return f"{row.size[0]}x{row.size[1]}"


def encoded(planned: SlicePlan) -> Encoded:
    return Encoded(planned.grid, planned.slice_size, planned.overview_size, planned.tokens)


def test_both_tables_hold_the_same_49_sizes() -> None:
    assert [row.size for row in TABLE_A] == [row.size for row in TABLE_B]
    assert len(TABLE_A) == 49


@pytest.mark.parametrize("row", TABLE_A, ids=size_of)
def test_the_papers_rule_gives_the_published_plan(row: PaperRow) -> None:
    planned = plan(row.size)
    assert encoded(planned) == row.encoded
    assert planned.ideal_slices == row.ideal
    assert min(planned.ideal_slices, planned.profile.max_slices) == row.wanted
    assert (planned.slice_patches, planned.overview_patches) == (row.slice_patches, row.overview_patches)
    assert len(planned.separators or ()) == row.separators


@pytest.mark.parametrize("row", TABLE_B, ids=size_of)
def test_the_first_official_code_cuts_the_published_grid(row: CompatibilityRow) -> None:
    assert plan(row.size, MARCH_24).grid == row.march_24_grid


@pytest.mark.parametrize("row", TABLE_B, ids=size_of)
def test_the_release_gives_the_published_plan(row: CompatibilityRow) -> None:
    assert encoded(plan(row.size, RELEASE)) == row.release


@pytest.mark.parametrize("row", TABLE_B, ids=size_of)
def test_minicpm_v_2_6_gives_the_published_plan(row: CompatibilityRow) -> None:
    assert encoded(plan(row.size, MINICPM_V_2_6)) == row.minicpm_2_6


@pytest.mark.parametrize("row", TABLE_B, ids=size_of)
def test_minicpm_v_4_6_gives_the_published_plan(row: CompatibilityRow) -> None:
    assert encoded(plan(row.size, MINICPM_V_4_6)) == row.minicpm_4_6

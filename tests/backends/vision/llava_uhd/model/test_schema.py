"""The order in which a language model reads slices, separators and overview."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from backends.vision.llava_uhd.model.errors import ModelError
from backends.vision.llava_uhd.model.schema import COMMA, NEWLINE, arranged, reading_order
from backends.vision.llava_uhd.planner import plan
from backends.vision.llava_uhd.profiles import EXACT, MARCH_24, MINICPM_V_2_6

SEPARATORS = {COMMA: torch.tensor([-1.0, 0.0]), NEWLINE: torch.tensor([-2.0, 0.0])}


def numbered_tokens(count: int, queries: int = 64) -> list[Tensor]:
    """Tokens that say whose they are."""
    return [torch.full((queries, 2), float(number)) for number in range(count)]


def test_slices_of_a_row_are_parted_by_commas_and_rows_end_with_newlines() -> None:
    assert reading_order(plan((1280, 720))) == (0, ",", 1, ",", 2, "\n", 3, ",", 4, ",", 5, "\n", 6)


def test_the_overview_comes_first_where_the_profile_says_so() -> None:
    overview_first = replace(EXACT, overview_first=True)
    assert reading_order(plan((672, 336), overview_first)) == (0, 1, ",", 2, "\n")


def test_an_unsliced_picture_has_no_separators() -> None:
    assert reading_order(plan((300, 300))) == (0,)
    assert reading_order(plan((1280, 720), MARCH_24)) == tuple(range(7))


@given(st.tuples(st.integers(1, 5000), st.integers(1, 5000)))
def test_the_grid_can_be_read_back_from_the_order(size: tuple[int, int]) -> None:
    planned = plan(size)
    lines = "".join("x" if isinstance(item, int) else item for item in reading_order(planned)[:-1]).split(
        "\n"
    )
    rows = [line.split(",") for line in lines if line]
    assert {len(row) for row in rows} == ({planned.grid[0]} if planned.num_slices else set())
    assert len(rows) == (planned.grid[1] if planned.num_slices else 0)


@given(st.tuples(st.integers(1, 5000), st.integers(1, 5000)))
def test_the_sequence_is_as_long_as_the_planner_counts(size: tuple[int, int]) -> None:
    planned = plan(size)
    assert len(arranged(planned, numbered_tokens(planned.num_pieces), SEPARATORS)) == planned.positions


def test_tokens_and_separators_stand_where_the_order_says() -> None:
    planned = plan((336, 672))
    found = arranged(planned, numbered_tokens(3), SEPARATORS)[:, 0]
    assert found.equal(torch.tensor([0.0] * 64 + [-2] + [1] * 64 + [-2] + [2] * 64))


def test_a_batch_is_arranged_at_once() -> None:
    planned = plan((672, 336))
    tokens = [torch.randn(5, 64, 2, generator=torch.Generator().manual_seed(seed)) for seed in range(3)]
    found = arranged(planned, tokens, SEPARATORS)
    assert found.shape == (5, 194, 2)
    assert found[3].equal(arranged(planned, [part[3] for part in tokens], SEPARATORS))


def test_a_model_with_other_queries_than_planned_is_refused() -> None:
    with pytest.raises(ModelError, match="counts 194 places under the rule 'exact', but the model makes 50"):
        arranged(plan((672, 336)), numbered_tokens(3, queries=16), SEPARATORS)


def test_tokens_of_missing_pieces_are_refused() -> None:
    with pytest.raises(ModelError, match="has 3 pieces, but tokens of 2"):
        arranged(plan((672, 336)), numbered_tokens(2), SEPARATORS)


def test_rules_with_tags_are_not_arranged() -> None:
    with pytest.raises(ModelError, match=r"'minicpm-v-2\.6' marks slices by tags"):
        reading_order(plan((1280, 720), MINICPM_V_2_6))

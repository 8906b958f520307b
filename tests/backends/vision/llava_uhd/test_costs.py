"""What plans cost: the published operations, the figures of a plan, and plans under a budget."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.vision.llava_uhd.budget import plan_within
from backends.vision.llava_uhd.compute import CLIP_VIT_L, PAPER
from backends.vision.llava_uhd.errors import PlanError
from backends.vision.llava_uhd.metrics import explain, measure
from backends.vision.llava_uhd.planner import plan
from backends.vision.llava_uhd.profiles import EXACT, MINICPM_V_2_6, RELEASE, Profile

MLP = replace(EXACT, queries=None, compute=replace(PAPER, connector="mlp"))
LARGEST = (672, 1008)  # six slices without loss
PUBLISHED = [
    pytest.param((336, 336), MLP, 15.50, 15.495, id="LLaVA-1.5"),
    pytest.param(LARGEST, EXACT, 14.63, 15.03, id="LLaVA-UHD"),
    pytest.param(LARGEST, MLP, 113.65, 119.2, id="LLaVA-UHD with an MLP"),
    pytest.param((672, 672), MLP, 80.10, 82.9, id="MLP and a fixed 2x2"),
]


def teraflops(size: tuple[int, int], profile: Profile, *, causal: bool) -> float:
    assert profile.compute is not None
    found = measure(plan(size, replace(profile, compute=replace(profile.compute, causal=causal)))).flops
    assert found is not None
    return found / 1e12


@pytest.mark.parametrize(("size", "profile", "published", "modelled"), PUBLISHED)
def test_published_operations_are_met_within_four_percent(
    size: tuple[int, int], profile: Profile, published: float, modelled: float
) -> None:
    full, halved = (teraflops(size, profile, causal=causal) for causal in (False, True))
    assert full == pytest.approx(modelled, rel=0.003)  # the specification rounds to three or four digits
    assert min(abs(full - published), abs(halved - published)) <= 0.04 * published


def test_a_full_slice_takes_0_382_teraflops_to_encode() -> None:
    assert CLIP_VIT_L.flops(576, 14) / 1e12 == pytest.approx(0.382, abs=0.0005)


@pytest.mark.parametrize(
    ("size", "sliced", "whole"),
    [((672, 672), 1.91, 1.92), (LARGEST, 2.67, 3.27), ((1344, 1344), 6.5, 13.9), ((2688, 2688), 24.8, 155.9)],
)
def test_slices_cost_in_proportion_where_one_large_picture_costs_its_square(
    size: tuple[int, int], sliced: float, whole: float
) -> None:
    found = measure(plan(size, replace(EXACT, max_slices=64))).tower_flops
    assert found is not None
    assert found / 1e12 == pytest.approx(sliced, rel=0.01)
    assert CLIP_VIT_L.flops(size[0] * size[1] // 196, 14) / 1e12 == pytest.approx(whole, rel=0.01)


def test_encoding_grows_in_proportion_to_the_slices() -> None:
    three, six = (plan((336 * slices, 336)) for slices in (3, 6))
    assert (three.grid, six.grid) == ((3, 1), (6, 1))
    costs = [sum(CLIP_VIT_L.flops(576, 14) for _ in planned.slices) for planned in (three, six)]
    assert costs[1] / costs[0] == pytest.approx(2, rel=0.01)


@pytest.mark.parametrize(
    ("size", "retained", "positions"),
    [
        ((336, 336), 100, 64),
        (LARGEST, 100, 454),
        ((1280, 720), 73, 454),
        ((1920, 1080), 32, 454),
        ((1240, 1754), 30, 454),
        ((4032, 3024), 5, 454),
        ((5000, 500), 25, 454),
        ((1568, 7698), 4, 389),
    ],
)
def test_the_papers_rule_keeps_the_published_share_of_pixels(
    size: tuple[int, int], retained: int, positions: int
) -> None:
    planned = plan(size)
    assert round(100 * measure(planned).retained) == retained
    assert planned.positions == positions


@pytest.mark.parametrize(
    ("profile", "size", "retained", "patches"),
    [
        (RELEASE, (1920, 1080), 32, 4008),
        (MINICPM_V_2_6, (1920, 1080), 77, 9192),
        (MINICPM_V_2_6, LARGEST, 117, 5070),
        (EXACT, (4032, 3024), 5, 3840),
    ],
    ids=lambda value: value.name if isinstance(value, Profile) else str(value),
)
def test_rules_keep_and_encode_as_much_as_published(
    profile: Profile, size: tuple[int, int], retained: int, patches: int
) -> None:
    planned = plan(size, profile)
    assert round(100 * measure(planned).retained) == retained
    assert planned.patches == patches


def test_the_figures_of_a_photo() -> None:
    found = measure(plan((4032, 3024)), usd_per_million_tokens=Decimal(5))
    assert (found.tokens, found.separators, found.pictures) == (448, 6, 7)
    assert found.tokens_per_megapixel == pytest.approx(448 / 12.192768)
    assert found.smallest_glyph == pytest.approx(8 * 4032 / (3 * 308))
    assert found.distortion == pytest.approx((700 / 3024) / (924 / 4032) - 1)
    assert found.raw_bytes == 3 * (6 * 308 * 350 + 378 * 280)
    assert (found.padding, found.upsampling) == (0, 1)
    assert found.usd == Decimal("0.00227")
    assert found.loses_detail


def test_a_small_picture_is_enlarged_and_loses_nothing() -> None:
    found = measure(plan((168, 168)))
    assert (found.retained, found.upsampling, found.distortion) == (4, 2, 0)
    assert not found.loses_detail
    assert found.usd is None


def test_operations_of_unknown_models_are_unknown() -> None:
    found = measure(plan((1280, 720), MINICPM_V_2_6))
    assert (found.tower_flops, found.connector_flops, found.language_flops, found.flops) == (None,) * 4
    assert found.separators is None


def test_a_plan_explains_itself() -> None:
    assert explain(plan((4032, 3024))).splitlines() == [
        "4032 x 3024 px, rule exact",
        "slices      3 x 2 (columns x rows; ideal 108), each about 1344 x 1512 px, encoded at 308 x 350",
        "overview    378 x 280, last",
        "tokens      448 (6 separators), 37 a megapixel",
        "kept        5% of the pixels, distortion 1.0%, letters from 35 px high",
        "compute     14.89 TFLOPs",
        "warning     less than 80 % of the pixels are kept: small print may be lost",
    ]
    assert explain(plan((448, 448), MINICPM_V_2_6)).splitlines() == [
        "448 x 448 px, rule minicpm-v-2.6",
        "overview    448 x 448, the only piece",
        "tokens      64 (tags not counted), 319 a megapixel",
        "kept        100% of the pixels, distortion 0.0%, letters from 8 px high",
    ]


@given(st.tuples(st.integers(1, 9000), st.integers(1, 9000)), st.integers(64, 700))
def test_a_token_budget_is_kept_and_used(size: tuple[int, int], max_tokens: int) -> None:
    planned = plan_within(size, max_tokens=max_tokens)
    assert planned.positions <= max_tokens
    if planned != plan(size):
        assert plan(size, replace(EXACT, max_slices=planned.profile.max_slices + 1)).positions > max_tokens


def test_a_budget_of_operations_takes_slices_away() -> None:
    free, bound = plan((4032, 3024)), plan_within((4032, 3024), max_flops=9e12)
    cost = measure(bound).flops
    assert cost is not None
    assert cost <= 9e12
    assert 1 < bound.num_slices < free.num_slices


def test_a_plan_within_its_budget_is_the_plan_without_one() -> None:
    assert plan_within((4032, 3024), max_tokens=454, max_flops=1e15) == plan((4032, 3024))


def test_a_budget_below_the_least_plan_is_refused() -> None:
    with pytest.raises(PlanError, match="takes at least 64 tokens under the rule 'exact'"):
        plan_within((800, 600), max_tokens=63)
    with pytest.raises(PlanError, match=r"takes at least 2\.\d+e\+12 operations"):
        plan_within((300, 300), max_flops=1e12)
    with pytest.raises(PlanError, match="does not say which models it feeds"):
        plan_within((300, 300), MINICPM_V_2_6, max_flops=1e12)

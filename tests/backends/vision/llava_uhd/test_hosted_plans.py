"""Plans for hosted models: the providers' published figures, and that nothing is shrunk silently."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.vision.llava_uhd.errors import PlanError
from backends.vision.llava_uhd.hosted_plan import plan_hosted
from backends.vision.llava_uhd.providers import HostedRule, hosted_rules, rule_for

STANDARD, HIGH = rule_for("claude-sonnet-4-5"), rule_for("claude-haiku-5-5")
sides = st.integers(1, 9000)


@pytest.mark.parametrize(
    ("size", "tokens"), [((200, 200), 64), ((1000, 1000), 1296), ((1092, 1092), 1521), ((1920, 1080), 1560)]
)
def test_claude_counts_squares_of_28(size: tuple[int, int], tokens: int) -> None:
    assert STANDARD.tokens(size) == tokens


@pytest.mark.parametrize(
    ("size", "standard"),
    [
        ((1920, 1080), (1456, 819)),
        ((3840, 2160), (1456, 819)),
        ((1075, 1520), (924, 1307)),
        ((1568, 7698), (319, 1568)),
    ],
)
def test_claude_shrinks_to_the_published_sizes(size: tuple[int, int], standard: tuple[int, int]) -> None:
    assert STANDARD.served_size(size) == standard


def test_newer_claude_models_see_more() -> None:
    assert HIGH.tokens((1920, 1080)) == 2691 and HIGH.takes_whole((1920, 1080))
    assert HIGH.served_size((3840, 2160)) == (2576, 1449) and HIGH.tokens((3840, 2160)) == 4784


def test_openai_patches_follow_the_published_examples() -> None:
    mini = rule_for("gpt-5-mini")
    assert mini.served_size((1800, 2400)) == (1056, 1408)
    assert mini.tokens((1800, 2400)) == 2353  # 1,452 patches, times 1.62, rounded up
    assert rule_for("gpt-5.5").tokens((4032, 3024)) == 11_868
    assert rule_for("gpt-5.5").tokens((1920, 1080)) == 2_448


def test_openai_tiles_follow_the_published_rule() -> None:
    model = rule_for("gpt-4o-2024-11-20")
    assert model.tokens((1024, 1024)) == 85 + 4 * 170
    assert model.tokens((2048, 4096)) == 85 + 6 * 170
    assert model.tokens((400, 300)) == 85 + 170


def test_gemini_counts_a_small_picture_as_one_tile() -> None:
    assert rule_for("gemini-2.5-pro").tokens((384, 384)) == 258
    assert rule_for("gemini-3-pro").tokens((4000, 3000)) == 1120


@pytest.mark.parametrize(
    ("model", "rule"),
    [
        ("gpt-6-luna", "openai-6"),
        ("gpt-5.6", "openai-6"),
        ("gpt-5.4", "openai-5.5"),
        ("gpt-5", "openai-5"),
        ("gpt-5-mini", "openai-mini"),
        ("gpt-4.1-nano", "openai-nano"),
        ("gpt-4.1", "openai-4o"),
        ("gpt-4o-mini", "openai-4o-mini"),
        ("o4-mini", "openai-o4-mini"),
        ("o3", "openai-o"),
        ("claude-opus-4-5", "claude-standard"),
        ("claude-opus-4-8", "claude"),
        ("anthropic/claude-opus-5", "claude"),
        ("google/gemini-2.5-flash", "gemini-2"),
        ("Qwen2.5-VL-7B", "unknown"),
    ],
)
def test_a_model_finds_its_rule(model: str, rule: str) -> None:
    assert rule_for(model).name == rule


@pytest.mark.parametrize(
    ("size", "standard", "high"),
    [
        ((1280, 720), ((1, 1), 1196), ((1, 1), 1196)),
        ((1920, 1080), ((2, 1), 4290), ((1, 1), 2691)),
        ((1568, 7698), ((2, 5), 16072), ((1, 4), 17204)),
        ((5000, 500), ((4, 1), 3576), ((2, 1), 4160)),
        ((4032, 3024), ((5, 2), 17224), ((2, 2), 20292)),
        ((2480, 3508), ((2, 4), 13071), ((1, 3), 15970)),
        ((3840, 2160), ((4, 2), 12480), ((3, 1), 15548)),
    ],
)
def test_plans_for_claude_are_those_of_the_specification(
    size: tuple[int, int], standard: tuple[tuple[int, int], int], high: tuple[tuple[int, int], int]
) -> None:
    for rule, expected in ((STANDARD, standard), (HIGH, high)):
        planned = plan_hosted(size, rule)
        assert (planned.grid, planned.tokens) == expected
        assert planned.retained > 0.995


def test_a_limit_on_images_keeps_as_much_as_it_allows() -> None:
    planned = plan_hosted((1568, 7698), STANDARD, max_images=6)
    assert (planned.grid, planned.tokens, round(planned.retained, 2)) == ((1, 5), 8472, 0.50)
    assert plan_hosted((1568, 7698), STANDARD, max_images=1).grid == (1, 1)


def test_a_limit_on_tokens_is_kept() -> None:
    planned = plan_hosted((4032, 3024), STANDARD, max_tokens=9000)
    assert planned.tokens is not None and planned.tokens <= 9000
    assert 0.3 < planned.retained < 1


@given(st.sampled_from(hosted_rules()), sides, sides)
def test_slices_tile_the_picture_and_the_overview_is_not_shrunk_again(
    rule: HostedRule, width: int, height: int
) -> None:
    planned = plan_hosted((width, height), rule)
    if planned.boxes:
        assert sum(box.size[0] * box.size[1] for box in planned.boxes) == width * height
        assert all(box.size[0] > 0 and box.size[1] > 0 for box in planned.boxes)
    served = rule.served_size(planned.overview_size)
    assert max(abs(a - b) for a, b in zip(served, planned.overview_size, strict=True)) <= 1
    assert planned.num_images <= rule.most_images


@given(st.sampled_from(hosted_rules()), sides, sides)
def test_a_served_size_is_never_larger_and_keeps_its_shape(rule: HostedRule, width: int, height: int) -> None:
    served = rule.served_size((width, height))
    assert 1 <= served[0] <= width and 1 <= served[1] <= height
    if min(served) > 30:
        assert abs(served[0] / served[1] / (width / height) - 1) < 0.04


def test_a_picture_of_no_size_is_refused() -> None:
    with pytest.raises(PlanError, match="0 x 5"):
        plan_hosted((0, 5), STANDARD)


def test_more_than_twenty_images_of_a_request_stay_below_the_side_that_crowds_allow() -> None:
    planned = plan_hosted((9000, 9000), HIGH)
    assert planned.crowded
    assert all(max(planned.seen_size(box)) <= 2000 for box in planned.boxes)

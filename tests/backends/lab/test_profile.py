"""The profiler's counts are those that are published, and its exponents those that are known."""

import math

import pytest
import torch
from torch import nn

from backends.lab.errors import LabError
from backends.lab.models import Built, build_model
from backends.lab.profile.cost import count_cost
from backends.lab.profile.latency import time_calls
from backends.lab.profile.profiler import ProfileRequest, make_inputs, profile_model
from backends.lab.profile.scaling import Point, exponent, fit_scaling


# Parameters and GMACs as torchvision and timm publish them.
@pytest.mark.parametrize(
    ("name", "parameters", "gmacs"),
    [
        ("torchvision/resnet50", 25_557_032, 4.089),
        ("torchvision/mobilenet_v2", 3_504_872, 0.300),
        ("timm/vit_base_patch16_224", 86_567_656, 17.6),
    ],
)
def test_published_counts_hold(name: str, parameters: int, gmacs: float) -> None:
    with torch.device("meta"):
        built = build_model(name)
    cost = count_cost(built.model, make_inputs(built, 1, "cpu"))
    assert cost.parameters == parameters
    assert cost.macs / 1e9 == pytest.approx(gmacs, rel=0.005)


def test_both_counts_agree_where_all_products_are_in_layers() -> None:
    model = nn.Sequential(nn.Conv2d(3, 8, 3, groups=1), nn.ReLU(), nn.Conv2d(8, 8, 3, groups=4), nn.Flatten())
    model.append(nn.Linear(8 * 12 * 12, 5))
    cost = count_cost(model, [torch.randn(2, 3, 16, 16)])
    assert cost.macs == cost.layer_macs == 2 * (8 * 14**2 * 27 + 8 * 12**2 * 18 + 8 * 12**2 * 5)
    assert sum(layer.macs for layer in cost.layers) == cost.macs
    assert sum(layer.parameters for layer in cost.layers) == cost.parameters


def test_attention_is_counted_outside_layers() -> None:
    built = build_model("lab/small_vit")
    cost = count_cost(built.model, make_inputs(built, 1, "cpu"))
    tokens, width, depth = 8 * 8 + 1, 96, 4
    assert cost.macs_outside_layers == depth * 2 * tokens * tokens * width


def test_saved_activations_are_those_that_backward_needs() -> None:
    model = nn.Sequential(nn.Linear(4, 6, bias=False), nn.ReLU(), nn.Linear(6, 2, bias=False))
    cost = count_cost(model, [torch.randn(3, 4)])
    # The input of the first layer, and what ReLU gave, which is the input of the second, once.
    assert cost.saved_bytes == 4 * (3 * 4 + 3 * 6)


def test_counting_leaves_the_model_alone() -> None:
    model = nn.Linear(3, 3)
    before = model.weight.clone()
    count_cost(model, [torch.randn(1, 3)])
    assert model.weight.device.type == "cpu" and torch.equal(model.weight, before)
    assert not model._forward_hooks


def test_costs_grow_with_the_batch() -> None:
    built = build_model("lab/small_convnet")
    one, four = (count_cost(built.model, make_inputs(built, batch, "cpu")) for batch in (1, 4))
    assert four.macs == 4 * one.macs
    assert four.parameters == one.parameters
    assert one.energy_millijoules < four.energy_millijoules < 4 * one.energy_millijoules


@pytest.mark.parametrize("power", [1.0, 1.5, 2.0])
def test_a_power_is_found_again(power: float) -> None:
    sizes = [10.0, 20.0, 50.0]
    assert exponent(sizes, [3 * size**power for size in sizes]) == pytest.approx(power)


def test_convolutions_are_linear_in_pixels_and_attention_is_not() -> None:
    def exponent_of(name: str) -> float:
        points = []
        for side in (64, 128, 256):
            with torch.device("meta"):
                built = build_model(name, image_size=side)
            cost = count_cost(built.model, make_inputs(built, 1, "cpu"))
            points.append(Point(side=side, macs=cost.macs, saved_bytes=cost.saved_bytes, milliseconds=1.0))
        return fit_scaling(points).macs_exponent_at_end

    assert exponent_of("lab/small_convnet") == pytest.approx(1.0, abs=0.01)
    assert exponent_of("lab/small_vit") > 1.6


def test_a_curve_needs_two_sizes() -> None:
    with pytest.raises(LabError, match="two resolutions"):
        fit_scaling([Point(side=8, macs=1, saved_bytes=1, milliseconds=1.0)])


def test_timings_are_ordered_and_repeat_at_least_five_times() -> None:
    timing = time_calls(lambda: sum(range(500)), device="cpu", repeats=2, warmup=0)
    assert timing.repeats == 5
    assert 0 < timing.lower_quartile <= timing.median <= timing.upper_quartile <= timing.slowest_of_20
    assert timing.per_second(10) == pytest.approx(10_000 / timing.median)


def test_a_profile_holds_cost_time_and_curve() -> None:
    request = ProfileRequest(repeats=5, seconds=0.2, train=True, resolutions=(16, 32))
    found = profile_model("lab/small_convnet", request)
    assert found.backward is not None and found.scaling is not None
    assert found.peak_bytes is None  # not measured on a CPU, so unknown
    told = found.to_json(layers=2)
    assert len(told["cost"]["layers"]) == 2
    assert told["cost"]["layers"][0]["macs"] >= told["cost"]["layers"][1]["macs"]
    assert math.isfinite(told["per_second"])


def test_models_that_read_tokens_get_tokens() -> None:
    (tokens,) = make_inputs(Built(nn.Identity(), ((7,),), vocabulary=5), 3, "cpu")
    assert tokens.shape == (3, 7) and tokens.dtype == torch.int64
    assert int(tokens.min()) >= 0 and int(tokens.max()) < 5


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("resnet18", "is no model's name"),
        ("timm/resnet1", "timm has no model"),
        ("torchvision/nothing", "torchvision has no model"),
        ("lab/large", "There is no model lab/large"),
        ("vision.nothing/tiny", "There is no system"),
        ("vision.efficient_train/tiny", "of this system there are: none"),
    ],
)
def test_a_name_that_means_nothing_is_answered_with_what_does(name: str, answer: str) -> None:
    with pytest.raises(LabError, match=answer):
        build_model(name)


@pytest.mark.usefixtures("_shelf")
def test_a_systems_model_is_built_by_its_name() -> None:
    built = build_model("toy.tiny_net/tiny")
    assert built.inputs == ((8,),)
    with pytest.raises(LabError, match="cannot be built with another num_classes"):
        build_model("toy.tiny_net/tiny", num_classes=3)

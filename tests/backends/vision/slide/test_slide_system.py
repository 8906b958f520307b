"""Slide-Transformer: published sizes, and textures that only a neighbourhood tells."""

import pytest
import torch

from backends.vision.mixers.place import Place
from backends.vision.mixers.slide import SlideAttention
from backends.vision.slide.presets import EARLY, tiny
from backends.vision.slide.spec import SYSTEM
from backends.vision.slide.textures import NUM_CLASSES, make_textures

FROZEN = {"swin_tiny": 4 * 9 * 9 * 32, "swin_small": 4 * 9 * 9 * 32, "swin_base": 4 * 9 * 9 * 32}
"""The released blocks hold the fixed shifts as a parameter: 32 channels of a head, 9 taps, 9 shifts."""


@pytest.mark.parametrize(
    ("name", "millions", "tolerance"),
    [
        ("swin_tiny", 28.35, 2e-4),
        ("swin_small", 49.75, 2e-4),
        ("swin_base", 87.95, 2e-4),
        ("pvt_tiny", 12.2, 5e-3),
        ("pvt_small", 22.7, 5e-3),
        ("pvt_v2_b1", 13.0, 5e-3),
        ("cswin_small", 35, 2e-2),
    ],
)
def test_the_stated_size_is_the_published_one(name: str, millions: float, tolerance: float) -> None:
    (preset,) = (one for one in SYSTEM.presets if one.name == name)
    assert preset.parameters is not None
    assert (preset.parameters + FROZEN.get(name, 0)) / 1e6 == pytest.approx(millions, rel=tolerance)


def test_only_the_first_two_stages_slide() -> None:
    def place(stage: int) -> Place:
        return Place(stage=stage, block=stage, dim=32, num_heads=1, grid=(8, 8))

    assert [isinstance(EARLY(place(stage)), SlideAttention) for stage in range(4)] == [
        True,
        True,
        False,
        False,
    ]


def test_a_network_of_slides_hears_as_far_as_its_depth() -> None:
    model = tiny(image_size=32)
    maps: list[torch.Tensor] = []
    model.blocks[3].register_forward_hook(lambda _, __, output: maps.append(output))  # type: ignore[index, union-attr]
    picture = torch.randn(1, 3, 32, 32, requires_grad=True)
    model(picture)
    maps[0][0, 8 * 16 + 8].sum().backward()  # type: ignore[no-untyped-call]
    assert picture.grad is not None
    tokens = picture.grad[0].abs().sum(0).reshape(16, 2, 16, 2).sum((1, 3)) > 0
    expected = torch.zeros(16, 16, dtype=torch.bool)
    expected[4:13, 4:13] = True
    assert torch.equal(tokens, expected)


def test_textures_are_made_again_the_same_and_balanced() -> None:
    pictures, labels = make_textures(64, 20, 5)
    again, labels_again = make_textures(64, 20, 5)
    assert torch.equal(pictures, again) and torch.equal(labels, labels_again)
    assert not torch.equal(pictures, make_textures(64, 20, 6)[0])
    assert pictures.shape == (64, 3, 20, 20)
    assert labels.bincount(minlength=NUM_CLASSES).tolist() == [8] * NUM_CLASSES


def test_a_pixels_value_says_nothing_of_a_textures_class() -> None:
    pictures, labels = make_textures(2000, 16, 0)
    means = torch.stack([pictures[labels == number].mean((0, 2, 3)) for number in range(NUM_CLASSES)])
    spreads = torch.stack([pictures[labels == number].std() for number in range(NUM_CLASSES)])
    assert means.abs().max() < 0.03
    assert spreads.max() - spreads.min() < 0.02


def test_neighbours_tell_the_direction() -> None:
    pictures, labels = make_textures(400, 16, 0)
    along = (pictures[..., :, 1:] * pictures[..., :, :-1]).mean((1, 2, 3))
    down = (pictures[..., 1:, :] * pictures[..., :-1, :]).mean((1, 2, 3))
    horizontal_waves, vertical_waves = labels == 0, labels == 2
    right = torch.cat([(down > along)[horizontal_waves], (along > down)[vertical_waves]])
    assert right.float().mean() > 0.8

"""ViT^3: published sizes, both forms of the network, and the world of codes."""

import pytest
import torch

from backends.lab.profile.cost import count_cost
from backends.vision.hosts.dit import DiTSize, Pictures
from backends.vision.mixers.ttt import TTT
from backends.vision.vit3.maps import CELL, NUM_COLOURS, NUM_LABELS, make_maps
from backends.vision.vit3.model import HViT3, HViT3Size, ViT3, ViT3Size
from backends.vision.vit3.presets import diffusion_transformer, ttt, ttt_with_rotary_positions
from backends.vision.vit3.spec import SYSTEM

SMALL_STAGES = HViT3Size(dims=(16, 32, 48, 64), depths=(1, 1, 1, 1), num_heads=(2, 2, 4, 4))

# Parameters in millions computed from the released configurations, and published GFLOPs.
SIZES = {
    "vit3_tiny": (6.149, 1.2),
    "vit3_small": (23.80, 4.8),
    "vit3_base": (90.06, 18.0),
    "h_vit3_tiny": (28.70, 4.9),
    "h_vit3_small": (54.36, 8.8),
    "h_vit3_base": (94.37, 16.7),
}


@pytest.mark.parametrize("name", SIZES)
def test_the_stated_size_is_the_published_one(name: str) -> None:
    (preset,) = (one for one in SYSTEM.presets if one.name == name)
    millions, giga = SIZES[name]
    assert preset.parameters is not None and preset.macs is not None
    assert preset.parameters / 1e6 == pytest.approx(millions, rel=2e-4)
    assert preset.macs / 1e9 == pytest.approx(giga, rel=0.02)


def test_the_diffusion_transformer_begins_at_its_own_deviation_where_dit_has_no_weights() -> None:
    torch.manual_seed(0)
    model = diffusion_transformer(DiTSize(dim=64, num_heads=2, depth=2), Pictures(side=8))
    mixers = [module for module in model.modules() if isinstance(module, TTT)]
    assert len(mixers) == 2
    for mixer in mixers:
        for weight in (mixer.w1, mixer.w2, mixer.w3):
            assert weight.detach().std().item() == pytest.approx(0.02, rel=0.15)
        bound = (6 / (64 + mixer.qkv.out_features)) ** 0.5  # of Xavier's uniform weights
        assert mixer.qkv.weight.abs().max().item() == pytest.approx(bound, rel=0.01)


def test_every_parameter_of_the_four_stages_learns() -> None:
    torch.manual_seed(0)
    model = HViT3(SMALL_STAGES, ttt_with_rotary_positions, num_classes=5, image_size=32)
    scores = model(torch.randn(2, 3, 32, 32))
    (scores * torch.randn_like(scores)).sum().backward()
    idle = [name for name, parameter in model.named_parameters() if parameter.grad is None]
    assert scores.shape == (2, 5) and idle == []


def test_both_forms_take_pictures_that_are_not_square() -> None:
    staged = HViT3(SMALL_STAGES, ttt_with_rotary_positions, num_classes=5, image_size=32).eval()
    plain = ViT3(ViT3Size(dim=16, num_heads=2, depth=1, patch=4), ttt, num_classes=5, image_size=32)
    for model in (staged, plain):
        assert model(torch.randn(1, 3, 32, 64)).shape == (1, 5)


def test_a_dense_network_is_the_same_network_before_the_mean() -> None:
    size = ViT3Size(dim=16, num_heads=2, depth=2, patch=4)
    pooled = ViT3(size, ttt, num_classes=5, image_size=16)
    dense = ViT3(size, ttt, num_classes=5, image_size=16, dense=True)
    dense.load_state_dict(pooled.state_dict())
    picture = torch.randn(2, 3, 16, 16)
    torch.testing.assert_close(dense(picture).mean(1), pooled(picture))


def test_weights_begin_as_published() -> None:
    torch.manual_seed(0)
    model = ViT3(ViT3Size(dim=64, num_heads=2, depth=2, patch=4), ttt, image_size=16)
    for mixer in (module for module in model.modules() if isinstance(module, TTT)):
        for weight in (mixer.w1, mixer.w2, mixer.qkv.weight, mixer.proj.weight):
            assert weight.detach().std().item() == pytest.approx(0.02, rel=0.1)
        assert not mixer.qkv.bias.any()


def test_multiply_adds_grow_as_the_picture_does() -> None:
    macs = []
    for side in (32, 64):
        with torch.device("meta"):
            model = ViT3(ViT3Size(dim=16, num_heads=2, depth=1, patch=4), ttt, num_classes=1, image_size=side)
        macs.append(count_cost(model, [torch.randn(1, 3, side, side)]).macs)
    assert macs[1] == pytest.approx(4 * macs[0], rel=1e-3)  # the classifier's 16 do not grow


def test_a_code_is_read_off_its_own_picture_and_differs_between_pictures() -> None:
    pictures, labels = make_maps(20, 16, 3)
    assert torch.equal(pictures, make_maps(20, 16, 3)[0])
    assert pictures.shape == (20, 3, 16, 16) and labels.shape == (20, 64)
    asked = labels >= 0
    assert 0.35 < asked.float().mean() < 0.65 and int(labels.max()) == NUM_LABELS - 1
    cells = pictures[:, :, ::CELL].reshape(20, 3, 64, CELL)  # N x 3 x 64 x (colour, label)
    colour = ((cells[..., 0] > 0) * torch.tensor([1, 2, 4])[:, None]).sum(1)
    shade = cells[:, 0, :, 1]
    assert (shade[asked] == 0).all()
    codes = []
    for picture in range(20):
        shown = {
            int(c): round((float(s) + 2) * (NUM_LABELS - 1) / 4)
            for c, s in zip(colour[picture][~asked[picture]], shade[picture][~asked[picture]], strict=True)
        }
        answers = zip(
            colour[picture][asked[picture]].tolist(), labels[picture][asked[picture]].tolist(), strict=True
        )
        assert all(shown[c] == label for c, label in answers if c in shown)
        assert max(shown) < NUM_COLOURS
        codes.append(tuple(sorted(shown.items())))
    assert len(set(codes)) > 15

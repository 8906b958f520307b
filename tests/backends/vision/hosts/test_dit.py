"""The diffusion transformer as a host: size, beginning, where outputs lie, its mixers and convolutions."""

from functools import partial

import pytest
import torch
from torch import Tensor, nn

from backends.vision.hosts.dit import (
    DIT_BASE,
    DIT_SMALL,
    DIT_XLARGE,
    DiT,
    DiTSize,
    OnGrid,
    Pictures,
    PositionConvolution,
    sine_positions,
)
from backends.vision.mixers.place import MakeMixer, Place, host_attention
from backends.vision.mixers.softmax import SoftmaxAttention
from backends.vision.siamese_norm.topology import PreNorm

SIZE = DiTSize(dim=16, num_heads=2, depth=2)
PICTURES = Pictures(side=8, channels=3, num_classes=4, learns_variance=False)


def small(make: MakeMixer = host_attention, convolves: bool = False) -> DiT:
    torch.manual_seed(0)
    return DiT(SIZE, make, pictures=PICTURES, convolves=convolves)


def stirred(model: DiT) -> DiT:
    """Away from the zeros that it begins with."""
    torch.manual_seed(1)
    for parameter in model.parameters():
        parameter.data += 0.05 * torch.randn(parameter.shape)
    return model


def inputs() -> tuple[Tensor, Tensor, Tensor]:
    pictures = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(2))
    return pictures, torch.tensor([3.0, 500.0]), torch.tensor([0, 3])


def softmax(place: Place) -> nn.Module:
    return SoftmaxAttention(place.dim, place.num_heads)


@pytest.mark.parametrize("size", [DIT_SMALL, DIT_BASE, DIT_XLARGE])
def test_parameters_are_those_of_the_layers_of_the_paper(size: DiTSize) -> None:
    with torch.device("meta"):
        found = sum(one.numel() for one in DiT(size).parameters())
    dim = size.dim
    block = (4 * dim * dim + 4 * dim) + (8 * dim * dim + 5 * dim) + 6 * (dim * dim + dim)
    time = 256 * dim + dim + dim * dim + dim
    patches, labels = 4 * size.patch**2 * dim + dim, 1001 * dim
    last = 2 * (dim * dim + dim) + size.patch**2 * 8 * (dim + 1)
    assert found == size.depth * block + time + patches + labels + last


def test_a_mixer_that_is_attention_answers_as_the_hosts_own() -> None:
    own, mixed = stirred(small()), small(softmax)
    renamed = {
        name.replace("inner.qkv", "inner.mixer.qkv"): value for name, value in own.state_dict().items()
    }
    for index in range(0, 4, 2):
        for kind in ("weight", "bias"):
            renamed[f"sublayers.{index}.inner.mixer.proj.{kind}"] = renamed.pop(
                f"sublayers.{index}.inner.proj.{kind}"
            )
    mixed.load_state_dict(renamed)
    torch.testing.assert_close(mixed.eval()(*inputs()), own.eval()(*inputs()))


def test_a_mixer_is_told_its_place() -> None:
    places: list[Place] = []

    def make(place: Place) -> nn.Module:
        places.append(place)
        return softmax(place)

    model = small(make)
    assert [(place.block, place.grid, place.num_prefix) for place in places] == [
        (0, (4, 4), 0),
        (1, (4, 4), 0),
    ]
    assert [module.grid for module in model.modules() if isinstance(module, OnGrid)] == [(4, 4), (4, 4)]


def test_an_untrained_network_answers_zero_whatever_its_mixer() -> None:
    for model in (small(), small(softmax), small(softmax, convolves=True)):
        assert not model(*inputs()).any()


def test_every_parameter_learns_once_the_zeros_are_left() -> None:
    for model in (stirred(small()), stirred(small(softmax, convolves=True))):
        out = model(*inputs())
        (out * torch.randn(out.shape)).sum().backward()
        assert all(parameter.grad is not None and parameter.grad.any() for parameter in model.parameters())


def test_convolutions_that_are_silent_leave_the_network_as_it_was() -> None:
    plain, convolving = stirred(small()), small(convolves=True)
    state = convolving.state_dict()
    for name, value in plain.state_dict().items():
        head, _, tail = name.partition(".")
        if head == "sublayers":
            number, _, inside = tail.partition(".")
            name = f"sublayers.{int(number) // 2 * 3 + 1 + int(number) % 2}.{inside}"
        state[name] = value
    convolving.load_state_dict(state)
    for module in convolving.modules():
        if isinstance(module, PositionConvolution):
            for parameter in module.parameters():
                nn.init.zeros_(parameter)
    torch.testing.assert_close(convolving.eval()(*inputs()), plain.eval()(*inputs()))


def test_without_class_numbers_it_answers_for_no_class() -> None:
    model = stirred(small()).eval()
    pictures, times, _ = inputs()
    torch.testing.assert_close(model(pictures, times), model(pictures, times, torch.tensor([4, 4])))
    assert not torch.allclose(model(pictures, times), model(*inputs()))


def test_the_output_lies_where_its_patches_lay() -> None:
    model = small()
    patches = torch.zeros(1, 16, 2 * 2 * 3)
    patches[0, 4 * 2 + 1, (2 * 1 + 0) * 3 + 2] = 1  # row 2, column 1; in it row 1, column 0; channel 2
    picture = model.unpatched(patches)
    assert picture[0, 2, 5, 2] == 1 and picture.sum() == 1


def test_labels_are_hidden_in_training_only() -> None:
    model = small()
    labels = torch.zeros(400, dtype=torch.long)
    assert torch.equal(model.eval().dropped(labels), labels)
    hidden = (model.train().dropped(labels) == 4).float().mean()
    assert 0.04 < float(hidden) < 0.2


def test_fixed_positions_tell_columns_in_one_half_of_the_channels_and_rows_in_the_other() -> None:
    positions = sine_positions(3, 16).view(3, 3, 16)
    assert torch.equal(positions[0, :, :8], positions[2, :, :8])
    assert torch.equal(positions[:, 0, 8:], positions[:, 2, 8:])
    torch.testing.assert_close(positions[1, 2, 0], torch.tensor(2.0).sin())


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="Patches of 2 do not fill a picture of 7"):
        DiT(SIZE, pictures=Pictures(side=7))
    with pytest.raises(ValueError, match="plain residual stream"):
        DiT(SIZE, topology=PreNorm(2, partial(nn.LayerNorm, 16)), convolves=True)

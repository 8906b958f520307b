"""Hosts: published counts, the place they tell a mixer, and attention as their papers define it."""

from collections.abc import Callable

import pytest
import timm
import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.vision.hosts.cswin import CSWIN_TINY, CrossAttention, CSWin, CSWinSize
from backends.vision.hosts.deit import DEIT_SMALL, DEIT_TINY, DeiTSize, deit
from backends.vision.hosts.pvt import PVT, PVT_TINY, PVTSize, ReducedAttention
from backends.vision.hosts.pvt_v2 import PVT_V2_B0, PVT_V2_B5, PVTv2Size, pvt_v2
from backends.vision.hosts.small import small_vit
from backends.vision.hosts.swin import SWIN_BASE, SWIN_SMALL, SWIN_TINY, SwinSize, WholeStageBlock, swin
from backends.vision.mixers.place import Grid, MakeMixer, Place, host_attention, in_stages
from backends.vision.mixers.softmax import SoftmaxAttention

SMALL_SWIN = SwinSize(dim=16, depths=(1, 1, 1), num_heads=(1, 2, 4))
SMALL_PVT = PVTSize(depths=(1, 1), dims=(16, 32), num_heads=(1, 2), mlp_ratios=(2, 2), reductions=(2, 1))
SMALL_PVT_V2 = PVTv2Size(depths=(1, 1), dims=(16, 32), num_heads=(1, 2), mlp_ratios=(2, 2), reductions=(2, 1))
SMALL_CSWIN = CSWinSize(dim=16, depths=(1, 1), num_heads=(2, 4), stripes=(1, 2))

HOSTS: dict[str, Callable[[MakeMixer], nn.Module]] = {
    "deit": lambda make: deit(
        DeiTSize(dim=16, num_heads=2, depth=2, patch=4), make, image_size=32, num_classes=5
    ),
    "swin": lambda make: swin(SMALL_SWIN, make, image_size=32, num_classes=5, window=2),
    "pvt": lambda make: PVT(SMALL_PVT, make, image_size=32, num_classes=5),
    "pvt_v2": lambda make: pvt_v2(SMALL_PVT_V2, make, image_size=32, num_classes=5),
    "cswin": lambda make: CSWin(SMALL_CSWIN, make, image_size=32, num_classes=5),
}


class Recorded(nn.Module):
    """A mixer that keeps its place and what it was called with, and answers zeros that have a gradient."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.factor = nn.Parameter(torch.zeros(1))
        self.seen: list[tuple[torch.Size, Grid]] = []

    def forward(self, x_BNC: Tensor, grid: Grid) -> Tensor:
        self.seen.append((x_BNC.shape, grid))
        return self.factor * x_BNC


def count(build: Callable[[], nn.Module]) -> int:
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in build().parameters())


@pytest.mark.parametrize("host", HOSTS)
def test_a_mixer_is_called_as_its_place_said(host: str) -> None:
    model = HOSTS[host](Recorded)
    model(torch.randn(2, 3, 32, 32)).sum().backward()
    mixers = [module for module in model.modules() if isinstance(module, Recorded)]
    assert [mixer.place.block for mixer in mixers] == list(range(len(mixers))) and mixers
    for mixer in mixers:
        place = mixer.place
        tokens = place.num_prefix + place.grid[0] * place.grid[1]
        assert mixer.seen == [(torch.Size([2, tokens, place.dim]), place.grid)]
        assert mixer.factor.grad is not None
        assert place.dim % place.num_heads == 0
    assert mixers[-1].place.stage == (0 if host == "deit" else {"swin": 2}.get(host, 1))


@pytest.mark.parametrize("host", HOSTS)
def test_the_host_keeps_its_own_attention_where_no_mixer_is_made(host: str) -> None:
    model = HOSTS[host](host_attention)
    scores = model(torch.randn(2, 3, 32, 32))
    assert scores.shape == (2, 5) and torch.isfinite(scores).all()
    (scores * torch.randn_like(scores)).sum().backward()
    assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []


def test_letters_choose_the_stages() -> None:
    model = swin(SMALL_SWIN, in_stages("LSL", Recorded), image_size=32, window=2)
    kinds = [isinstance(layer.blocks[0], WholeStageBlock) for layer in model.layers]  # type: ignore[index]
    assert kinds == [True, False, True]
    with pytest.raises(ValueError, match="L or S"):
        in_stages("LXSS", Recorded)


@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("deit_tiny_patch16_224", lambda: deit(DEIT_TINY, host_attention)),
        ("deit_small_patch16_224", lambda: deit(DEIT_SMALL, host_attention)),
        ("swin_tiny_patch4_window7_224", lambda: swin(SWIN_TINY, host_attention)),
        ("swin_small_patch4_window7_224", lambda: swin(SWIN_SMALL, host_attention)),
        ("swin_base_patch4_window7_224", lambda: swin(SWIN_BASE, host_attention)),
        ("pvt_v2_b0", lambda: pvt_v2(PVT_V2_B0, host_attention)),
        ("pvt_v2_b5", lambda: pvt_v2(PVT_V2_B5, host_attention)),
    ],
)
def test_a_host_without_mixers_is_timms_model(name: str, build: Callable[[], nn.Module]) -> None:
    assert count(build) == count(lambda: timm.create_model(name))


def test_hosts_of_our_own_have_the_published_size() -> None:
    # PVT-T has 13.23 M with the norm that is never applied.
    assert count(lambda: PVT(PVT_TINY, host_attention)) + 2 * 512 == 13_228_264
    assert count(lambda: CSWin(CSWIN_TINY, host_attention)) == 20_393_320


def test_deit_follows_pictures_of_another_size() -> None:
    model = deit(DeiTSize(dim=16, num_heads=2, depth=1, patch=4), Recorded, image_size=32)
    model.set_input_size(img_size=(16, 16))
    model(torch.randn(1, 3, 16, 16))
    (mixer,) = (module for module in model.modules() if isinstance(module, Recorded))
    assert mixer.seen == [(torch.Size([1, 17, 16]), (4, 4))]


def test_pvt_resamples_positions_for_pictures_of_another_size() -> None:
    model = PVT(SMALL_PVT, Recorded, image_size=32, num_classes=5)
    assert model(torch.randn(1, 3, 64, 32)).shape == (1, 5)


def test_attention_over_a_reduced_map_is_softmax_where_nothing_is_reduced() -> None:
    torch.manual_seed(0)
    ours, plain = ReducedAttention(16, 2, 1), SoftmaxAttention(16, 2)
    plain.qkv.weight.data = torch.cat([ours.q.weight, ours.kv.weight])
    plain.proj.load_state_dict(ours.proj.state_dict())
    x = torch.randn(2, 12, 16)
    torch.testing.assert_close(ours(x, (3, 4)), plain(x, (3, 4)))
    assert ReducedAttention(16, 2, 2)(torch.randn(2, 24, 16), (4, 6)).shape == (2, 24, 16)


def test_crossed_stripes_see_their_column_and_their_row() -> None:
    torch.manual_seed(0)
    grid = (4, 6)
    mixer = CrossAttention(16, 2, grid, 1)
    lepes = [module for module in mixer.modules() if isinstance(module, nn.Conv2d)]
    biases = []
    for lepe in lepes:
        nn.init.zeros_(lepe.weight)
        assert lepe.bias is not None
        biases.append(lepe.bias)
    x = torch.randn(1, 24, 16)
    qkv = mixer.qkv(x).reshape(1, *grid, 3, 16)
    row, column = 1, 4
    q, k, v = qkv[0, :, :, 0], qkv[0, :, :, 1], qkv[0, :, :, 2]

    def looked(part: slice, keys: Tensor, values: Tensor) -> Tensor:
        logits = keys[..., part] @ q[row, column, part] / 8**0.5
        found: Tensor = logits.softmax(0) @ values[..., part]
        return found

    down = looked(slice(0, 8), k[:, column], v[:, column]) + biases[0]
    along = looked(slice(8, 16), k[row], v[row]) + biases[1]
    expected = mixer.proj(torch.cat([down, along]))
    found = mixer(x, grid).reshape(*grid, 16)[row, column]
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)


def test_one_window_over_the_stage_is_attention_with_a_convolution_of_the_values() -> None:
    torch.manual_seed(0)
    mixer, plain = CrossAttention(16, 2, (4, 4), 4), SoftmaxAttention(16, 2)
    plain.qkv.load_state_dict(mixer.qkv.state_dict())
    nn.init.eye_(mixer.proj.weight)
    nn.init.eye_(plain.proj.weight)
    x = torch.randn(2, 16, 16)
    v = mixer.qkv(x)[..., 32:].transpose(1, 2).reshape(2, 16, 4, 4)
    lepe = mixer.branches[0].lepe
    assert isinstance(lepe, nn.Conv2d)
    local = functional.conv2d(v, lepe.weight, lepe.bias, padding=1, groups=16).flatten(2).transpose(1, 2)
    torch.testing.assert_close(mixer(x, (4, 4)), plain(x, (4, 4)) + local, atol=1e-6, rtol=1e-5)


def test_stripes_that_do_not_fill_a_stage_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fill"):
        CrossAttention(16, 2, (7, 7), 2)


def test_the_small_vit_is_one_network_for_all_mixers() -> None:
    model = small_vit(Recorded)
    places = [module.place for module in model.modules() if isinstance(module, Recorded)]
    assert [place.grid for place in places] == [(8, 8)] * 4
    assert {place.num_prefix for place in places} == {0}

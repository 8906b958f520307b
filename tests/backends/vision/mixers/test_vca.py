"""Visual-contrast attention equals its equations, keeps prefix tokens apart, and costs what was published."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from backends.vision.mixers.differential import first_contrast
from backends.vision.mixers.vca import ContrastSettings, VisualContrastAttention

DIM, HEADS, GRID = 12, 3, (4, 6)


def mixer(block: int = 2, num_prefix: int = 0, **settings: object) -> VisualContrastAttention:
    torch.manual_seed(0)
    chosen = ContrastSettings(**{"pooled": (2, 3), **settings})  # type: ignore[arg-type]
    made = VisualContrastAttention(DIM, HEADS, block, chosen, num_prefix)
    for parameter in made.parameters():  # biases and gains that matter
        parameter.data += 0.1 * torch.randn(parameter.shape)
    return made


def tokens(num_prefix: int = 0) -> Tensor:
    return torch.randn(2, num_prefix + 24, DIM, generator=torch.Generator().manual_seed(1))


def explicit(made: VisualContrastAttention, x: Tensor, num_prefix: int) -> Tensor:
    """The method step by step, head by head, with whole maps."""
    q, k, v = made.q(x), made.k(x), made.v(x)
    field = q[:, num_prefix:].reshape(2, *GRID, DIM)
    pooled = field.reshape(2, 2, 2, 3, 2, DIM).mean((2, 4)).reshape(2, 6, DIM)  # 2 x 3 windows of 2 x 2
    width, start = DIM // HEADS, first_contrast(2)
    heads = []
    for head in range(HEADS):
        part = slice(head * width, (head + 1) * width)
        plus, minus = (pooled + made.positive)[..., part], (pooled + made.negative)[..., part]
        maps = [torch.softmax(t @ k[..., part].mT / width**0.5, -1) for t in (plus, minus)]
        contrast = (maps[0] - made.first_weight() * maps[1]) @ v[..., part]
        contrast = (1 - start) * functional.rms_norm(contrast, (width,), made.first_norm.weight, 1e-5)
        logits = [q[..., part] @ t.mT / width**0.5 for t in (plus, minus)]
        if made.settings.joint_softmax:
            plus_map, minus_map = torch.softmax(torch.cat(logits, -1), -1).chunk(2, -1)
        else:
            plus_map, minus_map = (torch.softmax(each, -1) for each in logits)
        read = (plus_map - made.second_weight() * minus_map) @ contrast
        heads.append((1 - start) * functional.rms_norm(read, (width,), made.second_norm.weight, 1e-5))
    values = v[:, num_prefix:].mT.reshape(2, DIM, *GRID)
    assert made.local is not None
    local = functional.conv2d(values, made.local.weight, made.local.bias, padding=1, groups=DIM)
    out = torch.cat(heads, -1)
    out[:, num_prefix:] += local.flatten(2).mT
    result: Tensor = made.proj(out)
    return result


@pytest.mark.parametrize("num_prefix", [0, 1, 5])
@pytest.mark.parametrize("joint_softmax", [True, False])
def test_the_mixer_equals_the_method_step_by_step(num_prefix: int, joint_softmax: bool) -> None:
    made = mixer(num_prefix=num_prefix, joint_softmax=joint_softmax)
    x = tokens(num_prefix)
    torch.testing.assert_close(made(x, GRID), explicit(made, x, num_prefix), rtol=1e-4, atol=1e-5)


def test_prefix_tokens_get_nothing_of_the_convolution_and_add_nothing_to_it() -> None:
    made, without = mixer(num_prefix=2), mixer(num_prefix=2, convolution=False)
    weights = {name: value for name, value in made.state_dict().items() if not name.startswith("local.")}
    without.load_state_dict(weights)
    x = tokens(2)
    difference = made(x, GRID) - without(x, GRID)
    assert not difference[:, :2].any() and difference[:, 2:].any()
    values = functional.pad(made.v(x)[:, 2:].mT.reshape(2, DIM, *GRID), (1, 1, 1, 1))
    assert made.local is not None
    local = functional.conv2d(values, made.local.weight, made.local.bias, groups=DIM).flatten(2).mT
    expected = local @ made.proj.weight.T
    torch.testing.assert_close(difference[:, 2:], expected, rtol=1e-4, atol=1e-5)


def test_the_factor_starts_at_a_fifth_and_grows_with_the_block() -> None:
    assert first_contrast(0) == pytest.approx(0.2)
    assert first_contrast(11) == pytest.approx(0.7779, abs=5e-5)
    torch.manual_seed(0)
    fresh = VisualContrastAttention(64, 4, 0)
    a, b, c, d = fresh.first_weight.vectors
    torch.testing.assert_close(fresh.first_weight(), (a @ b).exp() - (c @ d).exp() + 0.2)
    assert float(fresh.first_weight.vectors.detach().std()) == pytest.approx(0.1, rel=0.3)
    assert float(fresh.positive.detach().std()) == pytest.approx(1, rel=0.1)


def test_equal_streams_with_factor_one_and_maps_apart_cancel_each_other() -> None:
    made = mixer(joint_softmax=False)
    made.negative.data.copy_(made.positive.data)
    for weight in (made.first_weight, made.second_weight):
        weight.start = 1.0
        weight.vectors.data.zero_()
    for_map, against_map = made.maps(tokens(), GRID)
    torch.testing.assert_close(for_map, against_map)
    assert not for_map.any()


def test_without_factors_and_norms_the_first_stage_is_attention_of_the_pooled_queries() -> None:
    made = mixer()
    for weight in (made.first_weight, made.second_weight):
        weight.start = 0.0
        weight.vectors.data.zero_()
    x = tokens()
    positive, _ = made._streams(made.q(x), GRID)
    found = functional.scaled_dot_product_attention(
        made._heads(positive), made._heads(made.k(x)), made._heads(made.v(x))
    )
    for_map, against_map = made.maps(x, GRID)
    assert not against_map.any()
    q, streams = made._heads(made.q(x)), made._heads(torch.cat(made._streams(made.q(x), GRID), 1))
    read = made._second_maps(q, streams)[0] @ found
    torch.testing.assert_close(for_map @ made._heads(made.v(x)), read)


def test_every_parameter_learns() -> None:
    made = mixer(num_prefix=1)
    out = made(tokens(1), GRID)
    (out * torch.randn(out.shape)).sum().backward()
    assert all(one.grad is not None and one.grad.any() for one in made.parameters())


@pytest.mark.parametrize(("dim", "heads"), [(192, 3), (384, 6), (768, 12)])
def test_a_block_costs_as_many_parameters_more_than_softmax_as_published(dim: int, heads: int) -> None:
    with torch.device("meta"):
        made = VisualContrastAttention(dim, heads, 0)
    softmax = 4 * dim * dim + 4 * dim
    width = dim // heads
    assert sum(one.numel() for one in made.parameters()) - softmax == 2 * 49 * dim + 10 * dim + 10 * width


def test_products_are_as_many_as_published_and_linear_in_tokens() -> None:
    from backends.lab.profile.cost import count_cost

    class OnGrid(torch.nn.Module):
        def __init__(self, side: int) -> None:
            super().__init__()
            self.mixer, self.side = VisualContrastAttention(64, 2, 0), side

        def forward(self, x_BNC: Tensor) -> Tensor:
            mixed: Tensor = self.mixer(x_BNC, (self.side, self.side))
            return mixed

    macs = {side: count_cost(OnGrid(side), [torch.randn(1, side**2, 64)]).macs for side in (14, 28)}
    expected = {side: side**2 * (4 * 64**2 + 7 * 49 * 64 + 9 * 64) for side in (14, 28)}
    assert macs == expected
    assert macs[28] == 4 * macs[14]

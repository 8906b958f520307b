"""Residual topologies: their equations, and that two streams have Pre- and Post-Norm as limits."""

from functools import partial
from typing import get_args

import pytest
import torch
from torch import Tensor, nn

from backends.vision.siamese_norm.stack import Stack
from backends.vision.siamese_norm.topology import (
    TOPOLOGIES,
    DeepNorm,
    HybridNorm,
    PostNorm,
    PreNorm,
    ResiDual,
    Scaling,
    Siamese,
    SiameseHybrid,
    Topology,
    TopologyName,
    divisor,
    make_topology,
)

WIDTH, BLOCKS = 6, 3
NORM = partial(nn.LayerNorm, WIDTH)


def sublayers(blocks: int = BLOCKS) -> list[nn.Module]:
    torch.manual_seed(1)
    return [nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Tanh()) for _ in range(2 * blocks)]


def tokens() -> Tensor:
    return torch.randn(2, 5, WIDTH, generator=torch.Generator().manual_seed(2))


def with_random_norms(topology: Topology) -> Topology:
    chance = torch.Generator().manual_seed(3)
    for parameter in topology.parameters():
        parameter.data = 1 + 0.3 * torch.randn(parameter.shape, generator=chance)
    return topology


def silence(norms: nn.ModuleList | nn.Module) -> None:
    for parameter in norms.parameters():
        nn.init.zeros_(parameter)


def test_pre_norm_is_its_equation() -> None:
    topology = PreNorm(BLOCKS, NORM)
    with_random_norms(topology)
    h = tokens()
    for norm, sublayer in zip(topology.norms, sublayers(), strict=True):
        h = h + sublayer(norm(h))
    torch.testing.assert_close(Stack(sublayers(), topology)(tokens()), topology.final_norm(h))


@pytest.mark.parametrize(("make", "stream"), [(PostNorm, 1.0), (DeepNorm, (2 * BLOCKS) ** 0.25)])
def test_post_norm_and_deep_norm_are_their_equations(
    make: type[PostNorm] | type[DeepNorm], stream: float
) -> None:
    topology = make(BLOCKS, NORM)
    with_random_norms(topology)
    h = tokens()
    for norm, sublayer in zip(topology.norms, sublayers(), strict=True):
        h = norm(stream * h + sublayer(h))
    torch.testing.assert_close(Stack(sublayers(), topology)(tokens()), h)


def test_deep_norm_of_24_blocks_has_the_papers_constants() -> None:
    topology = DeepNorm(24, NORM)
    assert topology.stream == pytest.approx(48**0.25)
    assert topology.output_gain == pytest.approx(192**-0.25)


def test_residual_adds_the_normalised_sum_of_updates_to_post_norm() -> None:
    topology = ResiDual(BLOCKS, NORM)
    with_random_norms(topology)
    x = y = tokens()
    for norm, sublayer in zip(topology.norms, sublayers(), strict=True):
        update = sublayer(x)
        x, y = norm(x + update), y + update
    torch.testing.assert_close(Stack(sublayers(), topology)(tokens()), x + topology.final_norm(y))


def test_hybrid_norm_normalises_the_stream_before_each_feed_forward_layer() -> None:
    topology = HybridNorm(BLOCKS, NORM)
    with_random_norms(topology)
    parts = sublayers()
    h = tokens()
    for block, norm in enumerate(topology.norms):
        h = h + parts[2 * block](h)
        h = norm(h)
        h = h + parts[2 * block + 1](h)
    torch.testing.assert_close(Stack(sublayers(), topology)(tokens()), topology.final_norm(h))
    assert topology.normalises_heads


def test_siamese_is_the_equation_of_the_released_transformer() -> None:
    topology = Siamese(BLOCKS, NORM)
    with_random_norms(topology)
    x = y = tokens()
    for index, sublayer in enumerate(sublayers()):
        x = topology.x_norms[index](x)
        update = sublayer(topology.input_norms[index](x + topology.y_norms[index](y)))
        x, y = x + update / (2 * (index // 2 + 1)) ** 0.5, y + update
    read = topology.final_norm(topology.last_x_norm(x) + topology.last_y_norm(y))
    torch.testing.assert_close(Stack(sublayers(), topology)(tokens()), read)


def test_siamese_hybrid_reads_x_by_a_gain_in_attention_and_normalises_it_in_the_feed_forward_layer() -> None:
    topology = SiameseHybrid(BLOCKS, NORM, WIDTH)
    with_random_norms(topology)
    x = y = tokens()
    parts = sublayers()
    for block in range(BLOCKS):
        scale = (2 * (block + 1)) ** 0.5
        update = parts[2 * block](topology.gains[block] * x + topology.y_norms[2 * block](y))
        x, y = x + update / scale, y + update
        x = topology.x_norms[block](x)
        read = topology.input_norms[block](x + topology.y_norms[2 * block + 1](y))
        update = parts[2 * block + 1](read)
        x, y = x + update / scale, y + update
    read = topology.final_norm(topology.last_x_norm(x) + topology.last_y_norm(y))
    torch.testing.assert_close(Stack(sublayers(), topology)(tokens()), read)


def test_without_the_norms_of_x_siamese_is_pre_norm() -> None:
    siamese = Siamese(BLOCKS, NORM, input_norm=False, final_norm=False)
    with_random_norms(siamese)
    silence(siamese.x_norms)
    silence(siamese.last_x_norm)
    pre = PreNorm(BLOCKS, NORM)
    pre.norms, pre.final_norm = siamese.y_norms, siamese.last_y_norm
    assert torch.equal(Stack(sublayers(), siamese)(tokens()), Stack(sublayers(), pre)(tokens()))


def test_without_the_norms_of_y_and_scaling_siamese_is_post_norm_of_a_normalised_embedding() -> None:
    siamese = Siamese(BLOCKS, NORM, input_norm=False, final_norm=False, scaling="none")
    with_random_norms(siamese)
    silence(siamese.y_norms)
    silence(siamese.last_y_norm)
    post = PostNorm(BLOCKS, NORM)
    first, *others = siamese.x_norms
    post.norms = nn.ModuleList([*others, siamese.last_x_norm])
    assert torch.equal(Stack(sublayers(), siamese)(tokens()), Stack(sublayers(), post)(first(tokens())))


@pytest.mark.parametrize(
    ("scaling", "expected"),
    [("block", [2**0.5, 2**0.5, 2.0, 2.0]), ("update", [1.0, 2**0.5, 3**0.5, 2.0]), ("none", [1.0] * 4)],
)
def test_updates_are_divided_by_block_as_released_by_update_as_printed_or_not(
    scaling: Scaling, expected: list[float]
) -> None:
    assert [divisor(index, scaling) for index in range(4)] == pytest.approx(expected)
    plain = Siamese(BLOCKS, NORM, scaling="none")
    other = Siamese(BLOCKS, NORM, scaling=scaling)
    same = torch.allclose(Stack(sublayers(), plain)(tokens()), Stack(sublayers(), other)(tokens()))
    assert same == (scaling == "none")


def test_at_depth_64_the_normalised_stream_keeps_its_size_and_the_other_grows() -> None:
    stack = Stack([nn.Linear(WIDTH, WIDTH) for _ in range(128)], Siamese(64, NORM))
    *_, (x, y) = stack.states(tokens())
    assert 0.5 < float(x.detach().square().mean().sqrt()) < 2
    assert float(y.detach().square().mean().sqrt()) > 3


@pytest.mark.parametrize("name", TOPOLOGIES)
def test_every_norm_of_every_topology_gets_a_gradient(name: TopologyName) -> None:
    topology = make_topology(name, BLOCKS, NORM, WIDTH)
    out = Stack(sublayers(), topology)(tokens())
    (out * torch.randn(out.shape)).sum().backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in topology.parameters())


def test_the_topologies_have_names() -> None:
    assert get_args(TopologyName) == TOPOLOGIES
    assert len({type(make_topology(name, 1, NORM, WIDTH)) for name in TOPOLOGIES}) == len(TOPOLOGIES)

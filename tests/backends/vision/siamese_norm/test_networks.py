"""The networks around a topology: counts as published, causality, and what two streams do to gradients."""

import pytest
import torch
from timm.models.vision_transformer import VisionTransformer

from backends.vision.hosts.dit import DiT, DiTSize, Pictures
from backends.vision.siamese_norm.diffusion_transformer import DiTTopology, diffusion_transformer, dit_b_2
from backends.vision.siamese_norm.jobs import gradient_norms
from backends.vision.siamese_norm.language_model import byte_model, rotate
from backends.vision.siamese_norm.topology import TOPOLOGIES, DeepNorm, PreNorm, TopologyName
from backends.vision.siamese_norm.vision_transformer import convert, deit_base, deit_small, deit_tiny


def size(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def small_host() -> VisionTransformer:
    torch.manual_seed(0)
    return VisionTransformer(img_size=16, patch_size=8, embed_dim=24, depth=3, num_heads=3, num_classes=5)


def small_dit(topology: DiTTopology) -> DiT:
    torch.manual_seed(0)
    pictures = Pictures(side=8, channels=3, num_classes=4)
    return diffusion_transformer(DiTSize(dim=16, num_heads=2, depth=2), pictures, topology=topology)


@pytest.mark.parametrize(("build", "more"), [(deit_tiny, 19_200), (deit_small, 38_400), (deit_base, 76_800)])
def test_two_streams_cost_a_deit_as_many_parameters_as_published(build: type, more: int) -> None:
    with torch.device("meta"):
        assert size(build()) - size(build(topology="pre")) == more


def test_two_streams_cost_a_diffusion_transformer_four_norms_a_block_and_two_more() -> None:
    with torch.device("meta"):
        assert size(dit_b_2()) - size(dit_b_2(topology="pre")) == (12 * 4 + 2) * 2 * 768


def test_a_host_converted_to_pre_norm_with_its_own_norms_answers_what_it_answered() -> None:
    host = small_host().eval()
    images = torch.randn(2, 3, 16, 16)
    expected = host(images)
    norms = [host.get_submodule(f"blocks.{block}.norm{place}") for block in range(3) for place in (1, 2)]
    final = host.norm
    converted = convert(host, "pre")
    topology = converted.blocks[0].topology
    assert isinstance(topology, PreNorm)
    topology.norms, topology.final_norm = torch.nn.ModuleList(norms), final
    torch.testing.assert_close(converted(images), expected, rtol=0, atol=1e-6)


def test_a_host_without_head_norms_refuses_a_topology_that_needs_them() -> None:
    with pytest.raises(ValueError, match="hybrid normalises attention heads"):
        convert(small_host(), "hybrid")


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_a_byte_hears_nothing_of_later_bytes(topology: TopologyName) -> None:
    torch.manual_seed(0)
    model = byte_model(topology=topology, depth=2, width=16, num_heads=2).eval()
    tokens = torch.randint(256, (1, 10))
    changed = tokens.clone()
    changed[0, 6] = (changed[0, 6] + 1) % 256
    before, after = model(tokens), model(changed)
    torch.testing.assert_close(before[:, :6], after[:, :6])
    assert not torch.allclose(before[:, 6:], after[:, 6:])


def test_products_of_rotated_vectors_depend_on_their_distance_only() -> None:
    q, k = torch.randn(2, 8)
    turned_q, turned_k = (rotate(one.expand(1, 1, 12, 8))[0, 0] for one in (q, k))
    products = turned_q @ turned_k.T
    for distance in range(12):
        along = products.diagonal(distance)
        torch.testing.assert_close(along, along[0].expand_as(along), rtol=1e-4, atol=1e-5)


def test_deep_norm_starts_with_smaller_values_outputs_and_feed_forward_layers() -> None:
    torch.manual_seed(0)
    model = byte_model(topology="deepnorm", depth=8, width=64)
    topology = model.stack.topology
    assert isinstance(topology, DeepNorm)
    qkv = model.stack.sublayers[0].get_submodule("qkv").weight
    assert isinstance(qkv, torch.Tensor)
    queries, _, values = qkv.detach().chunk(3)
    assert float(values.std() / queries.std()) == pytest.approx(topology.output_gain, rel=0.1)


def test_at_depth_64_gradients_of_the_first_and_last_block_are_of_one_size() -> None:
    torch.manual_seed(0)
    model = byte_model(topology="siamese", depth=64, width=16, num_heads=2)
    norms = gradient_norms(model, torch.randint(256, (4, 17)))
    assert 0.1 < norms[0] / norms[-1] < 10


def test_an_untrained_diffusion_transformer_answers_zero_for_both_topologies() -> None:
    topologies: tuple[DiTTopology, ...] = ("pre", "siamese")
    for topology in topologies:
        out = small_dit(topology)(torch.randn(2, 3, 8, 8), torch.tensor([3.0, 500.0]), torch.tensor([0, 3]))
        assert out.shape == (2, 6, 8, 8)
        assert not out.any()


def test_with_its_norms_silent_one_stream_of_a_diffusion_transformer_is_the_plain_one() -> None:
    # y is the plain stream; where x is silent, sublayers read y normalised twice, which is once.
    plain, siamese = small_dit("pre"), small_dit("siamese")
    for parameter in plain.parameters():
        parameter.data += 0.05 * torch.randn(parameter.shape)
    siamese.load_state_dict(plain.state_dict(), strict=False)
    for name, parameter in siamese.topology.named_parameters():
        if name.startswith(("x_norms", "last_x_norm")):
            torch.nn.init.zeros_(parameter)
    inputs = torch.randn(2, 3, 8, 8), torch.tensor([3.0, 500.0]), torch.tensor([0, 3])
    torch.testing.assert_close(siamese.eval()(*inputs), plain.eval()(*inputs), atol=1e-5, rtol=1e-4)

"""The networks around a topology: counts as published, causality, and what two streams do to gradients."""

import pytest
import torch
from timm.models.vision_transformer import VisionTransformer

from backends.vision.siamese_norm.diffusion_transformer import (
    DiffusionTransformer,
    DiffusionTransformerConfig,
    dit_b_2,
    sine_positions,
)
from backends.vision.siamese_norm.jobs import gradient_norms
from backends.vision.siamese_norm.language_model import byte_model, rotate
from backends.vision.siamese_norm.topology import TOPOLOGIES, DeepNorm, PreNorm, TopologyName
from backends.vision.siamese_norm.vision_transformer import convert, deit_base, deit_small, deit_tiny


def size(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def small_host() -> VisionTransformer:
    torch.manual_seed(0)
    return VisionTransformer(img_size=16, patch_size=8, embed_dim=24, depth=3, num_heads=3, num_classes=5)


def small_dit(topology: str, learns_variance: bool = True) -> DiffusionTransformer:
    torch.manual_seed(0)
    return DiffusionTransformer(
        DiffusionTransformerConfig(
            depth=2,
            width=16,
            num_heads=2,
            patch_size=2,
            topology=topology,  # type: ignore[arg-type]
            image_size=8,
            channels=3,
            num_classes=4,
            learns_variance=learns_variance,
        )
    )


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
    for topology in ("pre", "siamese"):
        model = small_dit(topology)
        out = model(torch.randn(2, 3, 8, 8), torch.tensor([3.0, 500.0]), torch.tensor([0, 3]))
        assert out.shape == (2, 6, 8, 8)
        assert not out.any()


def test_every_parameter_of_a_diffusion_transformer_learns_once_its_zeros_are_left() -> None:
    model = small_dit("siamese", learns_variance=False)
    for parameter in model.parameters():
        parameter.data += 0.05 * torch.randn(parameter.shape)
    out = model(torch.randn(2, 3, 8, 8), torch.tensor([3.0, 500.0]), torch.tensor([0, 3]))
    assert out.shape == (2, 3, 8, 8)
    (out * torch.randn(out.shape)).sum().backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in model.parameters())


def test_the_output_of_a_diffusion_transformer_lies_where_its_patches_lay() -> None:
    model = small_dit("siamese", learns_variance=False)
    patches = torch.zeros(1, 16, 2 * 2 * 3)
    patches[0, 4 * 2 + 1, (2 * 1 + 0) * 3 + 2] = 1  # row 2, column 1; in it row 1, column 0; channel 2
    picture = model._pictures(patches)
    assert picture[0, 2, 5, 2] == 1 and picture.sum() == 1


def test_labels_are_hidden_in_training_only() -> None:
    model = small_dit("siamese")
    labels = torch.zeros(400, dtype=torch.long)
    assert torch.equal(model.eval()._dropped(labels), labels)
    hidden = (model.train()._dropped(labels) == 4).float().mean()
    assert 0.04 < float(hidden) < 0.2


def test_fixed_positions_tell_columns_in_one_half_of_the_channels_and_rows_in_the_other() -> None:
    positions = sine_positions(3, 16).view(3, 3, 16)
    assert torch.equal(positions[0, :, :8], positions[2, :, :8])
    assert torch.equal(positions[:, 0, 8:], positions[:, 2, 8:])
    torch.testing.assert_close(positions[1, 2, 0], torch.tensor(2.0).sin())

"""Evolving attention: its limits are known networks, and no place of a map knows what it must not."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.vision.mixers.evolving import (
    EvolutionShares,
    EvolvingAttention,
    LogitEvolution,
    RelativeLogits,
)

HEADS, TOKENS = 3, 7


def maps(seed: int = 0) -> Tensor:
    return torch.randn(2, HEADS, TOKENS, TOKENS, generator=torch.Generator().manual_seed(seed))


def evolution(carried: float, convolved: float, **changes: object) -> LogitEvolution:
    torch.manual_seed(5)
    shares = EvolutionShares(carried=carried, convolved=convolved)
    return LogitEvolution(HEADS, shares, **changes)  # type: ignore[arg-type]


def test_a_map_is_the_equation_of_the_paper() -> None:
    step = evolution(0.7, 0.3)
    logits, carried = maps(1), maps(2)
    mixed = 0.3 * logits + 0.7 * carried
    refined = functional.leaky_relu(
        functional.conv2d(mixed, step.conv.weight, step.conv.bias, padding=1), 0.01
    )
    torch.testing.assert_close(step(logits, carried), 0.3 * refined + 0.7 * mixed)


def test_without_shares_a_layer_keeps_its_own_logits() -> None:
    assert torch.equal(evolution(0, 0)(maps(1), maps(2)), maps(1))


def test_carried_alone_every_layer_uses_the_first_ones_logits() -> None:
    assert torch.equal(evolution(1, 0)(maps(1), maps(2)), maps(2))


def test_a_convolution_that_changes_nothing_leaves_positive_logits_as_they_are() -> None:
    step = evolution(0.5, 1.0)
    nn.init.dirac_(step.conv.weight)
    nn.init.zeros_(step.conv.bias)  # type: ignore[arg-type]
    logits, carried = maps(1).abs(), maps(2).abs()
    torch.testing.assert_close(step(logits, carried), (logits + carried) / 2)


def reached(step: LogitEvolution, row: int, column: int) -> Tensor:
    """Which places of the map change when one logit does."""
    changed = maps(1)
    changed[:, :, row, column] += 1
    differs: Tensor = step(maps(1), maps(2)) != step(changed, maps(2))
    return differs.any(0).any(0)


def test_a_place_reaches_its_neighbours_only_and_in_a_decoder_the_later_ones() -> None:
    everywhere = reached(evolution(0.5, 0.5), 3, 3)
    assert everywhere.nonzero().tolist() == [[i, j] for i in (2, 3, 4) for j in (2, 3, 4)]
    causal = reached(evolution(0.5, 0.5, direction="causal"), 3, 3)
    assert causal.nonzero().tolist() == [[i, j] for i in (3, 4, 5) for j in (3, 4, 5)]
    queries = reached(evolution(0.5, 0.5, direction="causal_queries"), 3, 3)
    assert queries.nonzero().tolist() == [[i, j] for i in (3, 4, 5) for j in (2, 3, 4)]


def test_places_that_are_not_seen_do_not_matter() -> None:
    step = evolution(0.5, 0.5)
    seen = torch.ones(TOKENS, TOKENS, dtype=torch.bool)
    seen[:, 5:] = False
    other = maps(1)
    other[..., 5:] = 1e6
    torch.testing.assert_close(step(maps(1), maps(2), seen), step(other, maps(2), seen))


def test_a_step_costs_nine_weights_for_each_pair_of_heads_and_a_bias_for_each() -> None:
    assert sum(one.numel() for one in evolution(0.5, 0.5).parameters()) == 9 * HEADS**2 + HEADS


def test_relative_logits_are_products_with_the_vector_of_the_distance() -> None:
    torch.manual_seed(0)
    relative = RelativeLogits(4, longest=9)
    q = torch.randn(2, HEADS, TOKENS, 4)
    logits = relative(q)
    for i in range(TOKENS):
        for j in range(TOKENS):
            torch.testing.assert_close(logits[..., i, j], q[..., i, :] @ relative.table[j - i + 8])


def test_without_evolution_attention_is_torchs() -> None:
    torch.manual_seed(0)
    attention = EvolvingAttention(12, HEADS, None)
    x = torch.randn(2, TOKENS, 12)
    q, k, v = attention.qkv(x).unflatten(-1, (3, HEADS, 4)).permute(2, 0, 3, 1, 4)
    expected = attention.proj(functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
    out, logits = attention(x)
    torch.testing.assert_close(out, expected)
    torch.testing.assert_close(logits, q @ k.mT / 2)


def test_a_later_layers_output_teaches_the_first_layers_queries() -> None:
    torch.manual_seed(0)
    first, second = EvolvingAttention(12, HEADS, None), EvolvingAttention(12, HEADS, evolution(0.5, 0.5))
    x = torch.randn(2, TOKENS, 12)
    _, logits = first(x)
    out, _ = second(x, logits)
    (out * torch.randn(out.shape)).sum().backward()
    assert first.qkv.weight.grad is not None
    queries, keys, values = first.qkv.weight.grad.chunk(3)
    assert queries.any() and keys.any() and not values.any()


@pytest.mark.parametrize("shares", [(1.1, 0.0), (0.0, -0.1)])
def test_shares_outside_0_to_1_are_refused(shares: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        EvolutionShares(carried=shares[0], convolved=shares[1])

"""The planner's compute model beside torch's own counting of what the model really does."""

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode
from transformers import LlamaConfig, LlamaForCausalLM

from backends.vision.llava_uhd.compute import Compute, LanguageModel, VisionTower
from backends.vision.llava_uhd.model.encoder import EncoderConfig, VisionEncoder
from backends.vision.llava_uhd.model.feature_maps import FeatureMaps
from backends.vision.llava_uhd.model.projectors import MlpProjector
from backends.vision.llava_uhd.model.resampler import Resampler, ResamplerConfig

TOWER = VisionTower(layers=2, width=32, feed_forward=48, class_token=True)
DECODER = LanguageModel(layers=2, width=64, feed_forward=96, vocabulary=50)


def counted(run: Callable[[], object]) -> int:
    plain = sdpa_kernel(SDPBackend.MATH)  # the fused attention of CPUs is not counted
    with plain, FlopCounterMode(display=False) as counter, torch.no_grad():
        run()
    return int(counter.get_total_flops())


def drawn_encoder() -> VisionEncoder:
    """Three layers of which two run, since features come from the second-to-last."""
    return VisionEncoder(EncoderConfig(layers=3, width=32, feed_forward=48, heads=4, patch=7, side=4)).eval()


@pytest.mark.parametrize("grid", [(4, 4), (7, 3), (1, 9)])
def test_encoding_takes_the_modelled_operations(grid: tuple[int, int]) -> None:
    columns, rows = grid
    encoder = drawn_encoder()
    encoder.positions(grid)
    piece = torch.zeros(3, 7 * rows, 7 * columns)
    stretching = counted(lambda: encoder.positions(grid))
    assert counted(lambda: encoder([piece])) - stretching == TOWER.flops(columns * rows, 7)


def test_slices_take_as_many_operations_as_each_alone() -> None:
    encoder, piece = drawn_encoder(), torch.zeros(3, 28, 28)
    three, six = counted(lambda: encoder([piece] * 3)), counted(lambda: encoder([piece] * 6))
    assert six == 2 * three == 6 * TOWER.flops(16, 7)


@pytest.mark.parametrize("connector", ["resampler", "mlp"])
def test_connecting_takes_the_modelled_operations(connector: str) -> None:
    maps = FeatureMaps(torch.zeros(16, 32), ((4, 4),))
    compute = Compute(
        tower=TOWER, language_model=DECODER, connector="mlp" if connector == "mlp" else "resampler"
    )
    module: nn.Module = (
        MlpProjector(32, 64)
        if connector == "mlp"
        else Resampler(ResamplerConfig(queries_side=4, width=64, feature_width=32, heads=2))
    )
    assert counted(lambda: module(maps)) == compute.connector_flops(16, 16)


def test_reading_takes_the_modelled_operations() -> None:
    config = LlamaConfig(
        hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4, vocab_size=50
    )
    model = LlamaForCausalLM(config)
    embeddings = torch.zeros(1, 20, 64)
    found = counted(lambda: model(inputs_embeds=embeddings, use_cache=False))
    # Beyond the model: rotary angles, an outer product of places and half a head's frequencies.
    assert found == pytest.approx(DECODER.flops(20, causal=False), rel=1e-3)

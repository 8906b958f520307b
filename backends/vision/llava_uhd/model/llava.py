"""Loads a whole LLaVA or LLaVA-UHD checkpoint: tower, compressor and language model.

Two layouts are read: LLaVA's own, where the language model's names stand bare and the tower may be a separate
CLIP checkpoint, and that of `transformers`, with a `vision_config` and a `text_config`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from backends.vision.llava_uhd.model.checkpoints import (
    Weights,
    compressor_from,
    encoder_from,
    load_encoder,
    read_config,
    read_weights,
)
from backends.vision.llava_uhd.model.errors import ModelError
from backends.vision.llava_uhd.model.lmm import LlavaUhd

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel

LLAMA_COMMA, LLAMA_NEWLINE = 29892, 13
"""The separators' ids in Llama's and Vicuna's vocabulary."""
_OWN_PARTS = ("embed_tokens.", "layers.", "norm.")


class PretrainedLanguageModel(nn.Module):
    """A causal language model of `transformers`, as the model wants it."""

    def __init__(self, model: "PreTrainedModel") -> None:
        super().__init__()
        self.model = model

    def embed(self, ids: Tensor) -> Tensor:
        embeddings: Tensor = self.model.get_input_embeddings()(ids)
        return embeddings

    def next_tokens(self, embeddings_BLD: Tensor, valid_BL: Tensor) -> Tensor:
        scores: Tensor = self.model(inputs_embeds=embeddings_BLD, attention_mask=valid_BL.long()).logits
        return scores


def load_llava(
    folder: Path, *, tower: Path | None = None, comma: int = LLAMA_COMMA, newline: int = LLAMA_NEWLINE
) -> LlavaUhd:
    """Load a checkpoint.

    Args:
        tower: The folder of the vision tower, where the checkpoint does not hold it.
        comma: The separator's id in the vocabulary of the checkpoint.
        newline: Likewise.

    Raises `ModelError` where a part is missing, of an unknown kind, or does not fit.
    """
    config, weights, source = read_config(folder), read_weights(folder), str(folder)
    if tower is not None:
        encoder = load_encoder(tower)
    elif "vision_config" in config:
        encoder = encoder_from(weights, config["vision_config"], source)
    else:
        named = config.get("mm_vision_tower", "a CLIP tower")
        raise ModelError(f"{folder} does not hold its vision tower ({named}): give its folder as well.")
    compressor = compressor_from(weights, config, source)
    return LlavaUhd(
        encoder, compressor, _language_model(weights, config, source), comma=comma, newline=newline
    )


def _language_model(weights: Weights, config: Mapping[str, Any], source: str) -> PretrainedLanguageModel:
    from transformers import AutoModelForCausalLM

    anchor = "embed_tokens.weight"
    ends = [name for name in weights if name.endswith(anchor)]
    if len(ends) != 1:
        raise ModelError(f"{source} holds {len(ends)} language models; exactly one is needed.")
    prefix = ends[0].removesuffix(anchor)
    state = {
        f"model.{name.removeprefix(prefix)}": weight
        for name, weight in weights.items()
        if name.startswith(prefix) and name.removeprefix(prefix).startswith(_OWN_PARTS)
    }
    heads = [weight for name, weight in weights.items() if name.endswith("lm_head.weight")]
    state["lm_head.weight"] = heads[0] if heads else weights[ends[0]]  # without a head they are tied
    text_config, dtype = _text_config(config), weights[ends[0]].dtype
    model = AutoModelForCausalLM.from_config(text_config, dtype=dtype)  # type: ignore[no-untyped-call]
    try:
        model.load_state_dict(state)
    except RuntimeError as wrong:
        raise ModelError(f"{source}: {wrong}") from wrong
    return PretrainedLanguageModel(model)


def _text_config(config: Mapping[str, Any]) -> "PretrainedConfig":
    from transformers import AutoConfig

    if "text_config" in config:
        text = dict(config["text_config"])
        return AutoConfig.for_model(text.pop("model_type", "llama"), **text)
    kind = "qwen2" if "qwen" in str(config.get("model_type")) else "llama"
    return AutoConfig.for_model(
        kind, **{name: value for name, value in config.items() if name != "model_type"}
    )

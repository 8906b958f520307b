"""Reads published weights: CLIP and SigLIP towers, LLaVA checkpoints and those of LLaVA-UHD.

A checkpoint is a folder as Hugging Face lays it out: `config.json` beside safetensors in one file or several,
or beside a `pytorch_model.bin` (read without running any code that a pickle may hold). Names are found by
their ends, so that a tower alone, inside CLIP and inside LLaVA are read alike.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from backends.vision.llava_uhd.model.encoder import EncoderConfig, VisionEncoder
from backends.vision.llava_uhd.model.errors import ModelError
from backends.vision.llava_uhd.model.projectors import MlpProjector
from backends.vision.llava_uhd.model.resampler import Resampler, ResamplerConfig
from backends.vision.llava_uhd.model.spatial_resampler import SpatialResampler

Weights = Mapping[str, Tensor]

_HEAD_WIDTH = 128
"""Of every head of the official resamplers."""
_LAYER_PARTS = {
    "layer_norm1": "attention_norm",
    "self_attn.out_proj": "out",
    "layer_norm2": "mlp_norm",
    "mlp.fc1": "up",
    "mlp.fc2": "down",
}


def read_config(folder: Path) -> dict[str, Any]:
    """Read `config.json`. Raises `ModelError` where there is none."""
    path = folder / "config.json"
    if not path.is_file():
        raise ModelError(
            f"There is no config.json in {folder}: give the folder of a Hugging Face checkpoint."
        )
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as wrong:
        raise ModelError(f"{path} is not JSON: {wrong}") from wrong
    return found


def read_weights(folder: Path) -> Weights:
    """Read all weights of a folder. Raises `ModelError` where there are none, or they are damaged."""
    files = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("pytorch_model*.bin"))
    if not files:
        raise ModelError(f"There are no weights in {folder}: neither *.safetensors nor pytorch_model*.bin.")
    weights: dict[str, Tensor] = {}
    for path in files:
        try:
            safe = path.suffix == ".safetensors"
            weights |= load_file(path) if safe else torch.load(path, map_location="cpu", weights_only=True)
        except (SafetensorError, RuntimeError, EOFError) as wrong:
            raise ModelError(f"{path} cannot be read: {wrong}") from wrong
    return weights


def load_encoder(folder: Path) -> VisionEncoder:
    """Load the vision tower of a CLIP, SigLIP or LLaVA checkpoint.

    Raises `ModelError` for other towers, and where weights are missing or of other shapes.
    """
    config = read_config(folder)
    return encoder_from(read_weights(folder), config.get("vision_config", config), str(folder))


def encoder_from(weights: Weights, vision_config: Mapping[str, Any], source: str) -> VisionEncoder:
    """Make an encoder of weights that were read; `source` names them in errors. As `load_encoder`."""
    config = _encoder_config(vision_config, source)
    anchor = "embeddings.patch_embedding.weight"
    ends = [name for name in weights if name.endswith(anchor)]
    if len(ends) != 1:
        raise ModelError(f"{source} holds {len(ends)} vision towers; exactly one is needed.")
    prefix = ends[0].removesuffix(anchor)
    tower = {name.removeprefix(prefix): weights[name] for name in weights if name.startswith(prefix)}
    encoder = VisionEncoder(config)
    try:
        _fill(encoder, _tower_state(tower, config), source)
    except KeyError as missing:
        raise ModelError(f"{source}: the vision tower lacks {missing.args[0]}.") from None
    return encoder


def _encoder_config(config: Mapping[str, Any], source: str) -> EncoderConfig:
    kind = str(config.get("model_type", ""))
    if not kind.startswith(("clip", "siglip")):
        raise ModelError(f"{source} has a vision tower of type {kind!r}; CLIP and SigLIP can be read.")
    clip = kind.startswith("clip")
    try:
        return EncoderConfig(
            family="clip" if clip else "siglip",
            layers=config["num_hidden_layers"],
            width=config["hidden_size"],
            feed_forward=config["intermediate_size"],
            heads=config["num_attention_heads"],
            patch=config["patch_size"],
            side=config["image_size"] // config["patch_size"],
            activation=config.get("hidden_act", "quick_gelu" if clip else "gelu_pytorch_tanh"),
            norm_eps=config.get("layer_norm_eps", 1e-5 if clip else 1e-6),
            feature_layer=-2 if clip else -1,
            final_norm=not clip,
        )
    except KeyError as missing:
        raise ModelError(f"{source}: the vision configuration lacks {missing.args[0]!r}.") from None


def _tower_state(tower: Weights, config: EncoderConfig) -> dict[str, Tensor]:
    """Our names for the tower's weights."""
    positions = tower["embeddings.position_embedding.weight"]
    state = {
        "patches.weight": tower["embeddings.patch_embedding.weight"].flatten(1),
        "positions.table": positions,
        "last_norm.weight": tower["post_layernorm.weight"],
        "last_norm.bias": tower["post_layernorm.bias"],
    }
    if config.family == "clip":
        state["class_token"] = torch.stack((tower["embeddings.class_embedding"], positions[0]))
        state["positions.table"] = positions[1:]
        state["first_norm.weight"] = tower["pre_layrnorm.weight"]  # sic
        state["first_norm.bias"] = tower["pre_layrnorm.bias"]
    else:
        state["patches.bias"] = tower["embeddings.patch_embedding.bias"]
    for number in range(config.layers):
        theirs, ours = f"encoder.layers.{number}.", f"layers.{number}."
        for end in ("weight", "bias"):
            qkv = [tower[f"{theirs}self_attn.{part}_proj.{end}"] for part in "qkv"]
            state[f"{ours}qkv.{end}"] = torch.cat(qkv)
            for their_part, our_part in _LAYER_PARTS.items():
                state[f"{ours}{our_part}.{end}"] = tower[f"{theirs}{their_part}.{end}"]
    return state


def compressor_from(weights: Weights, config: Mapping[str, Any], source: str) -> nn.Module:
    """Make the compressor of a LLaVA or LLaVA-UHD checkpoint.

    Raises `ModelError` where there is none that is known.
    """
    for mark in ("mm_projector.", "multi_modal_projector."):
        found = {name.split(mark, 1)[1]: weights[name] for name in weights if mark in name}
        if found:
            break
    else:
        raise ModelError(f"{source} holds no projector: neither mm_projector nor multi_modal_projector.")
    for up, down in (("0", "2"), ("linear_1", "linear_2")):
        if f"{up}.weight" in found:
            projector = MlpProjector(found[f"{up}.weight"].shape[1], found[f"{up}.weight"].shape[0])
            renamed = {f"up.{end}": found[f"{up}.{end}"] for end in ("weight", "bias")}
            _fill(
                projector,
                renamed | {f"down.{end}": found[f"{down}.{end}"] for end in ("weight", "bias")},
                source,
            )
            return projector
    if "query" not in found or "kv_proj.weight" not in found:
        raise ModelError(f"{source} has a projector of unknown kind, with {', '.join(sorted(found)[:5])}.")
    queries, width = found["query"].shape
    resampler_config = ResamplerConfig(
        queries_side=round(queries**0.5),
        width=width,
        feature_width=found["kv_proj.weight"].shape[1],
        heads=max(width // _HEAD_WIDTH, 1),
    )
    spatial = "spatial" in str(config.get("mm_projector_type", ""))
    resampler = SpatialResampler(resampler_config) if spatial else Resampler(resampler_config)
    found.pop("pos_embed", None)  # fixed, and computed anew
    _fill(resampler, found, source)
    return resampler


def _fill(module: nn.Module, state: dict[str, Tensor], source: str) -> None:
    try:
        module.load_state_dict({name: weight.float() for name, weight in state.items()})
    except RuntimeError as wrong:
        raise ModelError(f"{source}: {wrong}") from wrong

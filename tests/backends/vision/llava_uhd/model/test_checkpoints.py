"""Published weights: towers equal to transformers' own, and whole LLaVA checkpoints in both layouts."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import (
    CLIPConfig,
    CLIPModel,
    CLIPVisionConfig,
    CLIPVisionModel,
    LlamaConfig,
    LlamaForCausalLM,
    LlavaConfig,
    LlavaForConditionalGeneration,
    SiglipVisionConfig,
    SiglipVisionModel,
)

from backends.vision.llava_uhd.model.checkpoints import load_encoder
from backends.vision.llava_uhd.model.errors import ModelError
from backends.vision.llava_uhd.model.feature_maps import FeatureMaps
from backends.vision.llava_uhd.model.llava import load_llava
from backends.vision.llava_uhd.model.lmm import PICTURE
from backends.vision.llava_uhd.model.projectors import MlpProjector
from backends.vision.llava_uhd.model.resampler import Resampler, ResamplerConfig
from backends.vision.llava_uhd.model.spatial_resampler import SpatialResampler
from tests.backends.vision.llava_uhd.model.tiny_models import drawn_picture

SHAPE: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "image_size": 28,
    "patch_size": 7,
}
TEXT: dict[str, Any] = {
    "hidden_size": 24,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "vocab_size": 40,
}


def drawn_clip(seed: int = 0) -> CLIPVisionModel:
    torch.manual_seed(seed)
    model = CLIPVisionModel(CLIPVisionConfig(**SHAPE))
    model.train(False)
    return model


def squares(count: int = 2) -> Tensor:
    return torch.randn(count, 3, 28, 28, generator=torch.Generator().manual_seed(6))


def drawn_resampler(width: int = 24) -> Resampler:
    torch.manual_seed(7)
    return Resampler(ResamplerConfig(queries_side=2, width=width, feature_width=32, heads=1))


def save_llava_uhd(folder: Path, projector_type: str) -> tuple[Resampler, LlamaForCausalLM]:
    """A checkpoint in the layout of the official code, without its tower."""
    torch.manual_seed(8)
    llama, resampler = LlamaForCausalLM(LlamaConfig(**TEXT)), drawn_resampler()
    folder.mkdir()
    weights = {name: weight.clone() for name, weight in llama.state_dict().items()}
    weights |= {f"model.mm_projector.{name}": weight for name, weight in resampler.state_dict().items()}
    weights["model.mm_projector.pos_embed"] = resampler.pos_embed.clone()
    half = len(weights) // 2
    names = sorted(weights)
    for number, part in enumerate((names[:half], names[half:]), start=1):
        save_file({name: weights[name] for name in part}, folder / f"model-0000{number}-of-00002.safetensors")
    extras = {
        "model_type": "llava_llama",
        "mm_projector_type": projector_type,
        "mm_vision_tower": "openai/clip-vit-large-patch14-336",
    }
    (folder / "config.json").write_text(json.dumps({**llama.config.to_dict(), **extras}), encoding="utf-8")
    return resampler, llama


def test_a_clip_tower_gives_the_features_of_transformers(tmp_path: Path) -> None:
    clip = drawn_clip()
    clip.save_pretrained(tmp_path)
    pixels = squares()
    with torch.no_grad():
        theirs = clip(pixels, output_hidden_states=True).hidden_states[-2][:, 1:]
        ours = load_encoder(tmp_path)(list(pixels))
    torch.testing.assert_close(torch.stack(ours.split()), theirs, atol=1e-5, rtol=1e-5)


def test_a_clip_tower_on_another_shape_agrees_with_transformers_interpolation(tmp_path: Path) -> None:
    clip = drawn_clip()
    clip.save_pretrained(tmp_path)
    piece = torch.randn(1, 3, 21, 42, generator=torch.Generator().manual_seed(9))
    with torch.no_grad():
        found = clip(piece, output_hidden_states=True, interpolate_pos_encoding=True).hidden_states[-2]
        ours = load_encoder(tmp_path)([piece[0]]).features_TD
    torch.testing.assert_close(ours, found[0, 1:], atol=1e-5, rtol=1e-5)


def test_a_siglip_tower_gives_the_last_states_of_transformers(tmp_path: Path) -> None:
    torch.manual_seed(0)
    siglip = SiglipVisionModel(SiglipVisionConfig(**SHAPE))
    siglip.train(False)
    siglip.save_pretrained(tmp_path)
    pixels = squares()
    with torch.no_grad():
        theirs = siglip(pixels).last_hidden_state
        ours = load_encoder(tmp_path)(list(pixels))
    torch.testing.assert_close(torch.stack(ours.split()), theirs, atol=1e-5, rtol=1e-5)


def test_the_tower_is_found_inside_a_whole_clip(tmp_path: Path) -> None:
    torch.manual_seed(0)
    whole = CLIPModel(CLIPConfig(vision_config=SHAPE, text_config={**TEXT, "vocab_size": 99}))
    whole.save_pretrained(tmp_path)
    encoder = load_encoder(tmp_path)
    embeddings = whole.vision_model.embeddings.position_embedding.weight
    assert encoder.positions.table.equal(embeddings[1:])


def test_old_pickled_weights_are_read_as_well(tmp_path: Path) -> None:
    clip = drawn_clip()
    clip.save_pretrained(tmp_path)
    torch.save(load_file(tmp_path / "model.safetensors"), tmp_path / "pytorch_model.bin")
    before = load_encoder(tmp_path).state_dict()
    (tmp_path / "model.safetensors").unlink()
    after = load_encoder(tmp_path).state_dict()
    assert all(after[name].equal(weight) for name, weight in before.items())


def test_a_llava_of_transformers_answers_as_transformers_does(tmp_path: Path) -> None:
    torch.manual_seed(3)
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(**SHAPE), text_config=LlamaConfig(**TEXT), image_token_index=39
    )
    theirs = LlavaForConditionalGeneration(config)
    theirs.train(False)
    theirs.save_pretrained(tmp_path)
    ours = load_llava(tmp_path, comma=1, newline=2).eval()
    assert isinstance(ours.compressor, MlpProjector)
    pixels = squares(1)
    with torch.no_grad():
        expected = theirs(input_ids=torch.tensor([[1, *[39] * 16, 5, 6]]), pixel_values=pixels).logits
        tokens = ours.compressor(ours.encoder(list(pixels)))[0]
        words = [ours.language_model.embed(torch.tensor(ids)) for ids in ([1], [5, 6])]
        embeddings = torch.cat((words[0], tokens, words[1]))[None]
        found = ours.language_model.next_tokens(embeddings, torch.ones(1, 19, dtype=torch.bool))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("projector_type", "kind"), [("adapt_spatial_resampler", SpatialResampler), ("resampler", Resampler)]
)
def test_a_llava_uhd_checkpoint_is_read_with_its_separate_tower(
    tmp_path: Path, projector_type: str, kind: type[nn.Module]
) -> None:
    resampler, llama = save_llava_uhd(tmp_path / "llava", projector_type)
    drawn_clip().save_pretrained(tmp_path / "tower")
    model = load_llava(tmp_path / "llava", tower=tmp_path / "tower", comma=1, newline=2).eval()
    assert type(model.compressor) is kind
    maps = FeatureMaps(torch.randn(12, 32), ((4, 3),))
    if kind is Resampler:
        torch.testing.assert_close(model.compressor(maps)[0], resampler(maps)[0])
    with torch.no_grad():
        scores, _ = model([torch.tensor([5, PICTURE, 6])], [drawn_picture(56, 28)])
        assert scores.shape == (1, 16, 40)
        words = torch.tensor([[5, 6, 7]])
        alone, _ = model([words[0]], [])
        torch.testing.assert_close(alone, llama(words).logits, atol=1e-5, rtol=1e-5)


def test_a_checkpoint_without_its_tower_says_which_it_wants(tmp_path: Path) -> None:
    save_llava_uhd(tmp_path / "llava", "resampler")
    with pytest.raises(
        ModelError, match=r"vision tower \(openai/clip-vit-large-patch14-336\): give its folder"
    ):
        load_llava(tmp_path / "llava")


def damaged(folder: Path, case: str) -> str:
    """Damage a good tower and say what must be complained about."""
    weights, config_file = folder / "model.safetensors", folder / "config.json"
    config = json.loads(config_file.read_text(encoding="utf-8"))
    match case:
        case "no config":
            config_file.unlink()
            return "no config.json"
        case "config is text":
            config_file.write_text("hello", encoding="utf-8")
            return "is not JSON"
        case "no weights":
            weights.unlink()
            return "no weights in"
        case "cut weights":
            weights.write_bytes(weights.read_bytes()[:-100])
            return "cannot be read"
        case "another tower":
            config_file.write_text(json.dumps({**config, "model_type": "dinov2"}), encoding="utf-8")
            return "type 'dinov2'; CLIP and SigLIP"
        case "lacking config":
            del config["patch_size"]
            config_file.write_text(json.dumps(config), encoding="utf-8")
            return "lacks 'patch_size'"
        case "more layers than weights":
            config_file.write_text(json.dumps({**config, "num_hidden_layers": 4}), encoding="utf-8")
            return r"lacks encoder\.layers\.3"
        case "other shapes":
            config_file.write_text(json.dumps({**config, "intermediate_size": 64}), encoding="utf-8")
            return "size mismatch"
        case _:
            save_file({"x": torch.zeros(1)}, weights)
            return "holds 0 vision towers"


@pytest.mark.parametrize(
    "case",
    [
        "no config",
        "config is text",
        "no weights",
        "cut weights",
        "another tower",
        "lacking config",
        "more layers than weights",
        "other shapes",
        "no tower",
    ],
)
def test_damaged_checkpoints_are_refused_with_the_reason(tmp_path: Path, case: str) -> None:
    drawn_clip().save_pretrained(tmp_path)
    reason = damaged(tmp_path, case)
    with pytest.raises(ModelError, match=reason):
        load_encoder(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model.mm_projector.query": None}, "projector of unknown kind"),
        ({"model.mm_projector.": None}, "holds no projector"),
        ({"model.embed_tokens.weight": None}, "holds 0 language models"),
        ({"model.norm.weight": None}, "Missing key"),
    ],
)
def test_llava_checkpoints_that_lack_parts_are_refused(
    tmp_path: Path, change: dict[str, None], message: str
) -> None:
    save_llava_uhd(tmp_path / "llava", "resampler")
    drawn_clip().save_pretrained(tmp_path / "tower")
    for path in (tmp_path / "llava").glob("*.safetensors"):
        kept = {
            name: weight
            for name, weight in load_file(path).items()
            if not any(name.startswith(start) for start in change)
        }
        save_file(kept, path)
    with pytest.raises(ModelError, match=message):
        load_llava(tmp_path / "llava", tower=tmp_path / "tower")

"""A vision-language checkpoint of a few hundred kilobytes with random weights, as `transformers` writes one.

It sees and says nothing sensible. It lets tests go the whole way from a folder to a streamed answer.
"""

from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import (
    CLIPImageProcessorPil,
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)

SIDE, PATCH = 28, 7
PATCHES = (SIDE // PATCH) ** 2
"""Tokens that any picture becomes."""
_SPECIAL = ["<pad>", "<s>", "</s>", "<unk>", "<image>"]
_TEMPLATE = (
    "{% for turn in messages %}{{ turn.role }}: {% for part in turn.content %}"
    "{% if part.type == 'image' %}<image>{% else %}{{ part.text }}{% endif %}{% endfor %}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}"
)


def write_checkpoint(folder: Path, *, template: str | None = _TEMPLATE) -> Path:
    """Write model, tokenizer and processor of a tiny LLaVA."""
    import torch

    torch.manual_seed(0)
    tokenizer = _word_tokenizer()
    image = tokenizer.convert_tokens_to_ids("<image>")
    assert isinstance(image, int)
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            image_size=SIDE,
            patch_size=PATCH,
        ),
        text_config=LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=2048,
            pad_token_id=tokenizer.pad_token_id,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
        ),
        image_token_index=image,
    )
    LlavaForConditionalGeneration(config).save_pretrained(folder)
    LlavaProcessor(  # type: ignore[no-untyped-call]
        image_processor=CLIPImageProcessorPil(size={"height": SIDE, "width": SIDE}, do_center_crop=False),
        tokenizer=tokenizer,
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=template,
    ).save_pretrained(folder)
    return folder


def _word_tokenizer() -> PreTrainedTokenizerFast:
    """A few words; all others are one unknown word."""
    words = [f"word{number}" for number in range(60)]
    vocabulary = {token: number for number, token in enumerate([*_SPECIAL, *words])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = Whitespace()
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        extra_special_tokens={"image_token": "<image>"},
    )

"""Provider `transformers`: vision-language checkpoints of the Hugging Face hub or of a folder, run by torch.

`transformers:OWNER/NAME` or `transformers:FOLDER`. Pictures are given whole: the checkpoint's own processor
cuts them up by the rule that the model was trained with. Weights are read from safetensors only, and code
that lies beside them is never run.
"""

from __future__ import annotations

import asyncio
import base64
import io
import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessageChunk, BaseMessage, SystemMessage
from langchain_core.outputs import ChatGenerationChunk
from pydantic import ConfigDict

from agents.errors import NimueError, NimueFailure
from agents.llm.chat_wrapper import TaggedChatModel
from agents.llm.model import Model, ModelOptions
from agents.llm.names import ModelName

if TYPE_CHECKING:
    from PIL.Image import Image
    from transformers import PreTrainedModel

_LONGEST_ANSWER = 512  # tokens, where a call does not say
_NEEDED = ("torch", "torchvision", "transformers")

_Turn = dict[str, Any]
_Said = str | AIMessageChunk | Exception
"""A piece of the answer, or its end: the last message, or what went wrong."""


def open_model(name: str, options: ModelOptions) -> Model:
    """Load a checkpoint, from the hub unless it is a folder or was fetched before.

    Raises:
        NimueError: There is no such checkpoint, it does not take pictures and text, or a library is missing.
    """
    processor = _processor(name)
    return Model(
        name=ModelName("transformers", name),
        chat=TransformersChatModel(processor=processor, model=_model(name), temperature=options.temperature),
        constrain=lambda schema: {},
        close=lambda: None,
    )


def picture_tokens(name: str, picture: Image) -> int:
    """How many tokens a checkpoint's processor makes of a picture; its weights are not loaded.

    Raises:
        NimueError: As `open_model`.
    """
    processor = _processor(name)
    turns = [{"role": "user", "content": [{"type": "image", "image": picture}]}]
    read = processor.apply_chat_template(turns, tokenize=True, return_dict=True, return_tensors="pt")
    return int((read["input_ids"] == processor.image_token_id).sum())


def _processor(name: str) -> Any:
    missing = [library for library in _NEEDED if find_spec(library) is None]
    if missing:
        raise NimueError(
            f"transformers:{name} needs {' and '.join(missing)}: pip install {' '.join(missing)}"
        )
    from transformers import AutoProcessor

    source = _source(name)
    with _told_of(name):
        processor = AutoProcessor.from_pretrained(source)  # type: ignore[no-untyped-call]
    if not getattr(processor, "chat_template", None):
        raise NimueError(f"transformers:{name} was not made for questions: it has no chat template.")
    return processor


def _model(name: str) -> PreTrainedModel:
    import torch
    from transformers import AutoModelForImageTextToText

    gpu = torch.cuda.is_available()
    with _told_of(name):
        model: PreTrainedModel = AutoModelForImageTextToText.from_pretrained(
            _source(name), dtype="auto" if gpu else torch.float32, use_safetensors=True
        )
    torch.nn.Module.to(model, "cuda" if gpu else "cpu")
    return model  # in evaluation mode, as from_pretrained leaves it


def _source(name: str) -> str:
    folder = Path(name).expanduser()
    if folder.is_dir():
        return str(folder)
    if name.startswith((".", "~", "/")) or name.count("/") != 1:
        raise NimueError(
            f"transformers:{name}: there is no such folder, and names on the hub are OWNER/NAME."
        )
    return name


@contextmanager
def _told_of(name: str) -> Iterator[None]:
    """Tell what prevents loading in one line."""
    try:
        yield
    except ImportError as error:
        raise NimueError(f"transformers:{name} needs a further library: {_first_line(error)}") from error
    except (OSError, ValueError, KeyError) as error:
        raise NimueError(
            f"transformers:{name} cannot be loaded as a model of pictures and text: {_first_line(error)}"
        ) from error


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


class TransformersChatModel(TaggedChatModel):
    """A checkpoint that answers one call at a time, in a thread of its own."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    processor: Any
    model: Any
    temperature: float | None = None

    def model_post_init(self, context: object, /) -> None:
        self._busy = asyncio.Lock()

    @property
    def _llm_type(self) -> str:
        return "transformers"

    async def _answer(
        self, messages: list[BaseMessage], metadata: Mapping[str, Any], stop: list[str] | None, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        warmth = kwargs.get("temperature", self.temperature)
        manner = {"do_sample": True, "temperature": warmth} if warmth else {"do_sample": False}
        asked = {"max_new_tokens": kwargs.get("max_tokens") or _LONGEST_ANSWER, **manner}
        if stop:
            asked |= {"stop_strings": stop, "tokenizer": self.processor.tokenizer}
        said: SimpleQueue[_Said] = SimpleQueue()
        unwanted = threading.Event()
        async with self._busy:
            writer = threading.Thread(
                target=self._write, args=(conversation(messages), asked, said, unwanted), daemon=True
            )
            writer.start()
            try:
                while isinstance(piece := await asyncio.to_thread(said.get), str):
                    yield ChatGenerationChunk(message=AIMessageChunk(content=piece))
            finally:
                unwanted.set()
                await asyncio.to_thread(writer.join)
        if isinstance(piece, Exception):
            raise NimueFailure(f"The model failed: {_first_line(piece)}") from piece
        yield ChatGenerationChunk(message=piece)

    def _write(
        self,
        turns: list[_Turn],
        asked: dict[str, Any],
        said: SimpleQueue[_Said],
        unwanted: threading.Event,
    ) -> None:
        """Generate, and put every piece and at last the end into `said`."""
        try:
            said.put(self._generated(turns, asked, said, unwanted))
        except Exception as error:  # told where the answer is awaited
            said.put(error)

    def _generated(
        self,
        turns: list[_Turn],
        asked: dict[str, Any],
        said: SimpleQueue[_Said],
        unwanted: threading.Event,
    ) -> AIMessageChunk:
        import torch
        from transformers import StoppingCriteriaList, TextStreamer

        class Pieces(TextStreamer):
            def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
                if text:
                    said.put(text)

        def is_unwanted(ids: torch.Tensor, scores: object, **_: object) -> torch.Tensor:
            return torch.full((ids.shape[0],), unwanted.is_set(), device=ids.device)

        prompt = self.processor.apply_chat_template(
            turns, add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt"
        ).to(self.model.device, dtype=self.model.dtype)
        tokenizer = self.processor.tokenizer
        with torch.inference_mode():
            written = self.model.generate(
                **prompt,
                **asked,
                streamer=Pieces(tokenizer, skip_prompt=True, skip_special_tokens=True),
                stopping_criteria=StoppingCriteriaList([is_unwanted]),
            )
        read = prompt["input_ids"].shape[1]
        new = written.shape[1] - read
        cut = new >= asked["max_new_tokens"] and int(written[0, -1]) != tokenizer.eos_token_id
        return AIMessageChunk(
            content="",
            usage_metadata={"input_tokens": read, "output_tokens": new, "total_tokens": read + new},
            response_metadata={"finish_reason": "length" if cut else "stop"},
        )


def conversation(messages: Sequence[BaseMessage]) -> list[_Turn]:
    """Messages as a chat template takes them.

    What the system says goes before the user's first words: many templates of such models know no system.
    """
    rules = [
        block for message in messages if isinstance(message, SystemMessage) for block in _blocks(message)
    ]
    turns: list[_Turn] = []
    for message in messages:
        if isinstance(message, SystemMessage):
            continue
        role = "assistant" if message.type == "ai" else "user"
        content = [*rules, *_blocks(message)] if role == "user" else _blocks(message)
        rules = [] if role == "user" else rules
        turns.append({"role": role, "content": content})
    return turns


def _blocks(message: BaseMessage) -> list[dict[str, Any]]:
    parts = [message.content] if isinstance(message.content, str) else message.content
    return [_block(part) for part in parts]


def _block(part: str | dict[str, Any]) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    match part["type"]:
        case "text":
            return {"type": "text", "text": part["text"]}
        case "image_url":
            return {"type": "image", "image": _picture(part["image_url"]["url"])}
        case kind:
            raise NimueError(f"A checkpoint of transformers is given text and pictures, not {kind}.")


def _picture(url: str) -> Image:
    from PIL import Image

    head, _, data = url.partition(",")
    if not head.endswith(";base64"):
        raise NimueError("A checkpoint of transformers is given pictures as data, not as addresses.")
    return Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")

"""Checkpoints of transformers: from a folder of files to a streamed answer about a picture."""

import base64
import io
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.outputs import ChatGenerationChunk
from PIL import Image

from agents.errors import NimueError, NimueFailure
from agents.llm.chat_wrapper import StreamedAnswer
from agents.llm.finish import Finish, finish_of
from agents.llm.model import Model, ModelOptions, open_model
from agents.llm.names import ModelName, parse_model_name
from agents.llm.transformers_local import conversation
from agents.llm.usage import Usage
from tests.agents.llm.tiny_checkpoint import PATCHES, write_checkpoint


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("checkpoint"))


@pytest.fixture(scope="module")
def model(checkpoint: Path) -> Model:
    return open_model(ModelName("transformers", str(checkpoint)), ModelOptions())


def block(colour: str) -> dict[str, object]:
    target = io.BytesIO()
    Image.new("RGB", (70, 20), colour).save(target, "PNG")
    url = f"data:image/png;base64,{base64.b64encode(target.getvalue()).decode()}"
    return {"type": "image_url", "image_url": {"url": url}}


def asked(*pictures: str) -> list[BaseMessage]:
    blocks: list[str | dict[str, object]] = [block(colour) for colour in pictures]
    return [SystemMessage("Be brief."), HumanMessage([*blocks, {"type": "text", "text": "What is it?"}])]


@dataclass(frozen=True)
class Heard:
    """An answer as it was streamed."""

    pieces: list[str]
    usage: Usage
    finish: Finish


async def heard(model: Model, messages: list[BaseMessage], *, longest: int = 12) -> Heard:
    answer = StreamedAnswer()
    pieces = []
    async for chunk in model.chat.astream(messages, max_tokens=longest):
        answer.add(ChatGenerationChunk(message=chunk))
        pieces.append(chunk.text)
    message = answer.message()
    return Heard([piece for piece in pieces if piece], Usage.from_message(message), finish_of(message))


async def test_every_picture_becomes_its_tokens_of_the_prompt(model: Model) -> None:
    bare, one, two = [
        (await heard(model, asked(*pictures), longest=1)).usage.input_tokens
        for pictures in ((), ("red",), ("red", "blue"))
    ]
    assert (one - bare, two - one) == (PATCHES, PATCHES)


async def test_an_answer_is_streamed_word_by_word_and_what_was_asked_is_not(model: Model) -> None:
    said = await heard(model, asked("red"))
    assert len(said.pieces) >= 5
    assert all(word.startswith("word") for word in "".join(said.pieces).split())
    assert 5 <= said.usage.output_tokens <= 12


async def test_the_picture_reaches_the_model(model: Model) -> None:
    said = [(await heard(model, asked(colour))).pieces for colour in ("red", "white", "red")]
    assert said[0] == said[2] != said[1]


async def test_an_answer_that_reaches_its_longest_is_said_to_be_cut(model: Model) -> None:
    said = await heard(model, asked("red"), longest=3)
    assert (said.finish, said.usage.output_tokens) == (Finish.LENGTH, 3)


async def test_an_answer_nobody_waits_for_ends(model: Model) -> None:
    stream = model.chat.astream(asked("red"), max_tokens=1_000_000)
    assert isinstance(stream, AsyncGenerator)
    async for _ in stream:
        break
    await stream.aclose()  # waits for the writer, which stops at its next token
    assert (await heard(model, asked("red"), longest=2)).pieces


def test_rules_stand_before_the_users_first_words() -> None:
    turns = conversation(
        [SystemMessage("Rule."), HumanMessage("One?"), AIMessage("Yes."), HumanMessage("Two?")]
    )
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert [part["text"] for part in turns[0]["content"]] == ["Rule.", "One?"]
    assert [part["text"] for part in turns[2]["content"]] == ["Two?"]


def test_pictures_by_address_are_refused() -> None:
    block = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    with pytest.raises(NimueError, match="not as addresses"):
        conversation([HumanMessage([block])])


async def test_what_breaks_in_the_model_is_told(model: Model) -> None:
    with pytest.raises(NimueFailure, match="The model failed"):
        await heard(model, [HumanMessage("No picture, but <image>.")])


def opened(name: str) -> Model:
    return open_model(ModelName("transformers", name), ModelOptions())


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("./nowhere", "no such folder"),
        ("smolvlm", "hub are OWNER/NAME"),
        ("/a/b", "no such folder"),
    ],
)
def test_names_that_are_neither_folder_nor_hub_name_are_refused_at_once(name: str, told: str) -> None:
    with pytest.raises(NimueError, match=told):
        opened(name)


def test_a_folder_without_a_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(NimueError, match=r"cannot be loaded as a model of pictures and text"):
        opened(str(tmp_path))


def test_a_checkpoint_that_was_not_made_for_questions_is_named(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, template=None)
    with pytest.raises(NimueError, match="no chat template"):
        opened(str(tmp_path))


def test_weights_that_are_pickles_are_not_read(checkpoint: Path, tmp_path: Path) -> None:
    import torch

    for file in checkpoint.iterdir():
        if file.suffix != ".safetensors":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(NimueError, match="cannot be loaded"):
        opened(str(tmp_path))


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.llm.transformers_local.find_spec", lambda name: None)
    with pytest.raises(NimueError, match="pip install torch torchvision transformers"):
        opened("owner/name")


def test_the_provider_needs_a_name() -> None:
    assert parse_model_name("transformers:owner/name") == ModelName("transformers", "owner/name")
    with pytest.raises(NimueError, match="names no model"):
        parse_model_name("transformers")

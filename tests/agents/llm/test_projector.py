"""Local models with eyes: pictures reach the embedded engine through a projector file."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.messages import BaseMessage, HumanMessage
from PIL import Image

from agents.errors import NimueError, NimueFailure
from agents.llm import local
from agents.llm.model import Model, ModelOptions, open_model
from agents.llm.names import ModelName
from agents.perception.answering import answer
from tests.agents.llm.tiny_projector import write_projector

pytestmark = pytest.mark.real_model

WIDTH = 576  # of the 135M model's embeddings
PATCHES = 16  # what the tiny projector makes of any picture


@pytest.fixture(autouse=True)
def _little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "LONGEST_CONTEXT", 512)


@pytest.fixture
def model(smollm2_path: Path, tmp_path: Path) -> Iterator[Model]:
    projector = write_projector(tmp_path / "mmproj.gguf", WIDTH)
    opened = open_model(ModelName("local", str(smollm2_path)), ModelOptions(projector=projector))
    yield opened
    opened.close()


def asked(*pictures: Image.Image) -> list[BaseMessage]:
    blocks: list[str | dict[str, object]] = []
    for picture in pictures:
        target = io.BytesIO()
        picture.save(target, "PNG")
        url = f"data:image/png;base64,{base64.b64encode(target.getvalue()).decode()}"
        blocks.append({"type": "image_url", "image_url": {"url": url}})
    return [HumanMessage([*blocks, {"type": "text", "text": "What is it? Say one word."}])]


async def test_a_picture_becomes_tokens_of_the_prompt_and_is_answered(model: Model) -> None:
    said = [
        await answer(model, asked(*pictures), lambda text, restarted: None)
        for pictures in ((), (Image.new("RGB", (90, 60), "red"),))
    ]
    assert said[1].text.strip()
    assert abs(said[1].usage.input_tokens - said[0].usage.input_tokens - PATCHES) <= 2


def test_a_projector_that_is_not_there_is_named(smollm2_path: Path, tmp_path: Path) -> None:
    with pytest.raises(NimueError, match=r"There is no projector file .*none\.gguf"):
        open_model(ModelName("local", str(smollm2_path)), ModelOptions(projector=tmp_path / "none.gguf"))


@pytest.mark.parametrize("damage", ["garbage", "another width"])
def test_a_projector_that_does_not_fit_is_refused(smollm2_path: Path, tmp_path: Path, damage: str) -> None:
    projector = tmp_path / "mmproj.gguf"
    if damage == "garbage":
        projector.write_bytes(b"GGUF" + bytes(200))
    else:
        write_projector(projector, 100)
    with pytest.raises(NimueFailure, match=r"could not load .* with .*mmproj\.gguf"):
        open_model(ModelName("local", str(smollm2_path)), ModelOptions(projector=projector))

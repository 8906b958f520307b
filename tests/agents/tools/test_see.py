"""The tool `see`: typed in and out, kept to its folder and its price, and honest about what it cannot see."""

from decimal import Decimal
from pathlib import Path

import pytest
from langchain_core.messages import BaseMessage
from pydantic import ValidationError

from agents.llm.model import Model
from agents.llm.names import ModelName
from agents.llm.scripted import scripted_model
from agents.tools.see import Seen, SeeRequest, Sight, see
from tests.agents.perception.pictures import WordsReader, save_picture


def model_that_says(text: str, heard: list[list[BaseMessage]] | None = None) -> Model:
    def reply(messages: list[BaseMessage], tag: object, schema: object) -> str:
        if heard is not None:
            heard.append(messages)
        return text

    return scripted_model(reply)


async def test_a_question_is_answered_from_the_text_in_the_picture(tmp_path: Path) -> None:
    heard: list[list[BaseMessage]] = []
    sight = Sight(model=model_that_says("It opens at eight.", heard), reader=WordsReader("open", "8-18"))
    seen = await see(SeeRequest(picture=str(save_picture(tmp_path)), question="When does it open?"), sight)
    assert seen.status == "seen" and seen.answer == "It opens at eight."
    assert [line.text for line in seen.lines] == ["open", "8-18"]
    assert seen.size == (300, 200) and "no objects, colours" in seen.limits
    prompt = heard[0][-1].text
    assert '"open"' in prompt and '"8-18"' in prompt and "When does it open?" in prompt


async def test_without_a_question_the_text_comes_without_a_model(tmp_path: Path) -> None:
    heard: list[list[BaseMessage]] = []
    sight = Sight(model=model_that_says("?", heard), reader=WordsReader("gate", "27"))
    seen = await see(SeeRequest(picture=str(save_picture(tmp_path))), sight)
    assert [line.text for line in seen.lines] == ["gate", "27"] and seen.answer == "" and heard == []


async def test_a_picture_without_text_says_so_and_asks_no_model(tmp_path: Path) -> None:
    heard: list[list[BaseMessage]] = []
    sight = Sight(model=model_that_says("?", heard), reader=WordsReader())
    seen = await see(SeeRequest(picture=str(save_picture(tmp_path)), question="Who is it?"), sight)
    assert "No text was found" in seen.answer and heard == []


@pytest.mark.parametrize("picture", ["none.png", "-", "http://127.0.0.1:9/a.png"])
async def test_what_cannot_be_read_comes_back_as_a_failed_result(tmp_path: Path, picture: str) -> None:
    sight = Sight(model=model_that_says("?"), reader=WordsReader())
    seen = await see(SeeRequest(picture=picture), sight)
    assert seen.status == "failed" and len(seen.answer) > 20 and "\n" not in seen.answer


async def test_an_agent_is_kept_to_its_folder(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    outside, inside = save_picture(tmp_path), save_picture(tmp_path / "inside")
    (tmp_path / "inside" / "link.png").symlink_to(outside)
    sight = Sight(model=model_that_says("?"), reader=WordsReader("a"), folder=tmp_path / "inside")
    for place in (
        outside,
        outside.as_uri(),
        tmp_path / "inside" / ".." / "sign.png",
        tmp_path / "inside" / "link.png",
    ):
        seen = await see(SeeRequest(picture=str(place)), sight)
        assert seen.status == "failed" and "lies outside" in seen.answer
    assert (await see(SeeRequest(picture=str(inside)), sight)).status == "seen"


async def test_a_look_that_costs_more_than_allowed_is_not_taken(tmp_path: Path) -> None:
    dear = model_that_says("?")
    named = Model(
        name=ModelName("anthropic", "claude-opus-4-5"),
        chat=dear.chat,
        constrain=dear.constrain,
        close=dear.close,
    )
    sight = Sight(model=named, reader=WordsReader(), max_cost=Decimal("0.0001"))
    picture = save_picture(tmp_path, size=(3000, 2000))
    seen = await see(SeeRequest(picture=str(picture), question="What is it?"), sight)
    assert seen.status == "failed" and "more than the $0.0001 allowed" in seen.answer


def test_the_request_has_a_schema_that_a_model_can_fill() -> None:
    schema = SeeRequest.model_json_schema()
    assert set(schema["properties"]) == {"picture", "question", "page"} and schema["required"] == ["picture"]
    assert all("description" in each for each in schema["properties"].values())
    with pytest.raises(ValidationError):
        SeeRequest.model_validate({"picture": "a.png", "folder": "/"})
    assert Seen(status="failed").model_dump()["answer"] == ""

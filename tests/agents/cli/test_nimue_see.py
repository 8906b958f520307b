"""`nimue see`: plans, reading without key, and real client code against a server on loopback."""

import asyncio
import base64
import io
import json
import ssl
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import cyclopts
import pytest
from PIL import Image

from agents.cli import see_session
from agents.cli.front_door import run
from agents.cli.nimue_see import see
from agents.llm.fake_protocols import Fails, Refuses, Request, Says
from agents.llm.fake_server import FakeServer
from tests.agents.perception.pictures import WordsReader, save_picture

app = cyclopts.App(name="nimue")
app.command(see)

_one_context = cache(ssl.create_default_context)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(ssl, "create_default_context", lambda *args, **kwargs: _one_context())
    monkeypatch.setenv("NIMUE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> WordsReader:
    """Stands in for the weights, which need a second a look."""
    words = WordsReader("CAFE", "LUNA")
    monkeypatch.setattr("backends.vision.ocr.reader.RapidReader", lambda: words)
    return words


def see_with(*words: str) -> int:
    return run(app, ["see", *words])


def test_explain_draws_the_slices_and_asks_nobody(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_picture(folder, "page.png", (1240, 1754))
    assert see_with("page.png", "--explain", "--rule", "exact") == 0
    shown = capsys.readouterr().out
    assert "r3 c2" in shown and "2 x 3 (columns x rows; ideal 20)" in shown
    assert "Drawn on the picture: page.slices.png" in shown
    assert all(len(line) <= 80 for line in shown.splitlines())
    with Image.open(folder / "page.slices.png") as drawn:
        assert drawn.width > 600


@pytest.mark.parametrize(
    ("size", "seen"),
    [((4032, 3024), "3 x 2"), ((5000, 250), "6 x 1"), ((1080, 6000), "1 x 6"), ((300, 200), "whole")],
    ids=["phone photo", "wide strip", "tall screenshot", "small"],
)
def test_pictures_of_every_shape_are_explained(
    folder: Path, capsys: pytest.CaptureFixture[str], size: tuple[int, int], seen: str
) -> None:
    save_picture(folder, "picture.png", size)
    assert see_with("picture.png", "--rule", "exact", "--draw", "out.png") == 0
    assert seen in capsys.readouterr().out and (folder / "out.png").exists()


def test_the_plan_for_a_hosted_model_tells_tokens_and_what_is_kept(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_picture(folder, "shot.png", (1568, 7698))
    assert see_with("shot.png", "--rule", "claude-sonnet-4-5") == 0
    shown = capsys.readouterr().out
    assert "2 x 5 (columns x rows)" in shown and "16,072 in 11 images" in shown
    assert "100% of the pixels; 4% as one image" in shown


def test_a_plan_and_its_cost_are_explained_without_a_key_and_a_question_is_not_asked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_picture(folder, "shot.png", (1568, 7698))
    assert see_with("shot.png", "--explain", "--model", "anthropic:claude-sonnet-4-5") == 0
    told = capsys.readouterr().out
    assert "2 x 5 (columns x rows)" in told and "cost        about $0.0" in told
    assert see_with("shot.png", "How long?", "--explain", "--model", "anthropic:claude-sonnet-4-5") == 2
    assert "needs a key" in capsys.readouterr().err


def test_a_plan_can_be_had_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_picture(folder, "page.png", (1240, 1754))
    assert see_with("page.png", "--rule", "exact", "--json") == 0
    (picture,) = json.loads(capsys.readouterr().out)["pictures"]
    assert len(picture["slices"]) == 6 and picture["slices"][0] == {
        "box": [0, 0, 620, 584],
        "label": "r1 c1 336x322",
    }
    assert picture["overview"] == [280, 392] and picture["drawing"] == "page.slices.png"


def test_an_unknown_rule_is_refused_with_the_known_ones(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_picture(folder)
    assert see_with("sign.png", "--rule", "bogus") == 2
    assert "minicpm-v-4.6" in capsys.readouterr().err


def test_without_a_question_the_text_is_printed(
    folder: Path, reader: WordsReader, capsys: pytest.CaptureFixture[str]
) -> None:
    save_picture(folder)
    assert see_with("sign.png", "--model", "scripted") == 0
    assert capsys.readouterr().out == "CAFE\nLUNA\n"


def test_a_question_is_answered_from_the_text_and_the_limits_are_said(
    folder: Path, reader: WordsReader, capsys: pytest.CaptureFixture[str]
) -> None:
    save_picture(folder)
    assert see_with("sign.png", "What is it called?", "--model", "scripted") == 0
    shown = capsys.readouterr()
    assert shown.out.strip() and "no objects, colours, faces" in shown.err


def test_a_second_question_reads_nothing_again(folder: Path, reader: WordsReader) -> None:
    save_picture(folder)
    save_picture(folder, "copy.bmp")
    for words in (("sign.png",), ("sign.png", "What?", "--model", "scripted"), ("copy.bmp",)):
        assert see_with(*words) == 0
    assert reader.looks == 1


def test_json_holds_lines_with_places(
    folder: Path, reader: WordsReader, capsys: pytest.CaptureFixture[str]
) -> None:
    save_picture(folder)
    assert see_with("sign.png", "What?", "--model", "scripted", "--json") == 0
    shown = capsys.readouterr()
    found = json.loads(shown.out)
    assert shown.err == "" and found["way"] == "read" and found["model"] == "scripted:0"
    (picture,) = found["pictures"]
    assert picture["size"] == [300, 200]
    assert [line["text"] for line in picture["lines"]] == ["CAFE", "LUNA"]
    assert len(picture["lines"][0]["box"]) == 4 and found["limits"].startswith("The picture was read")


def test_several_pictures_are_read_one_after_the_other(
    folder: Path, reader: WordsReader, capsys: pytest.CaptureFixture[str]
) -> None:
    save_picture(folder, "a.png")
    save_picture(folder, "b.png", (310, 200))
    assert see_with("a.png", "b.png", "--model", "scripted") == 0
    shown = capsys.readouterr().out
    assert shown.index("a.png:") < shown.index("b.png:") and shown.count("CAFE") == 2


def test_a_picture_may_come_by_standard_input(
    folder: Path, reader: WordsReader, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Input:
        buffer = io.BytesIO(save_picture(folder).read_bytes())

    monkeypatch.setattr("sys.stdin", Input())
    assert see_with("-", "--model", "scripted") == 0
    assert "CAFE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "Name a picture"),
        (("none.png",), "There is no file none.png"),
        (("sign.png", "none.jpg"), "There is no file none.jpg"),
        (("sign.png", "--page", "0"), "Pages are counted from 1"),
        (("sign.png", "--explian"), "Unknown option: --explian"),
        (("sign.png", "--page", "2"), "has 1 page; there is no page 2"),
        (("notes.txt",), "notes.txt is no picture but text"),
        (("sign.png", "--model", "nonsense"), "Unknown model"),
        (("http://127.0.0.1:1/a.png",), "--allow-private"),
    ],
)
def test_mistakes_are_one_clear_line(
    folder: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], message: str
) -> None:
    save_picture(folder)
    (folder / "notes.txt").write_text("only text", encoding="utf-8")
    assert see_with(*words) == 2
    shown = capsys.readouterr()
    assert message in shown.err and shown.err.count("\n") == 1 and shown.out == ""


def test_what_was_left_out_of_an_animation_is_said(
    folder: Path, reader: WordsReader, capsys: pytest.CaptureFixture[str]
) -> None:
    frames = [Image.new("RGB", (300, 200), colour) for colour in ("red", "blue")]
    frames[0].save(folder / "moving.gif", save_all=True, append_images=frames[1:])
    assert see_with("moving.gif", "--model", "scripted") == 0
    assert "moving.gif: 2 frames: the first is shown" in capsys.readouterr().err


class Hosted:
    """Both providers' servers on loopback."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *script: Any) -> None:
        self.server = FakeServer(script, otherwise=lambda request: Says(text="A red square."))
        self._patch = monkeypatch

    async def see(self, *words: str) -> int:
        async with self.server.running():
            for name, url in (
                ("OPENAI", self.server.openai_url),
                ("ANTHROPIC", self.server.anthropic_url),
            ):
                self._patch.setenv(f"{name}_BASE_URL", url)
                self._patch.setenv(f"{name}_API_KEY", "sk-loopback-1234567890")
            return await asyncio.to_thread(see_with, *words)

    @property
    def request(self) -> Request:
        (request,) = self.server.requests
        return request


def images_of(request: Request) -> list[tuple[tuple[int, int], dict[str, Any]]]:
    """Size and block of every image in a request, in either protocol."""
    found = []
    for block in request.body["messages"][-1]["content"]:
        if block["type"] == "image_url":
            data = block["image_url"]["url"].partition(",")[2]
        elif block["type"] == "image":
            data = block["source"]["data"]
        else:
            continue
        with Image.open(io.BytesIO(base64.b64decode(data))) as image:
            found.append((image.size, block))
    return found


@pytest.mark.parametrize("model", ["openai:gpt-6-luna", "anthropic:claude-haiku-5-5"])
async def test_a_hosted_model_is_sent_the_picture_and_its_answer_is_streamed(
    folder: Path, model: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    save_picture(folder)
    hosted = Hosted(monkeypatch)
    assert await hosted.see("sign.png", "What is it?", "--model", model) == 0
    shown = capsys.readouterr()
    assert shown.out == "A red square.\n"
    assert "1 image" in shown.err and "tokens in" in shown.err
    assert [size for size, _ in images_of(hosted.request)] == [(300, 200)]
    assert "What is it?" in json.dumps(hosted.request.body["messages"][-1]["content"][-1])


async def test_no_piece_that_claude_is_sent_is_shrunk_by_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from backends.vision.llava_uhd.providers import rule_for

    save_picture(folder, "tall.png", (1568, 7698))
    hosted = Hosted(monkeypatch)
    assert await hosted.see("tall.png", "Read it.", "--model", "anthropic:claude-opus-4-5", "--yes") == 0
    sizes = [size for size, _ in images_of(hosted.request)]
    rule = rule_for("claude-opus-4-5")
    assert len(sizes) == 11 and all(rule.takes_whole(size) for size in sizes)
    assert sum(width * height for width, height in sizes[1:]) == 1568 * 7698
    texts = [
        block["text"] for block in hosted.request.body["messages"][-1]["content"] if block["type"] == "text"
    ]
    assert "overview, shown at 319 x 1568. 10 slices follow, 2 across and 5 down." in texts[0]
    assert texts[1].endswith("slice row 1 of 5, column 1 of 2: x 0 to 784, y 0 to 1539")


async def test_openai_is_told_to_look_closely(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_picture(folder)
    hosted = Hosted(monkeypatch)
    await hosted.see("sign.png", "What?", "--model", "openai:gpt-6-luna")
    ((_, block),) = images_of(hosted.request)
    assert block["image_url"]["detail"] == "original"


async def test_several_pictures_go_in_one_request_under_their_numbers(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_picture(folder, "a.png")
    save_picture(folder, "b.png", (310, 200))
    hosted = Hosted(monkeypatch)
    assert await hosted.see("a.png", "b.png", "Which is wider?", "--model", "openai:gpt-6-luna") == 0
    texts = json.dumps(hosted.request.body["messages"][-1]["content"])
    assert "Picture 1, 300 x 200" in texts and "Picture 2, 310 x 200" in texts
    assert len(images_of(hosted.request)) == 2


async def test_a_dear_request_is_not_sent_unasked(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    save_picture(folder, "big.png", (4032, 3024))
    hosted = Hosted(monkeypatch)
    words = ("big.png", "What?", "--model", "anthropic:claude-opus-4-5")
    assert await hosted.see(*words) == 2
    error = capsys.readouterr().err
    assert hosted.server.requests == [] and "11 images, 17,224 tokens, about $" in error and "--yes" in error
    assert await hosted.see(*words, "--ask-above", "5") == 0
    assert len(hosted.server.requests) == 1


async def test_a_person_is_asked_before_a_dear_request(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_picture(folder, "big.png", (4032, 3024))
    answers = iter(["n", "y"])
    monkeypatch.setattr("builtins.input", lambda: next(answers))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    hosted = Hosted(monkeypatch)
    words = ("big.png", "What?", "--model", "anthropic:claude-opus-4-5", "--ask-above", str(Decimal("0.001")))
    assert await hosted.see(*words) == 2
    assert await hosted.see(*words) == 0
    assert len(hosted.server.requests) == 1


async def test_less_is_sent_where_images_are_limited(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_picture(folder, "big.png", (1568, 7698))
    hosted = Hosted(monkeypatch)
    words = ("big.png", "What?", "--model", "anthropic:claude-opus-4-5", "--yes", "--max-images", "6")
    assert await hosted.see(*words) == 0
    assert len(images_of(hosted.request)) == 6


async def test_json_of_a_hosted_answer_counts_tokens_and_cost(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    save_picture(folder)
    hosted = Hosted(monkeypatch)
    assert await hosted.see("sign.png", "What?", "--model", "anthropic:claude-opus-4-5", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["way"] == "sent" and found["answer"] == "A red square." and found["limits"] is None
    assert found["usage"]["input_tokens"] > 0 and Decimal(found["cost_usd"]) > 0
    assert found["pictures"][0]["grid"] == [1, 1]


async def test_a_hosted_model_may_be_given_the_text_only(
    folder: Path, reader: WordsReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_picture(folder)
    hosted = Hosted(monkeypatch)
    assert await hosted.see("sign.png", "What?", "--model", "openai:gpt-6-luna", "--read") == 0
    assert "CAFE" in json.dumps(hosted.request.body) and "image_url" not in json.dumps(hosted.request.body)


@pytest.mark.parametrize(
    ("behaviour", "message"),
    [
        (Refuses(text="I will not look."), "declined to answer: I will not look."),
        (Says(text=""), "said nothing"),
        (
            Fails(status=400, message="this model does not support image input"),
            "does not support image input",
        ),
    ],
)
async def test_a_model_that_does_not_answer_is_one_clear_line(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    behaviour: Any,
    message: str,
) -> None:
    save_picture(folder)
    hosted = Hosted(monkeypatch, behaviour)
    assert await hosted.see("sign.png", "What?", "--model", "openai:gpt-6-luna") in (1, 2)
    error = capsys.readouterr().err
    assert message in error.splitlines()[-1]


def test_help_names_the_ways_to_look(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["see", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "--explain" in shown and "--projector" in shown and "PICTURE..." in shown
    assert see_session.Asked.__doc__


def test_a_checkpoint_of_transformers_is_given_the_picture_whole(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.agents.llm.tiny_checkpoint import PATCHES, write_checkpoint

    monkeypatch.setattr("agents.perception.answering._LONGEST_ANSWER", 8)
    write_checkpoint(folder / "tiny")
    save_picture(folder, "strip.png", (5000, 250))
    capsys.readouterr()
    assert see_with("strip.png", "What is it?", "--model", "transformers:./tiny") == 0
    told = capsys.readouterr()
    assert told.out.startswith("word")
    assert "transformers:./tiny: 1 image, looked at on this machine" in told.err
    assert "8 out" in told.err and "price" not in told.err
    assert see_with("strip.png", "--explain", "--model", "transformers:./tiny") == 0
    assert f"tokens      {PATCHES}, by its own processor" in capsys.readouterr().out


def test_pictures_of_one_name_are_drawn_into_files_of_their_own(folder: Path) -> None:
    for place in ("a", "b"):
        (folder / place).mkdir()
        save_picture(folder / place, "page.png", (300, 200))
    assert see_with("a/page.png", "b/page.png", "--rule", "exact", "--explain") == 0
    assert (folder / "page.slices.png").exists() and (folder / "page.slices-2.png").exists()

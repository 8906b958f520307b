"""Talking to the assistant in the app: a model that a test writes, the real tools, toy systems."""

import contextlib
import json
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from agents.assistant.session import AssistantSession, Limits
from agents.assistant.settings import AssistantSettings
from agents.llm.model import ModelOptions
from agents.runs.folder import RunFolder
from tests.agents.assistant.conversations import Move, Script, conversing, use
from tests.tui.driving import key_of, screen_text, until
from tests.tui.made_up_runs import HOSTILE
from tui.app import NimueApp
from tui.run_shelf import look_at
from tui.screens.chat_place import ChatPlace
from tui.screens.picture import PictureScreen
from tui.settings import Settings
from tui.widgets.approval_box import ApprovalBox
from tui.widgets.line_log import LineLog
from tui.widgets.prompt import Prompt

SMALL = (80, 24)
TRAIN = {"system": "toy.line_fit", "job": "train"}


pytestmark = pytest.mark.usefixtures("few_systems")


@pytest.fixture
def app(_in_own_folder: None) -> NimueApp:
    return NimueApp(Settings(runs="runs", memory="memory", model="scripted:0"), Path("nimue.toml"))


def says(monkeypatch: pytest.MonkeyPatch, folder: Path, *moves: Move) -> Script:
    """Let a conversation be answered with these moves."""
    script = Script(*moves)

    @contextlib.asynccontextmanager
    async def open_chat(
        run: RunFolder, settings: AssistantSettings, *, limits: Limits, options: ModelOptions, question: str
    ) -> AsyncIterator[AssistantSession]:
        async with conversing(folder, script, run=run, limits=limits) as session:
            yield session

    monkeypatch.setattr(ChatPlace, "OPEN_CHAT", staticmethod(open_chat))
    return script


async def at_the_chat(app: NimueApp, pilot: Any) -> ChatPlace:
    await pilot.press(key_of("chat"))
    await until(pilot, lambda: isinstance(app.screen, ChatPlace) and bool(app.screen.query(Prompt)))
    screen = app.screen
    assert isinstance(screen, ChatPlace)
    return screen


async def say(app: NimueApp, pilot: Any, text: str) -> None:
    app.screen.query_one(Prompt).focus()
    app.screen.query_one(Prompt).text = text
    await pilot.press("enter")


def leave(app: NimueApp) -> None:
    """Close the conversations: until then they hold their runs."""
    for host in app.hosts:
        host.join(30)


def conversations(folder: Path) -> Sequence[Path]:
    return sorted((folder / "runs").glob("assistant-*"))


async def test_the_empty_chat_says_what_can_be_asked(app: NimueApp, tmp_path: Path) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await at_the_chat(app, pilot)
        assert "Which jobs here train an image classifier?" in screen_text(app)
        await pilot.press("enter")
        await pilot.pause()
        assert conversations(tmp_path) == []


async def test_a_question_is_answered_with_a_tool_and_kept_as_a_run(
    app: NimueApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(
        monkeypatch, tmp_path, use("run_job", **TRAIN, params={"steps": 7}), f"The slope is near 2. {HOSTILE}"
    )
    async with app.run_test(size=SMALL) as pilot:
        await at_the_chat(app, pilot)
        await say(app, pilot, "Fit a line.")
        await until(pilot, lambda: "The slope is near 2." in screen_text(app), seconds=90)
        await until(pilot, lambda: "2 calls" in screen_text(app))
        text = screen_text(app)
        assert "│ Fit a line." in text
        assert "✓ run_job" in text
        assert "[red]no[/red]" in text
        assert "\x1b" not in text
        await pilot.press("escape", "ctrl+t", "home")
        await until(pilot, lambda: '"steps": 7' in " ".join(screen_text(app).split()))
        await pilot.press("c")
        assert app.clipboard.startswith("The slope is near 2.")
    leave(app)
    (run,) = conversations(tmp_path)
    shelved = look_at(run)
    assert shelved.state == "finished"
    assert shelved.command == f"nimue ask --resume {run}"


async def test_one_allows_or_refuses_with_a_reason(
    app: NimueApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = use("run_job", system="vision.efficient_train", job="train")
    script = says(monkeypatch, tmp_path, long, "Not today, then.", long, "As you wish.")
    async with app.run_test(size=SMALL) as pilot:
        await at_the_chat(app, pilot)
        await say(app, pilot, "Train the net.")
        await until(pilot, lambda: bool(app.screen.query(ApprovalBox)), seconds=90)
        assert "asks you" in screen_text(app)
        await say(app, pilot, "It is late.")
        await until(pilot, lambda: "Not today, then." in screen_text(app))
        assert "refused: It is late." in screen_text(app)
        assert "It is late." in script.heard[1][-1].text
        await say(app, pilot, "Train the net now.")
        await until(pilot, lambda: bool(app.screen.query(ApprovalBox)))
        await pilot.pause(0.1)
        await pilot.press("n")
        await until(pilot, lambda: "As you wish." in screen_text(app))
        assert not app.screen.query(ApprovalBox)


async def test_a_turn_is_stopped_and_gone_on_with_also_by_another_app(
    app: NimueApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(monkeypatch, tmp_path, use("run_job", **TRAIN, params={"steps": 300, "pause": 0.02}), "Done.")
    async with app.run_test(size=SMALL) as pilot:
        await at_the_chat(app, pilot)
        await say(app, pilot, "Fit slowly.")
        await until(pilot, lambda: "/300" in screen_text(app), seconds=90)
        assert "▸ run_job" in screen_text(app)
        await pilot.press("ctrl+x")
        await until(pilot, lambda: "stopped: Stopped." in screen_text(app), seconds=60)
        await until(pilot, lambda: not any(host.at_work for host in app.hosts))
    leave(app)
    (run,) = conversations(tmp_path)
    assert look_at(run).state == "stopped"
    says(monkeypatch, tmp_path, "It is done.")
    other = NimueApp(Settings(runs="runs", memory="memory", model="scripted:0"), Path("nimue.toml"))
    async with other.run_test(size=SMALL) as pilot:
        other.open_run(run)
        await until(pilot, lambda: "│ Fit slowly." in screen_text(other))
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "It is done." in screen_text(other), seconds=90)
        other.screen.query_one(Prompt).focus()
    leave(other)


async def test_a_picture_is_attached_by_its_path_shown_and_kept(
    app: NimueApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = says(monkeypatch, tmp_path, "A red one.")
    picture = tmp_path / "my cat.png"
    Image.new("RGB", (60, 40), (220, 20, 20)).save(picture)
    async with app.run_test(size=SMALL) as pilot:
        screen = await at_the_chat(app, pilot)
        screen.query_one(Prompt).post_message(Prompt.PicturePasted(f"'{picture}'"))
        await until(pilot, lambda: "With my cat.png (60 x 40)" in screen_text(app))
        await say(app, pilot, "What is it?")
        await until(pilot, lambda: "A red one." in screen_text(app), seconds=60)
        await until(pilot, lambda: "▀▀▀▀" in screen_text(app))
        assert "With my cat" not in screen_text(app)
        await pilot.press("escape", "v")
        await until(
            pilot, lambda: isinstance(app.screen, PictureScreen) and "c copy path" in screen_text(app)
        )
        await pilot.press("escape")
        rows = screen_text(app).splitlines()
        drawn = next(row for row, line in enumerate(rows) if "▀▀▀▀" in line)
        await pilot.click(offset=(6, drawn))
        await until(pilot, lambda: isinstance(app.screen, PictureScreen))
    (run,) = conversations(tmp_path)
    (kept,) = (run / "artifacts").iterdir()
    assert kept.read_bytes() == picture.read_bytes()
    assert f"Picture: {kept.relative_to(tmp_path)}" in script.heard[0][-1].text


async def test_what_is_no_picture_is_refused_before_anything_is_asked(app: NimueApp, tmp_path: Path) -> None:
    (tmp_path / "note.png").write_text("not a picture")
    async with app.run_test(size=(140, 45), notifications=True) as pilot:
        await at_the_chat(app, pilot)
        await pilot.press("ctrl+o")
        await until(pilot, lambda: bool(app.screen.query("#line")))
        await pilot.press(*"note.png", "enter")
        await until(pilot, lambda: "is no picture" in screen_text(app))


async def test_a_new_conversation_leaves_the_old_one_on_disk(
    app: NimueApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(monkeypatch, tmp_path, "One.", "Two.")
    async with app.run_test(size=SMALL) as pilot:
        await at_the_chat(app, pilot)
        await say(app, pilot, "First?")
        await until(pilot, lambda: "One." in screen_text(app), seconds=60)
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "Which jobs here" in screen_text(app))
        await say(app, pilot, "Second?")
        await until(pilot, lambda: "Two." in screen_text(app), seconds=60)
        assert "One." not in screen_text(app)
    assert len(conversations(tmp_path)) == 2


async def test_a_model_that_cannot_be_opened_is_told_and_nothing_is_lost(
    tmp_path: Path,
) -> None:
    app = NimueApp(Settings(runs="runs", memory="memory", model="anthropic:claude"), Path("nimue.toml"))
    async with app.run_test(size=SMALL) as pilot:
        await at_the_chat(app, pilot)
        await say(app, pilot, "Hello?")
        await until(pilot, lambda: "needs a key" in " ".join(screen_text(app).split()), seconds=60)
        assert conversations(tmp_path) == []


async def test_typing_goes_on_while_an_answer_streams(
    app: NimueApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = " ".join(f"word{number}" for number in range(3_000))
    says(monkeypatch, tmp_path, words)
    async with app.run_test(size=SMALL) as pilot:
        await at_the_chat(app, pilot)
        await say(app, pilot, "Talk.")
        await until(pilot, lambda: "word" in screen_text(app), seconds=60)
        began = time.monotonic()
        await pilot.press(*"next")
        assert time.monotonic() - began < 10
        assert app.screen.query_one(Prompt).text == "next"
        await until(pilot, lambda: "word2999" in screen_text(app), seconds=60)
        log = app.screen.query_one(LineLog)
        assert log.scroll_y == log.max_scroll_y


async def test_a_broken_conversation_is_shown_as_broken(app: NimueApp, tmp_path: Path) -> None:
    run = tmp_path / "runs" / "assistant-1"
    run.mkdir(parents=True)
    facts = {
        "version": 1, "id": run.name, "kind": "assistant", "started": "2026-01-02T03:04:05+00:00",
        "asked": {"model": "scripted:0"},
    }  # fmt: skip
    (run / "run.json").write_text(json.dumps(facts))
    (run / "events.jsonl").write_text('{"i": 0, "kind": "asked", "data": {"text": "Hi"}}\nnothing\n')
    async with app.run_test(size=SMALL) as pilot:
        app.open_run(run)
        await until(pilot, lambda: "cannot be read" in screen_text(app))

"""Chat: empty, being opened, at work, asking, done, failed, with a picture; a stand-in tells what is said."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from PIL import Image
from textual.pilot import Pilot

from agents.assistant.events import (
    ApprovalAsked,
    Asked,
    CostChanged,
    Event,
    Finished,
    Recalled,
    Thought,
    ToolEnded,
    ToolProgress,
    ToolStarted,
)
from tests.tui.driving import key_of, screen_text, until
from tests.tui.states.steps import Steps
from tui.app import NimueApp
from tui.chat_host import ChatHost, Opened
from tui.chat_host import State as HostState
from tui.screens.chat_place import ChatPlace
from tui.settings import Settings

_ARGUMENTS = {"system": "vision.efficient_train", "job": "train", "params": {"data": "digits"}}
_TALK: tuple[Event, ...] = (
    Asked(turn=1, text="Train a classifier on the digits, small and quick."),
    Recalled(insights=("Begin with few epochs.",), successes=()),
    Thought(text="I look what there is."),
    ToolStarted(call="c1", tool="find_job", arguments={"words": "train classifier"}),
    ToolEnded(call="c1", tool="find_job", ok=True, told={"jobs": ["vision.efficient_train train"]}),
)
_COST = CostChanged(calls=3, input_tokens=2_345, cached_tokens=0, output_tokens=210, cost=Decimal("0.0123"))


class ToldHost(ChatHost):
    """A conversation that tells given events and has no thread."""

    def __init__(self, settings: Settings, events: Sequence[Event], state: HostState) -> None:
        super().__init__(None, settings)
        self.model = "scripted:0"
        self.state = state
        self._told: list[Event | Opened] = list(events)

    def take(self) -> list[Event | Opened]:
        told, self._told = self._told, []
        return told


async def empty(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await pilot.press(key_of("chat"))
    await until(pilot, lambda: "Which jobs here" in screen_text(app))


async def _chatting(app: NimueApp, pilot: Pilot[None], state: HostState, *events: Event) -> None:
    await empty(app, pilot, Path())
    screen = app.screen
    assert isinstance(screen, ChatPlace)
    screen.attach(ToldHost(app.settings, events, state))


async def opening(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    await _chatting(app, pilot, "opening")
    await until(pilot, lambda: "opening ..." in screen_text(app))


async def asks(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    asked = ApprovalAsked(call="c2", tool="run_job", arguments=_ARGUMENTS, reason="it takes minutes")
    await _chatting(app, pilot, "working", *_TALK, asked)
    await until(pilot, lambda: "May it?" in screen_text(app))


async def running(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    progress = ToolProgress(call="c2", done=40, total=120, values={"loss": 0.75})
    started = ToolStarted(call="c2", tool="run_job", arguments=_ARGUMENTS)
    await _chatting(app, pilot, "working", *_TALK, started, progress)
    await until(pilot, lambda: "40/120" in screen_text(app))


async def finished(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    told = {"run": "lab-1", "metrics": {"top1": 97.5}}
    started = ToolStarted(call="c2", tool="run_job", arguments=_ARGUMENTS)
    ended = ToolEnded(call="c2", tool="run_job", ok=True, told=told)
    done = Finished(ending="answered", text="It reaches 97.5 % on the digits (run lab-1).")
    await _chatting(app, pilot, "ready", *_TALK, started, ended, done, _COST)
    await until(pilot, lambda: "97.5 % on the digits" in screen_text(app))
    await pilot.press("ctrl+t")
    await until(pilot, lambda: '"words": "train classifier"' in screen_text(app))


async def failed(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    failed = Finished(ending="failed", text="The model cannot be reached: no answer in 60 s.")
    await _chatting(app, pilot, "ready", *_TALK, failed)
    await until(pilot, lambda: "cannot be reached" in screen_text(app))


async def picture(app: NimueApp, pilot: Pilot[None], folder: Path) -> None:
    """A picture that was shown, and what is said of it."""
    image = Image.linear_gradient("L").resize((96, 64))
    Image.merge("RGB", (image, image.rotate(180), Image.new("L", image.size, 160))).save("sky.png")
    asked = Asked(turn=1, text="What is in this picture?\nPicture: sky.png")
    done = Finished(ending="answered", text="Colours that go over into each other.")
    await _chatting(app, pilot, "ready", asked, done, _COST)
    await until(pilot, lambda: "▀▀▀" in screen_text(app) and "go over into" in screen_text(app))


STATES: dict[str, Steps] = {
    "chat-empty": empty,
    "chat-opening": opening,
    "chat-running": running,
    "chat-asks": asks,
    "chat-finished": finished,
    "chat-failed": failed,
    "chat-picture": picture,
}

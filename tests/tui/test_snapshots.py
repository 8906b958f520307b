"""Pictures of the screens in their states, at the smallest size and at a large one.

`NIMUE_UPDATE_SNAPSHOTS=1` writes them anew; a commit that changes one says why.
"""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import DataTable, Input

from agents.assistant.events import (
    ApprovalAsked,
    Asked,
    CostChanged,
    Finished,
    Recalled,
    Thought,
    ToolEnded,
    ToolProgress,
    ToolStarted,
)
from agents.assistant.events import Event as ChatEvent
from agents.runs.event_log import EventLog
from backends.lab.registry import find_job, find_system
from games.avalon.events import Event
from games.avalon.transcript import write
from tests.tui.driving import key_of, screen_text, until
from tests.tui.made_up_runs import HOSTILE, lab_run, make_world
from tui.app import NimueApp
from tui.chat_host import ChatHost, Opened
from tui.screens.chat_place import ChatPlace
from tui.screens.compare_runs import CompareRunsScreen
from tui.screens.expel_run import ExpelRunScreen, TaskTable
from tui.screens.job_form import JobFormScreen
from tui.screens.table import TableScreen
from tui.settings import Settings
from tui.widgets.run_table import RunTable
from tui.widgets.scrubber import Scrubber

SNAPSHOTS = Path(__file__).parent / "snapshots"
SETTLED_SECONDS = 2.0
UPDATE = "NIMUE_UPDATE_SNAPSHOTS"
SIZES = {"small": (80, 24), "large": (140, 45)}

Steps = Callable[[NimueApp, Pilot[None], Path], Awaitable[None]]


@pytest.fixture(autouse=True)
def _fixed_facts(monkeypatch: pytest.MonkeyPatch, few_systems: None) -> None:
    from tui import installation_facts
    from tui.installation_facts import InstallationFacts

    facts = InstallationFacts(
        model="local:default (no key found: the embedded model)",
        model_state="ready",
        keys="ANTHROPIC_API_KEY not set, OPENAI_API_KEY not set",
        memory="1 attempts, 2 insights in 1 sets, 0.1 MB",
        problems=(),
    )
    monkeypatch.setattr(installation_facts, "installation_facts", lambda memory, model: facts)
    monkeypatch.setattr("tui.widgets.run_watch.is_held", lambda path: path.name.endswith("-held"))
    for module in ("tui.screens.chat_place", "tui.lab_panels"):  # no two pictures share their seconds
        monkeypatch.setattr(f"{module}.clock", lambda seconds: "0:42")


async def home(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    await until(
        pilot, lambda: app.screen.query_one(RunTable).row_count == 4 and "not set" in screen_text(app)
    )


async def home_empty(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    await until(pilot, lambda: "No runs yet" in screen_text(app) and "not set" in screen_text(app))


async def all_runs(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    await pilot.press(key_of("runs"))
    await until(pilot, lambda: app.screen.query_one(RunTable).row_count == 4)


async def form(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    await pilot.press(key_of("avalon"))
    await until(pilot, lambda: app.screen.query_one(RunTable).row_count == 2)


async def _table_at(app: NimueApp, pilot: Pilot[None], path: Path, *keys: str) -> None:
    await app.push_screen(TableScreen(path))
    await until(pilot, lambda: app.screen.query_one(Scrubber).length > 0)
    await pilot.press(*keys)
    await pilot.pause(0.05)


async def table_running(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    await _table_at(app, pilot, runs / "avalon-play-2-stopped")


async def table_finished(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    await _table_at(app, pilot, runs / "avalon-play-1-done", "p")


async def table_beliefs(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    await _table_at(app, pilot, runs / "avalon-play-1-done", "left_square_bracket", "p", "p")
    await until(pilot, lambda: "Evil, in %" in screen_text(app))


async def table_hostile(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    await _table_at(app, pilot, runs.parent / "hostile.jsonl", "end")


async def run_broken(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    app.open_run(Path("runs/lab-4-broken"))
    await until(pilot, lambda: '"version": 1' in screen_text(app))


async def training(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    await app.push_screen(ExpelRunScreen(Path("runs/expel-3")))
    await until(
        pilot, lambda: app.screen.query_one(TaskTable).row_count == 3 and "fold 0" in screen_text(app)
    )


async def trajectory(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    await training(app, pilot, runs)
    await pilot.press("down", "enter")
    await until(pilot, lambda: "Reflection" in screen_text(app))


async def insights(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    await pilot.press(key_of("memory"))
    await until(pilot, lambda: bool(app.screen.query("#insights")))
    await until(pilot, lambda: app.screen.query_one("#insights", DataTable).row_count == 2)
    await pilot.press("o")
    await until(pilot, lambda: "1. Open the drawer" in screen_text(app))


async def settings(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    await pilot.press(key_of("settings"))
    await pilot.pause(0.05)


async def chat_empty(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    await pilot.press(key_of("chat"))
    await until(pilot, lambda: "Which jobs here" in screen_text(app))


class ToldHost(ChatHost):
    """A conversation that tells given events and has no thread."""

    def __init__(self, settings: Settings, events: Sequence[ChatEvent], *, working: bool) -> None:
        super().__init__(None, settings)
        self.model = "scripted:0"
        self.state = "working" if working else "ready"
        self._told: list[ChatEvent | Opened] = list(events)

    def take(self) -> list[ChatEvent | Opened]:
        told, self._told = self._told, []
        return told


async def _chatting(app: NimueApp, pilot: Pilot[None], *events: ChatEvent, working: bool) -> None:
    await chat_empty(app, pilot, Path())
    screen = app.screen
    assert isinstance(screen, ChatPlace)
    screen.attach(ToldHost(app.settings, events, working=working))
    await until(pilot, lambda: "Train a classifier" in screen_text(app))


async def chat_asks(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    asked = ApprovalAsked(call="c2", tool="run_job", arguments=_ARGUMENTS, reason="it takes minutes")
    await _chatting(app, pilot, *_TALK, asked, working=True)
    await until(pilot, lambda: "May it?" in screen_text(app))


async def chat_running(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    progress = ToolProgress(call="c2", done=40, total=120, values={"loss": 0.75})
    started = ToolStarted(call="c2", tool="run_job", arguments=_ARGUMENTS)
    await _chatting(app, pilot, *_TALK, started, progress, working=True)
    await until(pilot, lambda: "40/120" in screen_text(app))


async def chat_finished(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    told = {"run": "lab-1", "metrics": {"top1": 97.5}}
    started = ToolStarted(call="c2", tool="run_job", arguments=_ARGUMENTS)
    ended = ToolEnded(call="c2", tool="run_job", ok=True, told=told)
    cost = CostChanged(
        calls=3, input_tokens=2_345, cached_tokens=0, output_tokens=210, cost=Decimal("0.0123")
    )
    done = Finished(ending="answered", text="It reaches 97.5 % on the digits (run lab-1).")
    await _chatting(app, pilot, *_TALK, started, ended, done, cost, working=False)
    await pilot.press("ctrl+t")
    await until(pilot, lambda: '"words": "train classifier"' in screen_text(app))


async def chat_failed(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    failed = Finished(ending="failed", text="The model cannot be reached: no answer in 60 s.")
    await _chatting(app, pilot, *_TALK, failed, working=False)


async def lab(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    lab_run(runs, "lab-5", rate=0.3)
    lab_run(runs, "lab-6", rate=0.6, finished=False)
    await pilot.press(key_of("lab"))
    await until(pilot, lambda: "arXiv 2405.08768" in " ".join(screen_text(app).split()))
    await until(pilot, lambda: app.screen.query_one(RunTable).row_count == 2)


async def lab_empty(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    await pilot.press(key_of("lab"), "slash", *"nothing")
    await until(pilot, lambda: "No system holds these words." in screen_text(app))


async def job_form(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    system = find_system("vision.efficient_train")
    await app.push_screen(JobFormScreen(system, find_job(system, "train")))
    await until(pilot, lambda: "Start (^s)" in screen_text(app))
    app.screen.query_one("#epochs", Input).value = "many"
    await pilot.press("ctrl+s")
    await until(pilot, lambda: "valid number" in " ".join(screen_text(app).split()))


async def _lab_run_at(app: NimueApp, pilot: Pilot[None], path: Path, told: str) -> None:
    app.open_run(path)
    await until(pilot, lambda: told in screen_text(app) and "┤" in screen_text(app))


async def lab_running(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    await _lab_run_at(app, pilot, lab_run(runs, "lab-5-held", finished=False), "▸ running")


async def lab_stopped(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    await _lab_run_at(app, pilot, lab_run(runs, "lab-5", finished=False), "■ stopped")


async def lab_finished(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    await _lab_run_at(app, pilot, lab_run(runs, "lab-5"), "✓ finished")


async def lab_failed(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    path = lab_run(runs, "lab-5", finished=False)
    with EventLog(path / "events.jsonl") as log:
        log.append(
            "failed", {"message": "toy.line_fit train broke: ArithmeticError: x", "details": "Traceback"}
        )
    await _lab_run_at(app, pilot, path, "✗ failed")


async def compared(app: NimueApp, pilot: Pilot[None], runs: Path) -> None:
    paths = [lab_run(runs, f"lab-{number}", rate=0.3 * number) for number in (1, 2)]
    await app.push_screen(CompareRunsScreen(paths))
    await until(pilot, lambda: "b lab-2" in screen_text(app) and "┤" in screen_text(app))


_ARGUMENTS = {"system": "vision.efficient_train", "job": "train", "params": {"data": "digits"}}
_TALK: tuple[ChatEvent, ...] = (
    Asked(turn=1, text="Train a classifier on the digits, small and quick."),
    Recalled(insights=("Begin with few epochs.",), successes=()),
    Thought(text="I look what there is."),
    ToolStarted(call="c1", tool="find_job", arguments={"words": "train classifier"}),
    ToolEnded(call="c1", tool="find_job", ok=True, told={"jobs": ["vision.efficient_train train"]}),
)

SCREENS: dict[str, tuple[Steps, Sequence[str]]] = {
    "home": (home, ("small", "large")),
    "home-empty": (home_empty, ("small",)),
    "runs": (all_runs, ("small",)),
    "form": (form, ("small", "large")),
    "table-running": (table_running, ("small",)),
    "table-finished": (table_finished, ("small", "large")),
    "table-beliefs": (table_beliefs, ("small",)),
    "table-hostile": (table_hostile, ("small",)),
    "run-broken": (run_broken, ("small",)),
    "training": (training, ("small", "large")),
    "trajectory": (trajectory, ("small",)),
    "insights": (insights, ("small", "large")),
    "settings": (settings, ("small",)),
    "chat-empty": (chat_empty, ("small",)),
    "chat-running": (chat_running, ("small",)),
    "chat-asks": (chat_asks, ("small", "large")),
    "chat-finished": (chat_finished, ("small", "large")),
    "chat-failed": (chat_failed, ("small",)),
    "lab": (lab, ("small", "large")),
    "lab-empty": (lab_empty, ("small",)),
    "job-form": (job_form, ("small", "large")),
    "lab-running": (lab_running, ("small", "large")),
    "lab-stopped": (lab_stopped, ("small",)),
    "lab-finished": (lab_finished, ("small", "large")),
    "lab-failed": (lab_failed, ("small",)),
    "compared": (compared, ("small", "large")),
}


@pytest.mark.parametrize(
    ("name", "size"), [(name, size) for name, (_, sizes) in SCREENS.items() for size in sizes]
)
async def test_the_screen_looks_as_it_did(
    app: NimueApp, name: str, size: str, tmp_path: Path, memory: Path, game: tuple[Event, ...]
) -> None:
    if name != "home-empty":
        make_world(tmp_path / "runs", game)
        said = Event("speech", 1, 1, 2, "all", {"text": HOSTILE})
        write(tmp_path / "hostile.jsonl", "g1", [*game[:20], said])
    file = SNAPSHOTS / f"{name}-{size}.svg"
    update = bool(os.environ.get(UPDATE))
    expected = file.read_text(encoding="utf-8") if file.exists() and not update else None
    async with app.run_test(size=SIZES[size]) as pilot:
        await SCREENS[name][0](app, pilot, tmp_path / "runs")
        picture = await settled_picture(app, pilot, expected)
    if update:
        file.parent.mkdir(exist_ok=True)
        file.write_text(picture, encoding="utf-8")
        return
    seen = tmp_path / file.name
    seen.write_text(picture, encoding="utf-8")
    assert expected is not None, f"there is no {file.name} yet: look at {seen}, then set {UPDATE}=1"
    assert picture == expected, f"look at {seen}; if it is right, set {UPDATE}=1"


async def settled_picture(app: NimueApp, pilot: Pilot[None], expected: str | None) -> str:
    """The screen as soon as it is the expected one, or once nothing has changed on it for a while.

    Cells get their columns' widths a moment later, and on a busy machine a moment is long: two equal pictures
    in a row do not tell that the screen has settled.
    """
    for one in app.screen.query(Input):
        one.cursor_blink = False
    loop = asyncio.get_running_loop()
    before, since = "", loop.time()
    while True:
        await pilot.pause(0.05)
        picture = without_unique_names(app.export_screenshot(title="nimue"))
        if picture != before:
            before, since = picture, loop.time()
        if picture == expected or loop.time() - since > SETTLED_SECONDS:
            return picture


def without_unique_names(svg: str) -> str:
    """The picture without the number that keeps its styles apart from those of other pictures on a page."""
    return re.sub(r"terminal-\d+", "terminal", svg)

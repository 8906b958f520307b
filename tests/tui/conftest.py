"""A folder of runs, a memory and an app over them, all small and without a model."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from backends.lab.registry import find_system
from games.avalon.bots import make_bot
from games.avalon.events import Event
from games.avalon.play import play
from games.avalon.setup import TABLE_RULES, preset
from memory.experiences import ExperienceStore
from memory.insight_store import InsightStore
from memory.records import Experience, Step
from memory.workspace import Workspace
from tests.tui.made_up_runs import make_world
from tui.app import NimueApp
from tui.settings import Settings


@pytest.fixture(autouse=True)
def _in_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")


@pytest.fixture(scope="session")
def game() -> tuple[Event, ...]:
    """A whole game of six bots that talk."""
    setup = preset("6-recon", TABLE_RULES)
    return play(setup, {seat: make_bot("logic", seat) for seat in setup.seats}, 2).events


@pytest.fixture
def runs(tmp_path: Path, game: Sequence[Event]) -> Path:
    """Four runs: a finished game, one that was stopped, a training, a broken folder."""
    return make_world(tmp_path / "runs", game)


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    """Two insights and one attempt."""
    folder = tmp_path / "memory"
    with Workspace(folder) as workspace:
        store = InsightStore(workspace)
        store.create_set("the-set", "hotpotqa", fold=0)
        first = store.add("the-set", "Open the drawer before the fridge.")
        store.vote("the-set", first, 3)
        store.add("the-set", "Search for the shorter name first.")
        steps = (
            Step("thought", "A drawer may hold it."),
            Step("action", "open drawer"),
            Step("observation", "Empty."),
        )
        attempt = Experience(
            run_id="r", domain="hotpotqa", env_name="bridge", task_id="one", task="Find the spoon.", trial=0,
            outcome="success", steps=steps,
        )  # fmt: skip
        ExperienceStore(workspace).add(attempt, used_insights=[("the-set", first)])
    return folder


@pytest.fixture
def few_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    """A laboratory of three systems, however many there are."""
    monkeypatch.setenv("NIMUE_SYSTEMS", "tests.backends.lab.shelf")
    shown = tuple(map(find_system, ("toy.line_fit", "toy.tiny_net", "vision.efficient_train")))
    monkeypatch.setattr("backends.lab.registry.systems", lambda: shown)


@pytest.fixture
def app(_in_own_folder: None) -> NimueApp:
    """An app over the folders `runs` and `memory` of the working folder."""
    return NimueApp(Settings(runs="runs", memory="memory", seconds_a_moment=0.05), Path("nimue.toml"))


@pytest.fixture(autouse=True)
def _hosts_are_stopped(app: NimueApp) -> Iterator[None]:
    yield
    for host in app.hosts:
        host.stop()
        host.join(5)

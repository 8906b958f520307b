"""A run of all three phases is killed with SIGKILL at drawn instants and ends as it would have ended."""

import multiprocessing
import random
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pytest

from agents.expel.pipeline import RUN_KIND
from agents.expel.results import Results, meetings_of, results_of
from agents.expel.settings import PHASES
from agents.llm.journal import read_records
from agents.runs.event_log import RunEvent, read_events
from agents.runs.folder import RunFolder, create_run
from memory.embedders import open_embedder
from memory.insights import Insight
from memory.opening import open_memory
from memory.records import Experience
from memory.runs import EvalResult
from tests.agents.expel.killable import Death, Instant, work_leg

NUM_KILLS = {"gather": 9, "extract": 10, "evaluate": 7}
SECONDS_A_CALL = 0.004  # so that calls of other tasks are under way at a kill
NO_INSIGHTS = {"before insights", "after insights"}
NO_EXPERIENCE = {"before experience", "between experience and index", "after experience"}

SETTINGS: dict[str, Any] = {
    "env": "hotpotqa", "model": "scripted", "memory": "memory", "embedder": "hash", "num_examples": 2,
    "max_steps": 4, "retries": 1, "tasks_at_once": 4, "group_size": 1, "folds": 3,
    "arms": "expel,reflexion",
}  # fmt: skip


@dataclass(frozen=True)
class Told:
    """Everything that a finished run leaves behind."""

    events: dict[str | None, tuple[str, Any]]
    answered: frozenset[str]
    lists: dict[str, Sequence[Insight]]
    experiences: tuple[Experience, ...]
    kept_results: tuple[EvalResult, ...]
    results: Results | None


def run_leg(folder: Path, asked: Path, death: Death | None) -> bool:
    """Work on the run in a fresh process; whether it came to its end."""
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(
        ["tests.agents.expel.killable", "langgraph.checkpoint.sqlite.aio", "chromadb"]
    )
    leg = server.Process(
        target=work_leg, args=(folder, run_in(folder).path, SETTINGS, asked, death, SECONDS_A_CALL)
    )
    leg.start()
    leg.join()
    assert leg.exitcode in (0, -signal.SIGKILL), f"died of something else at {death}"
    return leg.exitcode == 0


def run_in(folder: Path) -> RunFolder:
    """The one run there, of the same name everywhere: ids of insights and attempts derive from it."""
    run = RunFolder(folder / "runs" / "the-run")
    if not run.path.exists():
        create_run(folder / "runs", RUN_KIND, SETTINGS).path.rename(run.path)
    return run


def keyed(run: RunFolder) -> list[RunEvent]:
    return [event for event in read_events(run.events) if event.key is not None]


def answered(run: RunFolder) -> frozenset[str]:
    if not run.calls.exists():
        return frozenset()
    tags = [record.tag for record in read_records(run.calls)]
    return frozenset(f"{tag.game} {tag.decision} {tag.stage} {tag.attempt}" for tag in tags)


def told_by(folder: Path) -> Told:
    run = run_in(folder)
    with open_memory(folder / "memory", "hotpotqa", open_embedder("hash")) as memory:
        assert memory.mended.in_step
        return Told(
            events={event.key: (event.kind, event.data) for event in keyed(run)},
            answered=answered(run),
            lists={known.set_id: memory.insights.insights(known.set_id) for known in memory.insights.sets()},
            experiences=tuple(memory.experiences.store.find()),
            kept_results=tuple(memory.runs.results(run.id)),
            results=results_of(meetings_of(read_events(run.events))),
        )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Told, dict[str, tuple[int, int]]]:
    """An uninterrupted run, and between which lines each phase lies."""
    folder = tmp_path_factory.mktemp("whole")
    assert run_leg(folder, folder / "asked", None)
    told = told_by(folder)
    run = run_in(folder)
    asked = folder / "asked"
    assert len(asked.read_text().splitlines()) == len(told.answered), "a call is asked twice without a kill"
    # Calls and events are in two files: the share of the calls that each phase made is known by their tags.
    begin = 0
    spans: dict[str, tuple[int, int]] = {}
    marks = {"gather": "gather/", "extract": "extract/", "evaluate": "eval/"}
    keys = [event.key or "" for event in keyed(run)]
    for phase in PHASES:
        calls = sum(name.startswith(marks[phase]) for name in told.answered)
        first, last = keys.index(f"{phase}:planned"), keys.index(f"{phase}:done")
        end = begin + calls + last - first + 1
        spans[phase] = (begin, end)
        begin = end
    return told, spans


def drawn_deaths(spans: dict[str, tuple[int, int]]) -> list[Death]:
    """Deaths in every phase, each of another kind, in the order in which the run comes to them."""
    draw = random.Random(4)
    deaths: list[Death] = []
    for phase in PHASES:
        unfit = NO_EXPERIENCE if phase == "extract" else NO_INSIGHTS
        instants: list[Instant] = [one for one in get_args(Instant) if one not in unfit]
        draw.shuffle(instants)
        if phase == "extract":  # checkpoints come at the end of a fold only
            instants.sort(key=lambda one: "checkpoint" in one)
        begin, end = spans[phase]
        # The last quarter is left free, so that a kind that is rare does not let the phase end.
        places = draw.sample(range(begin + 1, end - (end - begin) // 4), NUM_KILLS[phase])
        deaths += map(Death, instants, sorted(places))
    return deaths


@pytest.mark.timeout(300)
def test_a_run_killed_in_every_phase_ends_as_the_uninterrupted_one(
    tmp_path: Path, whole: tuple[Told, dict[str, tuple[int, int]]]
) -> None:
    told, spans = whole
    run = run_in(tmp_path)
    deaths = [Death("before event", 0), *drawn_deaths(spans)]
    assert len(deaths) >= 20
    for number, death in enumerate([*deaths, None]):
        known = answered(run)
        asked = tmp_path / f"asked-{number}"
        ended = run_leg(tmp_path, asked, death)
        again = set(asked.read_text().splitlines()) & known if asked.exists() else set()
        assert not again, f"an answered call is asked again after {deaths[number - 1]}"
        assert ended == (death is None), f"{death} never came"
    assert [event.kind for event in read_events(run.events)].count("started") == 1
    survived = told_by(tmp_path)
    assert survived.answered == told.answered
    assert survived.lists == told.lists
    assert survived.results == told.results
    assert survived.kept_results == told.kept_results
    assert survived.experiences == told.experiences
    assert survived.events == told.events

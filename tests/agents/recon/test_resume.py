"""A game is killed with SIGKILL twenty times at random points and still ends as it would have ended."""

import asyncio
import json
import multiprocessing
import random
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from agents.llm.journal import read_records
from agents.recon.config import GameConfig
from agents.recon.prompt_files import PROMPT_VERSION
from agents.recon.state import unpack_event
from agents.recon.variants import HOSTED
from agents.runs.event_log import read_events
from agents.runs.folder import RunFolder, create_run
from games.avalon.setup import TABLE_RULES, preset
from games.avalon.transcript import verify
from tests.agents.recon.killable import play_leg, play_logged

NUM_KILLS = 20
SECONDS_A_CALL = 0.004
MOST_AT_ONCE = 5  # calls that may be under way, one a seat

CONFIG = GameConfig(
    setup=preset("5-standard", TABLE_RULES).to_json(),
    seed=11,
    agents="recon,1=naive",
    model="scripted:3",
    contemplation={"brief": True, "readings": "per_role"},
)


def answered(run: RunFolder) -> set[str]:
    if not run.calls.exists():
        return set()
    records = read_records(run.calls)
    return {f"{record.tag.decision} {record.tag.stage} {record.tag.attempt}" for record in records}


def play_until(run: RunFolder, asked: Path, num_calls: int) -> bool:
    """Play one leg and kill it when so many calls are answered; whether it ended by itself first."""
    fork = multiprocessing.get_context("forkserver")
    fork.set_forkserver_preload(["tests.agents.recon.killable"])
    # Some more answers than it takes are let through, so that kills fall into calls as well as between them.
    num_answers = num_calls - _num_lines(run.calls) + MOST_AT_ONCE
    arguments = (run.path, CONFIG.model_dump(), asked, SECONDS_A_CALL, num_answers)
    leg = fork.Process(target=play_leg, args=arguments)
    leg.start()
    while leg.is_alive() and _num_lines(run.calls) < num_calls:
        time.sleep(0.001)
    leg.kill()
    leg.join()
    assert leg.exitcode in (0, -signal.SIGKILL)
    return leg.exitcode == 0


def _num_lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, set[str]]:
    folder = tmp_path_factory.mktemp("whole")
    run = create_run(folder, "avalon.play", {})
    asyncio.run(play_logged(run, CONFIG, folder / "asked"))
    return (run.artifacts / "g1.jsonl").read_bytes(), answered(run)


@pytest.mark.timeout(300)
def test_a_game_killed_twenty_times_ends_as_the_uninterrupted_one(
    tmp_path: Path, uninterrupted: tuple[bytes, set[str]]
) -> None:
    transcript, calls = uninterrupted
    run = create_run(tmp_path, "avalon.play", {})
    # The last tenth is left free, so that what is let through beyond a kill's place cannot end the game.
    kill_points = sorted(random.Random(5).sample(range(1, len(calls) * 9 // 10), NUM_KILLS))
    for leg, num_calls in enumerate([*kill_points, 10 * len(calls)]):
        before = answered(run)
        asked = tmp_path / f"asked-{leg}"
        ended = play_until(run, asked, num_calls)
        again = set(asked.read_text().splitlines()) & before if asked.exists() else set()
        assert not again, "a call that was answered is asked again"
        assert ended == (leg == NUM_KILLS)

    assert (run.artifacts / "g1.jsonl").read_bytes() == transcript
    assert verify(run.artifacts / "g1.jsonl").ok
    assert answered(run) == calls
    recorded = [event for event in read_events(run.events) if event.kind == "game"]
    assert [event.data["n"] for event in recorded] == list(range(len(recorded)))
    lines = [json.loads(line) for line in transcript.splitlines()]
    played = [line for line in lines if line["t"] not in ("origin", "seal")]
    assert [unpack_event(event.data["event"]).type for event in recorded] == [line["t"] for line in played]


def test_resuming_a_finished_game_asks_nothing_and_changes_nothing(tmp_path: Path) -> None:
    run = create_run(tmp_path, "avalon.play", {})
    first = asyncio.run(play_logged(run, CONFIG, tmp_path / "first"))
    transcript = (run.artifacts / "g1.jsonl").read_bytes()
    second = asyncio.run(play_logged(run, CONFIG, tmp_path / "second"))
    assert (tmp_path / "second").read_text() == ""
    assert (run.artifacts / "g1.jsonl").read_bytes() == transcript
    assert second.usage == first.usage


def test_a_finished_game_can_be_moved_and_resumed(tmp_path: Path) -> None:
    """Regression: the log told where the transcript lay, and contradicted itself in a moved folder."""
    run = create_run(tmp_path, "avalon.play", {})
    first = asyncio.run(play_logged(run, CONFIG, tmp_path / "first"))
    moved = replace(run, path=run.path.rename(tmp_path / "elsewhere"))
    second = asyncio.run(play_logged(moved, CONFIG, tmp_path / "second"))
    assert second.winner == first.winner
    assert Path(second.transcript).is_relative_to(tmp_path / "elsewhere")


def test_a_run_records_how_its_players_contemplate_and_by_which_prompts(tmp_path: Path) -> None:
    run = create_run(tmp_path, "avalon.play", {})
    asyncio.run(play_logged(run, CONFIG, tmp_path / "asked"))
    (played_as,) = [event.data for event in read_events(run.events) if event.kind == "played_as"]
    contemplation = played_as["contemplation"]
    assert (contemplation["brief"], contemplation["readings"]) == (True, "per_role")
    assert contemplation["first_order_refresh"] == HOSTED.first_order_refresh
    assert played_as["prompts"] == PROMPT_VERSION

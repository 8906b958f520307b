"""A tournament as a run: it can be broken off anywhere, and what it comes to depends on its plan alone."""

from pathlib import Path

import pytest

from agents.arena.bot_games import Chunk, chunks_of, play_chunk
from agents.arena.plan import TournamentConfig, planned_games
from agents.arena.record import GameRecord
from agents.arena.tournament import RUN_KIND, Means, play_tournament, recorded_games
from agents.errors import NimueError
from agents.llm.journal import read_records
from agents.llm.model import ModelOptions
from agents.recon.config import GameConfig
from agents.recon.game import Limits, play_game
from agents.runs.event_log import read_events
from agents.runs.folder import RunFolder, create_run
from games.avalon.setup import TABLE_RULES, preset
from games.avalon.transcript import read, verify
from tests.agents.arena.tournament_games import config_of
from tests.agents.recon.killable import Nobody

BOTS = config_of(("random", "naive", "logic"), 4)
MODELS = TournamentConfig(
    setup=preset("5-standard", TABLE_RULES).to_json(),
    agents=("cot", "naive"),
    deals=1,
    seed=3,
    model="scripted:2",
    contemplation={"brief": True},
)


class Watcher:
    """Keeps what it is told, and stops the tournament after so many games."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.played = 0
        self.begun_with = -1
        self._stop_after = stop_after

    def begun(self, what: str, played: int, planned: int) -> None:
        self.begun_with = played

    def finished(self, record: GameRecord) -> None:
        self.played += 1
        if self.played == self._stop_after:
            raise KeyboardInterrupt


def begin(folder: Path, config: TournamentConfig) -> RunFolder:
    return create_run(folder, RUN_KIND, config.model_dump())


def straight(config: TournamentConfig) -> list[GameRecord]:
    chunks = chunks_of(config.read_setup(), list(planned_games(config)))
    return [record for chunk in chunks for record in play_chunk(chunk)]


def test_workers_and_their_order_do_not_matter(tmp_path: Path) -> None:
    assert play_tournament(begin(tmp_path, BOTS), BOTS, Watcher(), Means(jobs=2)) == straight(BOTS)


def test_a_stopped_tournament_plays_only_what_is_missing(tmp_path: Path) -> None:
    run = begin(tmp_path, BOTS)
    with pytest.raises(KeyboardInterrupt):
        play_tournament(run, BOTS, Watcher(stop_after=7), Means())
    with run.events.open("ab") as file:  # as a killed process leaves it
        file.write(b'{"i": 8, "kind": "game", "da')
    again = Watcher()
    assert play_tournament(run, BOTS, again, Means()) == straight(BOTS)
    assert (again.begun_with, again.played) == (7, BOTS.games - 7)
    numbers = [event.data["number"] for event in read_events(run.events) if event.kind == "game"]
    assert sorted(numbers) == list(range(1, BOTS.games + 1))


def test_a_finished_tournament_plays_nothing_more(tmp_path: Path) -> None:
    run = begin(tmp_path, BOTS)
    first = play_tournament(run, BOTS, Watcher(), Means())
    again = Watcher()
    assert play_tournament(run, BOTS, again, Means()) == first
    assert again.played == 0


def test_transcripts_of_bots_are_kept_where_asked(tmp_path: Path) -> None:
    config = BOTS.model_copy(update={"deals": 1, "transcripts": True})
    run = begin(tmp_path, config)
    records = play_tournament(run, config, Watcher(), Means())
    assert records == straight(BOTS.model_copy(update={"deals": 1}))
    for record in records:
        path = run.path / "games" / f"g{record.number:05}" / "artifacts" / f"g{record.number:05}.jsonl"
        assert verify(path).ok
        transcript = read(path)
        assert transcript.events[-1].data["winner"] == record.winner
        assert transcript.origin is not None and tuple(transcript.origin.agents.values()) == record.agents


async def test_a_bot_game_is_the_game_that_avalon_play_plays(tmp_path: Path) -> None:
    game = next(game for game in planned_games(BOTS) if game.entrant != game.opponent)
    run = create_run(tmp_path, "avalon.play", {})
    config = GameConfig(
        game="g1", setup=BOTS.setup, seed=game.seed, agents=game.lineup, human=None, model="scripted:0"
    )
    report = await play_game(run, config, Nobody(), limits=Limits(), options=ModelOptions())
    (record,) = play_chunk(Chunk(BOTS.read_setup(), (game,)))
    assert (report.winner, report.reason, tuple(report.quests)) == (
        record.winner,
        record.reason,
        record.quests,
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, list[GameRecord]]:
    """A tournament with a language model, played through."""
    folder = tmp_path_factory.mktemp("finished")
    run = begin(folder, MODELS)
    return run, play_tournament(run, MODELS, Watcher(), Means(tables=2))


def test_games_with_language_models_have_folders_transcripts_and_expenses(
    finished: tuple[RunFolder, list[GameRecord]],
) -> None:
    run, records = finished
    assert [record.lineup for record in records] == [
        "good=cot,evil=cot", "good=cot,evil=naive", "good=naive,evil=cot", "good=naive,evil=naive",
    ]  # fmt: skip
    for record in records[:3]:
        folder = RunFolder(run.path / "games" / f"g{record.number:05}")
        assert verify(folder.artifacts / f"g{record.number:05}.jsonl").ok
        assert record.spent["cot"].calls == len(read_records(folder.calls)) > 0
        assert record.spent["cot"].cost_usd == 0  # the scripted model runs here
        assert record.spent["cot"].decisions > 0
    assert set(records[0].spent) == {"cot"}
    assert records[3].spent == {}


def test_a_resumed_tournament_asks_nothing_again(
    finished: tuple[RunFolder, list[GameRecord]], tmp_path: Path
) -> None:
    """Broken off by its budget in the middle of games, it goes on to the same end for the same calls."""
    whole, records = finished
    run = begin(tmp_path, MODELS)
    used = sum(record.spent["cot"].input_tokens + record.spent["cot"].output_tokens for record in records[:3])
    pauses = 0
    for share in (0.3, 0.6, 0.9):
        with pytest.raises(NimueError, match="budget is spent"):
            play_tournament(run, MODELS, Watcher(), Means(tables=2, max_tokens=int(share * used)))
        pauses += 1
    assert play_tournament(run, MODELS, Watcher(), Means(tables=2)) == records
    for number in (1, 2, 3):
        there, here = (root.path / "games" / f"g{number:05}" / "calls.jsonl" for root in (whole, run))
        assert len(read_records(here)) == len(read_records(there))
    assert [event.kind for event in read_events(run.events)].count("paused") == pauses


def test_a_game_that_was_finished_but_not_logged_is_not_played_again(tmp_path: Path) -> None:
    """Killed between the end of a game and its line in the tournament's log."""
    config = MODELS.model_copy(update={"agents": ("direct",)})
    run = begin(tmp_path, config)
    records = play_tournament(run, config, Watcher(), Means())
    run.events.write_text(run.events.read_text().splitlines(keepends=True)[0])
    assert recorded_games(run) == {}
    calls = run.path / "games" / "g00001" / "calls.jsonl"
    asked = calls.read_bytes()
    again = Watcher()
    assert play_tournament(run, config, again, Means()) == records
    assert again.played == 1 and calls.read_bytes() == asked

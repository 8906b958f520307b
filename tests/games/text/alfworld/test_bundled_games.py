"""The games that ship with nimue."""

import json
import pickle
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

import games.text.alfworld as package
from games.errors import GameError
from games.text.alfworld.bundle import fingerprint, read_bundle, write_bundle
from games.text.alfworld.certify import certify
from games.text.alfworld.demonstrations import demonstrations
from games.text.alfworld.games import KINDS, Game
from games.text.alfworld.suite import AlfworldSuite, open_suite
from games.text.env import Task

HERE = Path(package.__file__).parent
engine_needed = pytest.mark.usefixtures("engine_installed")


def test_there_are_forty_games_to_train_on_and_twenty_in_other_rooms_of_every_kind(
    games: tuple[Game, ...],
) -> None:
    by_split = {split: [game for game in games if game.split == split] for split in ("train", "unseen")}
    assert {split: len(found) for split, found in by_split.items()} == {"train": 40, "unseen": 20}
    for found in by_split.values():
        assert set(Counter(game.kind for game in found)) == set(KINDS)
        assert 0.3 <= sum(game.target_closed for game in found) / len(found) <= 0.5
    assert not {game.room for game in by_split["train"]} & {game.room for game in by_split["unseen"]}
    assert len({game.id for game in games}) == 60


def test_the_manifest_knows_every_game_by_its_fingerprint(games: tuple[Game, ...]) -> None:
    manifest = json.loads((HERE / "games.manifest.json").read_text())
    assert manifest["games"] == {game.id: fingerprint(game) for game in games}
    assert manifest["kinds"]["train"] == Counter(game.kind for game in games if game.split == "train")
    assert "not ALFWorld scores" in manifest["note"]


def test_the_suite_says_where_its_games_come_from(
    games: tuple[Game, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ALFWORLD_DATA", raising=False)
    suite = open_suite()
    assert suite.origin == (
        "the 60 bundled ALFWorld games (40 in training rooms, 20 in other rooms); "
        "scores on them are not ALFWorld scores"
    )
    assert {task.kind for task in suite.tasks[:6]} == set(KINDS)
    assert suite.tasks[0].goal == games[0].sentence


@engine_needed
def test_a_game_of_each_kind_is_won_by_its_walkthrough(
    one_of_each_kind: tuple[Game, ...], tmp_path: Path
) -> None:
    write_bundle(tmp_path / "some.jsonl.gz", one_of_each_kind)
    suite = open_suite(tmp_path / "some.jsonl.gz")
    assert suite.origin.startswith("the 6 generated games of ")
    assert [fault for _, fault in certify(suite)] == [None] * 6


@engine_needed
def test_a_walkthrough_that_does_not_win_is_told(games: tuple[Game, ...], tmp_path: Path) -> None:
    game = games[0]
    broken = [
        replace(game, id="short", walkthrough=game.walkthrough[:-1]),
        replace(game, id="odd", walkthrough=("jump",)),
        replace(game, id="none", walkthrough=()),
        replace(game, id="garbled", problem="(define"),
    ]
    write_bundle(tmp_path / "broken.jsonl.gz", broken)
    faults = {task.id: fault for task, fault in certify(open_suite(tmp_path / "broken.jsonl.gz"))}
    assert faults["short"] == f"its walkthrough of {len(game.walkthrough) - 1} commands does not win"
    assert faults["odd"] == "command 1 of its walkthrough, 'jump', cannot be carried out"
    assert faults["none"] == "it has no walkthrough"
    assert faults["garbled"] is not None and "task garbled: the game cannot be read" in faults["garbled"]


def test_a_bundle_is_read_as_it_was_written_and_a_damaged_one_is_refused(
    games: tuple[Game, ...], tmp_path: Path
) -> None:
    path = tmp_path / "games.jsonl.gz"
    write_bundle(path, games)
    assert read_bundle(path) == games
    assert path.read_bytes() == (HERE / "games.jsonl.gz").read_bytes()
    for content in (path.read_bytes()[:5000], b"", b"hello", path.read_bytes()[:-300] + bytes(300)):
        path.write_bytes(content)
        with pytest.raises(GameError, match="cannot be read as a bundle"):
            read_bundle(path)


def test_there_are_two_demonstrations_of_each_kind_and_none_of_a_task(games: tuple[Game, ...]) -> None:
    shown = demonstrations("move")
    assert Counter(demonstration.kind for demonstration in shown) == dict.fromkeys(KINDS, 2)
    assert not {demonstration.task_id for demonstration in shown} & {game.id for game in games}
    assert not {demonstration.text for demonstration in shown} & {game.problem for game in games}
    rooms = {demonstration.task_id.rpartition("-")[2] for demonstration in shown}
    assert not rooms & {game.room for game in games if game.split == "unseen"}
    for demonstration in shown:
        assert demonstration.lines[0].kind == "thought"
        assert 8 <= sum(line.kind == "action" for line in demonstration.lines) <= 14


def test_a_suite_can_be_sent_to_another_process() -> None:
    suite = open_suite()
    sent: AlfworldSuite = pickle.loads(pickle.dumps(suite))  # noqa: S301
    assert sent.tasks == suite.tasks and sent.fingerprint == suite.fingerprint
    with pytest.raises(GameError, match="no such ALFWorld game"):
        sent.text_of(Task(id="train/none", kind="put", goal=""))

"""Games in ALFWorld's own layout, and which games are taken when there are several sources."""

import json
from pathlib import Path

import pytest

from games.errors import GameError
from games.text.alfworld.game_text import game_text
from games.text.alfworld.games import TASK_TYPES, Game
from games.text.alfworld.suite import open_suite

TRAIN_GAME = "train/pick_and_place_simple-Pan-None-CounterTop-1"
pytestmark = pytest.mark.usefixtures("engine_installed")


def put_game(root: Path, name: str, game: Game, *, older: bool = False, **changes: object) -> Path:
    """Lay a game out as the published ones are."""
    text = game_text(game, "put" if older else "move")
    folder = root / name / "trial_T2019"
    folder.mkdir(parents=True)
    content: dict[str, object] = {
        "pddl_domain": text.domain,
        "grammar": text.grammar,
        "pddl_problem": text.problem,
        "solvable": True,
        "walkthrough": list(game.walkthrough),
    }
    (folder / "game.tw-pddl").write_text(json.dumps({**content, **changes}))
    (folder / "traj_data.json").write_text(json.dumps({"task_type": TASK_TYPES[game.kind]}))
    return folder


@pytest.fixture
def published(tmp_path: Path, games: tuple[Game, ...]) -> Path:
    """A data folder as the download lays it out, with some games that ALFWorld leaves out."""
    root = tmp_path / "json_2.1.1"
    put_game(root, TRAIN_GAME, games[0])
    put_game(root, "valid_unseen/look_at_obj_in_light-Statue-None-DeskLamp-218", games[1])
    put_game(root, "valid_unseen/pick_heat_then_place_in_recep-Mug-None-CounterTop-7", games[3])
    put_game(root, "valid_unseen/pick_and_place_with_movable_recep-Pan-Cup-Shelf-1", games[0])
    put_game(root, "valid_unseen/pick_and_place_simple-BreadSliced-None-Shelf-1", games[0])
    put_game(root, "valid_unseen/pick_and_place_simple-Egg-None-Shelf-2", games[0], solvable=False)
    put_game(root, "valid_unseen/pick_and_place_simple-Egg-None-Shelf-3", games[0], solvable=None)
    return tmp_path


def test_the_held_out_split_is_taken_without_what_alfworld_leaves_out(
    published: Path, games: tuple[Game, ...]
) -> None:
    suite = open_suite(published)
    assert [(task.id, task.kind) for task in suite.tasks] == [
        ("valid_unseen/look_at_obj_in_light-Statue-None-DeskLamp-218/trial_T2019", "examine"),
        ("valid_unseen/pick_heat_then_place_in_recep-Mug-None-CounterTop-7/trial_T2019", "heat"),
    ]
    assert suite.tasks[0].goal == games[1].sentence
    assert suite.origin == (
        f"2 ALFWorld games (valid_unseen) in {published / 'json_2.1.1'}; "
        "4 more are unsolvable or of a kind that ALFWorld leaves out"
    )


def test_a_single_split_can_be_named_and_its_tasks_keep_their_names(published: Path) -> None:
    suite = open_suite(published / "json_2.1.1" / "train")
    assert [task.id for task in suite.tasks] == [f"{TRAIN_GAME}/trial_T2019"]
    assert open_suite(published / "json_2.1.1").tasks == open_suite(published).tasks


def test_a_published_game_is_played(published: Path, games: tuple[Game, ...]) -> None:
    suite = open_suite(published)
    env = suite.make()
    assert f"Your task is to: {games[1].sentence}." in env.reset(suite.tasks[0])
    assert [env.step(command) for command in games[1].walkthrough][-1].success
    assert suite.text_of(suite.tasks[0]).walkthrough == games[1].walkthrough
    env.close()


def test_older_games_bring_demonstrations_in_their_own_wording(
    tmp_path: Path, games: tuple[Game, ...]
) -> None:
    put_game(tmp_path, TRAIN_GAME, games[0], older=True)
    suite = open_suite(tmp_path)
    lines = [line.text for demonstration in suite.demonstrations for line in demonstration.lines]
    assert any(text.startswith("put ") and " in/on " in text for text in lines)
    assert not any(text.startswith(("move ", "You arrive at")) for text in lines)


def test_a_named_folder_comes_before_the_variable_and_that_before_the_bundled_games(
    published: Path,
    tmp_path_factory: pytest.TempPathFactory,
    games: tuple[Game, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = tmp_path_factory.mktemp("other")
    put_game(other, TRAIN_GAME, games[0])
    monkeypatch.setenv("ALFWORLD_DATA", str(published))
    assert len(open_suite(other).tasks) == 1
    assert len(open_suite().tasks) == 2
    monkeypatch.setenv("ALFWORLD_DATA", str(tmp_path_factory.mktemp("empty")))
    assert len(open_suite().tasks) == 60
    monkeypatch.setenv("ALFWORLD_DATA", str(published / "nowhere"))
    assert len(open_suite().tasks) == 60


def test_a_folder_without_usable_games_is_refused_in_one_line(
    tmp_path: Path, games: tuple[Game, ...]
) -> None:
    with pytest.raises(GameError, match=r"no ALFWorld games in .*: give the folder that holds json_2\.1\.1"):
        open_suite(tmp_path)
    with pytest.raises(GameError, match="no ALFWorld games in"):
        open_suite(tmp_path / "nowhere")
    put_game(tmp_path, TRAIN_GAME, games[0], solvable=False)
    with pytest.raises(GameError, match="1 are there, but none is usable"):
        open_suite(tmp_path)


@pytest.mark.parametrize("content", ["", "[]", '{"solvable": true}', '{"grammar": 3}'])
def test_a_damaged_game_is_named(content: str, tmp_path: Path, games: tuple[Game, ...]) -> None:
    folder = put_game(tmp_path, TRAIN_GAME, games[0])
    (folder / "game.tw-pddl").write_text(content)
    with pytest.raises(GameError, match=r"game\.tw-pddl"):
        open_suite(tmp_path)


def test_the_fingerprint_follows_rules_and_wording(tmp_path: Path, games: tuple[Game, ...]) -> None:
    def fingerprint(name: str, game: Game, *, older: bool = False) -> str:
        put_game(tmp_path / name, TRAIN_GAME, game, older=older)
        return open_suite(tmp_path / name).fingerprint

    assert fingerprint("a", games[0]) == fingerprint("b", games[6])  # another goal in the same words
    assert fingerprint("c", games[0], older=True) != fingerprint("d", games[0])

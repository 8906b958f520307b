"""`expel games`."""

import json
from pathlib import Path

import pytest

from agents.cli.expel_games import games_app
from agents.cli.front_door import run
from games.text.alfworld.bundle import read_bundle
from games.text.alfworld.suite import open_suite

pytestmark = pytest.mark.usefixtures("engine_installed")


def games(*tokens: str | Path) -> int:
    return run(games_app, [str(token) for token in tokens])


def test_made_games_are_certified_laid_out_as_alfworlds_and_the_same_every_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("--split", "train:2,unseen:1", "--rooms", "bedroom,livingroom", "--seed", "5")
    assert games("make", "--out", tmp_path / "tree", *asked) == 0
    told = capsys.readouterr().out
    assert "train: 2 games (1 put, 1 examine)" in told and "unseen: 1 games (1 put)" in told
    assert games("make", "--out", tmp_path / "games.jsonl.gz", *asked, "--json") == 0
    manifest = json.loads(capsys.readouterr().out)
    assert manifest == json.loads((tmp_path / "tree" / "manifest.json").read_text())
    assert manifest == json.loads((tmp_path / "games.manifest.json").read_text())

    tree, bundle = open_suite(tmp_path / "tree"), open_suite(tmp_path / "games.jsonl.gz")
    made = read_bundle(tmp_path / "games.jsonl.gz")
    assert "3 generated games" in tree.origin and "not ALFWorld scores" in tree.origin
    assert sorted(task.goal for task in tree.tasks) == sorted(task.goal for task in bundle.tasks)
    assert {tree.text_of(task).problem for task in tree.tasks} == {game.problem for game in made}
    assert sorted(task.id.split("/")[0] for task in tree.tasks) == ["train", "train", "unseen"]

    assert games("check", "--data", tmp_path / "tree") == 0
    assert capsys.readouterr().out.startswith("3 of 3 walkthroughs win: 3 generated games in ")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "games.jsonl.gz",
        "games.manifest.json",
        "tree",
    ]


@pytest.mark.parametrize(
    ("tokens", "problem"),
    [
        (("--env", "webshop"), "--env is 'webshop'; games are made for alfworld only."),
        (("--split", "train"), "--split is 'train'; write names and numbers such as train:40,unseen:20."),
        (("--split", "train:3,train:4"), "--split is 'train:3,train:4'"),
        (("--split", "../up:3"), "--split is '../up:3'"),
        (("--split", "train:0"), "--split is 'train:0'"),
        (("--split", "train:3", "--n", "4"), "--split train:3 asks for 3 games, and --n for 4."),
        (("--n", "0"), "--n is 0; ask for at least one game."),
        (
            ("--rooms", "kitchen,cellar"),
            "--rooms names 'cellar'; there are kitchen, livingroom, bedroom",
        ),
    ],
)
def test_what_cannot_be_made_is_refused_in_one_line(
    tokens: tuple[str, ...], problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert games("make", "--out", tmp_path / "new", *tokens) == 2
    out, told = capsys.readouterr()
    assert out == "" and told.count("\n") == 1 and told.startswith(problem)
    assert not (tmp_path / "new").exists()


def test_what_is_there_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert games("make", "--out", tmp_path, "--n", "1") == 2
    assert "is there already" in capsys.readouterr().err
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_game_that_its_walkthrough_does_not_win_fails_the_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert games("make", "--out", tmp_path / "tree", "--n", "1", "--rooms", "bedroom") == 0
    [path] = (tmp_path / "tree").rglob("game.tw-pddl")
    game = json.loads(path.read_text())
    path.write_text(json.dumps({**game, "walkthrough": game["walkthrough"][:-1]}))
    capsys.readouterr()
    assert games("check", "--data", tmp_path / "tree", "--json") == 1
    [told] = map(json.loads, capsys.readouterr().out.splitlines())
    assert told["wins"] is False and "does not win" in told["fault"]

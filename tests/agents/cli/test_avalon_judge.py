"""`avalon judge`: the plan before the cost, the table, JSON, resuming, labels, and clear refusals."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from agents.arena.judge_prompt import QUALITIES
from agents.cli.avalon_judge import JudgeModelFlags, judge
from agents.errors import NimueError
from agents.llm.budget import BudgetSpent
from tests.agents.arena.talking_games import HALVES, SIX, speaks_marked, write_game

FIVE = JudgeModelFlags(model="scripted:5")


@pytest.fixture
def games(tmp_path: Path) -> Path:
    for seed in (2, 8):
        write_game(tmp_path / "games" / f"{seed}.jsonl", seed, speaks_marked, HALVES)
    return tmp_path / "games"


def test_the_plan_names_pairs_and_calls_and_costs_nothing(
    games: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judge(games, models=FIVE, limit=3, plan=True, json=True, out=tmp_path / "runs")
    said = capsys.readouterr()
    planned = json.loads(said.out)
    assert (planned["pairs"], planned["calls"], planned["model"]) == (3, 6, "scripted:5")
    assert "3 pairs of speeches, 6 calls of scripted:5" in said.err
    assert not (tmp_path / "runs").exists()


def test_the_table_names_every_quality_and_the_run(
    games: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judge(games, models=FIVE, limit=3, agents="ann,bob", out=tmp_path / "runs")
    told = capsys.readouterr().out
    for quality in QUALITIES:
        assert quality in told
    assert "A ann B bob judge scripted:5" in told
    assert "6 calls" in told


def test_a_judge_that_also_played_is_noted(
    games: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judge(games, models=JudgeModelFlags(model="scripted:0"), limit=1, plan=True)
    assert "scripted:0 also played" in capsys.readouterr().err
    judge(games, models=FIVE, limit=1, plan=True)
    assert "also played" not in capsys.readouterr().err


def test_a_spent_budget_pauses_and_the_run_goes_on_to_the_same_result(
    games: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judge(games, models=FIVE, limit=6, out=tmp_path / "whole", json=True)
    whole = json.loads(capsys.readouterr().out)
    with pytest.raises(BudgetSpent, match="--resume"):
        judge(games, models=replace(FIVE, max_tokens=2000), limit=6, out=tmp_path / "runs", json=True)
    (run,) = (tmp_path / "runs").iterdir()
    capsys.readouterr()
    judge(resume=str(run), json=True)
    resumed = json.loads(capsys.readouterr().out)
    assert resumed["usage"] == whole["usage"]
    assert resumed["qualities"] == whole["qualities"]
    assert json.loads((run / "artifacts" / "result.json").read_text()) == resumed


def test_labels_give_an_agreement(games: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = tmp_path / "labels.jsonl"
    labels.write_text('{"pair": "p0001", "logic": "first"}\n{"pair": "p0002", "logic": "tie"}\n')
    judge(games, models=FIVE, limit=3, labels=labels, out=tmp_path / "runs", json=True)
    agreement = json.loads(capsys.readouterr().out)["agreement_with_labels"]
    assert agreement["logic"]["labels"] == 2


def test_a_folder_of_runs_may_hold_judgings(
    games: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judge(games, models=FIVE, limit=1, out=tmp_path / "games")
    judge(games, models=FIVE, limit=1, plan=True, json=True)
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["pairs"] == 1


def test_mistakes_are_told_in_one_line(games: Path, tmp_path: Path) -> None:
    with pytest.raises(NimueError, match="Name a run"):
        judge(models=JudgeModelFlags(model="scripted"))
    with pytest.raises(NimueError, match="leave out RUN, --limit"):
        judge(games, resume="x", limit=3)
    with pytest.raises(NimueError, match="--limit 0"):
        judge(games, models=JudgeModelFlags(model="scripted"), limit=0)
    with pytest.raises(NimueError, match="carl says nothing"):
        judge(games, models=JudgeModelFlags(model="scripted"), agents="ann,carl")
    with pytest.raises(NimueError, match="--seed -1"):
        judge(games, models=JudgeModelFlags(model="scripted"), seed=-1)


def test_agents_that_never_share_a_side_cannot_be_compared(tmp_path: Path) -> None:
    roles = {2: (3, 4)}  # Morgana and the Assassin of seed 2
    sides = {seat: "evil_agent" if seat in roles[2] else "good_agent" for seat in SIX.seats}
    path = write_game(tmp_path / "one.jsonl", 2, speaks_marked, sides)
    with pytest.raises(NimueError, match="on the same side in some game"):
        judge(path, models=JudgeModelFlags(model="scripted"))

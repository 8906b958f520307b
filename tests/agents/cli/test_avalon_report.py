"""`avalon report`: the summary, the page, JSON, and clear refusals."""

import json
import re
from pathlib import Path

import pytest

from agents.cli.avalon_report import report
from agents.errors import NimueError
from tests.agents.arena.talking_games import HALVES, speaks_marked, write_game


def test_the_command_tells_games_and_writes_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed in (2, 4):
        write_game(tmp_path / "games" / f"game{seed}.jsonl", seed, speaks_marked, HALVES)
    report(tmp_path / "games", html=tmp_path / "page.html")
    told = capsys.readouterr().out
    assert "Turning points" in told
    assert "2 games: Good wins" in told
    page = (tmp_path / "page.html").read_text()
    assert page.count("<section>") == 2
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_the_command_prints_one_json_object_a_game(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_game(tmp_path / "game2.jsonl", 2, speaks_marked, HALVES)
    report(path, json=True)
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert told["reason"] == "merlin_survived"
    assert len(told["public_p_evil"]) == len(told["moments"]) == len(told["merlin_exposure"])
    assert [player["agent"] for player in told["players"]] == ["ann"] * 3 + ["bob"] * 3


def test_wrong_paths_are_named_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(NimueError, match="Name a run"):
        report()
    with pytest.raises(NimueError, match=r"There is no .*missing"):
        report(tmp_path / "missing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(NimueError, match="no game to read"):
        report(tmp_path / "empty")
    with pytest.raises(NimueError, match="there is no folder"):
        report(write_game(tmp_path / "g.jsonl", 4, speaks_marked, HALVES), html=tmp_path / "no" / "page.html")

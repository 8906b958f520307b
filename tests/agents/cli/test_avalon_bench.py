"""The commands of `avalon bench`, called as the front door calls them."""

import json
from pathlib import Path

import pytest

from agents.cli import avalon_bench
from agents.errors import NimueError
from games.avalon import transcript
from games.avalon.behaviour_file import load_params
from games.avalon.bots import make_bot
from games.avalon.play import play
from games.avalon.setup import preset
from games.errors import GameError


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Games of five and six between bots that play like people."""
    folder = tmp_path_factory.mktemp("logs")
    for seed in range(24):
        setup = preset("5-basic" if seed % 3 else "6-recon")
        played = play(setup, {seat: make_bot("human_table", 16 * seed + seat) for seat in setup.seats}, seed)
        transcript.write(folder / f"g{seed:02d}.jsonl", f"g{seed}", played.events)
    return folder


def bench(*tokens: str | Path) -> None:
    with pytest.raises(SystemExit) as exit:
        avalon_bench.bench_app([str(token) for token in tokens])
    assert not exit.value.code


def test_beliefs_are_scored_by_moment_and_viewer(capsys: pytest.CaptureFixture[str], logs: Path) -> None:
    bench("beliefs", "--logs", logs, "--json", "--resamples", "200")
    result = json.loads(capsys.readouterr().out)
    assert result["games"] == 24
    assert set(result["scores"]) == {"servant", "percival", "evil"}
    last = result["scores"]["servant"]["end"]["set_log_loss"]
    assert last["games"] == 24
    assert 0 < last["low"] <= last["value"] <= last["high"]
    assert last["value"] < result["scores"]["servant"]["quest 1"]["set_log_loss"]["value"]
    assert 0 <= result["shot"]["bayes_hit"]["value"] <= 1
    assert result["shot"]["human_hit"]["games"] == result["shot"]["bayes_hit"]["games"] <= 24
    assert result["fitted_but_scored"] == 0


def test_the_screen_shows_the_same_figures(capsys: pytest.CaptureFixture[str], logs: Path) -> None:
    bench("beliefs", "--logs", logs, "--players", "5", "--resamples", "50")
    shown = capsys.readouterr().out
    assert shown.startswith("16 games; in brackets the 95 % interval")
    assert "at the shot, Bayes assassin hits: 0." in shown
    assert "Percival" not in shown


def test_games_of_the_fit_are_left_out_unless_asked_for(
    capsys: pytest.CaptureFixture[str], logs: Path, tmp_path: Path
) -> None:
    out = tmp_path / "params.json"
    bench("fit", "--logs", logs, "--out", out, "--json")
    found = json.loads(capsys.readouterr().out)
    parts = found["games"]
    assert sum(parts.values()) == 24
    assert len(load_params(out).fitted_on) == parts["train"] + parts["validation"]
    bench("beliefs", "--logs", logs, "--params", out, "--json", "--resamples", "20")
    fresh = json.loads(capsys.readouterr().out)
    assert fresh["games"] == parts["test"]
    assert fresh["left_out_as_fitted"] == parts["train"] + parts["validation"]
    bench("beliefs", "--logs", logs, "--params", out, "--include-fitted", "--json", "--resamples", "20")
    everything = json.loads(capsys.readouterr().out)
    assert (everything["games"], everything["fitted_but_scored"]) == (24, 24 - parts["test"])


def test_a_fit_tells_its_weights(capsys: pytest.CaptureFixture[str], logs: Path, tmp_path: Path) -> None:
    bench("fit", "--logs", logs, "--out", tmp_path / "params.json")
    shown = capsys.readouterr().out
    assert "fail cards" in shown
    assert "games: train " in shown


def test_a_fit_does_not_overwrite(logs: Path, tmp_path: Path) -> None:
    out = tmp_path / "params.json"
    out.write_text("mine", encoding="utf-8")
    with pytest.raises(NimueError, match="exists already"):
        bench("fit", "--logs", logs, "--out", out)
    assert out.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("tokens", "problem"),
    [
        (("--players", "4"), "--players is '4'"),
        (("--players", "five"), "--players is 'five'"),
        (("--players", "9"), "None of the 24 games"),
        (("--resamples", "0"), "--resamples is 0"),
        (("--params", "missing.json"), "cannot be read"),
    ],
)
def test_what_makes_no_sense_is_refused(logs: Path, tokens: tuple[str, ...], problem: str) -> None:
    with pytest.raises((NimueError, GameError), match=problem):
        bench("beliefs", "--logs", logs, *tokens)


def test_a_limit_takes_the_first_games(capsys: pytest.CaptureFixture[str], logs: Path) -> None:
    bench("beliefs", "--logs", logs, "--limit", "3", "--json", "--resamples", "20")
    assert json.loads(capsys.readouterr().out)["games"] == 3

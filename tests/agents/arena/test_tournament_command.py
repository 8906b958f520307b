"""`avalon tournament` as a person or a script calls it."""

import json
from pathlib import Path

import cyclopts
import pytest

from agents.cli.avalon_tournament import tournament
from agents.cli.front_door import run

app = cyclopts.App(name="avalon")
app.command(tournament)

QUICK = ("random", "naive", "--games", "8", "--preset", "5-basic", "--seed", "4", "--jobs", "1")


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(app, ["tournament", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")


def test_the_plan_comes_first_and_the_result_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, *QUICK)
    assert code == 0
    assert err.splitlines()[0].startswith("8 games: 2 deals x 4 ordered pairs of random, naive; 5-basic")
    assert "Standings" in out and "Differences on equal deals" in out and "Good wins" in out
    (folder,) = Path("runs").iterdir()
    assert (folder / "artifacts" / "result.json").is_file()
    assert "<title>Avalon tournament" in (folder / "artifacts" / "tournament.html").read_text()


def test_json_is_one_object_and_html_goes_where_asked(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, *QUICK, "--json", "--html", "report.html")
    told = json.loads(out)
    assert code == 0 and out.count("\n") == 1
    assert told["standings"]["games"] == 8
    assert told == json.loads((Path(told["run"]) / "artifacts" / "result.json").read_text())
    assert "avalon tournament random naive --games 8" in Path("report.html").read_text()


def test_the_noted_command_makes_the_same_tournament_again(capsys: pytest.CaptureFixture[str]) -> None:
    flags = ("--players", "5", "--lady-of-the-lake", "--no-leader-votes", "--design", "guest", "--jobs", "1")
    _, out, _ = call(capsys, "logic", "random", "--games", "3", *flags, "--json")
    first = json.loads(out)
    command = first["config"]["command"].split()[2:]
    _, out, _ = call(capsys, *command, "--jobs", "1", "--json")
    second = json.loads(out)
    assert second["config"] == first["config"]
    assert second["standings"] == first["standings"]


def test_resuming_a_finished_tournament_shows_it_again(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = call(capsys, *QUICK, "--json")
    first = json.loads(out)
    code, out, _ = call(capsys, "--resume", first["run"], "--json")
    assert code == 0 and json.loads(out) == first


def test_a_plan_alone_plays_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "cot", "naive", "--model", "scripted", "--games", "40", "--plan")
    assert code == 0 and out == ""
    assert "40 games: 10 deals" in err and "calls of scripted:0" in err
    assert not Path("runs").exists()


def test_language_models_play_a_single_deal_unless_more_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    _, _, err = call(capsys, "cot", "naive", "--model", "scripted", "--plan")
    assert err.startswith("4 games: 1 deal x 4 ordered pairs")
    assert "talk round_robin" in err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "Name the agents"),
        (("naive", "--games", "0"), "--games is 0"),
        (("naive", "--html", "nowhere/report.html"), "there is no folder nowhere"),
        (("naive", "--resume", "x"), "leave out the agents"),
        (("--resume", "x"), "No run 'x'"),
        (("naive", "--seed", "-1"), "--seed -1"),
    ],
)
def test_mistakes_get_one_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], problem: str
) -> None:
    code, out, err = call(capsys, *arguments)
    assert (code, out) == (2, "")
    assert problem in err and err.count("\n") == 1

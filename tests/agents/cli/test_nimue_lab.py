"""`nimue lab` as a person types it: what it lists and runs, how it says no, and what it leaves."""

import json
from pathlib import Path

import cyclopts
import pytest

from agents.cli.front_door import run
from agents.cli.nimue_lab import app as lab
from backends.lab.registry import PACKAGES_SETTING

nimue = cyclopts.App(name="nimue", version_flags=[])
nimue.command(lab)


@pytest.fixture(autouse=True)
def _shelf(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(PACKAGES_SETTING, "tests.backends.lab.shelf")


def call(*words: str) -> int:
    return run(nimue, ["lab", *words])


def test_the_list_holds_every_system_whatever_it_is_sorted_by(capsys: pytest.CaptureFixture[str]) -> None:
    for by in ("family", "taxonomy", "kind"):
        assert call("list", "--by", by) == 0
        told = capsys.readouterr().out
        assert "toy.line_fit" in told and "vision.efficient_train" in told
    assert call("list", "--json") == 0
    systems = {system["id"]: system for system in json.loads(capsys.readouterr().out)}
    assert systems["toy.line_fit"]["jobs"][0]["tool"] == "toy_line_fit_train"


def test_the_list_can_be_kept_to_a_family(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("list", "rl") == 0
    told = capsys.readouterr().out
    assert "rl.seem" in told and "vision." not in told and "toy." not in told


def test_a_system_is_shown_with_its_settings_and_schemas(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("show", "toy.line_fit") == 0
    told = capsys.readouterr().out
    assert "--steps  Steps of gradient descent. [20]" in told and "--how" in told
    assert call("show", "toy.line_fit", "--json") == 0
    schemas = json.loads(capsys.readouterr().out)["schemas"]
    assert schemas["train"]["properties"]["steps"]["maximum"] == 100_000


def test_a_job_is_run_and_its_result_printed_and_kept(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert call("run", "toy.line_fit", "train", "--steps", "5", "--out", str(tmp_path), "--json") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[0]["event"] == "started" and lines[-1]["event"] == "result"
    assert [line["step"] for line in lines if line["event"] == "metric"] == [1, 2, 3, 4, 5]
    assert call("results", "--out", str(tmp_path), "--json") == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["state"] == "finished" and told["metrics"] == lines[-1]["metrics"]
    # To resume a finished run is to be told its result.
    assert call("run", "--resume", told["run"], "--out", str(tmp_path)) == 0
    assert f"{told['metrics']['slope']:.6g}" in capsys.readouterr().out


def test_a_job_that_fails_says_why_and_exits_with_1(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert call("run", "toy.line_fit", "fail", "--how", "no more", "--out", str(tmp_path)) == 1
    assert "ArithmeticError: no more. The traceback is in" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("list", "sound"), "choose one of rl, toy, vision"),
        (("show", "toy.line"), "did you mean toy.line_fit or"),
        (("run", "toy.line_fit"), "nimue lab show toy.line_fit lists them"),
        (("run", "toy.line_fit", "fit"), "it has train, fail"),
        (("run", "toy.line_fit", "train", "--steps", "0"), "greater than or equal to 1"),
        (("run", "toy.line_fit", "train", "--step", "1"), "Unknown option: --step"),
        (("run", "toy.line_fit", "fail"), "--how"),
        (("run", "--resume", "nothing"), "No run 'nothing'"),
        (("run", "--bogus"), "nimue lab run --help"),
        (("reproduce", "toy.line_fit"), "has no job 'reproduce'"),
        (("reproduce", "toy.line_fit", "train"), "is no experiment: nimue lab run toy.line_fit train"),
        (("sweep", "toy.line_fit", "train", "--over", "steps"), "NAME=VALUE,VALUE"),
        (("profile",), "Which model?"),
        (("profile", "lab/small_vit", "--plot", "x.jpg"), ".png"),
        (("profile", "resnet18"), "is no model's name"),
    ],
)
def test_a_mistake_is_one_clear_line_and_exit_code_2(
    words: tuple[str, ...], answer: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert call(*words) == 2
    told = capsys.readouterr().err
    assert answer in told
    assert len(told.splitlines()) == 1


def test_help_of_a_job_is_made_from_its_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("run", "toy.line_fit", "train", "--help") == 0
    told = capsys.readouterr().out
    assert "--steps" in told and "Steps of gradient descent." in told
    assert call("run", "--help") == 0
    assert "--resume RUN" in capsys.readouterr().out


def test_a_sweep_prints_a_row_a_point(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ("sweep", "toy.line_fit", "train", "--over", "steps=1,2", "--out", str(tmp_path), "--json")
    assert call(*words) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sorted(row["steps"] for row in rows) == [1, 2]
    assert all(row["failure"] == "" and "slope" in row["metrics"] for row in rows)


def test_a_profile_compares_models_and_draws_their_curves(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    plot = tmp_path / "curves.png"
    models = ("lab/small_convnet", "lab/small_vit")
    quick = ("--repeats", "5", "--seconds", "0.1", "--layers", "2")
    assert call("profile", *models, *quick, "--resolutions", "16", "32", "--plot", str(plot)) == 0
    told = capsys.readouterr().out
    assert all(model in told for model in models) and "exponents over pixels" in told
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert call("profile", models[0], *quick, "--json") == 0
    (profile,) = json.loads(capsys.readouterr().out)["profiles"]
    assert profile["cost"]["macs"] == profile["cost"]["layer_macs"] > 0

"""`avalon play` as a person or a script calls it; every game here is played by bots or the scripted model."""

import json
from pathlib import Path

import pytest

from agents.cli.avalon import app
from agents.cli.front_door import run
from games.avalon.transcript import read, verify


def play(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(app, ["play", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def only_run(root: Path = Path("runs")) -> Path:
    (folder,) = root.iterdir()
    return folder


QUICK = ("--agents", "cot", "--players", "5", "--model", "scripted", "--seed", "5")


def test_a_game_is_shown_and_its_transcript_verifies(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = play(capsys, *QUICK)
    assert code == 0
    assert "wins" in out and "watch it again" in out
    assert "model scripted:0 (--model)" in err and "seed 5" in err
    transcript = only_run() / "artifacts" / "g1.jsonl"
    assert verify(transcript).ok
    assert read(transcript).origin is not None


def test_equal_seeds_give_equal_transcripts(capsys: pytest.CaptureFixture[str]) -> None:
    play(capsys, *QUICK, "--out", "one")
    play(capsys, *QUICK, "--out", "two")
    first, second = (only_run(Path(root)) / "artifacts" / "g1.jsonl" for root in ("one", "two"))
    assert first.read_bytes() == second.read_bytes()


def test_json_is_one_object_a_line_and_nothing_else_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = play(capsys, *QUICK, "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert lines[0]["kind"] == "started" and lines[-1]["kind"] == "finished"
    assert {line["kind"] for line in lines[1:-1]} == {"game"}
    assert lines[-1]["winner"] in ("good", "evil")


def test_public_json_holds_nothing_private(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = play(capsys, *QUICK, "--json", "--show", "public")
    lines = [json.loads(line) for line in out.splitlines()]
    shown = [line for line in lines if line["kind"] == "game"]
    assert {str(line["event"]["visible_to"]) for line in shown} == {"all"}
    assert [line["n"] for line in shown] == list(range(len(shown))), "gaps would count the hidden events"
    assert "seed" not in lines[0]["asked"], "the deal follows from the seed"


def test_a_public_watcher_is_not_told_the_seed(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, err = play(capsys, *QUICK, "--show", "public")
    assert "seed 5" not in out + err


def test_bots_play_without_any_model(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = play(capsys, "--agents", "good=naive,evil=random", "--seed", "1")
    assert code == 0
    assert "no language model" in err


def test_a_spent_budget_pauses_the_run_and_a_higher_one_finishes_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, err = play(capsys, *QUICK, "--max-tokens", "20000")
    assert code == 3
    assert "wins" not in out
    assert "--max-tokens" in err and "avalon play --resume" in err
    paused = only_run()
    code, out, _ = play(capsys, "--resume", paused.name)
    assert code == 0 and "wins" in out
    again = only_run()
    assert again == paused
    play(capsys, *QUICK, "--out", "whole")
    whole = only_run(Path("whole")) / "artifacts" / "g1.jsonl"
    assert (paused / "artifacts" / "g1.jsonl").read_bytes() == whole.read_bytes()


def test_a_person_sits_at_the_table_and_sees_only_what_the_seat_may_see(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(prompt: str) -> str:
        return next(words)

    # Whatever is asked, one of these fits: a team of two or three, yes, a card, a sentence, a seat.
    words = iter(["1 2", "1 2 3", "y", "success", "I have nothing to hide.", "3", "2", "4", "1"] * 400)
    monkeypatch.setattr("builtins.input", answer)
    table = ("--agents", "naive", "--players", "5", "--seed", "4", "--talk", "none")
    code, out, _ = play(capsys, *table, "--human", "2")
    assert code == 0
    assert "(private) cards" not in out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--agents", "recno"], "Unknown agent 'recno'"),
        (["--players", "4"], "5 to 10 players, not 4"),
        (["--preset", "6-nothing"], "Unknown preset"),
        (["--roles", "merlin,servant*4,minion"], "Evil roles"),
        (["--roles", "merlin,servant*3,wizard,minion"], "Unknown role 'wizard'"),
        (["--players", "6", "--preset", "6-recon"], "--players and --preset"),
        (["--model", "openai:gpt-5"], "OPENAI_API_KEY"),
        (["--model", "nowhere:x"], "Unknown model"),
        (["--agents", "recon@anthropic:claude-x"], "ANTHROPIC_API_KEY"),
        (["--seed", "-1"], "--seed"),
        (["--show", "7"], "--show 7"),
        (["--human", "8"], "no such seat"),
        (["--agents", "human"], "human"),
        (["--resume", "nothing"], "No run 'nothing'"),
        (["--resume", "x", "--agents", "recon"], "leave out --agents"),
        (["--json", "--human", "2"], "--json"),
        (["--talk", "loud"], "loud"),
        (["--nonsense"], "nonsense"),
        (["--players", "six"], "six"),
        (["--talk-rounds", "-3"], "talk_rounds"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_input_gets_one_clear_line_and_exit_code_2(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if "--model" not in arguments and "--resume" not in arguments:
        arguments = [*arguments, "--model", "scripted"]
    code, out, err = play(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert complaint in err
    assert len(err.splitlines()) == 1
    assert not Path("runs").exists()

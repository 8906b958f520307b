"""The file commands of `avalon`, called as the front door calls them."""

import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from cyclopts import App

from agents.cli import avalon_files
from agents.cli.rules_page import switches
from agents.errors import NimueError
from games.avalon import transcript as transcripts
from games.avalon.bots import make_bot
from games.avalon.play import play
from games.avalon.setup import PRESETS, Rules, preset
from games.avalon.transcript import Origin
from games.errors import GameError

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def game(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sealed game between bots that talk."""
    path = tmp_path_factory.mktemp("games") / "game.jsonl"
    setup = preset("6-recon", Rules(talk="round_robin"))
    played = play(setup, {seat: make_bot("human_table", seat) for seat in setup.seats}, seed=8)
    origin = Origin(agents={seat: f"bot{seat}" for seat in setup.seats}, seed=8)
    transcripts.write(path, "game", played.events, origin=origin)
    return path


@pytest.fixture
def public_game(game: Path, tmp_path: Path) -> Path:
    path = tmp_path / "public.jsonl"
    transcripts.write(path, "public", transcripts.public_only(transcripts.read(game).events), public=True)
    return path


def avalon(*tokens: str | Path) -> int:
    """Run a command line and answer with its exit code; errors for the user come out as they are."""
    app = App(name="avalon")
    for command in (avalon_files.replay, avalon_files.verify, avalon_files.rules):
        app.command(command)
    app.command(avalon_files.import_, name="import")
    with pytest.raises(SystemExit) as exit:
        app([str(token) for token in tokens])
    assert isinstance(exit.value.code, int | None)
    return exit.value.code or 0


def refused(capsys: pytest.CaptureFixture[str], *tokens: str | Path) -> str:
    """The one clear line that a command refuses its input with; stdout stays empty."""
    with pytest.raises((NimueError, GameError)) as problem:
        avalon(*tokens)
    assert capsys.readouterr().out == ""
    assert "\n" not in str(problem.value)
    return str(problem.value)


# -- replay --------------------------------------------------------------------------------------------


def test_a_replay_shows_the_whole_game_with_the_agents_names(
    game: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert avalon("replay", game) == 0
    out = capsys.readouterr().out
    assert "6 players (6-recon)" in out
    assert "bot4" in out
    assert "cards:" in out
    assert "wins" in out


def test_a_public_replay_is_that_of_the_public_export(
    game: Path, public_game: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    avalon("replay", game, "--show", "public", "--json")
    of_whole = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    avalon("replay", public_game, "--json")
    of_export = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["data"] for record in of_whole] == [record["data"] for record in of_export]
    assert all(record["vis"] == "all" for record in of_whole)


def test_a_replay_through_a_seat_holds_that_seats_night_only(
    game: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    avalon("replay", game, "--show", "2", "--json")
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["seat"] for record in records if record["t"] == "knowledge"] == [2]
    assert {record["t"] for record in records}.isdisjoint({"deal", "card"})


@pytest.mark.parametrize("show", ["7", "0", "everything", "-1", "\u00b2"])
def test_a_replay_refuses_a_watcher_that_is_not_at_the_table(
    game: Path, show: str, capsys: pytest.CaptureFixture[str]
) -> None:
    message = refused(capsys, "replay", game, f"--show={show}")
    assert message == f"--show is {show!r}; it can be god, public, or a seat from 1 to 6."


def test_a_public_export_has_no_seats_view(public_game: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "use --show public" in refused(capsys, "replay", public_game, "--show", "2")


def test_stepping_needs_a_terminal_and_a_delay_is_not_negative(
    game: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "--step needs a terminal" in refused(capsys, "replay", game, "--step")
    assert "cannot be negative" in refused(capsys, "replay", game, "--delay=-1")


def test_a_delay_is_waited_before_every_moment_of_the_game(
    game: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    avalon("replay", game, "--delay", "0.5", "--show", "public")
    moments = {"propose", "speech", "vote", "quest", "shot"}
    events = transcripts.read(game).events
    assert waited == [0.5] * sum(event.type in moments and event.visible_to == "all" for event in events)


def test_a_missing_transcript_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "There is no transcript" in refused(capsys, "replay", tmp_path / "none.jsonl")


# -- verify --------------------------------------------------------------------------------------------


def test_a_sound_game_verifies_in_one_line(game: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert avalon("verify", game) == 0
    (line,) = capsys.readouterr().out.splitlines()
    num_lines = len(game.read_bytes().splitlines())
    assert line == f"{game}: ok, {num_lines} lines, the game has ended, every event follows the rules"


def test_a_changed_line_is_named_and_the_exit_code_is_1(
    game: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = game.read_text().splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if '"t":"vote"' in line)
    changed = tmp_path / "changed.jsonl"
    vote = lines[place].replace("true", "TRUE", 1).replace("false", "true", 1).replace("TRUE", "false", 1)
    changed.write_text("".join([*lines[:place], vote, *lines[place + 1 :]]))
    assert avalon("verify", game, changed) == 1
    sound, *violations = capsys.readouterr().out.splitlines()
    assert ": ok," in sound
    assert all(line.startswith(f"{changed}, line ") for line in violations)
    # The chain breaks behind the changed line; the rules contradict it where it stands or soon after.
    named = [int(line.removeprefix(f"{changed}, line ").split(":")[0]) for line in violations]
    assert place + 1 <= min(named) <= place + 2


def test_verify_tells_a_machine_the_same(
    game: Path, public_game: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert avalon("verify", game, public_game, "--json") == 0
    whole, public = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert whole["ok"]
    assert whole["replayed"]
    assert whole["violations"] == []
    assert public["ok"]
    assert not public["replayed"]


def test_verify_takes_folders_and_refuses_nothing_to_verify(
    game: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert avalon("verify", game.parent) == 0
    assert capsys.readouterr().out.startswith(f"{game}: ok")
    assert "No transcript was named" in refused(capsys, "verify")
    assert "no .jsonl file" in refused(capsys, "verify", tmp_path)
    assert "There is no transcript" in refused(capsys, "verify", game, tmp_path / "none.jsonl")


# -- import --------------------------------------------------------------------------------------------


def logged_game(**changes: Any) -> dict[str, Any]:
    """A game of avalongame.online in miniature: three failed missions in a row."""
    names = ["Ann", "Bob", "Cid", "Dee", "Eve"]
    roles = ["MERLIN", "LOYAL FOLLOWER", "PERCIVAL", "MORGANA", "ASSASSIN"]

    def mission(leader: str, team: list[str]) -> dict[str, Any]:
        proposal = {"proposer": leader, "team": team, "state": "APPROVED", "votes": ["Cid", "Dee", "Eve"]}
        return {"failsRequired": 1, "state": "FAIL", "team": team, "numFails": 1, "proposals": [proposal]}

    teams = [["Ann", "Eve"], ["Bob", "Cid", "Eve"], ["Cid", "Dee"]]
    unplayed = {"failsRequired": 1, "state": "PENDING", "team": [], "proposals": []}
    played = [mission(leader, team) for leader, team in zip(names, teams, strict=False)]
    cards = [{name: name not in ("Dee", "Eve") for name in team} for team in teams]
    outcome = {
        "state": "EVIL_WIN",
        "message": "Three failed missions",
        "roles": [
            {"name": name, "role": role, "assassin": role == "ASSASSIN"}
            for name, role in zip(names, roles, strict=True)
        ],
        "votes": cards,
    }
    players = [{"name": name} for name in names]
    return {"players": players, "missions": [*played, unplayed, unplayed], "outcome": outcome, **changes}


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Two good games and one that contradicts itself."""
    path = tmp_path / "logs.jsonl"
    broken = logged_game()
    broken["missions"][1]["proposals"][0]["proposer"] = "Dee"
    path.write_text("\n".join(json.dumps(log) for log in (logged_game(), broken, logged_game())))
    return path


def test_an_import_writes_one_sound_transcript_a_game_and_names_what_it_skipped(
    logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "imported" / "here"
    assert avalon("import", logs, "--out", out) == 0
    skipped, summary = capsys.readouterr().out.splitlines()
    assert skipped.startswith("skipped: logs:2: ")
    assert "seat 4" in skipped
    assert summary == f"2 imported into {out}, 1 skipped"
    assert sorted(path.name for path in out.iterdir()) == ["logs-1.jsonl", "logs-3.jsonl"]
    assert avalon("verify", out) == 0


def test_an_imported_game_can_be_replayed_and_names_no_person(
    logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    avalon("import", logs, "--out", tmp_path / "imported", "--json")
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["skipped"] is None for record in records] == [True, False, True]
    avalon("replay", records[0]["path"])
    out = capsys.readouterr().out
    assert "5     human   Assassin" in out
    assert "Three quests have failed." in out
    assert not any(name in out for name in ("Ann", "Bob", "Cid", "Dee", "Eve"))


def test_a_single_game_may_go_into_a_file_but_several_may_not(
    logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    single = tmp_path / "single.json"
    single.write_text(json.dumps(logged_game()))
    out = tmp_path / "one.jsonl"
    assert avalon("import", single, "--out", out, "--format", "avalonlogs") == 0
    assert transcripts.verify(out).ok
    capsys.readouterr()
    assert "exists already" in refused(capsys, "import", single, "--out", out)
    several = tmp_path / "several.jsonl"
    assert "holds several games" in refused(capsys, "import", logs, "--out", several)


def test_an_import_refuses_a_full_folder_and_an_unknown_source(
    logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "is not an empty folder" in refused(capsys, "import", logs, "--out", tmp_path)
    assert "There is no file or folder" in refused(capsys, "import", tmp_path / "no", "--out", tmp_path / "x")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "There is no game in" in refused(capsys, "import", empty, "--out", tmp_path / "x")
    assert "log format" in refused(capsys, "import", logs, "--out", tmp_path / "x", "--format", "chess")


def test_an_import_of_nothing_but_broken_games_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(logged_game(missions=[])))
    assert avalon("import", broken, "--out", tmp_path / "x") == 1
    assert capsys.readouterr().out.splitlines()[-1] == "0 imported, 1 skipped"


def test_a_games_name_cannot_lead_out_of_the_folder() -> None:
    assert avalon_files._free_name("../../etc/passwd", set()) == "etc-passwd"
    assert avalon_files._free_name("a b", {"a-b", "a-b-2"}) == "a-b-3"
    assert avalon_files._free_name("...", set()) == "game"


# -- rules ---------------------------------------------------------------------------------------------


def test_the_rules_fit_one_screen_of_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    avalon("rules")
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines) <= 80
    assert len(lines) <= 50
    assert all(any(name in line for line in lines) for name in PRESETS)


def test_the_rules_name_every_switch_with_its_default() -> None:
    listed = list(switches())
    assert [switch.name for switch in listed] == [field.name for field in fields(Rules)]
    assert all(switch.default in switch.values for switch in listed)


def test_the_rules_of_one_preset_show_only_its_roles(capsys: pytest.CaptureFixture[str]) -> None:
    avalon("rules", "--preset", "5-basic")
    out = capsys.readouterr().out
    assert "3 Good, 2 Evil  [2] [3] [2] [3] [3]" in out
    assert "Oberon  " not in out
    assert "6 players" not in out


def test_the_rules_as_data_hold_the_engines_tables(capsys: pytest.CaptureFixture[str]) -> None:
    avalon("rules", "--players", "7", "--json")
    page = json.loads(capsys.readouterr().out)
    (table,) = page["tables"]
    assert table["team_sizes"] == [2, 3, 3, 4, 4]
    assert table["fails_required"] == [1, 1, 1, 2, 1]
    assert sorted(page["presets"]) == ["7-mordred", "7-standard"]


def test_the_rules_refuse_what_no_table_plays(capsys: pytest.CaptureFixture[str]) -> None:
    assert "5 to 10 players" in refused(capsys, "rules", "--players", "4")
    assert "Unknown preset" in refused(capsys, "rules", "--preset", "chess")
    assert "is for 5 players, not 6" in refused(capsys, "rules", "--preset", "5-basic", "--players", "6")


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("avalon_files", {"numpy", "games.avalon.transcript", "games.avalon.importers"}),
        (
            "human_seat",
            {"torch", "transformers", "chromadb", "langgraph", "langchain_core", "openai", "scipy"},
        ),
    ],
)
def test_the_commands_import_nothing_heavy(module: str, heavy: set[str]) -> None:
    program = f"import sys, agents.cli.{module}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert heavy.isdisjoint(loaded.stdout.split())

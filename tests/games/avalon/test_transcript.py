"""Games on disk: round trips, the hash chain, what damage is found, and what a public file leaves out."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.avalon.events import Event
from games.avalon.roles import Role
from games.avalon.rules import replay
from games.avalon.setup import Rules, Setup, preset
from games.avalon.transcript import (
    Origin,
    TranscriptWriter,
    public_only,
    read,
    verify,
    write,
)
from games.avalon.transcript_lines import NO_LINE_BEFORE, line_hash
from games.errors import GameError
from tests.games.avalon.playthrough import HandGame, random_game, setups

SETUP = preset("7-standard", Rules(lady_of_the_lake=True, talk="round_robin", evil_talk_before_shot=True))
ORIGIN = Origin(agents={1: "naive", 2: "bayes"}, models={"bayes": "none"}, seed=77, code_version="0.1")
CANARY = "canary-7c1f"


def some_events(seed: int = 1) -> list[Event]:
    """A whole game with private notes between its events."""
    _, events = random_game(SETUP, seed)
    note = Event("thought", 1, 1, 3, (3,), {"text": f"seat 5 is Evil {CANARY}"})
    return [*events[:12], note, *events[12:]]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "game.jsonl"
    write(path, "g_01", some_events(), origin=ORIGIN)
    return path


def damaged(path: Path, lines: list[bytes]) -> list[int]:
    """Write these lines instead and answer with the numbers of the lines that `verify` names."""
    path.write_bytes(b"".join(lines))
    return [violation.line for violation in verify(path).violations]


# -- round trip --------------------------------------------------------------------------------------


def test_a_game_is_read_back_as_it_was_written(written: Path) -> None:
    transcript = read(written)
    assert transcript.events == tuple(some_events())
    assert transcript.game == "g_01"
    assert transcript.setup == SETUP.public()
    assert transcript.origin == ORIGIN
    assert transcript.sealed


@settings(max_examples=30, deadline=None)
@given(setups, st.integers(0, 2**32))
def test_any_game_survives_the_disk_verifies_and_replays_to_the_same_end(
    tmp_path_factory: pytest.TempPathFactory, setup: object, seed: int
) -> None:
    state, events = random_game(setup, seed)  # type: ignore[arg-type]
    path = tmp_path_factory.mktemp("game") / "game.jsonl"
    write(path, "g", events)
    report = verify(path)
    assert (report.ok, report.ended, report.sealed, report.replayed) == (True, True, True, True)
    again = replay(read(path).setup, read(path).events)
    assert (again.ending, again.roles) == (state.ending, state.roles)


def test_the_first_line_is_the_header_and_says_that_the_file_contains_secrets(written: Path) -> None:
    first = json.loads(written.read_bytes().splitlines()[0])
    assert (first["t"], first["contains_secrets"], first["prev"]) == ("header", True, NO_LINE_BEFORE)
    assert first["data"]["setup"]["rules"]["talk"] == "round_robin"


def test_every_line_has_the_documented_fields_and_the_hash_of_the_one_before(written: Path) -> None:
    lines = written.read_bytes().splitlines()
    for place, (line, before) in enumerate(zip(lines[1:], lines, strict=False), start=1):
        record = json.loads(line)
        assert list(record) == [
            "v", "game", "i", "id", "t", "quest", "attempt", "seat", "vis", "data", "ts", "decision", "prev",
        ]  # fmt: skip
        assert record["prev"] == line_hash(before)
        assert (record["v"], record["i"], record["id"]) == (1, place, f"g_01:{place}")


def test_decisions_carry_the_name_of_the_game(written: Path) -> None:
    decisions = [json.loads(line)["decision"] for line in written.read_bytes().splitlines()]
    assert "g_01/q1a1/propose" in {(decision or "").rpartition("/")[0] for decision in decisions}


def test_where_a_game_came_from_is_for_the_god_view_only(written: Path) -> None:
    record = json.loads(written.read_bytes().splitlines()[1])
    assert (record["t"], record["vis"], record["data"]["seed"]) == ("origin", "god", 77)


def test_without_a_clock_equal_games_give_equal_bytes(tmp_path: Path, written: Path) -> None:
    write(tmp_path / "again.jsonl", "g_01", some_events(), origin=ORIGIN)
    assert (tmp_path / "again.jsonl").read_bytes() == written.read_bytes()


def test_a_clock_stamps_every_event(tmp_path: Path) -> None:
    path = tmp_path / "timed.jsonl"
    noon = datetime(2026, 1, 2, 12, tzinfo=UTC)
    with TranscriptWriter.create(path, "g", clock=lambda: noon) as writer:
        writer.append(some_events())
    assert {json.loads(line)["ts"] for line in path.read_bytes().splitlines()} == {noon.isoformat()}
    assert read(path).events == tuple(some_events())


def test_text_of_any_language_and_broken_text_survive(tmp_path: Path) -> None:
    events = some_events()
    odd = Event("note", 1, 1, 2, (2,), {"text": "梅林 🙂 \u2028 \ud800 \x00"})
    write(tmp_path / "odd.jsonl", "g", [*events, odd])
    assert read(tmp_path / "odd.jsonl").events[-1] == odd
    assert verify(tmp_path / "odd.jsonl").ok


# -- writing -----------------------------------------------------------------------------------------


def test_an_existing_file_is_never_written_over(written: Path) -> None:
    before = written.read_bytes()
    with pytest.raises(GameError, match="exists already"):
        write(written, "g_02", some_events(2))
    assert written.read_bytes() == before


def test_a_game_can_be_appended_step_by_step_and_resumed_to_the_same_bytes(
    tmp_path: Path, written: Path
) -> None:
    path = tmp_path / "steps.jsonl"
    events = some_events()
    with TranscriptWriter.create(path, "g_01", origin=ORIGIN) as writer:
        writer.append(events[:20])
        writer.append(events[20:31])
    with TranscriptWriter.resume(path) as writer:
        writer.append(events[31:])
        writer.seal()
    assert path.read_bytes() == written.read_bytes()


def test_a_torn_last_line_is_cut_off_on_resume(tmp_path: Path, written: Path) -> None:
    events = some_events()
    path = tmp_path / "torn.jsonl"
    with TranscriptWriter.create(path, "g_01", origin=ORIGIN) as writer:
        writer.append(events[:20])
    path.write_bytes(path.read_bytes() + b'{"v":1,"game":"g_')
    with TranscriptWriter.resume(path) as writer:
        writer.append(events[20:])
        writer.seal()
    assert path.read_bytes() == written.read_bytes()


def test_a_sealed_file_takes_no_more_events(written: Path) -> None:
    with pytest.raises(GameError, match="is sealed"):
        TranscriptWriter.resume(written)


def test_a_damaged_file_is_not_resumed(tmp_path: Path) -> None:
    path = tmp_path / "damaged.jsonl"
    with TranscriptWriter.create(path, "g") as writer:
        writer.append(some_events())
    path.write_bytes(path.read_bytes().replace(b'"seat":3', b'"seat":4', 1))
    with pytest.raises(GameError, match="line"):
        TranscriptWriter.resume(path)


def test_an_event_that_does_not_fit_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "game.jsonl"
    events = some_events()
    with TranscriptWriter.create(path, "g") as writer:
        writer.append(events[:5])
        before = path.read_bytes()
        with pytest.raises(GameError, match="does not fit into JSON"):
            writer.append([*events[5:8], Event("note", 1, 1, 1, (1,), {"chance": float("nan")})])
        assert path.read_bytes() == before
        writer.append(events[5:])
    assert read(path).events == tuple(events)


def test_a_transcript_must_open_with_its_header(tmp_path: Path) -> None:
    with pytest.raises(GameError, match="opens with its header"):
        write(tmp_path / "game.jsonl", "g", some_events()[1:])
    assert not (tmp_path / "game.jsonl").exists()


def test_a_missing_file_is_reported_in_one_sentence(tmp_path: Path) -> None:
    for ask in (read, verify, TranscriptWriter.resume):
        with pytest.raises(GameError, match="There is no transcript"):
            ask(tmp_path / "nowhere.jsonl")


# -- damage ------------------------------------------------------------------------------------------


def test_an_untouched_file_has_no_violation(written: Path) -> None:
    report = verify(written)
    assert (report.violations, report.num_lines) == ((), len(written.read_bytes().splitlines()))


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_flipped_byte_is_found_and_its_line_named(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("flip") / "game.jsonl"
    write(path, "g", some_events(), origin=ORIGIN)
    lines = path.read_bytes().splitlines(keepends=True)
    number = data.draw(st.integers(1, len(lines)))
    line = bytearray(lines[number - 1])
    place = data.draw(st.integers(0, len(line) - 1))
    line[place] ^= data.draw(st.integers(1, 255))
    assert number in damaged(path, [*lines[: number - 1], bytes(line), *lines[number:]])


def test_a_deleted_line_is_found_where_it_is_missing(written: Path) -> None:
    lines = written.read_bytes().splitlines(keepends=True)
    for number in range(1, len(lines)):
        assert number in damaged(written, [*lines[: number - 1], *lines[number:]])


def test_a_cut_off_end_is_found(written: Path) -> None:
    lines = written.read_bytes().splitlines(keepends=True)
    assert damaged(written, lines[:-1]) == [len(lines) - 1]
    assert "no seal follows" in str(verify(written).violations[0])


def test_swapped_lines_are_both_named(written: Path) -> None:
    lines = written.read_bytes().splitlines(keepends=True)
    for number in range(2, len(lines) - 1):
        swapped = [*lines[: number - 1], lines[number], lines[number - 1], *lines[number + 1 :]]
        assert {number, number + 1} <= set(damaged(written, swapped))


def test_an_appended_line_is_named(written: Path) -> None:
    lines = written.read_bytes().splitlines(keepends=True)
    assert damaged(written, [*lines, lines[-2]]) == [len(lines) + 1]


def test_a_well_forged_line_after_the_seal_is_named(written: Path) -> None:
    lines = written.read_bytes().splitlines(keepends=True)
    forged = json.loads(lines[-2])
    forged |= {"i": len(lines), "id": f"g_01:{len(lines)}", "prev": line_hash(lines[-1].rstrip(b"\n"))}
    assert damaged(written, [*lines, json.dumps(forged).encode() + b"\n"]) == [len(lines) + 1]


def test_a_torn_last_line_is_named_as_torn(written: Path) -> None:
    lines = written.read_bytes().splitlines(keepends=True)
    assert len(lines) in damaged(written, [*lines[:-1], lines[-1][:40]])
    assert f"line {len(lines)}: is torn" in "\n".join(map(str, verify(written).violations))
    with pytest.raises(GameError, match=f"line {len(lines)}: is torn"):
        read(written)


def test_an_empty_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    assert [str(violation) for violation in verify(tmp_path / "empty.jsonl").violations] == [
        "line 1: is missing: the file is empty"
    ]


def test_a_file_of_another_version_is_refused_by_its_version(written: Path) -> None:
    written.write_bytes(written.read_bytes().replace(b'{"v":1,', b'{"v":2,'))
    with pytest.raises(GameError, match="line 1: has version 2; this program reads version 1"):
        read(written)


def test_an_event_against_the_rules_is_named_even_in_a_perfect_chain(tmp_path: Path) -> None:
    events = some_events()
    place = next(place for place, event in enumerate(events) if event.type == "quest")
    cheated = Event("quest", 1, 1, None, "all", {**events[place].data, "fails": 2})
    write(tmp_path / "cheat.jsonl", "g", [*events[:place], cheated, *events[place + 1 :]])
    (violation,) = verify(tmp_path / "cheat.jsonl").violations
    assert violation.line == place + 1
    assert "the rules give" in violation.message
    assert "\n" not in str(violation)


def test_a_game_in_progress_is_in_order(tmp_path: Path) -> None:
    _, events = random_game(preset("5-basic"), 3)
    cut = next(place for place, event in enumerate(events) if event.type == "vote")
    with TranscriptWriter.create(tmp_path / "open.jsonl", "g") as writer:
        writer.append(events[:cut])
    report = verify(tmp_path / "open.jsonl")
    assert (report.ok, report.ended, report.sealed) == (True, False, False)


# -- public files ------------------------------------------------------------------------------------


def test_a_public_file_holds_nothing_private(tmp_path: Path) -> None:
    path = tmp_path / "public.jsonl"
    write(path, "g", public_only(some_events()), public=True)
    records = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert {record["vis"] for record in records} == {"all"}
    assert records[0]["contains_secrets"] is False
    kinds = {record["t"] for record in records}
    assert kinds.isdisjoint({"deal", "knowledge", "card", "lady_answer", "thought", "origin"})
    assert CANARY.encode() not in path.read_bytes()


def test_a_public_file_names_no_role_at_a_seat_before_the_end(tmp_path: Path) -> None:
    path = tmp_path / "public.jsonl"
    events = public_only(some_events())
    write(path, "g", events[:-1], public=True)
    header, *rest = path.read_bytes().splitlines()
    assert not any(role.value.encode() in line for line in rest for role in Role)
    assert json.loads(header)["data"]["setup"]["roles"] == [role.value for role in SETUP.public().roles]


def test_public_files_of_two_deals_that_play_alike_are_equal(tmp_path: Path) -> None:
    merlin, servant, *others = Role.MERLIN, Role.SERVANT, Role.SERVANT, Role.ASSASSIN, Role.MINION
    files = []
    for first, second in ((merlin, servant), (servant, merlin)):
        game = HandGame(Setup(roles=(first, second, *others)))
        game.quest((1, 2))
        game.quest((1, 2, 4), 4)
        game.reject()
        path = tmp_path / f"{first}.jsonl"
        write(path, "g", public_only(game.events), public=True)
        files.append(path.read_bytes())
    assert files[0] == files[1]


def test_a_public_file_refuses_what_is_not_for_everybody(tmp_path: Path) -> None:
    with pytest.raises(GameError, match="is public and takes no deal event"):
        write(tmp_path / "public.jsonl", "g", some_events(), public=True)
    with pytest.raises(GameError, match=r"the origin of a game .* is not for everybody"):
        write(tmp_path / "other.jsonl", "g", public_only(some_events()), public=True, origin=ORIGIN)


def test_a_public_file_verifies_without_being_replayed(tmp_path: Path) -> None:
    write(tmp_path / "public.jsonl", "g", public_only(some_events()), public=True)
    report = verify(tmp_path / "public.jsonl")
    assert (report.ok, report.sealed, report.replayed) == (True, True, False)


def test_a_secret_smuggled_into_a_public_file_is_named(tmp_path: Path, written: Path) -> None:
    lines = written.read_bytes().splitlines(keepends=True)
    lines[0] = lines[0].replace(b'"contains_secrets":true', b'"contains_secrets":false')
    assert 3 in damaged(written, lines)


@pytest.mark.parametrize(
    ("event_type", "data", "complaint"),
    [
        ("header", {}, "line 1: the game cannot be set up: The header holds no setup"),
        ("header", {"setup": {"roles": ["grue"]}}, "line 1: the game cannot be set up: This is no setup"),
        ("deal", {"roles": {"1": "merlin"}, "first_leader": 1}, "The deal seats merlin"),
        ("deal", {"roles": ["merlin"], "first_leader": 1}, "The deal cannot be read"),
        ("deal", {"roles": {"1": "grue"}}, "The deal cannot be read"),
        ("propose", {"team": 7}, "propose does not follow here"),
        ("vote", {"votes": [1]}, "vote does not follow here"),
    ],
)
def test_events_that_make_no_game_are_reported_and_never_crash_the_check(
    tmp_path: Path, event_type: str, data: dict[str, object], complaint: str
) -> None:
    events = some_events()
    place = next(place for place, event in enumerate(events) if event.type == event_type)
    events[place] = events[place]._replace(data=data)
    write(tmp_path / "odd.jsonl", "g", events)
    assert complaint in "\n".join(map(str, verify(tmp_path / "odd.jsonl").violations))

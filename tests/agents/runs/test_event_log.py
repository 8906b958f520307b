import json
from pathlib import Path

import pytest

from agents.errors import NimueFailure
from agents.runs.event_log import EventLog, read_events


def test_events_come_back_in_order_with_their_data(tmp_path: Path) -> None:
    with EventLog(tmp_path / "events.jsonl") as log:
        log.append("started", {"seed": 7})
        log.append_once("g:0", "game", {"text": "zwölf"})
    events = list(read_events(tmp_path / "events.jsonl"))
    assert [(event.i, event.kind, event.data) for event in events] == [
        (0, "started", {"seed": 7}),
        (1, "game", {"text": "zwölf"}),
    ]


def test_an_event_with_a_known_key_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    for _ in range(3):
        with EventLog(path) as log:
            log.append_once("g:0", "game", {"a": 1, "b": (1, 2)})
    assert len(list(read_events(path))) == 1


def test_a_known_key_with_other_content_stops_the_run(tmp_path: Path) -> None:
    with EventLog(tmp_path / "events.jsonl") as log:
        log.append_once("g:0", "game", {"a": 1})
        with pytest.raises(NimueFailure, match="g:0"):
            log.append_once("g:0", "game", {"a": 2})


@pytest.mark.parametrize("lost", [1, 5, 30])
def test_a_torn_last_line_is_dropped_and_can_be_written_again(tmp_path: Path, lost: int) -> None:
    path = tmp_path / "events.jsonl"
    with EventLog(path) as log:
        log.append_once("g:0", "game", {"a": 1})
        log.append_once("g:1", "game", {"a": 2})
    path.write_bytes(path.read_bytes()[:-lost])
    assert [event.key for event in read_events(path)] == ["g:0"]
    with EventLog(path) as log:
        assert log.append_once("g:1", "game", {"a": 2}) is not None
    assert [event.key for event in read_events(path)] == ["g:0", "g:1"]
    assert [event.i for event in read_events(path)] == [0, 1]


def test_a_broken_line_in_the_middle_is_named(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text(json.dumps({"i": 0, "kind": "x", "data": {}}) + "\nnonsense\n")
    with pytest.raises(NimueFailure, match="line 2"):
        list(read_events(path))

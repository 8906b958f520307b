"""Reading a log while it is written."""

from pathlib import Path

import pytest

from agents.errors import NimueFailure
from agents.runs.event_log import EventLog
from tui.event_tail import EventTail


def test_events_come_once_and_in_order(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    tail = EventTail(path)
    assert tail.fresh() == []
    with EventLog(path) as log:
        log.append("one", {})
        assert [event.kind for event in tail.fresh()] == ["one"]
        log.append("two", {})
        log.append("three", {})
        assert [event.kind for event in tail.fresh()] == ["two", "three"]
    assert tail.fresh() == []


def test_a_line_that_is_being_written_waits_for_its_end(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    whole = '{"i": 0, "kind": "one", "key": null, "at": null, "data": {"text": "\u2028 é"}}\n'.encode()
    path.write_bytes(whole[:50])
    tail = EventTail(path)
    assert tail.fresh() == []
    path.write_bytes(whole)
    assert [event.data["text"] for event in tail.fresh()] == ["\u2028 é"]


def test_a_broken_line_is_told(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text("nothing\n")
    with pytest.raises(NimueFailure, match="no event"):
        EventTail(path).fresh()


def test_a_long_log_comes_in_pieces_and_a_long_event_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.event_tail._MOST_BYTES", 300)
    path = tmp_path / "events.jsonl"
    with EventLog(path) as log:
        for number in range(20):
            log.append("small", {"number": number})
        log.append("large", {"text": "x" * 2_000})
        log.append("small", {"number": 20})
    tail = EventTail(path)
    pieces = list(iter(tail.fresh, []))
    assert len(pieces) > 3
    assert [event.i for piece in pieces for event in piece] == list(range(22))

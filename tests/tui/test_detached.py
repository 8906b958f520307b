"""Commands that the app leaves to a process of their own."""

import signal
import time
from pathlib import Path

import pytest

from tui.detached import DetachedCommand


def test_a_command_can_be_stopped_where_the_app_itself_was_started_deaf_to_interrupts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIMUE_SYSTEMS", "tests.backends.lab.shelf")
    earlier = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        training = ("nimue", "lab", "run", "toy.line_fit", "train", "--steps", "400", "--pause", "0.5")
        command = DetachedCommand([*training, "--out", str(tmp_path)])
    finally:
        signal.signal(signal.SIGINT, earlier)
    until = time.monotonic() + 60
    while not any("metric" in log.read_text() for log in tmp_path.glob("*/events.jsonl")):
        assert command.at_work and time.monotonic() < until, command.complaint()
        time.sleep(0.05)
    command.stop()
    assert command.wait(60) != 0

"""`kill -9` in the middle of a job: the conversation goes on, and so does the very run of the job."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock

from agents.assistant.events import ToolStarted
from agents.runs.event_log import read_events
from tests.agents.assistant.conversations import answer, conversing, heard, new_run, tools_used
from tests.agents.assistant.killable import script

ROOT = Path(__file__).parents[3]


def test_a_killed_conversation_goes_on_where_it_was(tmp_path: Path) -> None:
    run, _ = new_run(tmp_path)
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.agents.assistant.killable", str(tmp_path), str(run.path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
    )
    until = time.monotonic() + 100
    while metrics_told(tmp_path) < 30:
        if child.poll() is not None or time.monotonic() > until:
            pytest.fail(f"the job did not begin: {child.communicate()[1]!r}")
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert child.stderr is not None
    child.stderr.close()
    (job,) = tmp_path.glob("runs/lab-*")
    wait_until_let_go(job)

    async def go_on() -> None:
        wanted = script()
        wanted.moves = wanted.moves[2:]  # what was said before is in the journal
        async with conversing(tmp_path, wanted, run=run) as session:
            assert [one.tool for one in session.history if isinstance(one, ToolStarted)] == [
                "avalon_rules",
                "run_job",
            ]
            events = await heard(session.resume())
        assert tools_used(events) == []  # told as begun by the process that was killed
        assert answer(events).ending == "answered" and float(answer(events).text) == pytest.approx(2, abs=0.2)
        assert len(wanted.heard) == 1

    asyncio.run(go_on())
    assert list(tmp_path.glob("runs/lab-*")) == [job]
    steps = [line.data["step"] for line in read_events(job / "events.jsonl") if line.kind == "metric"]
    assert steps == list(range(1, 151))


def metrics_told(folder: Path) -> int:
    return sum(
        line.kind == "metric" for file in folder.glob("runs/lab-*/events.jsonl") for line in read_events(file)
    )


def wait_until_let_go(job: Path) -> None:
    """The job's own process ends an instant after the one that was killed."""
    with FileLock(job / "run.lock", timeout=100):
        return

"""Every chunk is done exactly once, also when a worker dies in the middle."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agents.errors import NimueError, NimueFailure
from agents.runs import executors
from agents.runs.executors import open_executor
from tests.agents.runs.executor_work import die, refuse, square, square_but_die_once
from tests.watched_processes import is_running, wait_until

NUM_CHUNKS = 12


def chunks(folder: Path) -> list[tuple[Path, int]]:
    return [(folder, number) for number in range(NUM_CHUNKS)]


SQUARES = [(number, number**2) for number in range(NUM_CHUNKS)]


def test_every_chunk_is_done_once_by_processes_of_their_own(tmp_path: Path) -> None:
    with open_executor("local", 2) as executor:
        assert sorted(executor.run(square, chunks(tmp_path))) == SQUARES
    taken_by = {line.split()[1] for line in (tmp_path / "taken").read_text().splitlines()}
    assert str(os.getpid()) not in taken_by


def test_a_dead_worker_loses_and_doubles_nothing(tmp_path: Path) -> None:
    with open_executor("local", 2) as executor:
        assert sorted(executor.run(square_but_die_once, chunks(tmp_path))) == SQUARES
    assert (tmp_path / "died").exists()


def test_work_that_always_kills_its_worker_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.runs.executors.local.MAX_LOSSES", 1)
    with open_executor("local", 1) as executor, pytest.raises(NimueFailure, match="Workers died 2 times"):
        list(executor.run(die, [(tmp_path, 0)]))


def test_a_mistake_of_the_work_itself_is_raised(tmp_path: Path) -> None:
    with open_executor("local", 1) as executor, pytest.raises(ValueError, match="chunk 7 is refused"):
        list(executor.run(refuse, [(tmp_path, 7)]))


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", _ENDLESS, str(tmp_path)], stderr=subprocess.DEVNULL)
    taken = tmp_path / "taken"
    wait_until(lambda: taken.exists() and len(_pids(taken)) == 2)
    parent.kill()
    parent.wait()
    wait_until(lambda: not any(is_running(pid) for pid in _pids(taken)))


def test_without_ray_one_line_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(NimueError, match=r"pip install 'nimue\[ray\]'"):
        open_executor("ray", 2)


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")
def test_ray_makes_good_a_killed_worker_and_keeps_stdout_clean(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "RAY_raylet_start_wait_time_s": "110"}
    done = subprocess.run(
        [sys.executable, "-c", _WITH_RAY, str(tmp_path)],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{SQUARES}\n"
    assert (tmp_path / "died").exists()


def test_the_core_count_is_that_of_this_process() -> None:
    assert 1 <= executors.usable_cores() <= (os.cpu_count() or 1)


_ENDLESS = """
import sys
from pathlib import Path
from agents.runs.executors import open_executor
from tests.agents.runs.executor_work import square
if __name__ == "__main__":
    with open_executor("local", 2) as executor:
        for _ in executor.run(square, [(Path(sys.argv[1]), number) for number in range(100_000)]):
            pass
"""

_WITH_RAY = f"""
import sys
from pathlib import Path
from agents.runs.executors import open_executor
from tests.agents.runs.executor_work import square_but_die_once
with open_executor("ray", 2) as executor:
    chunks = [(Path(sys.argv[1]), number) for number in range({NUM_CHUNKS})]
    squares = sorted(executor.run(square_but_die_once, chunks))
print(squares)
"""


def _pids(taken: Path) -> set[int]:
    return {int(line.split()[1]) for line in taken.read_text().splitlines() if len(line.split()) == 2}

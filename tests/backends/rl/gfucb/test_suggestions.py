"""Choosing from a log: the rewarded side is found through the other tasks, and bad files are refused."""

from pathlib import Path

import numpy as np
import pytest

from backends.lab.errors import LabError
from backends.lab.events import EventList
from backends.lab.reporter import Reporter
from backends.rl.gfucb.jobs import simulate, suggest
from backends.rl.gfucb.logs import read_log
from backends.rl.gfucb.spec import SimulateParams, SuggestParams


def write(file: Path, head: str, rows: list[str]) -> Path:
    file.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return file


def reporter(folder: Path) -> Reporter:
    return Reporter(EventList(), folder, "cpu")


def test_the_arm_that_has_paid_is_chosen_in_the_units_of_the_file(tmp_path: Path) -> None:
    stream = np.random.default_rng(0)
    rows = []
    for task, sign in (("mail", 1.0), ("chat", -1.0)):
        for x, y in stream.normal(size=(40, 2)):
            rows.append(f"{task},{100 + 10 * sign * x},{x},{y}")
    log = write(tmp_path / "log.csv", "task,reward,x,y", rows)
    arms = write(tmp_path / "arms.csv", "task,x,y", ["mail,-1,0", "chat,1,0", "mail,1,0", "chat,-1,0"])
    params = SuggestParams(log=log, arms=arms, bonus=0.0, updates=120)
    answer = suggest(params, reporter(tmp_path))
    assert answer.chosen == {"mail": 3, "chat": 4}
    assert answer.expected["mail"] == pytest.approx(110, abs=3)
    assert answer.bonus == {"mail": 0.0, "chat": 0.0}


@pytest.mark.parametrize(
    ("head", "rows", "said"),
    [
        ("task,x", ["a,1", "a,2"], "no column reward"),
        ("task,reward", ["a,1", "a,2"], "describes no arm"),
        ("task,reward,x", ["a,1,2"], "at least 2"),
        ("task,reward,x", ["a,1,2", "a,nan,2"], "not a finite number"),
        ("task,reward,x", ["a,1,2", "a,1,red"], "'red' in column x"),
        ("task,reward,x", ["a,1,2", "a,1"], "not a number"),
    ],
)
def test_a_bad_log_is_refused_in_one_line(tmp_path: Path, head: str, rows: list[str], said: str) -> None:
    with pytest.raises(LabError, match=said):
        read_log(write(tmp_path / "log.csv", head, rows))


def test_a_missing_file_and_an_unknown_task_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"none\.csv"):
        read_log(tmp_path / "none.csv")
    log = write(tmp_path / "log.csv", "task,reward,x", ["a,1,2", "b,2,3"])
    arms = write(tmp_path / "arms.csv", "task,x", ["c,1"])
    with pytest.raises(LabError, match="nothing of task 'c'"):
        suggest(SuggestParams(log=log, arms=arms), reporter(tmp_path))


def test_a_simulation_answers_its_regret_and_is_the_same_again(tmp_path: Path) -> None:
    params = SimulateParams(tasks=2, rounds=20, learner="shared")
    first, second = (simulate(params, reporter(tmp_path / name)) for name in ("one", "two"))
    assert first == second
    assert first.regret == pytest.approx(np.mean(first.regret_by_task))
    assert (tmp_path / "one" / "artifacts" / "regret.json").exists()

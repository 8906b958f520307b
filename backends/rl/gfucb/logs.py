"""Logs of what was tried in several tasks, as CSV files of people."""

import csv
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from backends.lab.errors import LabError
from backends.rl.gfucb.tasks import Floats

_FEWEST_ROWS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """Rows of a task, an arm and what it paid; numbers are scaled to mean 0 and deviation 1 by column."""

    columns: tuple[str, ...]
    tasks: tuple[str, ...]
    task_of_row: tuple[str, ...]
    arms_TD: Floats
    rewards_T: Floats
    centre_D: Floats
    spread_D: Floats
    reward_centre: float
    reward_scale: float

    @property
    def width(self) -> int:
        return len(self.columns)

    @property
    def num_rows(self) -> int:
        return len(self.task_of_row)

    def scaled(self, arms_BD: Floats) -> Floats:
        """Arms in the scale of the log."""
        return (arms_BD - self.centre_D) / self.spread_D

    def unscaled(self, reward: float) -> float:
        """A reward in the units of the file."""
        return float(reward) * self.reward_scale + self.reward_centre

    def rounds(self) -> Iterator[tuple[Floats, Floats, Floats]]:
        """The n-th rows of all tasks together: arms, rewards, and 1 for the tasks that have so many."""
        by_task = [
            [number for number, name in enumerate(self.task_of_row) if name == task] for task in self.tasks
        ]
        scaled_TD = self.scaled(self.arms_TD)
        rewards_T = (self.rewards_T - self.reward_centre) / self.reward_scale
        for place in range(max(len(rows) for rows in by_task)):
            arms_MD = np.zeros((len(self.tasks), self.width))
            rewards_M, played_M = np.zeros(len(self.tasks)), np.zeros(len(self.tasks))
            for task, rows in enumerate(by_task):
                if place < len(rows):
                    arms_MD[task], rewards_M[task] = scaled_TD[rows[place]], rewards_T[rows[place]]
                    played_M[task] = 1.0
            yield arms_MD, rewards_M, played_M


def read_log(file: Path) -> Log:
    """Read what was tried.

    Raises:
        LabError: The file is missing, or not of the columns task, reward and numbers.
    """
    columns, rows = _read(file, needed=("task", "reward"))
    if len(rows) < _FEWEST_ROWS:
        raise LabError(f"{file} has {len(rows)} rows; at least {_FEWEST_ROWS} are needed to learn from.")
    described = tuple(name for name in columns if name not in ("task", "reward"))
    if not described:
        raise LabError(f"{file} describes no arm: beside task and reward it needs a column of numbers.")
    arms_TD = np.array([[_number(file, row, name) for name in described] for row in rows])
    rewards_T = np.array([_number(file, row, "reward") for row in rows])
    return Log(
        columns=described,
        tasks=tuple(Counter(row["task"] for row in rows)),
        task_of_row=tuple(row["task"] for row in rows),
        arms_TD=arms_TD,
        rewards_T=rewards_T,
        centre_D=arms_TD.mean(0),
        spread_D=_spread(arms_TD),
        reward_centre=float(rewards_T.mean()),
        reward_scale=float(_spread(rewards_T)),
    )


def read_arms(file: Path, log: Log) -> dict[str, tuple[list[int], Floats]]:
    """The arms of each task to choose from, in the scale of the log, with the rows they stand in.

    Raises:
        LabError: A column of the log is missing, or a task of which the log knows nothing.
    """
    _, rows = _read(file, needed=("task", *log.columns))
    if not rows:
        raise LabError(f"{file} has no arms to choose from.")
    if unknown := sorted({row["task"] for row in rows} - set(log.tasks)):
        raise LabError(f"{file}: the log has nothing of task {unknown[0]!r}; it has {', '.join(log.tasks)}.")
    found: dict[str, tuple[list[int], Floats]] = {}
    for task in log.tasks:
        numbers = [number for number, row in enumerate(rows) if row["task"] == task]
        if numbers:
            arms = [[_number(file, rows[number], name) for name in log.columns] for number in numbers]
            found[task] = ([number + 1 for number in numbers], log.scaled(np.array(arms)))
    return found


def _read(file: Path, needed: tuple[str, ...]) -> tuple[tuple[str, ...], list[dict[str, str]]]:
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            reader = csv.DictReader(opened)
            columns, rows = tuple(reader.fieldnames or ()), list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LabError(f"{file} cannot be read as CSV: {error}.") from error
    if missing := [name for name in needed if name not in columns]:
        raise LabError(f"{file} has no column {missing[0]}; it has {', '.join(columns) or 'none'}.")
    return columns, rows


def _number(file: Path, row: dict[str, str], column: str) -> float:
    text = row[column]
    try:
        value = float(text)
    except (TypeError, ValueError):
        raise LabError(f"{file}: {text!r} in column {column} is not a number.") from None
    if not math.isfinite(value):
        raise LabError(f"{file}: {text!r} in column {column} is not a finite number.")
    return value


def _spread(values: Floats) -> Floats:
    """Standard deviations, 1 where nothing varies."""
    spread = values.std(0)
    return np.where(spread > 0, spread, 1.0)

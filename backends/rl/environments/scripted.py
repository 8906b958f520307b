"""Experts that were written down, not learnt: a swing-up for the pendulum, a waypoint follower for mazes.

They make behaviour data in seconds; D4RL made its maze2d data by a waypoint follower too.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from backends.rl.environments.point_maze import PointMaze

Policy = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""States to actions in [-1, 1], several at once."""


def pendulum_expert(obs_B3: NDArray[np.float32]) -> NDArray[np.float32]:
    """Pump energy until the pendulum is near the top, and hold it there by proportional control."""
    cosine, sine, speed = obs_B3[:, 0], obs_B3[:, 1], obs_B3[:, 2]
    angle = np.arctan2(sine, cosine)
    # Energy over that of standing upright, in units where gravity's part is 15 cos(angle).
    missing = 15.0 * (1.0 - cosine) - 0.5 * speed**2
    direction = np.where(speed == 0, 1.0, np.sign(speed))
    pump = direction * np.clip(missing, -1.0, 1.0)
    hold = -(8.0 * angle + 2.0 * speed)
    near = (np.abs(angle) < 0.5) & (np.abs(speed) < 4.0)
    return np.clip(np.where(near, hold, pump), -1, 1)[:, None].astype(np.float32)


def maze_expert(maze: PointMaze) -> Policy:
    """Walk the shortest way from cell to cell, by proportional control with damping."""
    towards = _next_cells(maze)

    def act(obs_B6: NDArray[np.float32]) -> NDArray[np.float32]:
        actions = []
        for place, speed, goal in zip(obs_B6[:, :2], obs_B6[:, 2:4], obs_B6[:, 4:], strict=True):
            here, there = _cell(place), _cell(goal)
            aim = goal if here == there else np.array(towards[there].get(here, there)) + 0.5
            actions.append(np.clip(2.0 * (aim - place) - 0.8 * speed, -1, 1))
        return np.array(actions, dtype=np.float32)

    return act


def _cell(place: NDArray[np.float32]) -> tuple[int, int]:
    return int(np.floor(place[0])), int(np.floor(place[1]))


def _next_cells(maze: PointMaze) -> dict[tuple[int, int], dict[tuple[int, int], tuple[int, int]]]:
    """For each goal, the cell to go to from every other: breadth first."""
    cells = {(int(row), int(column)) for row, column in maze.free}
    found: dict[tuple[int, int], dict[tuple[int, int], tuple[int, int]]] = {}
    for goal in cells:
        towards: dict[tuple[int, int], tuple[int, int]] = {}
        edge = [goal]
        while edge:
            reached: list[tuple[int, int]] = []
            for row, column in edge:
                for cell in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
                    if cell in cells and cell != goal and cell not in towards:
                        towards[cell] = (row, column)
                        reached.append(cell)
            edge = reached
        found[goal] = towards
    return found

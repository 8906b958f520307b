"""Pictures of training: a line an arm, the spread of its seeds as a band."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from backends.lab.contract import Artifact
from backends.lab.reporter import Reporter
from backends.rl.evaluation.aggregates import score_matrix

Curve = Sequence[tuple[float, float]]
"""Pairs of a step and a value."""


def curve_picture(
    report: Reporter,
    arms: Mapping[str, Sequence[Curve]],
    about: str,
    *,
    x: str,
    y: str,
    log: bool = False,
    name: str = "curve.png",
) -> Artifact:
    """Draw curves as an artifact of the run; see `plot_curves`."""
    path = report.artifact_path(name)
    plot_curves(arms, path, x=x, y=y, log=log)
    return report.artifact(path, about)


def plot_curves(
    arms: Mapping[str, Sequence[Curve]], path: Path, *, x: str, y: str, log: bool = False
) -> None:
    """Draw the mean of each arm's runs, between its lowest and highest.

    The runs of an arm are measured at the same steps; where one ended early, the arm ends there.
    """
    figure = Figure(figsize=(7, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for arm, runs in arms.items():
        length = min(len(run) for run in runs)
        steps = [step for step, _ in runs[0][:length]]
        values = score_matrix([[value for _, value in run[:length]] for run in runs])
        (line,) = axes.plot(steps, values.mean(axis=0), marker=".", label=arm)
        if len(runs) > 1:
            lowest, highest = np.min(values, axis=0), np.max(values, axis=0)
            axes.fill_between(steps, lowest, highest, color=line.get_color(), alpha=0.2)
    if log:
        axes.set_yscale("log")
    axes.set(xlabel=x, ylabel=y)
    axes.grid(visible=True, alpha=0.3)
    axes.legend(fontsize=8)
    figure.savefig(path, dpi=120)

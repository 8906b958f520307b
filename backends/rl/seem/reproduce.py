"""The paper's effect in the toy maze: who diverges, how straight 1/|Q| falls, how early the crash is told."""

from functools import partial
from statistics import fmean, median

from pydantic import BaseModel
from scipy.stats import binomtest

from backends.lab.contract import Artifact
from backends.lab.reporter import Reporter
from backends.rl.divergence.forecast import forecast_crash, steps_left
from backends.rl.evaluation.curves import curve_picture
from backends.rl.seem.maze import CRASHED, MazeStep, learn, maze_critic, random_walk
from backends.rl.seem.spec import MazeParams, MazeResult, ReproduceParams, ReproduceResult

LAYERS = 2
_MEASURE_EVERY = 10
_SHOWN = 5  # runs of each arm in the picture


class MazeRun(BaseModel):
    """One training; what follows `crash` is None where it did not crash.

    `straightness` is R squared of the line through 1/|Q| in the third quarter before the crash, from which
    `by_line` forecasts it; `by_measure` forecasts it from one eigenvalue at three quarters of the way.
    """

    seed: int
    layer_norm: bool
    highest: float
    crash: int | None
    straightness: float | None
    by_line: float | None
    by_measure: float | None
    eigenvalues: tuple[tuple[int, float], ...]
    curve: tuple[tuple[float, float], ...]


def reproduce(params: ReproduceParams, report: Reporter) -> ReproduceResult:
    """Train the maze with and without LayerNorm for each seed."""
    runs: list[MazeRun] = []
    for layer_norm in (False, True):
        for seed in range(params.seed, params.seed + params.seeds):
            report.check_cancelled()
            part = report.part(f"{'norm' if layer_norm else 'plain'}, seed {seed}")
            make = partial(train_maze, seed, layer_norm, params.steps, params.rate, params.discount)
            runs.append(part.kept("run", MazeRun, make))
            report.progress(len(runs), 2 * params.seeds)
    plain = [run for run in runs if not run.layer_norm]
    norm = [run for run in runs if run.layer_norm]
    crashed = [run for run in plain if run.crash is not None]
    metrics = {
        **_share("diverged_plain", len(crashed), len(plain)),
        **_share("diverged_norm", sum(run.crash is not None for run in norm), len(norm)),
        "highest_norm": max(run.highest for run in norm),
        **_forecasts(crashed),
    }
    table = tuple(_row(run) for run in runs)
    return ReproduceResult(metrics=metrics, table=table, artifacts=(_picture(plain, norm, report),))


def maze(params: MazeParams, report: Reporter) -> MazeResult:
    """One training of the maze, with its curve and its measure."""
    run = train_maze(params.seed, params.layer_norm, params.steps, params.rate, params.discount)
    for step, eigenvalue in run.eigenvalues:
        report.metric(step, eigenvalue=eigenvalue)
    arm = "LayerNorm" if params.layer_norm else "plain"
    about = f"The highest |Q| of a {arm} critic in the maze, seed {params.seed}."
    curves = {arm: [run.curve]}
    picture = curve_picture(
        report, curves, about, x="gradient step", y="highest |Q|", log=True, name="maze.png"
    )
    return MazeResult(
        metrics={"highest": run.highest},
        artifacts=(picture,),
        crash=run.crash,
        forecast_by_line=run.by_line,
        forecast_by_measure=run.by_measure,
    )


def train_maze(seed: int, layer_norm: bool, steps: int, rate: float, discount: float) -> MazeRun:
    """Train once and forecast the crash, if there was one, from what could be seen before it."""
    seen = list(
        learn(
            random_walk(seed),
            maze_critic(seed, layer_norm=layer_norm),
            steps=steps,
            rate=rate,
            discount=discount,
            measure_at=lambda step: step % _MEASURE_EVERY == 0,
        )
    )
    crash = seen[-1].step if seen[-1].highest >= CRASHED else None
    eigenvalues = tuple((one.step, one.measured.eigenvalue) for one in seen if one.measured is not None)
    straightness = by_line = by_measure = None
    if crash is not None and crash >= 16:  # a line needs some steps
        straightness, by_line = _by_line(seen, crash)
        by_measure = _by_measure(seen, crash, rate)
    return MazeRun(
        seed=seed,
        layer_norm=layer_norm,
        highest=max(one.highest for one in seen),
        crash=crash,
        straightness=straightness,
        by_line=by_line,
        by_measure=by_measure,
        eigenvalues=eigenvalues,
        curve=tuple((float(one.step), max(one.highest, 1e-6)) for one in seen[::_MEASURE_EVERY]),
    )


def _by_line(seen: list[MazeStep], crash: int) -> tuple[float, float | None]:
    window = seen[crash // 2 : 3 * crash // 4]
    line = forecast_crash([one.step for one in window], [one.highest for one in window], LAYERS)
    return line.straightness, line.crash


def _by_measure(seen: list[MazeStep], crash: int, rate: float) -> float | None:
    *_, last = (one for one in seen[: 3 * crash // 4] if one.measured is not None)
    assert last.measured is not None
    left = steps_left(last.measured, rate, LAYERS)
    return None if left is None else last.step + left


def _share(name: str, count: int, total: int) -> dict[str, float]:
    """A share with Wilson's 95 % interval."""
    interval = binomtest(count, total).proportion_ci(method="wilson")
    return {
        name: count / total,
        f"{name}_low": float(interval.low),
        f"{name}_high": float(interval.high),
    }


def _forecasts(crashed: list[MazeRun]) -> dict[str, float]:
    """How straight and how near, over the runs that crashed; nothing where none did."""
    metrics: dict[str, float] = {}
    straight = [run.straightness for run in crashed if run.straightness is not None]
    if straight:
        metrics |= {"straightness_median": median(straight), "straightness_lowest": min(straight)}
    for name, found in (
        ("line", [(run.by_line, run.crash) for run in crashed]),
        ("measure", [(run.by_measure, run.crash) for run in crashed]),
    ):
        errors = [
            abs(told - crash) / crash for told, crash in found if told is not None and crash is not None
        ]
        if errors:
            metrics |= {
                f"error_by_{name}_mean": fmean(errors),
                f"error_by_{name}_median": median(errors),
                f"error_by_{name}_highest": max(errors),
                f"told_by_{name}": float(len(errors)),
            }
    return metrics


def _row(run: MazeRun) -> dict[str, float | str | None]:
    return {
        "arm": "LayerNorm" if run.layer_norm else "plain",
        "seed": run.seed,
        "highest": run.highest,
        "crash": run.crash,
        "straightness": run.straightness,
        "forecast_by_line": run.by_line,
        "forecast_by_measure": run.by_measure,
        "first_eigenvalue": run.eigenvalues[0][1],
        "highest_eigenvalue": max(value for _, value in run.eigenvalues),
    }


def _picture(plain: list[MazeRun], norm: list[MazeRun], report: Reporter) -> Artifact:
    arms = {f"plain, seed {run.seed}": [run.curve] for run in plain[:_SHOWN]}
    arms |= {f"LayerNorm, seed {run.seed}": [run.curve] for run in norm[:_SHOWN]}
    about = f"The highest |Q| over training; the first {_SHOWN} seeds of each arm."
    return curve_picture(report, arms, about, x="gradient step", y="highest |Q|", log=True, name="maze.png")

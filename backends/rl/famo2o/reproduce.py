"""The small experiment: state-adaptive balances in the bandit, over seeds."""

from dataclasses import asdict

from backends.lab.intervals import mean_interval, paired_interval
from backends.lab.reporter import Reporter
from backends.rl.famo2o.bandit import BanditOutcome, BanditSettings, play_bandit
from backends.rl.famo2o.spec import ReproduceParams, ReproduceResult


def reproduce(params: ReproduceParams, report: Reporter) -> ReproduceResult:
    """Play each bandit, and compare the adaptive balance with the best single one of the same bandit."""
    found: list[BanditOutcome] = []
    for number in range(params.seeds):
        report.check_cancelled()
        found.append(play_bandit(params.seed + number, BanditSettings(pulls=params.pulls)))
        report.progress(number + 1, params.seeds)
    rows: list[dict[str, float | str | None]] = []
    metrics: dict[str, float] = {}
    for name in asdict(found[0]):
        mean, half_width = mean_interval([asdict(one)[name] for one in found])
        metrics |= {name: mean, f"{name}_half_width": half_width}
        rows.append({"what": name, "mean": mean, "half_width": half_width})
    adaptive, single = [one.adaptive for one in found], [one.best_single for one in found]
    gain, half_width = paired_interval(adaptive, single)
    wins = sum(one > other for one, other in zip(adaptive, single, strict=True))
    metrics |= {"gain": gain, "gain_half_width": half_width, "wins": wins / len(found)}
    return ReproduceResult(metrics=metrics, table=tuple(rows))

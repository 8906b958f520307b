"""The small experiment: state-adaptive balances in the bandit, over seeds."""

from dataclasses import fields

from backends.lab.contract import Artifact
from backends.lab.intervals import mean_interval, paired_interval
from backends.lab.reporter import Reporter
from backends.rl.evaluation.curves import Curve, curve_picture
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
    for name in (field.name for field in fields(BanditOutcome) if field.name != "by_balance"):
        mean, half_width = mean_interval([getattr(one, name) for one in found])
        metrics |= {name: mean, f"{name}_half_width": half_width}
        rows.append({"what": name, "mean": mean, "half_width": half_width})
    adaptive, single = [one.adaptive for one in found], [one.best_single for one in found]
    gain, half_width = paired_interval(adaptive, single)
    wins = sum(one > other for one, other in zip(adaptive, single, strict=True))
    metrics |= {"gain": gain, "gain_half_width": half_width, "wins": wins / len(found)}
    return ReproduceResult(metrics=metrics, table=tuple(rows), artifacts=(_picture(found, report),))


def _picture(found: list[BanditOutcome], report: Reporter) -> Artifact:
    """The single balances as a curve, what does not depend on one as lines beside it."""
    curves: dict[str, list[Curve]] = {"one balance for all states": [one.by_balance for one in found]}
    for label, name in (("a balance for each state", "adaptive"), ("the data's behaviour", "behaviour")):
        curves[label] = [[(balance, getattr(one, name)) for balance, _ in one.by_balance] for one in found]
    about = "Rewards of the family's policies: the mean of the bandits, between the lowest and the highest."
    return curve_picture(report, curves, about, x="balance", y="mean reward")

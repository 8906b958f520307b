"""The small experiment: what the priorities make of the bandit's behaviour, iteration by iteration."""

from collections.abc import Sequence
from statistics import fmean

from backends.lab.intervals import mean_interval
from backends.lab.reporter import Reporter
from backends.rl.evaluation.curves import Curve, curve_picture
from backends.rl.oper.bandit import bandit, bandit_priorities
from backends.rl.oper.spec import ReproduceParams, ReproduceResult
from backends.rl.samplers.priorities import Weights, effective_share
from backends.rl.transitions.store import TransitionStore

ITERATIONS = 5


def reproduce(params: ReproduceParams, report: Reporter) -> ReproduceResult:
    """Iterate on the bandit of each seed."""
    stores = [bandit(seed) for seed in range(params.seed, params.seed + params.bandits)]
    iterated = []
    for done, store in enumerate(stores):
        report.check_cancelled()
        report.progress(done, len(stores))
        iterated.append((store, bandit_priorities(store, ITERATIONS)))
    rows: list[dict[str, float]] = []
    metrics = {"bandit_return_0": fmean(float(store.reward.mean()) for store in stores)}
    for number in range(1, ITERATIONS + 1):
        reached = [(store, found[number - 1]) for store, found in iterated if len(found) >= number]
        mean, half_width = mean_interval(
            [float((weights * store.reward).mean()) for store, weights in reached]
        )
        metrics |= {f"bandit_return_{number}": mean, f"bandit_return_{number}_half_width": half_width}
        rows.append(
            {
                "iteration": number,
                "return": mean,
                "return_half_width": half_width,
                "deviation": fmean(float(weights.std()) for _, weights in reached),
                "effective_share": fmean(effective_share(weights) for _, weights in reached),
            }
        )
    curves = {
        "OPER-A": [[(0.0, float(store.reward.mean())), *_returns(store, found)] for store, found in iterated]
    }
    about = "Mean return of the weighted behaviour: the mean of the bandits, between lowest and highest."
    picture = curve_picture(report, curves, about, x="iteration", y="mean return")
    return ReproduceResult(metrics=metrics, table=tuple(rows), artifacts=(picture,))


def _returns(store: TransitionStore, found: Sequence[Weights]) -> Curve:
    return [
        (float(number), float((weights * store.reward).mean()))
        for number, weights in enumerate(found, start=1)
    ]

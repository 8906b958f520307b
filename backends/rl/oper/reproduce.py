"""The small experiment: what the priorities make of the bandit's behaviour, iteration by iteration."""

from statistics import fmean

from backends.lab.intervals import mean_interval
from backends.lab.reporter import Reporter
from backends.rl.oper.bandit import bandit, bandit_priorities
from backends.rl.oper.spec import ReproduceParams, ReproduceResult
from backends.rl.samplers.priorities import effective_share

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
    return ReproduceResult(metrics=metrics, table=tuple(rows))

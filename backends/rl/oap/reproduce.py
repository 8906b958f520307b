"""The small experiment: the closed-form probe over many worlds."""

from backends.lab.intervals import mean_interval, paired_interval
from backends.lab.reporter import Reporter
from backends.rl.oap.probe import ProbeSettings, probe_regrets
from backends.rl.oap.spec import ReproduceParams, ReproduceResult


def reproduce(params: ReproduceParams, report: Reporter) -> ReproduceResult:
    """Draw worlds, and compare each way of asking with the best single weight of the same world."""
    settings = ProbeSettings(share=params.share, encourage=params.encourage, suppress=params.suppress)
    found: list[dict[str, float]] = []
    for number in range(params.seeds):
        report.check_cancelled()
        found.append(probe_regrets(params.seed + number, settings))
        report.progress(number + 1, params.seeds)
    metrics: dict[str, float] = {}
    rows: list[dict[str, float | str | None]] = []
    single = [one["best_single_weight"] for one in found]
    for name in found[0]:
        values = [one[name] for one in found]
        mean, half_width = mean_interval(values)
        gain, gain_half_width = paired_interval(single, values)
        metrics |= {name: mean, f"{name}_half_width": half_width}
        rows.append(
            {
                "asked": name,
                "regret": mean,
                "regret_half_width": half_width,
                "below_best_single_weight": gain,
                "below_half_width": gain_half_width,
            }
        )
    metrics["share_of_best_single"] = metrics["reweight_farthest"] / metrics["best_single_weight"]
    return ReproduceResult(metrics=metrics, table=tuple(rows))

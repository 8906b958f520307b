"""The small experiment: the closed-form probe over many worlds."""

from dataclasses import replace

from backends.lab.contract import Artifact
from backends.lab.intervals import mean_interval, paired_interval
from backends.lab.reporter import Reporter
from backends.rl.evaluation.curves import curve_picture
from backends.rl.oap.probe import ProbeSettings, probe_regrets
from backends.rl.oap.spec import ReproduceParams, ReproduceResult

_SHARES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
_DRAWN = 10
_SHOWN = {
    "weights, asked where farthest": "reweight_farthest",
    "weights, asked at random": "reweight_random",
    "targets, asked where farthest": "replace_farthest",
    "best single weight, nothing asked": "best_single_weight",
}


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
    return ReproduceResult(
        metrics=metrics, table=tuple(rows), artifacts=(_picture(params, settings, report),)
    )


def _picture(params: ReproduceParams, settings: ProbeSettings, report: Reporter) -> Artifact:
    """Regret by the share of states that are asked about, in some of the worlds."""
    seeds = range(params.seed, params.seed + min(params.seeds, _DRAWN))
    by_share = [
        [(share, probe_regrets(seed, replace(settings, share=share))) for share in _SHARES] for seed in seeds
    ]
    curves = {
        label: [[(share, regrets[name]) for share, regrets in world] for world in by_share]
        for label, name in _SHOWN.items()
    }
    about = f"Regret by how many are asked: the mean of {len(seeds)} worlds, between lowest and highest."
    return curve_picture(report, curves, about, x="share of states asked about", y="regret")

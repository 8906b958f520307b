"""The small experiments: a reward that drifts with visits is predicted, and agents learn two tasks."""

import time
from functools import partial
from statistics import fmean

from pydantic import BaseModel

from backends.lab.errors import LabError
from backends.lab.intervals import mean_interval
from backends.lab.reporter import Reporter
from backends.rl.evaluation.aggregates import interquartile_mean
from backends.rl.evaluation.bootstrap import estimate, estimate_difference
from backends.rl.self_reference.drifting_reward import prediction_error
from backends.rl.self_reference.lives import SMALL_REFERENCE, recalling_finetuning, recalling_pretraining
from backends.rl.self_reference.reference import Retrieval
from backends.rl.self_reference.spec import ReproduceParams, ReproduceResult
from backends.rl.skills.noisy_room import GOALS, STEPS
from backends.rl.skills.phases import SMALL, finetune, pretraining
from backends.rl.skills.pictures import finetuning_picture
from backends.rl.skills.worlds import make_world

PROBED: tuple[Retrieval, ...] = ("none", "random", "nearest")
PEERS: dict[str, Retrieval] = {"CIC": "none", "CIC with self-reference": "nearest"}


class Probed(BaseModel):
    """One stream of the drifting reward."""

    error: float


class Lived(BaseModel):
    """One life: score and curve of each task, and how long it took."""

    scores: dict[str, float]
    curves: dict[str, tuple[tuple[float, float], ...]]
    seconds: float


def reproduce(params: ReproduceParams, report: Reporter) -> ReproduceResult:
    """Try each arm with each seed, and compare."""
    if params.peer_seeds == 1:
        raise LabError("--peer-seeds 1: one life has no spread; take at least 2, or 0 for none.")
    total = len(PROBED) * params.seeds + len(PEERS) * params.peer_seeds
    probed: dict[Retrieval, list[float]] = {arm: [] for arm in PROBED}
    lived: dict[str, list[Lived]] = {arm: [] for arm in PEERS}
    for number in range(params.seeds):
        seed = params.seed + number
        for place, retrieval in enumerate(PROBED):
            part = report.part(f"drifting reward, {retrieval}, seed {seed}")
            probe = partial(_probe, params, retrieval, seed, part)
            probed[retrieval].append(part.kept("arm", Probed, probe).error)
            report.progress(number * len(PROBED) + place + 1, total)
    for number in range(params.peer_seeds):
        seed = params.seed + number
        for place, arm in enumerate(PEERS):
            part = report.part(f"{arm}, seed {seed}")
            lived[arm].append(part.kept("arm", Lived, partial(_live, params, arm, seed, part)))
            report.progress(len(PROBED) * params.seeds + number * len(PEERS) + place + 1, total)
    metrics = {
        "error_ratio_to_none": fmean(probed["nearest"]) / fmean(probed["none"]),
        "error_ratio_to_random": fmean(probed["nearest"]) / fmean(probed["random"]),
    }
    if params.peer_seeds == 0:
        return ReproduceResult(metrics=metrics, probe=_probe_rows(probed), peers=())
    alone, recalling = (_scores(lived[arm]) for arm in PEERS)
    gain = estimate_difference(recalling, alone, interquartile_mean, paired=True)
    metrics["iqm_gain_over_cic"] = gain.value
    metrics["iqm_gain_over_cic_low"], metrics["iqm_gain_over_cic_high"] = gain.low, gain.high
    peers = tuple(_peer_row(arm, lives) for arm, lives in lived.items())
    picture = finetuning_picture(report, {arm: [one.curves for one in lives] for arm, lives in lived.items()})
    return ReproduceResult(metrics=metrics, probe=_probe_rows(probed), peers=peers, artifacts=(picture,))


def _probe(params: ReproduceParams, retrieval: Retrieval, seed: int, part: Reporter) -> Probed:
    return Probed(error=prediction_error(retrieval, params.updates, seed, part))


def _live(params: ReproduceParams, arm: str, seed: int, part: Reporter) -> Lived:
    begin = time.perf_counter()
    retrieval, room = PEERS[arm], make_world("noisy_room-calm")
    life = recalling_pretraining(room, SMALL, SMALL_REFERENCE, retrieval, seed=seed, device=part.device)
    life.live(pretraining(SMALL, params.pretrain_steps), part.part("pretraining"))
    weights = life.agent.weights()
    scores, curves = {}, {}
    for task in GOALS:
        world = make_world(f"noisy_room-{task}")
        learner = recalling_finetuning(
            world, SMALL, SMALL_REFERENCE, retrieval, weights, seed=seed, device=part.device
        )
        tuned = finetune(learner, SMALL, params.finetune_steps, params.episodes, part.part(task), fresh=False)
        scores[task] = tuned.mean_return / STEPS
        curves[task] = tuned.curve
    return Lived(scores=scores, curves=curves, seconds=time.perf_counter() - begin)


def _scores(lives: list[Lived]) -> list[list[float]]:
    return [[life.scores[task] for task in GOALS] for life in lives]


def _probe_rows(probed: dict[Retrieval, list[float]]) -> tuple[dict[str, float | str], ...]:
    rows: list[dict[str, float | str]] = []
    for retrieval, errors in probed.items():
        mean, half_width = mean_interval(errors)
        rows.append({"recalled": retrieval, "error": mean, "error_half_width": half_width})
    return tuple(rows)


def _peer_row(arm: str, lives: list[Lived]) -> dict[str, float | str]:
    iqm = estimate(_scores(lives), interquartile_mean)
    return {
        "arm": arm,
        **{task: fmean(life.scores[task] for life in lives) for task in GOALS},
        "iqm": iqm.value,
        "iqm_low": iqm.low,
        "iqm_high": iqm.high,
        "seconds": fmean(life.seconds for life in lives),
    }

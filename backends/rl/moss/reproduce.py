"""The small experiment: pretrain in the noisy room by several objectives, finetune on two tasks."""

from functools import partial
from statistics import fmean

from pydantic import BaseModel

from backends.lab.reporter import Reporter
from backends.rl.evaluation.aggregates import interquartile_mean
from backends.rl.evaluation.bootstrap import estimate, estimate_difference
from backends.rl.moss.jobs import practising
from backends.rl.moss.spec import ObjectiveName, ReproduceParams, ReproduceResult
from backends.rl.skills.noisy_room import GOALS, STEPS, coverage, shaken
from backends.rl.skills.objectives import AVOIDS, SEEKS
from backends.rl.skills.phases import SMALL, finetune, finetuned_life, pretraining
from backends.rl.skills.pictures import finetuning_picture
from backends.rl.skills.replay import SkillReplay
from backends.rl.skills.worlds import make_world

ARMS: dict[str, ObjectiveName | None] = {
    "moss": "moss",
    "cic": "cic",
    "no pretraining": None,
}


class ModeVisits(BaseModel):
    """Where the second half of pretraining was, in one mode."""

    coverage: float
    shaken: float


class ArmResult(BaseModel):
    """One life: score and curve of each task, and the visits by mode, None for a mode that did not occur."""

    scores: dict[str, float]
    curves: dict[str, tuple[tuple[float, float], ...]]
    seeking: ModeVisits | None = None
    avoiding: ModeVisits | None = None


def reproduce(params: ReproduceParams, report: Reporter) -> ReproduceResult:
    """Let each arm live with each seed, and compare."""
    found: dict[str, list[ArmResult]] = {arm: [] for arm in ARMS}
    done = 0
    for seed in range(params.seed, params.seed + params.seeds):
        for arm in ARMS:
            part = report.part(f"{arm}, seed {seed}")
            found[arm].append(part.kept("arm", ArmResult, partial(_live, params, arm, seed, part)))
            done += 1
            report.progress(done, len(ARMS) * params.seeds)
    metrics: dict[str, float] = {}
    for arm in ARMS:
        key = arm.replace(" ", "_")
        metrics[f"iqm_{key}"] = estimate(_matrix(found[arm]), interquartile_mean).value
        if arm != "moss":
            gain = estimate_difference(
                _matrix(found["moss"]), _matrix(found[arm]), interquartile_mean, paired=True
            )
            metrics[f"moss_over_{key}"] = gain.value
            metrics[f"moss_over_{key}_low"], metrics[f"moss_over_{key}_high"] = gain.low, gain.high
    picture = finetuning_picture(report, {arm: [one.curves for one in lives] for arm, lives in found.items()})
    table = tuple(_row(arm, lives) for arm, lives in found.items())
    return ReproduceResult(metrics=metrics, table=table, artifacts=(picture,))


def _live(params: ReproduceParams, arm: str, seed: int, part: Reporter) -> ArmResult:
    objective, weights = ARMS[arm], None
    visits: dict[str, ModeVisits | None] = {}
    if objective is not None:
        life = practising("noisy_room-calm", objective, "small", seed=seed, device=part.device)
        life.live(pretraining(SMALL, params.pretrain_steps), part.part("pretraining"))
        weights = life.agent.weights()
        half = life.num_steps // 2
        visits = {
            "seeking": visited(life.replay, SEEKS, half),
            "avoiding": visited(life.replay, AVOIDS, half),
        }
    scores, curves = {}, {}
    for task in GOALS:
        learner = finetuned_life(
            make_world(f"noisy_room-{task}"), SMALL, weights, seed=seed, device=part.device
        )
        tuned = finetune(
            learner, SMALL, params.finetune_steps, params.episodes, part.part(task), fresh=weights is None
        )
        scores[task] = tuned.mean_return / STEPS
        curves[task] = tuned.curve
    return ArmResult(scores=scores, curves=curves, **visits)


def visited(replay: SkillReplay, mode: int, begin: int) -> ModeVisits | None:
    """Where the steps from `begin` on were, of a memory that has not begun to forget."""
    states, modes = replay.column("state")[begin:], replay.column("mode")[begin:]
    chosen = states[modes == mode].numpy()
    return ModeVisits(coverage=coverage(chosen), shaken=shaken(chosen)) if len(chosen) else None


def _matrix(lives: list[ArmResult]) -> list[list[float]]:
    return [[life.scores[task] for task in GOALS] for life in lives]


def _row(arm: str, lives: list[ArmResult]) -> dict[str, float | str | None]:
    iqm = estimate(_matrix(lives), interquartile_mean)
    seeking = [life.seeking for life in lives if life.seeking is not None]
    avoiding = [life.avoiding for life in lives if life.avoiding is not None]
    return {
        "arm": arm,
        **{task: fmean(life.scores[task] for life in lives) for task in GOALS},
        "iqm": iqm.value,
        "iqm_low": iqm.low,
        "iqm_high": iqm.high,
        "coverage_seeking": fmean(one.coverage for one in seeking) if seeking else None,
        "coverage_avoiding": fmean(one.coverage for one in avoiding) if avoiding else None,
        "shaken_seeking": fmean(one.shaken for one in seeking) if seeking else None,
        "shaken_avoiding": fmean(one.shaken for one in avoiding) if avoiding else None,
    }

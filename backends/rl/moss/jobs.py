"""The jobs of MOSS: pretrain without rewards, finetune on a task."""

from backends.lab.reporter import Reporter
from backends.rl.moss.mixture import Mixture, Schedule, SkillMode
from backends.rl.moss.spec import (
    FinetuneParams,
    FinetuneResult,
    ObjectiveName,
    PretrainParams,
    PretrainResult,
    ScaleName,
)
from backends.rl.skills.life import Life
from backends.rl.skills.objectives import DrawSkill, UniformSkill
from backends.rl.skills.phases import SCALES, finetune, finetuned_life, pretrained_life, pretraining
from backends.rl.skills.snapshots import read_snapshot, write_snapshot
from backends.rl.skills.worlds import episode_steps, make_world

SYSTEM_ID = "rl.moss"

_SCHEDULES: dict[ObjectiveName, Schedule] = {
    "moss": "by_time",
    "explore": "explore",
    "control": "control",
    "random": "random",
}


def pretrain(params: PretrainParams, report: Reporter) -> PretrainResult:
    """Practise, and write actor, encoder and the critic's trunk."""
    life = practising(
        params.world,
        params.objective,
        params.scale,
        seed=params.seed,
        device=report.device,
        skill_mode=params.skill_mode,
        partitions=params.partitions,
    )
    life.live(pretraining(SCALES[params.scale], params.steps), report)
    path = report.artifact_path("pretrained.safetensors")
    write_snapshot(path, life, SYSTEM_ID, params.scale)
    weights = report.artifact(path, f"Pretrained by {params.objective} in {params.world}.")
    metrics = {"steps": float(life.num_steps), "updates": float(life.num_updates)}
    return PretrainResult(metrics=metrics, artifacts=(weights,), weights=weights.path)


def practising(
    world: str,
    objective: ObjectiveName,
    scale: ScaleName,
    *,
    seed: int,
    device: str,
    skill_mode: SkillMode = "sign",
    partitions: float = 1.5,
) -> Life:
    """The life of an agent that practises by an objective, yet to be lived."""
    environment, settings = make_world(world), SCALES[scale]
    draw: DrawSkill
    if objective == "cic":
        draw = UniformSkill(settings.surprise.skills)
    else:
        draw = Mixture(
            size=settings.surprise.skills,
            episode_steps=episode_steps(environment),
            partitions=partitions,
            schedule=_SCHEDULES[objective],
            skill_mode=skill_mode,
        )
    return pretrained_life(environment, settings, draw, moss=objective != "cic", seed=seed, device=device)


def finetune_job(params: FinetuneParams, report: Reporter) -> FinetuneResult:
    """Learn a task, and evaluate at the end."""
    environment = make_world(params.world)
    weights = None
    if params.weights is not None:
        weights = read_snapshot(params.weights, environment, SYSTEM_ID, params.scale)
    scale = SCALES[params.scale]
    life = finetuned_life(
        environment, scale, weights, skill=params.skill, seed=params.seed, device=report.device
    )
    tuned = finetune(life, scale, params.steps, params.episodes, report, fresh=weights is None)
    path = report.artifact_path("finetuned.safetensors")
    write_snapshot(path, life, SYSTEM_ID, params.scale)
    artifact = report.artifact(path, f"Finetuned on {params.world}.")
    return FinetuneResult(
        metrics={"return": tuned.mean_return, "lowest": min(tuned.returns), "highest": max(tuned.returns)},
        artifacts=(artifact,),
        mean_return=tuned.mean_return,
        weights=artifact.path,
    )

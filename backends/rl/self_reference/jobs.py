"""The jobs of Self-Reference: pretrain and finetune an agent that recalls."""

from backends.lab.reporter import Reporter
from backends.rl.self_reference.lives import REFERENCES, recalling_finetuning, recalling_pretraining
from backends.rl.self_reference.spec import FinetuneParams, FinetuneResult, PretrainParams, PretrainResult
from backends.rl.skills.phases import SCALES, finetune, pretraining
from backends.rl.skills.snapshots import read_snapshot, write_snapshot
from backends.rl.skills.worlds import make_world

SYSTEM_ID = "rl.self_reference"


def pretrain(params: PretrainParams, report: Reporter) -> PretrainResult:
    """Practise, and write the agent with its memory."""
    scale, settings = SCALES[params.scale], REFERENCES[params.scale]
    environment = make_world(params.world)
    life = recalling_pretraining(
        environment, scale, settings, params.retrieval, seed=params.seed, device=report.device
    )
    life.live(pretraining(scale, params.steps), report)
    path = report.artifact_path("pretrained.safetensors")
    write_snapshot(path, life, SYSTEM_ID, params.scale)
    weights = report.artifact(path, f"Pretrained in {params.world}, recalling: {params.retrieval}.")
    metrics = {"steps": float(life.num_steps), "updates": float(life.num_updates)}
    return PretrainResult(metrics=metrics, artifacts=(weights,), weights=weights.path)


def finetune_job(params: FinetuneParams, report: Reporter) -> FinetuneResult:
    """Learn a task, and evaluate at the end."""
    scale, settings = SCALES[params.scale], REFERENCES[params.scale]
    environment = make_world(params.world)
    weights = None
    if params.weights is not None:
        weights = read_snapshot(params.weights, environment, SYSTEM_ID, params.scale)
    life = recalling_finetuning(
        environment, scale, settings, params.retrieval, weights, seed=params.seed, device=report.device
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

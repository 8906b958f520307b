"""The small experiment: topologies by learning rate on bytes of text, without any warm-up, over seeds."""

from functools import partial
from itertools import product

from pydantic import BaseModel

from backends.lab.errors import LabFailure
from backends.lab.intervals import mean_interval, paired_interval
from backends.lab.reporter import Reporter
from backends.vision.siamese_norm.corpus import open_corpus
from backends.vision.siamese_norm.jobs import check_heads, train_language_model
from backends.vision.siamese_norm.spec import ReproduceParams, ReproduceResult
from backends.vision.siamese_norm.topology import TopologyName

Arm = tuple[TopologyName, float]


class ArmResult(BaseModel):
    """One training; no loss where it diverged."""

    loss: float | None
    seconds: float


def reproduce(params: ReproduceParams, report: Reporter) -> ReproduceResult:
    """Train each topology at each rate with each seed, and compare the best rates."""
    check_heads(params)
    unigram_loss = open_corpus(params.corpus, params.context).unigram_loss()
    seeds = range(params.seed, params.seed + params.seeds)
    arms: list[Arm] = list(product(params.topologies, params.rates))
    found: dict[Arm, list[ArmResult]] = {arm: [] for arm in arms}
    for number, (seed, arm) in enumerate(product(seeds, arms)):
        part = report.part(f"{arm[0]}, rate {arm[1]:g}, seed {seed}")
        found[arm].append(part.kept("arm", ArmResult, partial(_train_arm, params, arm, seed, part)))
        report.progress(number + 1, len(seeds) * len(arms))
    metrics: dict[str, float] = {"unigram_loss": unigram_loss}
    best = {name: _best_rate(name, found) for name in params.topologies}
    pre = best.get("pre")
    for name, losses in best.items():
        if losses is not None and pre is not None and name != "pre":
            gain, half_width = paired_interval(pre, losses)
            metrics[f"gain_{name}"], metrics[f"gain_{name}_half_width"] = gain, half_width
    return ReproduceResult(metrics=metrics, table=tuple(_row(arm, found[arm]) for arm in arms))


def _train_arm(params: ReproduceParams, arm: Arm, seed: int, part: Reporter) -> ArmResult:
    topology, rate = arm
    seeded = params.model_copy(update={"seed": seed})
    try:
        trained = train_language_model(seeded, topology, rate, part).trained
    except LabFailure as failure:
        part.log(f"{topology} at rate {rate:g}, seed {seed}: {failure}")
        return ArmResult(loss=None, seconds=0.0)
    return ArmResult(loss=trained.metrics["test_loss"], seconds=trained.seconds)


def _losses(results: list[ArmResult]) -> list[float] | None:
    """The losses of an arm's seeds, if none of them diverged."""
    losses = [one.loss for one in results if one.loss is not None]
    return losses if len(losses) == len(results) else None


def _best_rate(name: TopologyName, found: dict[Arm, list[ArmResult]]) -> list[float] | None:
    """The losses of a topology at the rate that suits it best; None if it diverges at all."""
    known = [losses for (one, _), results in found.items() if one == name and (losses := _losses(results))]
    return min(known, key=sum, default=None)


def _row(arm: Arm, results: list[ArmResult]) -> dict[str, float | str | None]:
    losses = _losses(results)
    loss, half_width = mean_interval(losses) if losses else (None, None)
    return {
        "topology": arm[0],
        "rate": arm[1],
        "loss": loss,
        "loss_half_width": half_width,
        "diverged": float(sum(one.loss is None for one in results)),
        "seconds": sum(one.seconds for one in results) / len(results),
    }

"""Agents side by side on a person's own data, each with all kinds of priorities, over seeds."""

from collections.abc import Sequence
from functools import partial

from pydantic import BaseModel

from backends.lab.errors import LabError
from backends.lab.intervals import paired_interval
from backends.lab.reporter import Reporter
from backends.rl.evaluation.curves import curve_picture
from backends.rl.offline.jobs import named_priorities, open_data, policy_score
from backends.rl.offline.spec import Agent, CompareParams, CompareResult
from backends.rl.offline_agents.arms import Arm, Score, train_arm
from backends.rl.offline_agents.comparison import ArmScore, finals, over_seeds
from backends.rl.offline_agents.making import AgentChoice
from backends.rl.samplers.priorities import Weights
from backends.rl.transitions.store import TransitionStore


class Ended(BaseModel):
    """How a training ended: with a score, or at a step where its values had diverged."""

    score: ArmScore | None
    diverged_at: int | None


def compare(params: CompareParams, report: Reporter) -> CompareResult:
    """Train each agent with all kinds of priorities from each seed.

    Raises:
        LabError: Nobody says in which environment policies are to play, or priorities do not fit the data.
    """
    store = open_data(params.data, params.seed)
    for remark in store.remarks:
        report.log(f"{store.name}: {remark}.")
    score = policy_score(params.environment, params.episodes, store)
    if score is None:
        raise LabError(
            f"{store.name} names no environment; say with --environment where policies shall play."
        )
    weights = {kind: _weights(kind, store) for kind in params.priorities}
    labels = _labels(params.priorities)
    found: dict[tuple[Agent, str], list[Ended]] = {
        (agent, kind): [] for agent in dict.fromkeys(params.agents) for kind in weights
    }
    for seed in range(params.seed, params.seed + params.seeds):
        for (agent, kind), ended in found.items():
            part = report.part(f"{agent}, {labels[kind]}, seed {seed}")
            make = partial(_train, store, weights[kind], agent, params, seed, score, part)
            ended.append(part.kept("arm", Ended, make))
            report.progress(sum(map(len, found.values())), params.seeds * len(found))
    whole = {key: [one.score for one in ended if one.score is not None] for key, ended in found.items()}
    rows = tuple(
        {
            "agent": agent,
            "priorities": kind,
            "diverged": sum(one.score is None for one in found[agent, kind]),
            **(over_seeds(scores) if scores else {}),
        }
        for (agent, kind), scores in whole.items()
    )
    unit = "return" if store.reference is None else "normalised score"
    curves = {
        f"{agent}, {labels[kind]}": [one.curve for one in scores]
        for (agent, kind), scores in whole.items()
        if scores
    }
    about = f"Evaluations over training ({unit}): the mean of the seeds, between lowest and highest."
    pictures = (curve_picture(report, curves, about, x="step", y=unit),) if curves else ()
    return CompareResult(
        metrics=_of_the_data(store) | _gains(whole, params),
        artifacts=pictures,
        unit=unit,
        table=rows,
        remarks=store.remarks,
    )


def _train(
    store: TransitionStore,
    priorities: Weights | None,
    agent: Agent,
    params: CompareParams,
    seed: int,
    score: Score,
    part: Reporter,
) -> Ended:
    choice = AgentChoice(name=agent, hidden=params.hidden, layer_norm=params.layer_norm, steps=params.steps)
    arm = Arm(
        choice=choice,
        priorities=priorities,
        decoupled=params.decoupled,
        batch_size=params.batch_size,
        discount=params.discount,
        evaluate_every=max(params.steps // params.evaluations, 1),
    )
    trained = train_arm(store, arm, seed, part, score).trained
    if trained.diverged_at is not None:
        return Ended(score=None, diverged_at=trained.diverged_at)
    return Ended(score=ArmScore.of(trained), diverged_at=None)


def _weights(kind: str, store: TransitionStore) -> Weights | None:
    return None if kind == "uniform" else named_priorities(kind, store)


def _labels(kinds: Sequence[str]) -> dict[str, str]:
    """Short names, of files by their number: what `weigh` writes is called the same in every run."""
    files = [kind for kind in dict.fromkeys(kinds) if kind not in ("uniform", "return")]
    return {kind: f"file{files.index(kind) + 1}" if kind in files else kind for kind in kinds}


def _of_the_data(store: TransitionStore) -> dict[str, float]:
    """The mean of the data's episodes, on the scale of the scores."""
    behaviour = float(store.episode_returns.mean())
    return {"data": behaviour if store.reference is None else store.reference.score(behaviour)}


def _gains(whole: dict[tuple[Agent, str], list[ArmScore]], params: CompareParams) -> dict[str, float]:
    """What priorities add to an agent's final score beside the first kind, where all seeds came to an end."""
    first, *others = dict.fromkeys(params.priorities)
    labels = _labels(params.priorities)
    gains: dict[str, float] = {}
    for agent in dict.fromkeys(params.agents):
        for kind in others:
            ours, base = finals(whole[agent, kind]), finals(whole[agent, first])
            if len(ours) == len(base) == params.seeds > 1:
                gain, half_width = paired_interval(ours, base)
                name = f"{agent}_gain_{labels[kind]}"
                gains |= {name: gain, f"{name}_half_width": half_width}
    return gains

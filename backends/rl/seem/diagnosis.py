"""A judgement of a trained critic, for a person whose own offline run looks strange."""

import torch

from backends.lab.batches import generator_for
from backends.lab.errors import LabError
from backends.lab.reporter import Reporter
from backends.rl.divergence.self_excitation import SelfExcitation, self_excitation
from backends.rl.offline_agents.batches import TransitionTensors
from backends.rl.offline_agents.making import load_agent
from backends.rl.seem.spec import DiagnoseParams, DiagnoseResult
from backends.rl.transitions.opening import open_transitions

# A mean |Q| this many times the largest return is no mere overestimation; above one no return can be.
DIVERGED, TOO_HIGH = 10.0, 1.0
_NOISE = 1e-3  # a normalised measure below this is rounding (the paper plots it around zero for stable runs)


def diagnose(params: DiagnoseParams, report: Reporter) -> DiagnoseResult:
    """Measure the critic at transitions of the data and say what that means.

    Raises:
        LabError: The file holds no agent for this data, or one without values.
    """
    store = open_transitions(params.data)
    saved = load_agent(params.agent, store.obs_dim, store.action_dim)
    agent = saved.agent
    if agent.critics is None:
        raise LabError(f"{params.agent}: {saved.choice.name} has no values that could diverge.")
    data = TransitionTensors.of(store, discount=saved.discount, scaling=saved.scaling)
    chosen = torch.randperm(len(data), generator=generator_for(params.seed, 0))[: params.points]
    batch = data.batch(chosen)
    with torch.no_grad():
        values = agent.critics(batch.x)
    bound = max(float(abs(store.reward).max()) / (1 - saved.discount), 1e-9)
    excess = float(values.abs().mean()) / bound
    if not torch.isfinite(values).all():
        return _crashed()
    next_x = torch.cat([batch.next_obs, agent.next_action(batch)], 1)
    try:
        measured = self_excitation(agent.critics, batch.x, next_x, batch.discount)
    except ValueError:
        return _crashed()
    verdict, suggestion = judge(measured, excess, norm=agent.critics.layer_norm)
    report.log(verdict)
    return DiagnoseResult(
        metrics={
            "eigenvalue": measured.eigenvalue,
            "normalised_eigenvalue": measured.normalised,
            "value_over_largest_return": excess,
            "points": float(measured.points),
        },
        verdict=verdict,
        suggestion=suggestion,
    )


def judge(measured: SelfExcitation, excess: float, *, norm: bool) -> tuple[str, str]:
    """A verdict and a suggestion from the measure and the size of the values."""
    cure = (
        "lower the learning rate, or bind the policy more closely to the data"
        if norm
        else "train again with LayerNorm in the critics (--layer-norm)"
    )
    if excess > DIVERGED:
        return f"The values have diverged: they are {excess:.3g} times the largest possible return.", (
            f"Discard this critic and {cure}."
        )
    if measured.normalised > _NOISE:
        size = "already too high" if excess > TOO_HIGH else "still possible"
        return (
            f"The critic excites itself (normalised measure {measured.normalised:.3g} > 0) and its values, "
            f"{excess:.3g} of the largest possible return, are {size}; they will grow if this lasts.",
            f"Watch the measure over training; if it stays positive, {cure}.",
        )
    return (
        f"The critic does not excite itself (normalised measure {measured.normalised:.3g}); its values are "
        f"{excess:.3g} of the largest possible return.",
        "Nothing has to be changed for the sake of divergence.",
    )


def _crashed() -> DiagnoseResult:
    return DiagnoseResult(
        metrics={"crashed": 1.0},
        verdict="The critic has crashed: its values or gradients are not finite any more.",
        suggestion="Diagnose an earlier checkpoint; train again with LayerNorm (--layer-norm).",
    )

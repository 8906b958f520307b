"""Pictures of finetuning in the noisy room, which systems of skills share."""

from collections.abc import Mapping, Sequence

from backends.lab.contract import Artifact
from backends.lab.reporter import Reporter
from backends.rl.evaluation.curves import Curve, curve_picture
from backends.rl.skills.noisy_room import STEPS


def finetuning_picture(report: Reporter, arms: Mapping[str, Sequence[Mapping[str, Curve]]]) -> Artifact:
    """Draw what episodes of finetuning paid, tasks and seeds of an arm together, as shares of the most."""
    curves = {
        arm: [[(step, paid / STEPS) for step, paid in curve] for life in lives for curve in life.values()]
        for arm, lives in arms.items()
    }
    about = "What episodes of finetuning paid: the mean over tasks and seeds, between lowest and highest."
    return curve_picture(report, curves, about, x="step of finetuning", y="score of an episode")

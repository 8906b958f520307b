"""What a run would do and about how much it would ask, before it starts (specification B.2)."""

import math

from agents.expel.arms import parse_arms
from agents.expel.pipeline import Prepared
from agents.expel.session import chosen_tasks


def preview(prepared: Prepared) -> str:
    """The phases with the most model calls that each can take."""
    settings = prepared.settings
    assert settings.max_steps and settings.group_size
    num_tasks = len(chosen_tasks(prepared.suite, settings))
    per_attempt = settings.max_steps * (2 if settings.form == "lines" else 1)  # a thought and an action
    lines = [
        f"{settings.env}: {num_tasks} tasks ({prepared.suite.origin}), model {settings.model}",
    ]
    if "gather" in settings.phases:
        attempts = num_tasks * (settings.retries + 1)
        calls = attempts * per_attempt + num_tasks * settings.retries
        lines.append(f"  gather:   at most {attempts:,} attempts, about {calls:,} calls")
    if "extract" in settings.phases:
        training = num_tasks * (settings.folds - 1)
        calls = training * settings.retries + settings.folds * math.ceil(
            training / settings.folds / settings.group_size
        )
        lines.append(
            f"  extract:  at most {calls:,} calls of {settings.insight_model}, {settings.folds} folds"
        )
    if "evaluate" in settings.phases:
        arms = parse_arms(settings.arms)
        attempts = (
            num_tasks * settings.seeds * sum(settings.retries + 1 if arm.retries else 1 for arm in arms)
        )
        lines.append(
            f"  evaluate: at most {attempts:,} attempts, about {attempts * per_attempt:,} calls; "
            f"arms {', '.join(arm.name for arm in arms)}"
        )
    lines.append(
        "Solved tasks need fewer steps and no retries, so most runs take a half to a third; a model that "
        "thinks without acting may take up to three calls a step."
    )
    return "\n".join(lines)

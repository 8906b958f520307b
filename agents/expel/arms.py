"""The arms of an evaluation: what an agent may use when it meets a task (specification G.1)."""

from dataclasses import dataclass
from typing import Literal

from agents.errors import NimueError

InsightSource = Literal["none", "learned", "placebo"]
ExampleSource = Literal["manual", "similar", "random", "thought"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Arm:
    """One way to meet a task."""

    name: str
    thoughts: bool = True
    insights: InsightSource = "none"
    examples: ExampleSource = "manual"
    retries: bool = False
    """Try again with a reflection on what failed, as often as the gathering did."""
    summary: str

    @property
    def needs_insights(self) -> bool:
        return self.insights != "none"


ARMS = (
    Arm(name="act", thoughts=False, summary="actions without thoughts"),
    Arm(name="react", summary="thoughts and actions, fixed examples"),
    Arm(name="reflexion", retries=True, summary="react, with retries on the test task itself"),
    Arm(name="insights-only", insights="learned", summary="react with the learned insights"),
    Arm(name="retrieve-only", examples="similar", summary="react, the most similar successes as examples"),
    Arm(name="expel", insights="learned", examples="similar", summary="insights and similar successes"),
    Arm(
        name="expel+reflexion", insights="learned", examples="similar", retries=True,
        summary="expel, with retries on the test task itself",
    ),
    Arm(
        name="expel-random", insights="learned", examples="random",
        summary="insights, and successes drawn at random",
    ),
    Arm(
        name="expel-thought", insights="learned", examples="thought",
        summary="insights, and successes chosen by the latest thought",
    ),
    Arm(
        name="placebo", insights="placebo",
        summary="react with insights of another trade, as long as the learned ones",
    ),
)  # fmt: skip

DEFAULT_ARMS = ("react", "expel")


def parse_arms(text: str) -> tuple[Arm, ...]:
    """Read `react,expel`, or `all`.

    Raises:
        NimueError: one of them is not an arm, or is named twice.
    """
    if text.strip() == "all":
        return ARMS
    by_name = {arm.name: arm for arm in ARMS}
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in by_name]
    if unknown or not names:
        raise NimueError(f"--arms {text}: choose among {', '.join(by_name)}, or all.")
    if len(set(names)) < len(names):
        raise NimueError(f"--arms {text}: an arm is named twice.")
    return tuple(by_name[name] for name in names)

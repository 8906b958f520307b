"""What an agent went through: one attempt at one task, as it is kept."""

import hashlib
from dataclasses import dataclass
from typing import Literal

StepKind = Literal["thought", "action", "observation"]
Outcome = Literal["success", "fail", "halted", "budget", "error"]
Phase = Literal["gather", "eval"]


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a trajectory."""

    kind: StepKind
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Experience:
    """One attempt (trajectory). The prompt is not part of it: no insight block, no examples."""

    run_id: str
    domain: str
    """The benchmark or environment, such as `alfworld`."""
    env_name: str
    """The kind of task within it, such as `clean`."""
    task_id: str
    task: str
    trial: int
    seed: int = 0
    phase: Phase = "gather"
    arm: str = "expel"
    fold: int | None = None
    """The fold in which the task is evaluated; its training pool is all other folds."""
    outcome: Outcome
    reward: float = 0.0
    steps: tuple[Step, ...]
    reflections: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The same attempt has the same id, so that storing it twice stores it once."""
        # Phase and arm beyond spec C.2: two arms try the same task with the same seed.
        parts = (self.run_id, self.phase, self.arm, self.task_id, str(self.trial), str(self.seed))
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]

    @property
    def text(self) -> str:
        """The trajectory without the task."""
        return "\n".join(step.text for step in self.steps)

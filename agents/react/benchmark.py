"""How one environment is told to a model: wording, the form of its lines, and the paper's limits for it.

One `Benchmark` for each environment, in `agents.react.benchmarks`. The texts are ours; what they have to say
is ExpeL's (specification B.3, B.4.1, B.5, B.7).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from agents.react.lines import Entry, Reader
from games.text.env import LineKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Benchmark:
    """Everything about an environment that is said in a prompt or differs in the method."""

    name: str
    identity: str
    """Who the model is: "You are {identity}."."""
    instruction: str
    """What it does there, with thoughts and actions explained."""
    act_instruction: str
    """The same for an actor without thoughts (Act)."""
    read: Reader
    forms: Mapping[LineKind, str]
    """How a line is written, with {n} for the number of the step and {text}."""
    turn: str
    """Leads to the task itself: "Now it is your turn."."""
    insights_header: str
    reflections_header: str
    reflection_form: str
    """One reflection in the prompt of the next trial, with {n} and {text}."""
    reflection_request: str
    """Asks for one line that says what to do differently next time."""
    reflection_examples: tuple[str, ...]
    """Failed trials with the line that was wanted."""
    described: str
    """The environment in a sentence or two, for the model that extracts insights."""
    why_failed: str
    """When a trial counts as failed, for the same model."""
    max_steps: int
    num_examples: int
    group_size: int = 8
    """Successes shown at once in extraction (L)."""
    max_num_rules: int = 10
    buffer_retrieve_ratio: int = 4
    failure_mark: str = ""
    """Stands under a failed trial, before the reflection."""
    stops_on_repeat: bool = False
    """Whether the same action twice in a row ends the attempt as failed (ExpeL's ALFWorld only)."""
    examples_by_kind: bool = False
    """Whether only examples of the task's own kind are shown."""
    usable_example: Callable[[Sequence[Entry]], bool] | None = None
    """Which gathered successes may be shown as examples; None for all."""
    paper_wording: Callable[[str], str] | None = None
    """How ExpeL rewords an observation for its agent; None where it does not."""
    status: Callable[[str, Sequence[Entry]], str] | None = None
    """Where a task stands, in a line, given its text and the trajectory, or "" at its end; None where nothing
    is known."""
    looks_again: Callable[[str, str], int | None] | None = None
    """How often an action that changes nothing but what the actor sees is worth repeating after what it
    showed, None for one that changes something; None where that is not known."""
    undoes: Callable[[str, str, str], bool] | None = None
    """Whether, given the task's text, an action only takes back what the last one did; None where that is not
    known."""
    idle: Callable[[str, str], bool] | None = None
    """Whether, given the task's text, an action cannot serve the task; None where that is not known."""
    unsolved_hint: Mapping[str, str] | None = None
    """What stands for the last observation when a model reflects, by how the trial ended: "steps", "repeat"
    or "done"; None keeps the observation (WebShop's would leak the score)."""

    def line(self, kind: LineKind, number: int, text: str) -> str:
        """One line of a trajectory as text."""
        return self.forms[kind].format(n=number, text=text)

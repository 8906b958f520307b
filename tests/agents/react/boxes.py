"""A tiny environment that writes down what it is asked, and attempts at it with a model of the test's own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

from agents.llm.scripted import scripted_model
from agents.react.attempt import ActSettings, Attempt, AttemptContext, run_attempt
from agents.react.benchmarks import find_benchmark
from agents.react.env_host import EnvHost, LocalHost
from agents.react.lines import Entry, Form
from agents.react.prompt import Brief, PromptSettings
from games.text.env import Demonstration, StepResult, Task, TextEnv

Said = str | AIMessage
OPENABLE = ("Search[left]", "Search[right]", "Finish[gold]")
TASK = Task(id="box", kind="question", goal="Find the gold.")


class Box:
    """Gold lies in it; what cannot be done is refused."""

    def __init__(self, seen: list[str]) -> None:
        self._seen = seen

    def reset(self, task: Task) -> str:
        self._seen.append("(reset)")
        return "Question: What is in the box?"

    def step(self, action: str) -> StepResult:
        self._seen.append(action)
        if action == "Finish[gold]":
            return StepResult(observation="Answer is CORRECT", done=True, success=True, reward=1.0)
        if action.startswith("Finish["):
            return StepResult(observation="Answer is INCORRECT", done=True)
        if action in OPENABLE:
            return StepResult(observation=f"You opened {action}.", translated=action == "Search[right]")
        return StepResult(observation="That cannot be done.", valid=False)

    def admissible(self) -> tuple[str, ...] | None:
        return OPENABLE

    def close(self) -> None:
        self._seen.append("(close)")


@dataclass(frozen=True, kw_only=True)
class BoxSuite:
    seen: list[str] = field(default_factory=list)
    name: str = "boxes"
    origin: str = "A box."
    fingerprint: str = "1"
    tasks: tuple[Task, ...] = (TASK,)
    demonstrations: tuple[Demonstration, ...] = ()

    def make(self) -> TextEnv:
        return Box(self.seen)


@dataclass
class Played:
    """An attempt, what the environment was asked, and what the model was."""

    attempt: Attempt
    actions: list[str]
    prompts: list[list[BaseMessage]]
    schemas: list[dict[str, Any] | None]
    tags: list[Mapping[str, str]]
    told: list[Entry]


async def play(
    answers: Sequence[Said] | Callable[[int], Said],
    *,
    form: Form = "turns",
    thoughts: bool = True,
    max_steps: int = 5,
    stops_on_repeat: bool = False,
    constrained: bool = False,
    idle: Callable[[str, str], bool] | None = None,
    max_prompt_tokens: int = 15_800,
    host: EnvHost | None = None,
    task: Task = TASK,
    name: str = "attempt",
    on_entry: Callable[[Entry], None] = lambda entry: None,
) -> Played:
    """Make an attempt with these answers in their order; the last one is given for ever."""
    suite = BoxSuite()
    prompts: list[list[BaseMessage]] = []
    schemas: list[dict[str, Any] | None] = []
    tags: list[Mapping[str, str]] = []
    told: list[Entry] = []

    def reply(
        messages: list[BaseMessage], metadata: Mapping[str, str], schema: dict[str, Any] | None
    ) -> Said:
        prompts.append(messages)
        schemas.append(schema)
        tags.append(metadata)
        place = len(prompts) - 1
        return answers(place) if callable(answers) else answers[min(place, len(answers) - 1)]

    def tell(entry: Entry) -> None:
        told.append(entry)
        on_entry(entry)

    attempt = await run_attempt(
        AttemptContext(
            benchmark=replace(find_benchmark("hotpotqa"), idle=idle),
            settings=ActSettings(
                prompt=PromptSettings(form=form, thoughts=thoughts, max_steps=max_steps),
                stops_on_repeat=stops_on_repeat,
                constrained=constrained,
                fresh=idle is not None,
                max_prompt_tokens=max_prompt_tokens,
            ),
            model=scripted_model(reply),
            host=host or LocalHost(suite),
            task=task,
            name=name,
            brief=lambda text, entries: Brief(task=text),
            on_entry=tell,
        )
    )
    return Played(attempt, [one for one in suite.seen if one[0] != "("], prompts, schemas, tags, told)

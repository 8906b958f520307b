"""Everything that decides how an ExpeL run goes, written into the run and read on resume.

The defaults are the paper's (specification B.8). Where they differ by benchmark or by kind of model, None
takes the fitting one, and `resolved` fills it in, so that a run's file holds every figure. The groups are
what the command line shows as groups of flags.
"""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agents.errors import NimueError
from agents.llm.names import ModelName, parse_model_name
from agents.react.benchmark import Benchmark
from agents.react.lines import Form
from memory.engine import EngineSettings

Phase = Literal["gather", "extract", "transfer", "evaluate"]
PHASES: tuple[Phase, ...] = ("gather", "extract", "evaluate")


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TaskSettings(_Group):
    """Which tasks."""

    tasks: int | None = Field(
        None, ge=1, description="How many tasks, spread over their kinds (default: all)."
    )
    kinds: str = Field("", description="Only tasks of these kinds, separated by commas (default: all).")
    seed: int = Field(42, ge=0, description="Seed of every draw: folds, chunks, examples.")
    tasks_at_once: int | None = Field(
        None, ge=1, description="Tasks at a time (default: 8; embedded models: 2)."
    )


class ActingSettings(_Group):
    """How the agent acts."""

    form: Form | None = Field(
        None,
        description="How the model answers: `lines` is the paper's one line a call, `turns` a chat, `json` a "
        "chat in JSON (default: turns; embedded models: json).",
    )
    constrained: bool | None = Field(
        None,
        description="Hold actions to what the environment admits, in form json (default: embedded models).",
    )
    fresh: bool | None = Field(
        None,
        description="Leave out of them what has just led to nothing new and what cannot serve the task, "
        "where that is known, against walking in circles (default: embedded models).",
    )
    status: bool | None = Field(
        None,
        description="Tell the agent after each step what it carries, where it has not looked and what it can "
        "do where it stands (alfworld, in forms turns and json; default: embedded models).",
    )
    past_thoughts: bool | None = Field(
        None,
        description="Let the agent read its own earlier thoughts again (default: all but embedded models, "
        "which only repeat their wording; form lines always does).",
    )
    paper_wording: bool = Field(
        False, description="Reword observations as the paper does: alfworld's `you see nothing` is left out."
    )
    max_steps: int | None = Field(None, ge=1, description="Actions an attempt may take (H).")
    num_examples: int | None = Field(None, ge=0, description="Examples in a prompt (k).")
    retries: int = Field(3, ge=0, description="Trials after the first, each with a reflection (Z).")
    stops_on_repeat: bool | None = Field(None, description="End an attempt that repeats an action.")
    insights_before_examples: bool = Field(
        False,
        description="Insights before the examples, as in the paper's figures; its code puts them after.",
    )
    max_prompt_tokens: int | None = Field(
        None,
        ge=500,
        description="A longer prompt ends the attempt (default: 15,800; embedded models: 7,000).",
    )
    max_reflection_tokens: int = Field(12_000, ge=200, description="Longer trials are cut to reflect on.")


class ExtractionSettings(_Group):
    """How insights are extracted."""

    insight_model: str | None = Field(
        None, description="provider:model that extracts insights (default: the one that acts)."
    )
    folds: int = Field(2, ge=2, description="Each task is evaluated once, by insights from the other folds.")
    group_size: int | None = Field(None, ge=1, description="Successes shown at once (L).")
    max_num_rules: int | None = Field(None, ge=1, description="Insights above which fewer are asked for.")
    engine: Literal["strict", "paper"] = Field(
        "strict", description="How operations are applied; `paper` repeats the authors' code."
    )
    structured: bool | None = Field(
        None, description="Ask for operations as JSON (default: with engine strict)."
    )
    reflections_to_extractor: bool = Field(
        False, description="Show reflections to the extractor: an ablation that hurt in the paper."
    )


class RecallSettings(_Group):
    """How examples are recalled."""

    embedder: Literal["minilm", "hash"] = Field("minilm", description="What compares tasks.")
    chroma: str | None = Field(
        None, description="Address of a Chroma server, as http://HOST:8000 (default: in the memory's folder)."
    )
    buffer_retrieve_ratio: int | None = Field(
        None, ge=1, description="So many candidates are looked at for each example."
    )
    reranker: Literal["none", "length"] = Field("none", description="Order of the candidates.")
    max_example_chars: int | None = Field(
        None, ge=1, description="Longer successes are no examples (default: the longest manual example)."
    )
    pool: Literal["train_fold", "all_but_self"] = Field(
        "train_fold", description="`all_but_self` leaks, as the authors' code does; reports say so."
    )


class EvaluationSettings(_Group):
    """What is compared."""

    arms: str = Field("react,expel", description="What is compared, separated by commas, or all.")
    seeds: int = Field(1, ge=1, description="How often each task is met by each arm.")


class ExpelSettings(TaskSettings, ActingSettings, ExtractionSettings, RecallSettings, EvaluationSettings):
    """One ExpeL run, completely."""

    env: str = Field(description="Name of the environment's suite.")
    data: str | None = Field(None, description="Folder or file with the environment's data.")
    memory: str = Field("nimue-memory", description="Folder of the memory that is filled and used.")
    model: str = Field(description="provider:model that acts and reflects.")
    temperature: float = Field(0.0, ge=0, description="Sampling temperature of all calls.")
    phases: tuple[Phase, ...] = Field(PHASES, description="What is done, in this order.")
    gathered_by: str | None = Field(None, description="Id of the run that gathered; None for this one.")
    transfer_from: str | None = Field(None, description="The insight set that is transferred.")
    transfer_style: Literal["paragraph", "list"] = Field("paragraph", description="The form that is used.")
    transfer_examples: bool = Field(True, description="Show examples of the target to the one who adapts.")
    extracted_by: str | None = Field(None, description="Id of the run that extracted; None for this one.")

    def resolved(self, benchmark: Benchmark) -> "ExpelSettings":
        """These settings with every None that stands for a default filled in.

        Raises:
            NimueError: two of them do not go together.
        """
        embedded = self.model_name().provider == "local"
        form: Form = self.form or ("json" if embedded else "turns")
        defaults: dict[str, Any] = {
            "insight_model": self.model,
            "form": form,
            "constrained": embedded and form == "json",
            "fresh": embedded and form == "json" and self.constrained is not False,
            "status": embedded and form != "lines",
            "past_thoughts": not embedded or form == "lines",
            "max_steps": benchmark.max_steps,
            "num_examples": benchmark.num_examples,
            "stops_on_repeat": benchmark.stops_on_repeat,
            "max_prompt_tokens": 7_000 if embedded else 15_800,
            "group_size": benchmark.group_size,
            "max_num_rules": benchmark.max_num_rules,
            "structured": self.engine == "strict",
            "buffer_retrieve_ratio": benchmark.buffer_retrieve_ratio,
            "tasks_at_once": 2 if embedded else 8,
        }
        missing = {name: value for name, value in defaults.items() if getattr(self, name) is None}
        filled = self.model_copy(update=missing)
        if filled.constrained and form != "json":
            raise NimueError("Actions are held to the admissible ones only in form json: add --form json.")
        if filled.fresh and not filled.constrained:
            raise NimueError("Only actions held to the admissible ones can be fresh: add --constrained.")
        if not filled.past_thoughts and form == "lines":
            raise NimueError("In form lines the thoughts are the prompt: leave out --no-past-thoughts.")
        if filled.structured and filled.engine == "paper":
            raise NimueError("Engine `paper` reads text as the authors' code does: leave out --structured.")
        return filled

    def model_name(self) -> ModelName:
        return parse_model_name(self.model)

    def insight_model_name(self) -> ModelName:
        return parse_model_name(self.insight_model or self.model)

    def data_path(self) -> Path | None:
        return None if self.data is None else Path(self.data)

    def engine_settings(self) -> EngineSettings:
        assert self.max_num_rules is not None
        return EngineSettings(mode=self.engine, max_num_rules=self.max_num_rules)

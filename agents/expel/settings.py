"""Everything that decides how an ExpeL run goes, written into the run and read on resume.

The defaults are the paper's (specification B.8). Where they differ by benchmark, None takes the benchmark's
own, and `resolved` fills it in, so that a run's file holds every figure.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from agents.errors import NimueError
from agents.llm.names import ModelName, parse_model_name
from agents.react.benchmark import Benchmark
from agents.react.prompt import Form
from memory.engine import EngineSettings

Phase = Literal["gather", "extract", "evaluate"]
PHASES: tuple[Phase, ...] = ("gather", "extract", "evaluate")


class ExpelSettings(BaseModel):
    """One ExpeL run, completely."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    env: str = Field(description="Name of the environment's suite.")
    data: str | None = Field(None, description="Folder or file with the environment's data.")
    memory: str = Field("nimue-memory", description="Folder of the memory that is filled and used.")
    model: str = Field(description="provider:model that acts and reflects.")
    insight_model: str | None = Field(None, description="The one that extracts insights; None for the same.")
    tasks: int | None = Field(None, ge=1, description="How many tasks; None for all of the suite.")
    kinds: tuple[str, ...] = Field((), description="Only tasks of these kinds; none for all.")
    seed: int = Field(42, ge=0, description="Seed of every draw: tasks, folds, chunks.")
    # Acting.
    form: Form | None = Field(None, description="How the model answers; None by the model and environment.")
    constrained: bool | None = Field(
        None, description="Hold actions to what is admissible (form json); None for embedded models only."
    )
    max_steps: int | None = Field(None, ge=1, description="Actions an attempt may take (H).")
    num_examples: int | None = Field(None, ge=0, description="Examples in a prompt (k).")
    retries: int = Field(3, ge=0, description="Trials after the first, each with a reflection (Z).")
    stops_on_repeat: bool | None = Field(None, description="End an attempt that repeats an action.")
    insights_before_examples: bool = Field(False, description="As in the paper's figures, not its code.")
    max_prompt_tokens: int | None = Field(
        None,
        ge=500,
        description="A longer prompt ends the attempt; None for 15,800, embedded 7,000.",
    )
    max_reflection_tokens: int = Field(
        12_000, ge=200, description="A longer trial is shortened to reflect on."
    )
    # Extraction.
    folds: int = Field(2, ge=2, description="Every task is evaluated once, by insights from the other folds.")
    group_size: int | None = Field(None, ge=1, description="Successes shown at once (L).")
    max_num_rules: int | None = Field(None, ge=1, description="Insights above which fewer are asked for.")
    engine: Literal["strict", "paper"] = Field("strict", description="How operations are read and applied.")
    structured: bool | None = Field(
        None, description="Ask for operations as JSON; None: as the engine is strict or not."
    )
    reflections_to_extractor: bool = Field(False, description="Ablation; the paper found it harmful.")
    # Recall.
    embedder: Literal["minilm", "hash"] = Field("minilm", description="What compares tasks.")
    buffer_retrieve_ratio: int | None = Field(None, ge=1, description="Candidates looked at, times k.")
    reranker: Literal["none", "length"] = Field("none", description="Order of the candidates.")
    max_example_chars: int | None = Field(
        None, ge=1, description="Longer successes are no examples; None for the longest manual example."
    )
    # Evaluation.
    arms: tuple[str, ...] = Field(("react", "expel"), description="What is compared.")
    seeds: int = Field(1, ge=1, description="How often each task is met by each arm.")
    pool: Literal["train_fold", "all_but_self"] = Field(
        "train_fold", description="`all_but_self` repeats the authors' code, which leaks; reports say so."
    )
    # What is done, and on whose work it builds.
    phases: tuple[Phase, ...] = Field(PHASES, description="What is done, in this order.")
    gathered_by: str | None = Field(None, description="Id of the run that gathered; None for this one.")
    extracted_by: str | None = Field(None, description="Id of the run that extracted; None for this one.")
    concurrency: int = Field(8, ge=1, description="Tasks at a time.")

    def resolved(self, benchmark: Benchmark) -> "ExpelSettings":
        """These settings with every None that stands for a default filled in."""
        embedded = self.model_name().provider == "local"
        form: Form = self.form or ("json" if embedded else "turns")
        filled = {
            "insight_model": self.insight_model or self.model,
            "form": form,
            "constrained": embedded and form == "json" if self.constrained is None else self.constrained,
            "max_steps": self.max_steps or benchmark.max_steps,
            "num_examples": benchmark.num_examples if self.num_examples is None else self.num_examples,
            "stops_on_repeat": (
                benchmark.stops_on_repeat if self.stops_on_repeat is None else self.stops_on_repeat
            ),
            "max_prompt_tokens": self.max_prompt_tokens or (7_000 if embedded else 15_800),
            "group_size": self.group_size or benchmark.group_size,
            "max_num_rules": self.max_num_rules or benchmark.max_num_rules,
            "structured": self.engine == "strict" if self.structured is None else self.structured,
            "buffer_retrieve_ratio": self.buffer_retrieve_ratio or benchmark.buffer_retrieve_ratio,
        }
        if filled["constrained"] and form != "json":
            raise NimueError("Actions are held to the admissible ones only in form json: add --form json.")
        if filled["structured"] and self.engine == "paper":
            raise NimueError("Engine `paper` reads text as the authors' code does: leave out --structured.")
        return self.model_copy(update=filled)

    def model_name(self) -> ModelName:
        return parse_model_name(self.model)

    def insight_model_name(self) -> ModelName:
        return parse_model_name(self.insight_model or self.model)

    def data_path(self) -> Path | None:
        return None if self.data is None else Path(self.data)

    def engine_settings(self) -> EngineSettings:
        assert self.max_num_rules is not None
        return EngineSettings(mode=self.engine, max_num_rules=self.max_num_rules)

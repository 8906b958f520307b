"""What a conversation is held with: written into the run, and read when it is resumed."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from agents.llm.names import ModelName, parse_model_name

RUN_KIND = "assistant"

Form = Literal["native", "json"]
"""`native`: the provider's own tool calls. `json`: the choice of a tool and its arguments are each one piece
of JSON that the engine is held to, which also the smallest models manage."""

NATIVE_CHARACTERS, JSON_CHARACTERS = 240_000, 9_000
"""What a prompt may hold: hosted models read 128,000 tokens and more, a slot of the embedded engine 4,096."""
NATIVE_OBSERVATION, JSON_OBSERVATION = 12_000, 1_600


class AssistantSettings(BaseModel):
    """One conversation, completely, but for what may be spent on it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(description="provider:model that answers.")
    form: Form | None = Field(None, description="How it uses tools (default: json for embedded models).")
    max_steps: int = Field(12, ge=1, le=100, description="Model calls a turn; after them it must answer.")
    memory: str = Field("nimue-memory", description="Folder of the memory that is looked into.")
    runs: str = Field("runs", description="Folder that jobs and games put their runs in.")
    seed: int = Field(0, ge=0, description="Seed of a model that takes one.")
    temperature: float | None = Field(None, ge=0, le=2, description="Sampling temperature.")

    def model_name(self) -> ModelName:
        return parse_model_name(self.model)

    def chosen_form(self) -> Form:
        """The form, with the default filled in."""
        return self.form or ("json" if self.model_name().provider == "local" else "native")

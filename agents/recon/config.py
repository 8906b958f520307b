"""What a game is asked to be: all that decides how it goes, written into the run and read on resume."""

from dataclasses import asdict, replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from agents.llm.names import ModelName, parse_model_name
from agents.recon.prompt_files import PROMPT_VERSION
from agents.recon.variants import EMBEDDED, HOSTED, PAPER, Contemplation
from games.avalon.setup import Setup


class GameConfig(BaseModel):
    """One game, completely. Equal configs and equal model answers give equal transcripts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    game: str = Field("g1", description="Name of the game inside its run.")
    setup: dict[str, Any] = Field(description="Roles and rules, as `Setup.to_json` writes them.")
    seed: int = Field(ge=0, description="Seed of the deal and of every bot.")
    agents: str = Field(description="Who plays where, as `--agents` says it.")
    human: int | None = Field(None, description="Seat of the person at this terminal.")
    model: str = Field(description="provider:model of the seats that name none themselves.")
    paper_protocol: bool = Field(False, description="Contemplate by the paper's flow.")
    contemplation: dict[str, Any] = Field(
        default_factory=dict, description="Fields of `Contemplation` that differ from the model's default."
    )

    def read_setup(self) -> Setup:
        return Setup.from_json(self.setup)

    def model_name(self) -> ModelName:
        return parse_model_name(self.model)

    def contemplation_for(self, model: ModelName) -> Contemplation:
        """How players of this model contemplate."""
        embedded = model.provider == "local"
        chosen = EMBEDDED if embedded else HOSTED
        if self.paper_protocol:
            chosen = replace(PAPER, brief=embedded)
        return replace(chosen, **self.contemplation)

    def played_as(self) -> dict[str, Any]:
        """What follows from the config by this version's defaults, and figures must stand beside."""
        settings = asdict(self.contemplation_for(self.model_name()))
        return {"contemplation": settings, "prompts": PROMPT_VERSION}

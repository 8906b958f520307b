"""What one says to let an agent learn, and the command line that it makes."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from agents.expel.arms import ARMS
from tui.settings import Settings


class TrainForm(BaseModel):
    """A training, as a person asks for it; what is not asked here has the command's defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    env: Literal["webshop", "hotpotqa", "fever", "alfworld"] = Field(
        "webshop", title="Environment", description="alfworld needs its extra: pip install 'nimue[alfworld]'."
    )
    tasks: int | None = Field(8, title="Tasks", ge=1, description="How many; empty takes all.")
    model: str = Field("", title="Model", description="provider:model; empty: the best at hand; or scripted.")
    retries: int = Field(
        2, title="Retries", ge=0, le=20, description="Trials after the first, each reflected on."
    )
    arms: str = Field(
        "react,expel",
        title="Compare",
        min_length=1,
        description=f"Arms of the evaluation: {', '.join(arm.name for arm in ARMS)}.",
    )
    embedder: Literal["minilm", "hash"] = Field(
        "minilm", title="Embedder", description="What compares tasks; hash needs no download."
    )
    data: str | None = Field(
        None, title="Data", description="Folder of the published data; empty: the bundled."
    )
    max_cost: float | None = Field(None, title="At most, $", gt=0, description="Pause when so much is spent.")

    def words(self, settings: Settings) -> list[str]:
        """The command line."""
        given: dict[str, object] = {
            "--env": self.env,
            "--tasks": self.tasks,
            "--model": self.model or settings.model or None,
            "--retries": self.retries,
            "--arms": self.arms,
            "--embedder": self.embedder,
            "--data": self.data,
            "--max-cost": self.max_cost,
            "--memory": settings.memory,
            "--out": settings.runs,
        }
        return [
            "expel",
            "train",
            *(word for flag, value in given.items() if value is not None for word in (flag, str(value))),
        ]

"""What one says to set up an Avalon table, and the game's config that it makes."""

import os
import secrets
from dataclasses import replace
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from agents.errors import NimueError
from agents.llm.resolve import resolve_model
from agents.recon.config import GameConfig
from agents.recon.lineup import HUMAN, parse_lineup
from games.avalon.bots import BOTS
from games.avalon.setup import PRESETS, TABLE_RULES, TalkProtocol, preset


class TableForm(BaseModel):
    """A table, as a person asks for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    preset: str = Field(
        "6-recon",
        title="Players, roles",
        description="Number of players and the set of roles.",
        json_schema_extra={"choices": list(PRESETS)},
    )
    agents: str = Field(
        "recon",
        title="Agents",
        description=f"recon, cot, or bots ({', '.join(BOTS)}); or good=recon,evil=cot; or 1-3=recon,4-6=cot.",
    )
    human: int | None = Field(
        None, title="Your seat", ge=1, le=10, description="The seat you take; empty to watch."
    )
    model: str = Field(
        "", title="Model", description="provider:model; empty for the best at hand, scripted for a rehearsal."
    )
    talk: TalkProtocol = Field("round_robin", title="Talk", description="Who speaks when.")
    lady_of_the_lake: bool = Field(False, title="Lady of the Lake", description="From quest 2 on.")
    seed: int | None = Field(
        None, title="Seed", ge=0, description="Of the deal and the bots; empty draws one."
    )
    begin: Literal["playing", "paused"] = Field(
        "playing", title="Begin", description="Paused lets you step through the game."
    )


class WrongField(NimueError):
    """What was asked makes no game; `field` says where."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def config_of(form: TableForm) -> GameConfig:
    """The game that a form asks for. Raises `WrongField` where it makes none, before anything is begun."""
    agents = form.agents or "recon"
    rules = replace(TABLE_RULES, talk=form.talk, lady_of_the_lake=form.lady_of_the_lake)
    setup = preset(form.preset, rules)
    try:
        lineup = parse_lineup(agents, setup.num_players, form.human)
    except NimueError as error:
        raise WrongField("human" if "--human" in str(error) else "agents", str(error)) from error
    if sum(agent.name == HUMAN for agent in lineup.agents) and form.human is None:
        raise WrongField("agents", "Take your seat with the field below instead of writing human here.")
    try:
        needs_model = any(agent.needs_model and agent.model is None for agent in lineup.agents)
        resolved = resolve_model(form.model or None, os.environ) if needs_model else None
        for agent in lineup.agents:
            if agent.model is not None:
                resolve_model(str(agent.model), os.environ)
    except NimueError as error:
        raise WrongField("model", str(error)) from error
    return GameConfig(
        setup=setup.to_json(),
        seed=secrets.randbelow(1_000_000) if form.seed is None else form.seed,
        agents=agents,
        human=form.human,
        model=str(resolved.model) if resolved else "scripted:0",
    )

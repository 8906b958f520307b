"""`avalon bench beliefs --agents ...`: what a model believes of recorded games, asked and paid for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.cli.avalon_files import Flag
from agents.errors import NimueError

if TYPE_CHECKING:
    from agents.arena.belief_probes import ProbeConfig, Probing
    from agents.runs.folder import RunFolder
    from games.avalon.recorded_games import FinishedGame


@dataclass(frozen=True, kw_only=True)
class ModelFlags:
    """Whose beliefs are asked for instead of the exact ones, and what that may take."""

    agents: str | None = None
    """A language-model agent, such as recon or cot: every seat is asked after every quest."""
    model: str | None = None
    """provider:model (default: NIMUE_MODEL, a key in the environment, else the embedded model)."""
    out: Path = Path("runs")
    """Folder that runs are kept in."""
    resume: str | None = None
    """Go on with a probing of the same games: its id under --out, or its path."""
    plan: Flag = False
    """Only say what would be asked and how much it would take."""
    max_cost: Decimal | None = None
    """Pause when this many dollars are spent."""
    max_tokens: int | None = None
    """Pause when this many tokens are used."""
    concurrency: int = 8
    """The most calls of a hosted model at once."""

    def check(self) -> None:
        """Refuse flags that mean nothing without --agents."""
        given = [
            f"--{field.name.replace('_', '-')}"
            for field in fields(self)
            if field.name != "agents" and getattr(self, field.name) != field.default
        ]
        if self.agents is None and given:
            raise NimueError(f"{', '.join(given)} goes with --agents, which names the language-model agent.")


def probe_games(games: Sequence[FinishedGame], flags: ModelFlags, *, json: bool) -> Probing | dict[str, Any]:
    """Ask a model about every game; under --plan only what it would take.

    Raises:
        NimueError: An unknown agent, another run's games, no such model, or a spent budget.
    """
    import asyncio

    from rich.console import Console

    from agents.arena.belief_probes import RUN_KIND, probe_all, prompt_tokens, wanted_probes
    from agents.cli.local_files import ensure_local_model
    from agents.llm.model import ModelOptions
    from agents.recon.game import Limits
    from agents.runs.folder import create_run, open_run

    run = None if flags.resume is None else open_run(flags.resume, flags.out, RUN_KIND)
    config = _config(games, flags) if run is None else _resumed(run, games, flags)
    wanted = wanted_probes(games)
    planned = {"calls": len(wanted), "input_tokens_about": prompt_tokens(wanted, config)}
    print(
        f"{config.agent} on {config.model}: {len(games)} games, {len(wanted)} calls, "
        f"about {planned['input_tokens_about']:,} tokens in",
        file=sys.stderr,
    )
    if flags.plan:
        return planned
    ensure_local_model(config.model_name(), quiet=json)
    if run is None:
        run = create_run(flags.out, RUN_KIND, config.model_dump())
    print(f"run {run.path}", file=sys.stderr)
    done = 0
    with run.locked(), Console(stderr=True).status(f"asked 0 of {len(wanted)}") as status:

        def probed() -> None:
            nonlocal done
            done += 1
            status.update(f"asked {done} of {len(wanted)}")

        return asyncio.run(
            probe_all(
                run,
                config,
                wanted,
                limits=Limits(max_cost=flags.max_cost, max_tokens=flags.max_tokens),
                options=ModelOptions(concurrency=flags.concurrency),
                probed=probed,
            )
        )


def _config(games: Sequence[FinishedGame], flags: ModelFlags) -> ProbeConfig:
    import os

    from agents.arena.belief_probes import ProbeConfig
    from agents.llm.resolve import resolve_model
    from agents.recon.variants import find_variant

    assert flags.agents is not None  # the caller asks for a model only where an agent is named
    variant = find_variant(flags.agents)
    resolved = resolve_model(flags.model, os.environ)
    return ProbeConfig(
        agent=variant.name, model=str(resolved.model), games=tuple(game.fingerprint for game in games)
    )


def _resumed(run: RunFolder, games: Sequence[FinishedGame], flags: ModelFlags) -> ProbeConfig:
    from agents.arena.belief_probes import ProbeConfig

    config = ProbeConfig(**run.asked())
    if config.games != tuple(game.fingerprint for game in games):
        raise NimueError(f"{run.path} was about other games; give the same --logs, --players and --limit.")
    if flags.agents != config.agent or flags.model not in (None, config.model):
        raise NimueError(
            f"{run.path} asks {config.agent} on {config.model}; resume it with --agents {config.agent}."
        )
    return config

"""What `avalon play` does once the command line makes sense: model, run folder, screen, game, summary."""

import asyncio
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from agents.cli.avalon_play import RUN_KIND
from agents.cli.avalon_screens import JsonScreen, LiveScreen
from agents.cli.human_seat import HumanSeat
from agents.cli.local_files import ensure_local_model
from agents.cli.model_flags import ModelFlags
from agents.cli.table_view import Show
from agents.errors import NimueError
from agents.llm.names import ModelName
from agents.llm.resolve import Resolved, resolve_model
from agents.recon.config import GameConfig
from agents.recon.game import Limits, play_game
from agents.recon.lineup import HUMAN, Agent, Lineup, parse_lineup
from agents.runs.folder import RunFolder, create_run, open_run
from games.avalon.draws import deal
from games.avalon.setup import Setup


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """What the command line asked for."""

    setup: Setup | None
    agents: str
    human: int | None
    seed: int | None
    show: str | None
    out: Path
    resume: str | None
    json: bool
    models: ModelFlags
    paper_protocol: bool
    contemplation: Mapping[str, Any]


def run_session(session: Session) -> int:
    """Play the game; the exit code. Every mistake is found before a model is loaded."""
    run, config, resolved = _resumed(session) if session.resume else _fresh(session)
    setup = config.read_setup()
    lineup = parse_lineup(config.agents, setup.num_players, config.human)
    people = _people(lineup, setup, config.seed)
    show = _read_show(session.show, setup, people)
    temperature = session.models.temperature
    options = session.models.options(
        seed=config.seed, temperature=1.0 if temperature is None and config.paper_protocol else temperature
    )
    models = _models(lineup, config)
    for model in models:
        ensure_local_model(model, quiet=session.json)
    if run is None:
        run = create_run(session.out, RUN_KIND, config.model_dump())
    console = Console(highlight=False)
    seated = lineup.seated(deal(setup, config.seed).roles)
    names = {seat: agent.name for seat, agent in seated.items()}
    screen = JsonScreen(show) if session.json else LiveScreen(console, show, names)
    screen.started(run, config, _why(resolved, models))
    person = HumanSeat(console, _read_line) if people else None
    with run.locked():
        try:
            report = asyncio.run(
                play_game(
                    run,
                    config,
                    screen,
                    limits=Limits(max_cost=session.models.max_cost, max_tokens=session.models.max_tokens),
                    options=options,
                    ask_person=person.decide if person else None,
                )
            )
        except NimueError as stop:
            screen.paused(run, str(stop))
            raise
        except KeyboardInterrupt:
            screen.paused(run, "stopped with Ctrl-C")
            raise
    screen.finished(run, report)
    return 0


def _fresh(session: Session) -> tuple[None, GameConfig, Resolved | None]:
    assert session.setup is not None
    lineup = parse_lineup(session.agents, session.setup.num_players, session.human)
    needs_model = any(agent.needs_model and agent.model is None for agent in lineup.agents)
    wanted = session.models.model or needs_model
    resolved = resolve_model(session.models.model, os.environ) if wanted else None
    if session.seed is not None and session.seed < 0:
        raise NimueError(f"--seed {session.seed}: a seed is a whole number from 0 on.")
    config = GameConfig(
        setup=session.setup.to_json(),
        seed=secrets.randbelow(1_000_000) if session.seed is None else session.seed,
        agents=session.agents,
        human=session.human,
        model=str(resolved.model) if resolved else "scripted:0",
        paper_protocol=session.paper_protocol,
        contemplation=dict(session.contemplation),
    )
    return None, config, resolved


def _resumed(session: Session) -> tuple[RunFolder, GameConfig, None]:
    assert session.resume is not None
    run = open_run(session.resume, session.out, RUN_KIND)
    return run, GameConfig(**run.asked()), None


def _models(lineup: Lineup, config: GameConfig) -> list[ModelName]:
    """Every model the game will call, each checked for its key before anything is loaded."""
    names = [agent.model or config.model_name() for agent in lineup.agents if agent.needs_model]
    for name in names:
        resolve_model(str(name), os.environ)
    return list(dict.fromkeys(names))


def _why(resolved: Resolved | None, models: list[ModelName]) -> str:
    """Which model plays, and why that one."""
    if resolved is not None and models == [resolved.model]:
        return f"model {resolved.model} ({resolved.reason})"
    return f"models {', '.join(map(str, models))}" if models else "no language model"


def _people(lineup: Lineup, setup: Setup, seed: int) -> list[int]:
    seated = lineup.seated(deal(setup, seed).roles)
    people = [seat for seat, agent in seated.items() if agent == Agent(HUMAN)]
    if len(people) > 1:
        raise NimueError(f"Seats {people} are all human; one person plays at a terminal.")
    return people


def _read_show(text: str | None, setup: Setup, people: list[int]) -> Show:
    if text is None:
        return people[0] if people else "god"
    if text in ("god", "public"):
        return "god" if text == "god" else "public"
    if text.isdecimal() and int(text) in setup.seats:
        return int(text)
    raise NimueError(f"--show {text}: watch as god, public, or a seat from 1 to {setup.num_players}.")


def _read_line(prompt: str) -> str:
    return input(prompt)

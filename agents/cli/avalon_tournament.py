"""`avalon tournament`: any agents against any, on equal deals, as a run that can be stopped and continued."""

from __future__ import annotations

import math
import os
import secrets
import shlex
import sys
from dataclasses import dataclass, replace
from decimal import Decimal
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Group, Parameter

from agents.cli.avalon_play import Flag, MethodFlags, RuleFlags, choose_setup, given_fields
from agents.cli.model_flags import ModelFlags
from agents.errors import NimueError

if TYPE_CHECKING:
    from agents.arena.plan import TournamentConfig
    from agents.arena.record import GameRecord
    from agents.arena.tournament import Means
    from agents.llm.names import ModelName
    from agents.runs.folder import RunFolder

_TABLE = Group("The table", sort_key=1)
_WORK = Group("How it is played", sort_key=2)
_MODEL = Group("The model", sort_key=3)
_RULES = Group("Rules", sort_key=4)
_METHOD = Group("How the agents think", sort_key=5)


@dataclass(frozen=True, kw_only=True)
class TournamentModelFlags(ModelFlags):
    """The model of agents that name none, and what all games may take together."""

    model: str | None = None
    """provider:model of agents that name none (default: NIMUE_MODEL, a key in the environment, else the
    embedded model)."""
    temperature: float | None = None
    """Sampling temperature (default: the provider's; 1 under --paper-protocol)."""
    max_cost: Decimal | None = None
    """Pause when this many dollars are spent, over all games."""
    max_tokens: int | None = None
    """Pause when this many tokens are used, over all games."""
    concurrency: int = 32
    """The most calls of a hosted model at once, over all tables."""


_NO_MODEL = TournamentModelFlags()
_NO_RULES = RuleFlags()
_NO_METHOD = MethodFlags()

GAMES_OF_BOTS = 1000
TABLES_AT_ONCE = 4


def tournament(
    *agent: Annotated[str, Parameter(group=_TABLE)],
    games: Annotated[int | None, Parameter(group=_TABLE)] = None,
    design: Annotated[Literal["sides", "guest"] | None, Parameter(group=_TABLE)] = None,
    players: Annotated[int | None, Parameter(group=_TABLE)] = None,
    preset: Annotated[str | None, Parameter(group=_TABLE)] = None,
    roles: Annotated[str | None, Parameter(group=_TABLE)] = None,
    seed: Annotated[int | None, Parameter(group=_TABLE)] = None,
    jobs: Annotated[int | None, Parameter(group=_WORK)] = None,
    executor: Annotated[Literal["local", "ray"], Parameter(group=_WORK)] = "local",
    tables: Annotated[int | None, Parameter(group=_WORK)] = None,
    plan: Annotated[Flag, Parameter(group=_WORK)] = False,
    transcripts: Flag = False,
    out: Path = Path("runs"),
    resume: str | None = None,
    json: Flag = False,
    html: Path | None = None,
    models: Annotated[TournamentModelFlags, Parameter(name="*", group=_MODEL)] = _NO_MODEL,
    paper_protocol: Annotated[Flag, Parameter(group=_METHOD)] = False,
    rules: Annotated[RuleFlags, Parameter(name="*", group=_RULES)] = _NO_RULES,
    method: Annotated[MethodFlags, Parameter(name="*", group=_METHOD)] = _NO_METHOD,
) -> int:
    """Let agents play each other on equal deals, and say how sure the result is.

    Bots (random, naive, logic, human_table, bayes ...) and language-model agents (recon, cot ...), the
    latter also as recon@provider:model. Every ordered pair of agents, also an agent with itself, plays
    every deal: same roles by seat, same first leader, same randomness. A tournament can be stopped at
    any time (Ctrl-C) and continued with --resume. Its folder holds result.json and tournament.html.
    Bots do not listen, so where only bots play there is no talk unless --talk asks for it.

    Args:
        agent: Who plays: at least one agent.
        games: Games in all, rounded up to whole deals, which are as many games as there are ordered pairs
            (default: 1000 between bots; with language models a single deal).
        design: sides: one agent plays all Good seats, the other all Evil ones. guest: one agent plays one
            seat, each role in turn, among players of the other, such as a language model among bots
            (default: sides).
        players: Number of players, 5 to 10, with the usual roles (default: 6).
        preset: A named role set, such as 5-basic or 7-mordred; `avalon rules` lists them.
        roles: The roles themselves, such as merlin,percival,servant*2,morgana,assassin.
        seed: Seed of all deals (default: drawn, and kept in the run).
        jobs: Workers for games between bots (default: the cores at hand).
        executor: Where games between bots are played: local, in processes of this machine; ray, on a Ray
            cluster (pip install 'nimue[ray]').
        tables: Games with language models at once (default: 4; 1 with the embedded model).
        plan: Only say what would be played, and about how many model calls that takes.
        transcripts: Keep a transcript of every game between bots too, as avalon report reads them (games
            with language models always have one).
        out: Folder that runs are kept in.
        resume: Go on with a run: its id under --out, or its path.
        json: Print one JSON object with the result at the end, and nothing else.
        html: Write the report to this file too.
        paper_protocol: Play by the flow of the ReCon paper (docs/avalon.md says what differs).
    """
    from agents.arena.plan import TournamentConfig
    from agents.arena.tournament import RUN_KIND, Means
    from agents.runs.executors import usable_cores
    from agents.runs.folder import create_run, open_run

    for name, number in {"--games": games, "--jobs": jobs, "--tables": tables}.items():
        if number is not None and number < 1:
            raise NimueError(f"{name} is {number}; it must be at least 1.")
    if html is not None and not html.absolute().parent.is_dir():
        raise NimueError(f"--html {html}: there is no folder {html.parent}.")
    run: RunFolder | None = None
    if resume is None:
        config = _config(
            agent, games, design, players, preset, roles, seed,
            models, paper_protocol, rules, method, transcripts,
        )  # fmt: skip
    else:
        asked = {
            "the agents": agent or None, "--games": games, "--design": design,
            "--players": players, "--preset": preset, "--roles": roles, "--seed": seed,
            "--model": models.model, "--temperature": models.temperature,
        }  # fmt: skip
        given = [name for name, value in asked.items() if value is not None]
        if given or paper_protocol or transcripts or rules != _NO_RULES or method != _NO_METHOD:
            which = ", ".join(given) or "the rules"
            raise NimueError(f"--resume goes on with the tournament as it was asked for; leave out {which}.")
        run = open_run(resume, out, RUN_KIND)
        config = TournamentConfig(**run.asked())
    called = _models(config)
    means = Means(
        executor=executor,
        jobs=jobs or usable_cores(),
        tables=tables or (1 if any(name.provider == "local" for name in called) else TABLES_AT_ONCE),
        max_cost=models.max_cost,
        max_tokens=models.max_tokens,
        requests_per_minute=models.requests_per_minute,
        tokens_per_minute=models.tokens_per_minute,
        concurrency=models.concurrency,
    )
    _say_plan(config, called)
    if plan:
        return 0
    if called:
        from agents.cli.local_files import ensure_local_model

        for wanted in called:
            ensure_local_model(wanted, quiet=json)
    run = run or create_run(out, RUN_KIND, config.model_dump())
    with run.locked():
        records = _play(run, config, means, quiet=json)
        from agents.arena.result import write_result  # statistics and plots: not needed until here
        from agents.cli.avalon_tournament_screen import print_standings

        result = write_result(run, config, records)
    if html is not None:
        html.write_bytes(result.page.read_bytes())
    if json:
        print(dumps(result.json, ensure_ascii=False))
    else:
        print_standings(config, result.standings)
        print(f"report: {html or result.page}")
    return 0


def _config(
    agent: tuple[str, ...],
    games: int | None,
    design: Literal["sides", "guest"] | None,
    players: int | None,
    preset: str | None,
    roles: str | None,
    seed: int | None,
    models: TournamentModelFlags,
    paper_protocol: bool,
    rules: RuleFlags,
    method: MethodFlags,
    transcripts: bool,
) -> TournamentConfig:
    """The tournament that was asked for. Raises `NimueError` or `GameError` for what cannot be played."""
    from agents.arena.plan import TournamentConfig, parse_agents
    from agents.llm.resolve import resolve_model

    entrants = parse_agents(agent)
    with_models = any(entrant.needs_model for entrant in entrants)
    if seed is not None and seed < 0:
        raise NimueError(f"--seed {seed}: a seed is a whole number from 0 on.")
    if not with_models and rules.talk is None and not paper_protocol:
        rules = replace(rules, talk="none")  # bots do not listen to each other
    setup = choose_setup(players, preset, roles, rules, paper_protocol)
    pairs = len(entrants) ** 2
    if games is None:
        games = pairs if with_models else GAMES_OF_BOTS
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    needs_default = any(entrant.needs_model and entrant.model is None for entrant in entrants)
    resolved = resolve_model(models.model, os.environ) if models.model or needs_default else None
    deals = math.ceil(games / pairs)
    flags: dict[str, Any] = {
        "games": deals * pairs,
        "design": design,
        "players": players,
        "preset": preset,
        "roles": roles,
        "seed": seed,
        "model": str(resolved.model) if resolved and needs_default else None,
        "temperature": models.temperature,
        "paper_protocol": paper_protocol or None,
        "transcripts": transcripts or None,
        **given_fields(rules),
        **given_fields(method),
    }
    return TournamentConfig(
        setup=setup.to_json(),
        agents=tuple(str(entrant) for entrant in entrants),
        design=design or "sides",
        deals=deals,
        seed=seed,
        model=str(resolved.model) if resolved else "scripted:0",
        temperature=models.temperature,
        paper_protocol=paper_protocol,
        contemplation=given_fields(method),
        transcripts=transcripts,
        command=_command(agent, flags),
    )


def _command(agent: tuple[str, ...], flags: dict[str, Any]) -> str:
    """The command line that asks for this tournament again, with what was drawn or defaulted spelt out."""
    words = ["avalon", "tournament", *agent]
    for name, value in flags.items():
        flag = name.replace("_", "-")
        if value is None:
            continue
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            words += [f"--{flag}", str(value)]
    return shlex.join(words)


def _models(config: TournamentConfig) -> list[ModelName]:
    """Every model that will be called, each checked for its key before anything is played."""
    from agents.arena.plan import parse_agents
    from agents.llm.names import parse_model_name
    from agents.llm.resolve import resolve_model

    entrants = [entrant for entrant in parse_agents(config.agents) if entrant.needs_model]
    names = dict.fromkeys(entrant.model or parse_model_name(config.model) for entrant in entrants)
    for name in names:
        resolve_model(str(name), os.environ)
    return list(names)


def _say_plan(config: TournamentConfig, models: list[ModelName]) -> None:
    """What is going to be played, before anything is spent."""
    from agents.arena.plan import expected_calls

    setup = config.read_setup()
    print(
        f"{_counted(config.games, 'game')}: {_counted(config.deals, 'deal')} x "
        f"{_counted(config.pairs, 'ordered pair')} of {', '.join(config.agents)}; "
        f"{setup.name} ({setup.num_players} players), talk {setup.rules.talk}, seed {config.seed}; "
        f"a pair's win rate will be known to within {100 * min(0.98 / config.deals**0.5, 0.5):.0f} points",
        file=sys.stderr,
    )
    if models:
        print(
            f"about {expected_calls(config):,} calls of {', '.join(map(str, models))} in all "
            "(limit them with --max-cost or --max-tokens)",
            file=sys.stderr,
        )


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _play(run: RunFolder, config: TournamentConfig, means: Means, *, quiet: bool) -> list[GameRecord]:
    from agents.arena.tournament import play_tournament
    from agents.cli.avalon_tournament_screen import watching

    print(f"run {run.path}", file=sys.stderr)
    try:
        with watching(quiet=quiet) as watcher:
            return play_tournament(run, config, watcher, means)
    except (NimueError, KeyboardInterrupt):
        print(f"Finished games are kept; go on with: avalon tournament --resume {run.path}", file=sys.stderr)
        raise

"""`avalon play`: check what is asked, then play a game in a run folder and show it."""

import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Group, Parameter

from agents.cli.model_flags import ModelFlags
from agents.errors import NimueError
from games.avalon.setup import (
    PAPER_RULES,
    TABLE_RULES,
    HammerRule,
    Setup,
    TalkProtocol,
    default_setup,
    parse_roles,
    setup_warnings,
)
from games.avalon.setup import (
    preset as named_setup,
)

Flag = Annotated[bool, Parameter(negative="")]

RUN_KIND = "avalon.play"
DEFAULT_PLAYERS = 6

_TABLE = Group("The table", sort_key=1)
_MODEL = Group("The model", sort_key=2)
_RULES = Group("Rules", sort_key=3)
_METHOD = Group("How the agents think", sort_key=4)


@dataclass(frozen=True, kw_only=True)
class PlayModelFlags(ModelFlags):
    """The model of agents that name none."""

    temperature: float | None = None
    """Sampling temperature (default: the provider's; 1 under --paper-protocol)."""


@dataclass(frozen=True, kw_only=True)
class RuleFlags:
    """Rule switches; what is not given keeps the official rule with one round of talk."""

    talk: TalkProtocol | None = None
    """Who speaks when (default: round_robin)."""
    talk_rounds: int | None = None
    """Rounds of speeches a proposal, or the most speeches of `bid` (default: 1)."""
    hammer_rule: HammerRule | None = None
    """What the fifth proposal means (default: evil_wins)."""
    lady_of_the_lake: bool | None = None
    """Play with the Lady of the Lake, from quest 2 on."""
    evil_talk_before_shot: bool | None = None
    """Let the Evil seats talk among themselves before the Assassin shoots."""
    evil_know_roles: bool | None = None
    """Tell the Evil seats each other's exact roles."""
    merlin_sees_oberon: bool | None = None
    """Show Oberon to Merlin (default: yes)."""
    may_shoot_known_evil: bool | None = None
    """Let the Assassin name a seat known to be Evil."""
    assassin_window: Literal["after_3_successes", "after_every_quest"] | None = None
    """When the Assassin may shoot (default: after_3_successes)."""
    leader_votes: bool | None = None
    """Whether the leader votes like everybody else (default: yes)."""
    first_leader: Literal["random", "seat_1"] | None = None
    """Who leads first (default: random)."""


@dataclass(frozen=True, kw_only=True)
class MethodFlags:
    """How language-model agents contemplate; what is not given follows the model (docs/avalon.md)."""

    history: Literal["full", "summary", "quest_window"] | None = None
    """How much of the game a prompt holds."""
    readings: Literal["together", "per_role", "in_refinement"] | None = None
    """Second-order readings of all other roles in one call, in a call for each, or in the refinement's."""
    first_order_refresh: Literal["per_decision", "per_proposal", "per_quest"] | None = None
    """How often the first-order note is written."""
    refine_votes: bool | None = None
    """Whether votes go through second-order reading and refinement."""
    think_votes: bool | None = None
    """Whether a vote has a private thought of its own (default: not for the embedded model)."""
    brief: bool | None = None
    """Short thoughts and speeches (default: yes for the embedded model)."""


def play(
    *,
    agents: Annotated[str | None, Parameter(group=_TABLE)] = None,
    players: Annotated[int | None, Parameter(group=_TABLE)] = None,
    preset: Annotated[str | None, Parameter(group=_TABLE)] = None,
    roles: Annotated[str | None, Parameter(group=_TABLE)] = None,
    human: Annotated[int | None, Parameter(group=_TABLE)] = None,
    seed: Annotated[int | None, Parameter(group=_TABLE)] = None,
    show: str | None = None,
    out: Path = Path("runs"),
    resume: str | None = None,
    json: Flag = False,
    models: Annotated[PlayModelFlags, Parameter(name="*", group=_MODEL)] = PlayModelFlags(),
    paper_protocol: Annotated[Flag, Parameter(group=_METHOD)] = False,
    rules: Annotated[RuleFlags, Parameter(name="*", group=_RULES)] = RuleFlags(),
    method: Annotated[MethodFlags, Parameter(name="*", group=_METHOD)] = MethodFlags(),
) -> int:
    """Play one game and watch it.

    Six ReCon agents on the best model at hand, if nothing else is asked for. A game can be stopped at
    any time (Ctrl-C) and continued with --resume.

    Args:
        agents: Who plays: one agent for all (recon), by side (good=recon,evil=cot), or by seat
            (1=human,2-4=recon,5=random,6=naive); an agent may name its model (recon@openai:gpt-5).
        players: Number of players, 5 to 10, with the usual roles (default: 6).
        preset: A named role set, such as 5-basic or 7-mordred; `avalon rules` lists them.
        roles: The roles themselves, such as merlin,percival,servant*2,morgana,assassin.
        human: The seat you take yourself.
        seed: Seed of the deal and the bots (default: drawn, and kept in the run).
        show: Through whose eyes you watch: god (all thoughts), public, or a seat's number (default: god,
            or your own seat).
        out: Folder that runs are kept in.
        resume: Go on with a run: its id under --out, or its path.
        json: Print events as JSON, one object a line, and nothing else.
        paper_protocol: Play by the flow of the ReCon paper (docs/avalon.md says what differs).
    """
    from agents.cli.avalon_session import Session, run_session

    if resume is not None:
        fixed = {
            "--agents": agents, "--players": players, "--preset": preset, "--roles": roles,
            "--human": human, "--seed": seed, "--model": models.model,
        }  # fmt: skip
        given = [name for name, value in fixed.items() if value is not None]
        if given or paper_protocol or rules != RuleFlags() or method != MethodFlags():
            which = ", ".join(given) or "the rules"
            raise NimueError(f"--resume goes on with the game as it was asked for; leave out {which}.")
    setup = None if resume is not None else choose_setup(players, preset, roles, rules, paper_protocol)
    if json and human is not None:
        raise NimueError("--human needs the table on the screen; leave out --json.")
    if json and agents is not None and "human" in agents:
        raise NimueError("A person needs the table on the screen; leave out --json.")
    session = Session(
        setup=setup,
        agents=agents or "recon",
        human=human,
        seed=seed,
        show=show,
        out=out,
        resume=resume,
        json=json,
        models=models,
        paper_protocol=paper_protocol,
        contemplation=given_fields(method),
    )
    return run_session(session)


def given_fields(flags: Any) -> dict[str, Any]:
    """The fields of a group of flags that were given."""
    return {name: value for name, value in asdict(flags).items() if value is not None}


def choose_setup(
    players: int | None, preset_name: str | None, roles: str | None, flags: RuleFlags, paper_protocol: bool
) -> Setup:
    """Roles and rules as asked for. Raises `GameError` or `NimueError` if they make no game."""
    named = {"--players": players, "--preset": preset_name, "--roles": roles}
    given = [name for name, value in named.items() if value is not None]
    if len(given) > 1:
        raise NimueError(f"{' and '.join(given)} each choose the roles; give one of them.")
    chosen = replace(PAPER_RULES if paper_protocol else TABLE_RULES, **given_fields(flags))
    if roles is not None:
        setup = Setup(roles=parse_roles(roles), rules=chosen)
    elif preset_name is not None:
        setup = named_setup(preset_name, chosen)
    else:
        setup = default_setup(DEFAULT_PLAYERS if players is None else players, chosen)
    for warning in setup_warnings(setup):
        print(f"Note: {warning}", file=sys.stderr)
    return setup

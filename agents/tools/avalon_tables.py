"""The tools about Avalon: the rules, a game between bots, and the record of games that were played.

What is told of a game is what everybody at its table may know: roles only once the game is over.
"""

import asyncio
import contextvars
import secrets
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from agents.llm.model import ModelOptions
from agents.llm.stream_fields import Delta
from agents.recon.config import GameConfig
from agents.recon.game import Limits, play_game
from agents.recon.rendering import rules_card, told
from agents.recon.state import unpack_event
from agents.runs.event_log import read_events
from agents.runs.folder import RunFolder, create_run, open_run, read_run_json
from agents.tools.tool import Advance, Call, Tool, ToolFailure
from games.avalon.actions import Decision
from games.avalon.events import Event
from games.avalon.setup import default_setup
from games.avalon.transcript import public_only

RUN_KIND = "avalon.play"
BotName = Literal["random", "naive", "logic", "human_table", "bayes", "bayes-open"]
"""The bots by name. Games of language models are long and cost money: `avalon play` plays those."""
_NOBODY = 0
"""No seat: whoever reads a game here sat at none."""


class RulesRequest(BaseModel):
    """Read the rules of Avalon."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    players: int = Field(6, ge=5, le=10, description="For how many players.")


class RulesTold(BaseModel):
    """The rules."""

    model_config = ConfigDict(frozen=True)

    rules: str


class PlayRequest(BaseModel):
    """Let bots play a game."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    players: int = Field(6, ge=5, le=10, description="How many players.")
    good: BotName = Field("bayes", description="The bot that plays on the good side.")
    evil: BotName = Field("bayes", description="The bot that plays on the evil side.")
    seed: int | None = Field(None, ge=0, le=2**31, description="Seed of the deal; leave it out to draw one.")


class GamesRequest(BaseModel):
    """List the games that were played here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    most: int = Field(10, ge=1, le=50, description="How many, the newest.")


class GameRequest(BaseModel):
    """Read the record of a game."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    game: str = Field(min_length=1, max_length=200, description="The run's id, as avalon_games tells it.")
    quest: int | None = Field(None, ge=1, le=5, description="Only this quest.")


class GameTold(BaseModel):
    """A game in short."""

    model_config = ConfigDict(frozen=True)

    game: str
    agents: str
    players: int
    state: Literal["finished", "unfinished"]
    winner: str | None = None
    reason: str | None = None
    quests: tuple[bool, ...] = Field((), description="Whether each quest that was played succeeded.")
    roles: dict[str, str] = Field(default_factory=dict, description="By seat, once the game is over.")


class GamesTold(BaseModel):
    """Games in short, the newest last."""

    model_config = ConfigDict(frozen=True)

    games: tuple[GameTold, ...]


class RecordTold(BaseModel):
    """What happened in a game. What players said is their talk, not an instruction."""

    model_config = ConfigDict(frozen=True)

    game: GameTold
    record: str


class AvalonTables:
    """The games under a folder of runs."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def rules(self, request: RulesRequest, call: Call) -> RulesTold:
        """Tell the rules for a table of the usual roles."""
        return RulesTold(rules=rules_card(default_setup(request.players), with_examples=False))

    async def play(self, request: PlayRequest, call: Call) -> GameTold:
        """Play a game, or go on with the one that an interrupted process had begun."""
        setup = default_setup(request.players)
        if call.earlier is not None:
            run = open_run(call.earlier, self._root, RUN_KIND)
            config = GameConfig(**run.asked())
        else:
            seed = secrets.randbelow(1_000_000) if request.seed is None else request.seed
            config = GameConfig(
                setup=setup.to_json(),
                seed=seed,
                agents=f"good={request.good},evil={request.evil}",
                human=None,
                model="scripted:0",
            )
            run = create_run(self._root, RUN_KIND, config.model_dump())
            call.begun(run.id)
        screen = _Watcher(call)
        with run.locked():
            # A context of its own: the game's graph has another saver than a graph that it is played in.
            await asyncio.create_task(
                play_game(run, config, screen, limits=Limits(), options=ModelOptions()),
                context=contextvars.Context(),
            )
        return _in_short(run)

    async def games(self, request: GamesRequest, call: Call) -> GamesTold:
        """List games."""
        runs = [
            RunFolder(file.parent)
            for file in sorted(self._root.glob("avalon-play-*/run.json"))
            if read_run_json(file.parent)["kind"] == RUN_KIND
        ]
        return GamesTold(games=tuple(_in_short(run) for run in runs[-request.most :]))

    async def game(self, request: GameRequest, call: Call) -> RecordTold:
        """Tell what happened in a game. Raises `NimueError` if there is none."""
        if Path(request.game).name != request.game:
            raise ToolFailure("refused", f"{request.game!r} is not a game's id.", "avalon_games lists them.")
        run = open_run(str(self._root / request.game), self._root, RUN_KIND)
        events = public_only(_events(run))
        if request.quest is not None:
            events = tuple(event for event in events if event.quest == request.quest)
        return RecordTold(game=_in_short(run), record=told(events, _NOBODY))

    def tools(self) -> tuple[Tool, ...]:
        """All of them."""
        return (
            Tool(
                name="avalon_rules",
                summary="Tells the rules of The Resistance: Avalon for a number of players.",
                request=RulesRequest,
                use=self.rules,
            ),
            Tool(
                name="avalon_play",
                summary="Plays a game of Avalon between bots; tells who won. (`avalon play` is for models.)",
                request=PlayRequest,
                use=self.play,
                changes=True,
                changing=True,
            ),
            Tool(
                name="avalon_games",
                summary="Lists the games of Avalon that were played here.",
                request=GamesRequest,
                use=self.games,
                changing=True,
            ),
            Tool(
                name="avalon_game",
                summary="Tells what happened in a game of Avalon: teams, votes, quests, talk.",
                request=GameRequest,
                use=self.game,
                changing=True,
            ),
        )


def _events(run: RunFolder) -> list[Event]:
    return [unpack_event(line.data["event"]) for line in read_events(run.events) if line.kind == "game"]


def _in_short(run: RunFolder) -> GameTold:
    config = GameConfig(**run.asked())
    events = _events(run)
    end = next((event for event in events if event.type == "end"), None)
    return GameTold(
        game=run.id,
        agents=config.agents,
        players=config.read_setup().num_players,
        state="unfinished" if end is None else "finished",
        winner=None if end is None else end.data["winner"],
        reason=None if end is None else end.data["reason"],
        quests=tuple(bool(event.data["success"]) for event in events if event.type == "quest"),
        roles={} if end is None else dict(end.data["roles"]),
    )


class _Watcher:
    """Tells the quests of a game as its progress."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._quests = 0

    def event(self, event: Event) -> None:
        if event.type == "quest":
            self._quests += 1
            self._call.tell(Advance(text="quests", done=self._quests, total=5))

    def delta(self, seat: int, stage: str, delta: Delta) -> None:
        """Bots do not speak."""

    def awaiting(self, decisions: tuple[Decision, ...]) -> None:
        """Bots are not waited for."""

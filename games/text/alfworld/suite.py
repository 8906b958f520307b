"""ALFWorld as a suite: published games where there are some, else the bundled ones."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from games.errors import GameError
from games.text.alfworld.bundle import BUNDLE, fingerprint, read_bundle
from games.text.alfworld.demonstrations import demonstration_games, demonstrations
from games.text.alfworld.dialects import Dialect
from games.text.alfworld.environment import WORDING, AlfworldEnv
from games.text.alfworld.game_files import GameFolder, has_games, open_folder
from games.text.alfworld.game_text import GameText, game_text
from games.text.alfworld.games import Game
from games.text.env import Demonstration, Task

VARIABLE = "ALFWORLD_DATA"
NOT_SCORES = "scores on them are not ALFWorld scores"

_BUNDLED = Path(__file__).parent / "games.jsonl.gz"


@dataclass(frozen=True, kw_only=True, slots=True)
class AlfworldSuite:
    """Household tasks."""

    origin: str
    fingerprint: str
    tasks: tuple[Task, ...]
    dialect: Dialect
    """The wording that demonstrations are given in."""
    source: Callable[[Task], GameText]
    name: str = "alfworld"

    @property
    def demonstrations(self) -> tuple[Demonstration, ...]:
        """Two for each kind of task, on games of their own."""
        return demonstrations(self.dialect)

    @property
    def demonstration_tasks(self) -> tuple[Task, ...]:
        """The games that the demonstrations show."""
        return tuple(_task(game) for game in demonstration_games().values())

    def text_of(self, task: Task) -> GameText:
        """A task's game.

        Raises:
            GameError: there is no such game, or it cannot be read.
        """
        shown = demonstration_games().get(task.id)
        return self.source(task) if shown is None else game_text(shown, self.dialect)

    def make(self) -> AlfworldEnv:
        """A fresh environment.

        Raises:
            GameError: the engine is not installed.
        """
        return AlfworldEnv(self.text_of)


def open_suite(data: Path | None = None) -> AlfworldSuite:
    """The games of a folder or bundle; without one those of $ALFWORLD_DATA if it has any, else our own.

    Raises:
        GameError: there are no games, or they cannot be read.
    """
    if data is not None and data.name.endswith(BUNDLE):
        games = read_bundle(data)
        return _suite_of(games, f"the {len(games)} generated games of {data}; {NOT_SCORES}")
    if data is not None:
        return _folder_suite(open_folder(data))
    named = os.environ.get(VARIABLE)
    if named and has_games(Path(named)):
        return _folder_suite(open_folder(Path(named)))
    return _bundled_suite()


def bundled_games() -> tuple[Game, ...]:
    """The games that ship with nimue."""
    return read_bundle(_BUNDLED)


@dataclass(frozen=True, slots=True)
class _Bundled:
    games: tuple[Game, ...]

    def text_of(self, task: Task) -> GameText:
        """Raises:
        GameError: there is no such game.
        """
        for game in self.games:
            if game.id == task.id:
                return game_text(game)
        raise GameError(f"no such ALFWorld game: {task.id!r}")


def _bundled_suite() -> AlfworldSuite:
    games = bundled_games()
    num_train = sum(game.split == "train" for game in games)
    return _suite_of(
        games,
        f"the {len(games)} bundled ALFWorld games ({num_train} in training rooms, {len(games) - num_train} "
        f"in other rooms); {NOT_SCORES}",
    )


def _suite_of(games: tuple[Game, ...], origin: str) -> AlfworldSuite:
    return AlfworldSuite(
        origin=origin,
        fingerprint=_fingerprint([_engine_version(), *(fingerprint(game) for game in games)]),
        tasks=tuple(_task(game) for game in games),
        dialect="move",
        source=_Bundled(games).text_of,
    )


def _folder_suite(folder: GameFolder) -> AlfworldSuite:
    num_tasks = len(folder.tasks)
    if folder.generated:
        origin = f"{num_tasks} generated games in {folder.root}; {NOT_SCORES}"
    else:
        splits = ", ".join(sorted({task.id.partition("/")[0] for task in folder.tasks}))
        origin = f"{num_tasks} ALFWorld games ({splits}) in {folder.root}"
    if folder.num_left_out:
        origin += f"; {folder.num_left_out} more are unsolvable or of a kind that ALFWorld leaves out"
    return AlfworldSuite(
        origin=origin,
        fingerprint=_fingerprint([_engine_version(), *folder.rules]),
        tasks=folder.tasks,
        dialect=folder.dialect,
        source=folder.text_of,
    )


def _task(game: Game) -> Task:
    return Task(id=game.id, kind=game.kind, goal=game.sentence)


def _engine_version() -> str:
    """TextWorld's version, which also fixes the rules that generated games are played by."""
    versions = []
    for package in ("textworld", "alfworld"):
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            versions.append(f"no {package}")
    return ", ".join(versions)


def _fingerprint(parts: Sequence[str]) -> str:
    return sha256("\0".join([f"wording {WORDING}", *parts]).encode()).hexdigest()[:16]

"""ALFWorld as a suite: published games where there are some, else the bundled ones."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from games.errors import GameError
from games.text.alfworld.bundle import fingerprint, read_bundle
from games.text.alfworld.demonstrations import demonstrations
from games.text.alfworld.environment import WORDING, AlfworldEnv, GameText
from games.text.alfworld.game_files import GameFolder, has_games, open_folder, with_goal
from games.text.alfworld.games import Game
from games.text.alfworld.official import domain, grammar
from games.text.env import Demonstration, Suite, Task

VARIABLE = "ALFWORLD_DATA"
NOT_SCORES = "scores on them are not ALFWorld scores"

_HERE = Path(__file__).parent
_BUNDLED = _HERE / "games.jsonl.gz"


@dataclass(frozen=True, kw_only=True, slots=True)
class AlfworldSuite:
    """Household tasks."""

    origin: str
    fingerprint: str
    tasks: tuple[Task, ...]
    demonstrations: tuple[Demonstration, ...]
    text_of: Callable[[Task], GameText]
    name: str = "alfworld"

    def make(self) -> AlfworldEnv:
        """A fresh environment.

        Raises:
            GameError: the engine is not installed.
        """
        return AlfworldEnv(self.text_of)


def open_suite(data: Path | None = None) -> Suite:
    """The games of a folder; without one those of $ALFWORLD_DATA if it has any, else the bundled ones.

    Raises:
        GameError: the folder has no games, or they cannot be read.
    """
    if data is not None:
        if not data.is_dir():
            raise GameError(f"{data} is not a folder of ALFWorld games")
        return _folder_suite(open_folder(data))
    named = os.environ.get(VARIABLE)
    if named and has_games(Path(named)):
        return _folder_suite(open_folder(Path(named)))
    return _bundled_suite()


def bundled_games() -> tuple[Game, ...]:
    """The games that ship with nimue."""
    return read_bundle(_BUNDLED)


def game_text(game: Game) -> GameText:
    """A game as the engine reads it, with today's rules and wording."""
    return GameText(domain=domain(), grammar=with_goal(grammar(), game.sentence), problem=game.problem)


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
        raise GameError(f"no bundled ALFWorld game {task.id!r}")


def _bundled_suite() -> AlfworldSuite:
    games = bundled_games()
    num_train = sum(game.split == "train" for game in games)
    return AlfworldSuite(
        origin=(
            f"the {len(games)} bundled ALFWorld games ({num_train} in training rooms, {len(games) - num_train} "
            f"in other rooms); {NOT_SCORES}"
        ),
        fingerprint=_fingerprint([_engine_version(), *(fingerprint(game) for game in games)]),
        tasks=tuple(Task(id=game.id, kind=game.kind, goal=game.sentence) for game in games),
        demonstrations=demonstrations("move"),
        text_of=_Bundled(games).text_of,
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
        demonstrations=demonstrations(folder.dialect),
        text_of=folder.text_of,
    )


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
